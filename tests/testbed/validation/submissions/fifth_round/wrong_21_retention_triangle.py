# question: retention_triangle
# model: author/slug
import sys
from pathlib import Path
import pandas as pd

MODEL = "author/slug"

g = pd.read_parquet(Path(sys.argv[1]) / "log",
                    columns=["created_at", "user_id", "account_id", "model"])
known = g["user_id"].notna() & (g["user_id"] != "")
g["usr"] = g["user_id"].where(known, g["account_id"])
g["day"] = g["created_at"].dt.tz_convert("America/Los_Angeles").dt.tz_localize(None)
g["month"] = g["day"].dt.year * 12 + g["day"].dt.month - 1

g = g[(g["model"] == MODEL) & g["usr"].notna() & (g["usr"] != "")]
if len(g):
    end = g["day"].max().normalize() + pd.Timedelta(days=1)
    last = end.year * 12 + end.month - 2        # month before that of the day after the last

out = []
if len(g):
    seen = g[["usr", "month"]].drop_duplicates()
    seen["cohort"] = seen.groupby("usr")["month"].transform("min")
    for c, part in seen.groupby("cohort"):
        users = part["usr"].nunique()
        for k in range(0, last - c + 1):
            active = int((part["month"] == c + k).sum())
            out.append((f"{c // 12}-{c % 12 + 1:02d}-01", k, users, active, active / users))
pd.DataFrame(out, columns=["cohort", "k", "users", "active", "retention"]).to_csv(sys.stdout, index=False)
