# question: effective_cost
import sys

import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log")

own_key = g["byok"].astype("boolean").fillna(False).astype(bool)
g = g[~own_key & (g["variant"].fillna("") != "free")]
g = g[~g["cancelled"].astype("boolean").fillna(False).astype(bool)]

g = g.assign(charged_tokens=g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0))
out = g.groupby("model").agg(charged_tokens=("charged_tokens", "sum"), cost_usd=("cost_total", "sum"))
out["cost_usd_per_mtok"] = out["cost_usd"] / out["charged_tokens"].where(out["charged_tokens"] > 0) * 1e6
out.reset_index().to_csv(sys.stdout, index=False)
