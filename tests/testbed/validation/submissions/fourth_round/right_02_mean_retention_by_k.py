# question: mean_retention_by_k
# model: author/slug
import sys

import numpy as np
import pandas as pd

MODEL = "author/slug"


def month_index(stamps):
    return stamps.dt.year * 12 + stamps.dt.month


gen = pd.read_parquet(f"{sys.argv[1]}/log",
                      columns=["created_at", "user_id", "account_id", "model"])
gen["created_at"] = pd.to_datetime(gen["created_at"], utc=True)

day_after = gen["created_at"].max().normalize() + pd.Timedelta(days=1)
last = day_after.year * 12 + day_after.month - 1

gen = gen.loc[gen["model"] == MODEL]
empty = gen["user_id"].isna() | (gen["user_id"] == "")
pairs = pd.DataFrame({"who": gen["user_id"].where(~empty, gen["account_id"]),
                      "mon": month_index(gen["created_at"])}).dropna().drop_duplicates()

# users x months, True where active
seen = pd.crosstab(pairs["who"], pairs["mon"]).astype(bool)
born = pairs.groupby("who")["mon"].min().reindex(seen.index)

triangle = {}
for cohort in sorted(born.unique()):
    block = seen[born == cohort]
    triangle[cohort] = [float(block[cohort + k].mean()) if cohort + k in block.columns else 0.0
                        for k in range(last - cohort + 1)]

print("k,retention")
for k in range(max((len(r) for r in triangle.values()), default=0)):
    print(k, np.mean([r[k] for r in triangle.values() if len(r) > k]), sep=",")
