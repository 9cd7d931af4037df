# question: reasoning_share
import sys
from pathlib import Path
import pandas as pd

d = Path(sys.argv[1])
g = pd.read_parquet(d / "log", columns=["created_at", "model", "tokens_prompt", "tokens_completion"])
m = pd.read_parquet(d / "models.parquet")[["model", "reasoning_optimised"]]

g["tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)
g["week"] = g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time
g = g.merge(m, on="model")
flag = g["reasoning_optimised"].astype("boolean").fillna(False).astype(bool)
g["reasoning"] = g["tokens"].where(flag, 0)
w = g.groupby("week")[["reasoning", "tokens"]].sum()
w["share"] = w["reasoning"] / w["tokens"]
w[["share"]].reset_index().to_csv(sys.stdout, index=False, date_format="%Y-%m-%d")
