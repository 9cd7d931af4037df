# question: spend_region
import sys

import pandas as pd

g = pd.read_parquet(sys.argv[1] + "/log")
where = next(c for c in g.columns if "continent" in c)  # continent of billing
g["continent"] = g[where].replace("", None)
day = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None).dt.normalize()
g["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")

spend = g.groupby(["week", "continent"])["cost_total"].sum().rename("spend_usd").reset_index()
spend["share"] = spend["spend_usd"] / spend.groupby("week")["spend_usd"].transform("sum")
spend["week"] = spend["week"].dt.date
spend[["week", "continent", "share", "spend_usd"]].to_csv(sys.stdout, index=False)
