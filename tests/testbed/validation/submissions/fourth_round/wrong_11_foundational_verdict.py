# question: foundational_verdict
# model: author/slug
import sys

import pandas as pd

MODEL = "author/slug"
path = sys.argv[1]
gen = pd.read_parquet(path + "/log", columns=["created_at", "user_id", "account_id", "model"])
mod = pd.read_parquet(path + "/models.parquet")

gen["ts"] = pd.to_datetime(gen["created_at"], utc=True).dt.tz_localize(None)
first_day, last_day = gen["ts"].min().normalize(), gen["ts"].max().normalize()
last_month = (last_day + pd.Timedelta(days=1)).to_period("M") - 1

use = gen[gen["model"] == MODEL]
usr = use["user_id"].where(use["user_id"].fillna("") != "", use["account_id"])
use = pd.DataFrame({"usr": usr, "mon": use["ts"].dt.to_period("M")}).dropna().drop_duplicates()
start = use.groupby("usr")["mon"].min()

R = {}          # R[cohort][k], cells of the triangle
for cohort, members in start.groupby(start):
    if cohort > last_month:
        continue
    rows = use[use["usr"].isin(members.index)]
    n = (last_month - cohort).n
    R[cohort] = [rows.loc[rows["mon"] == cohort + k, "usr"].nunique() / len(members) for k in range(1, n + 1)]

launch = None
entry = mod.loc[mod["model"] == MODEL, "released"]
if len(entry) and pd.notna(entry.iloc[0]):
    released = pd.Timestamp(entry.iloc[0])
    if released >= first_day:
        later = [c for c in start.unique() if c >= released.to_period("M")]
        launch = min(later) if later else None

EPS = 1e-9
print("cohort,foundational")
for c in sorted(R):
    r = R[c]
    if len(r) <= 5:
        continue
    early = launch is not None and c in (launch, launch + 1)
    level = r[5] >= 0.30 - EPS
    plateau = r[5] >= 0.80 * r[3] - EPS
    apart = all(any(d > c and len(R[d]) > k for d in R) for k in (3, 4, 5)) and \
        all(r[k] - R[d][k] >= 0.10 - EPS
            for k in (3, 4, 5)
            for d in R if d > c and len(R[d]) > k)
    print(f"{c.to_timestamp():%Y-%m-%d},{str(bool(early and level and plateau and apart)).lower()}")
