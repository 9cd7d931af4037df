# question: foundational_verdict
# model: author/slug
"""Fractions all through, so that 'at least 0.10 above' is exact."""
import sys
from calendar import monthrange
from fractions import Fraction as F

import pandas as pd

MODEL = "author/slug"
g = pd.read_parquet(sys.argv[1] + "/log", columns=["created_at", "user_id", "account_id", "model"])
m = pd.read_parquet(sys.argv[1] + "/models.parquet")
g["at"] = pd.to_datetime(g["created_at"], utc=True)
g["n"] = g["at"].dt.year * 12 + g["at"].dt.month - 1
first, final = g["at"].min().date(), g["at"].max().date()
last_n = final.year * 12 + final.month - 1 - (final.day < monthrange(final.year, final.month)[1])

months_of = {}
for user, account, n in g.loc[g["model"] == MODEL, ["user_id", "account_id", "n"]].itertuples(index=False):
    who = account if pd.isna(user) or user == "" else user
    if not pd.isna(who):
        months_of.setdefault(who, set()).add(n)

cohorts = {}
for months in months_of.values():
    cohorts.setdefault(min(months), []).append(months)


def R(c, k):
    """Retention of cohort c at k; None without a cell."""
    if c + k > last_n:
        return None
    return F(sum(c + k in months for months in cohorts[c]), len(cohorts[c]))


launch = None
released = m.loc[m["model"] == MODEL, "released"].dropna()
if len(released):
    day = pd.Timestamp(released.iloc[0]).date()
    if day >= first:
        launch = min((c for c in cohorts if c >= day.year * 12 + day.month - 1), default=None)

print("cohort,foundational")
for c in sorted(cohorts):
    if R(c, 5) is None:
        continue
    verdict = launch is not None and c - launch in (0, 1)
    verdict = verdict and R(c, 5) >= F(3, 10) and R(c, 5) >= F(8, 10) * R(c, 3)
    for k in (3, 4, 5):
        rivals = [R(d, k) for d in cohorts if d > c and R(d, k) is not None]
        verdict = verdict and bool(rivals) and R(c, k) - max(rivals) >= F(1, 10)
    print(f"{c // 12:04d}-{c % 12 + 1:02d}-01,{'true' if verdict else 'false'}")
