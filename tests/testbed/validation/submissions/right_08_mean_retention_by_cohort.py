#!/usr/bin/env python
# coding: utf-8
# question: mean_retention_by_cohort
# model: author/slug

# # Do cohorts stay?

# In[1]:
import pandas as pd


# In[2]:
def month_no(s):
    """Months since year 0 - easier to subtract than periods."""
    return s.dt.year * 12 + s.dt.month - 1


def by_cohort(generations: pd.DataFrame) -> pd.DataFrame:
    df = generations[["created_at", "user_id", "account_id", "model"]].copy()
    df["t"] = df.created_at.dt.tz_convert("UTC")
    df["who"] = df.user_id.where(df.user_id.notna() & (df.user_id != ""), df.account_id)
    df["m"] = month_no(df.t)
    # the month is over only if the day after the last one is in another month
    nxt = df.t.max().normalize() + pd.Timedelta(days=1)
    last_complete = nxt.year * 12 + nxt.month - 2

    f = df[(df.model == "author/slug") & df.who.notna()].drop_duplicates(["who", "m"])
    f = f.assign(c=f.groupby("who").m.transform("min"))
    out = []
    for c, grp in f.groupby("c"):
        ks = last_complete - c
        if ks < 1:
            continue
        inside = grp[(grp.m > c) & (grp.m <= last_complete)]
        out.append({"cohort": pd.Timestamp(c // 12, c % 12 + 1, 1).date(), "retention": len(inside) / (grp.who.nunique() * ks)})
    return pd.DataFrame(out, columns=["cohort", "retention"])


# In[3]:
# by_cohort(log).plot.bar(x="cohort")
