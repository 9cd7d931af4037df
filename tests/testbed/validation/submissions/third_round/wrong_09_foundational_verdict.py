# question: foundational_verdict
# model: author/slug
import sys

import pandas as pd

MODEL = "author/slug"
EPS = 1e-9
folder = sys.argv[1]
log = pd.read_parquet(f"{folder}/log", columns=["created_at", "user_id", "account_id", "model"])
models = pd.read_parquet(f"{folder}/models.parquet")

log["ts"] = pd.to_datetime(log["created_at"], utc=True).dt.tz_localize(None)
first_day = log["ts"].min().normalize()
last_day = log["ts"].max().normalize()
last = last_day.to_period("M")
if last_day != last.end_time.normalize():
    last = last - 1

mine = log[log["model"] == MODEL].copy()
mine["who"] = mine["user_id"].where(mine["user_id"].notna() & (mine["user_id"] != ""), mine["account_id"])
mine = mine.dropna(subset=["who"])
mine["n"] = mine["ts"].dt.year * 12 + mine["ts"].dt.month - 1
use = mine[["who", "n"]].drop_duplicates()
use["c"] = use.groupby("who")["n"].transform("min")
end = last.year * 12 + last.month - 1

R = {}
for c, part in use.groupby("c"):
    users = part["who"].nunique()
    for k in range(0, end - c + 1):
        R[c, k] = (part["n"] == c + k).sum() / users

launch = None
entry = models[models["model"] == MODEL]
if len(entry) and pd.notna(entry["released"].iloc[0]):
    released = pd.Timestamp(entry["released"].iloc[0])
    if released >= first_day:
        r = released.year * 12 + released.month - 1
        launch = min((c for c in set(use["c"]) if c >= r), default=None)


def apart(c):
    return all(
        R[c, k] - R[d, k] >= 0.10 - EPS
        for k in (3, 4, 5)
        for d in set(use["c"])
        if d > c and (d, k) in R
    )


print("cohort,foundational")
for c in sorted(set(use["c"])):
    if (c, 5) not in R:
        continue
    early = launch is not None and c in (launch, launch + 1)
    level = R[c, 5] >= 0.30 - EPS
    plateau = R[c, 5] >= 0.80 * R[c, 3] - EPS
    verdict = early and level and plateau and apart(c)
    print(f"{c // 12:04d}-{c % 12 + 1:02d}-01,{str(bool(verdict)).lower()}")
