"""Retention of the model, by month of joining.

question: retention_triangle
model: author/slug
"""
import pandas as pd

MODEL = "author/slug"


def retention(generations: pd.DataFrame) -> pd.DataFrame:
    when = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    last = (when.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    df = pd.DataFrame({"user": generations["user_id"], "month": when.dt.to_period("M")})
    df = df[generations["model"].eq(MODEL)]
    df = df[df["user"].notna() & df["user"].ne("")].drop_duplicates()
    df["cohort"] = df.groupby("user")["month"].transform("min")
    users = df.groupby("cohort")["user"].nunique()
    came = df.groupby(["cohort", "month"])["user"].nunique()
    rows = []
    for cohort, n in users.items():
        for k in range(max((last - cohort).n + 1, 0)):
            a = int(came.get((cohort, cohort + k), 0))
            rows.append((cohort.to_timestamp(), k, n, a, a / n))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
