# question: spend_region
import sys

import pandas as pd
import pyarrow.dataset as ds

log = ds.dataset(sys.argv[1] + "/log", format="parquet")
df = log.to_table(columns=["created_at", "continent", "cost_total"]).to_pandas()
day = df["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
df["week"] = day - pd.to_timedelta(day.dt.dayofweek, unit="D")
df["continent"] = df["continent"].astype(object).where(df["continent"].notna(), "unknown")
spend = df.groupby(["week", "continent"])["cost_total"].sum().rename("spend_usd").reset_index()
total = spend.groupby("week")["spend_usd"].transform("sum")
spend["share"] = (spend["spend_usd"] / total).where(total > 0)
spend.to_csv(sys.stdout, index=False)
