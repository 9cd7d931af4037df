# question: mean_retention_by_k
# model: author/slug
import sys

import pandas as pd

df = pd.read_parquet(sys.argv[1] + "/log")
ts = pd.to_datetime(df["created_at"], utc=True).dt.tz_localize(None)
df["month"] = ts.dt.to_period("M")
end = ts.max()
last = end.to_period("M") if end.is_month_end else end.to_period("M") - 1

df["who"] = df["user_id"].replace("", None).fillna(df["account_id"])
m = df[(df["model"] == "author/slug") & df["who"].notna()].copy()
m["cohort"] = m.groupby("who")["month"].transform("min")
m = m[m["month"] <= last]
m["k"] = (m["month"].dt.year - m["cohort"].dt.year) * 12 + m["month"].dt.month - m["cohort"].dt.month

active = m.pivot_table(index="cohort", columns="k", values="who", aggfunc="nunique")
active = active.reindex(columns=range(int((last.year - m["cohort"].min().year) * 12 + last.month - m["cohort"].min().month) + 1))
active = active.fillna(0)
retention = active.div(active[0], axis=0)
retention.mean().rename("retention").rename_axis("k").reset_index().to_csv(sys.stdout, index=False)
