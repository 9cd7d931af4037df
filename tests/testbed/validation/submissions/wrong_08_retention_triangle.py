#!/usr/bin/env python
# coding: utf-8
# question: retention_triangle
# model: author/slug

# In[1]:
import pandas as pd

TZ = "America/New_York"  # business hours of the team


# In[2]:
def cohort_table(generations: pd.DataFrame) -> pd.DataFrame:
    local = generations["created_at"].dt.tz_convert(TZ).dt.tz_localize(None)
    who = generations["user_id"].where(generations["user_id"].notna() & (generations["user_id"] != ""), generations["account_id"])
    df = pd.DataFrame({"who": who, "m": local.dt.to_period("M")}).loc[generations["model"] == "author/slug"]
    df = df.dropna().drop_duplicates()
    df["cohort"] = df.groupby("who")["m"].transform("min")
    last = (generations["created_at"].max().tz_convert("UTC").tz_localize(None).normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    n = df.groupby("cohort")["who"].nunique()
    a = df.groupby(["cohort", "m"])["who"].nunique()
    out = [
        (c.to_timestamp(), k, n[c], int(a.get((c, c + k), 0)), a.get((c, c + k), 0) / n[c])
        for c in n.index
        for k in range(max(0, (last - c).n + 1))
    ]
    return pd.DataFrame(out, columns=["cohort", "k", "users", "active", "retention"])


# In[3]:
# cohort_table(log).pivot(index="cohort", columns="k", values="retention").style.format("{:.0%}")
