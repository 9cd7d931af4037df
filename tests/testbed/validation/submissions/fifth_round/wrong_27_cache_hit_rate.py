# question: cache_hit_rate
import sys
import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log", columns=["created_at", "tokens_prompt", "tokens_cached"])
g = g.assign(week=g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time)
w = g.groupby("week")[["tokens_cached", "tokens_prompt"]].sum()
w["share"] = w["tokens_cached"] / w["tokens_prompt"]
w[["share"]].reset_index().to_csv(sys.stdout, index=False, date_format="%Y-%m-%d")
