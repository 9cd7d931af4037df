# question: retention_triangle_every_month
# model: author/slug
import sys

import pandas as pd

MODEL = "author/slug"
g = pd.read_parquet(f"{sys.argv[1]}/log", columns=["created_at", "user_id", "account_id", "model"])
g["ts"] = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
end = g["ts"].max()
last = end.year * 12 + end.month - 1
if not end.is_month_end:
    last -= 1

g["user"] = g["user_id"].mask(g["user_id"].isna() | (g["user_id"] == ""), g["account_id"])
g = g[(g["model"] == MODEL) & g["user"].notna()]
month = g["ts"].dt.year * 12 + g["ts"].dt.month - 1
present = {m: set(u) for m, u in g["user"].groupby(month)}
first = month.groupby(g["user"]).min()

lines = []
for c in sorted(first.unique()):
    members = set(first.index[first == c])
    for k in range(0, last - c + 1):
        still = members & present.get(c + k, set())
        if k > 0:
            still &= present.get(c + k - 1, set())
        lines.append((f"{c // 12}-{c % 12 + 1:02d}-01", k, len(members), len(still), len(still) / len(members)))
pd.DataFrame(lines, columns=["cohort", "k", "users", "active", "retention"]).to_csv(sys.stdout, index=False)
