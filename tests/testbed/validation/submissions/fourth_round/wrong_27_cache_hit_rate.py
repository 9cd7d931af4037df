# question: cache_hit_rate
import sys

import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log",
                    columns=["created_at", "tokens_prompt", "tokens_cached"])
ts = pd.to_datetime(g["created_at"], utc=True).dt.tz_convert("UTC").dt.tz_localize(None)
g["week"] = ts.dt.to_period("W-SUN").dt.start_time

known = g[g["tokens_cached"].notna() & (g["tokens_prompt"] > 0)].copy()
known["hit"] = known["tokens_cached"].astype(float) / known["tokens_prompt"].astype(float)

share = known.groupby("week")["hit"].mean()
share = share.reindex(sorted(g["week"].unique())).rename("share").rename_axis("week").reset_index()
share["week"] = share["week"].dt.strftime("%Y-%m-%d")
share.to_csv(sys.stdout, index=False)
