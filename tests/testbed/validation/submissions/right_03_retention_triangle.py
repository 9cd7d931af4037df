"""Cohort retention of one model.

question: retention_triangle
model: author/slug
"""
import pandas as pd

MODEL = "author/slug"


def retention(generations: pd.DataFrame) -> pd.DataFrame:
    when = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    end = when.max().normalize() + pd.Timedelta(days=1)
    last = (end.to_period("M") - 1)

    mine = generations["model"].eq(MODEL)
    who = generations["user_id"].replace("", None)
    who = who.where(who.notna(), generations["account_id"].replace("", None))
    use = pd.DataFrame({"who": who[mine], "month": when[mine].dt.to_period("M")}).dropna().drop_duplicates()
    use["cohort"] = use.groupby("who")["month"].transform("min")

    users = use.groupby("cohort")["who"].nunique()
    came = use.groupby(["cohort", "month"])["who"].nunique()
    rows = []
    for cohort, n in users.items():
        for k in range((last - cohort).n + 1 if last >= cohort else 0):
            a = int(came.get((cohort, cohort + k), 0))
            rows.append((cohort.to_timestamp().date(), k, int(n), a, a / n))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
