# question: retention_triangle
# model: author/slug
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[["created_at", "user_id", "account_id", "model"]].copy()
    ts = pd.to_datetime(g["created_at"], utc=True)
    g["month"] = ts.dt.year * 12 + ts.dt.month - 1
    has_user = g["user_id"].notna() & (g["user_id"] != "")
    g["user"] = g["user_id"].astype("object").where(has_user, g["account_id"].astype("object"))

    last = ts.max()
    last_month = last.year * 12 + last.month - 1
    if last.day != last.days_in_month:
        last_month -= 1

    acts = g.loc[(g["model"] == MODEL) & g["user"].notna(), ["user", "month"]].drop_duplicates()
    acts["c"] = acts.groupby("user")["month"].transform("min")
    acts = acts[acts["month"] <= last_month]
    acts["k"] = acts["month"] - acts["c"]

    tri = acts.groupby(["c", "k"])["user"].nunique().rename("active").reset_index()
    users = acts.groupby("c")["user"].nunique()
    tri["users"] = tri["c"].map(users)
    tri["retention"] = tri["active"] / tri["users"]
    tri["cohort"] = [f"{c // 12:04d}-{c % 12 + 1:02d}-01" for c in tri["c"]]
    return tri[["cohort", "k", "users", "active", "retention"]]
