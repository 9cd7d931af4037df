"""question: retention_triangle_30_days
model: author/slug
"""
import pandas as pd


def triangle_30(generations: pd.DataFrame) -> pd.DataFrame:
    day = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
    end = day.max() + pd.Timedelta(days=1)
    uid = generations["user_id"].replace("", None).fillna(generations["account_id"])
    d = pd.DataFrame({"uid": uid, "day": day})[generations["model"] == "author/slug"].dropna()
    first = d.groupby("uid")["day"].transform("min")
    d["cohort"] = first.dt.to_period("M")
    d["k"] = (d["day"] - first).dt.days // 30
    users = d.groupby("cohort")["uid"].nunique()
    active = d.groupby(["cohort", "k"])["uid"].nunique()
    rows = []
    for cohort, n in users.items():
        k = 0
        while (cohort + 1).to_timestamp() + pd.Timedelta(days=30 * (k + 1)) <= end:
            a = int(active.get((cohort, k), 0))
            rows.append((cohort.to_timestamp(), k, n, a, a / n))
            k += 1
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
