# question: retention_triangle
# model: author/slug
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations.copy()
    g["ts"] = pd.to_datetime(g["created_at"], utc=True).dt.tz_convert(None)
    g["month"] = g["ts"].dt.to_period("M")
    last = g["month"].max()

    has_user = g["user_id"].notna() & (g["user_id"] != "")
    g["who"] = g["user_id"].astype("object").where(has_user, g["account_id"].astype("object"))

    m = g.loc[(g["model"] == MODEL) & g["who"].notna(), ["who", "month"]].drop_duplicates()
    cohort = m.groupby("who")["month"].min().rename("cohort")
    m = m.join(cohort, on="who")
    m["k"] = m["month"].astype("int64") - m["cohort"].astype("int64")

    users = cohort.value_counts()
    active = m.groupby(["cohort", "k"])["who"].nunique().to_dict()

    rows = []
    for c in sorted(users.index):
        for k in range((last - c).n + 1):
            a = active.get((c, k), 0)
            rows.append((c.to_timestamp().date(), k, users[c], a, a / users[c]))

    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
