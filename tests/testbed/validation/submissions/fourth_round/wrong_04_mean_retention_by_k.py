# question: mean_retention_by_k
# model: author/slug
import sys

import pandas as pd

MODEL = "author/slug"
g = pd.read_parquet(f"{sys.argv[1]}/log",
                    columns=["created_at", "user_id", "account_id", "model"])
g["ts"] = pd.to_datetime(g["created_at"], utc=True).dt.tz_convert("UTC").dt.tz_localize(None)
last_day = g["ts"].max().normalize()
# last complete month as a running month number
nxt = last_day + pd.Timedelta(days=1)
last_month = nxt.year * 12 + nxt.month - 1 - 1

m = g[g["model"] == MODEL].copy()
m["usr"] = m["user_id"].replace("", None).fillna(m["account_id"])
m = m.dropna(subset=["usr"])
m["mon"] = m["ts"].dt.year * 12 + m["ts"].dt.month - 1
m["cohort"] = m.groupby("usr")["mon"].transform("min")
m = m[m["mon"] <= last_month]
m["k"] = m["mon"] - m["cohort"]

users = m[m["k"] == 0].groupby("cohort")["usr"].nunique()
active = m.groupby(["cohort", "k"])["usr"].nunique().unstack("k")
active = active.reindex(columns=range(0, last_month - int(users.index.min()) + 1)).fillna(0)

retention = active.div(users, axis=0)
out = retention.mean(axis=0).rename("retention").rename_axis("k").reset_index()
print(out.to_csv(index=False), end="")
