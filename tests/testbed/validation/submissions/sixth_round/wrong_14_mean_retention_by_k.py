# question: mean_retention_by_k
# model: author/slug
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[generations["model"] == "author/slug"].copy()
    ts = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
    g["m"] = ts.dt.year * 12 + ts.dt.month - 1
    after = ts.max().normalize() + pd.Timedelta(days=1)
    last = after.year * 12 + after.month - 2
    g["u"] = g["user_id"].where(g["user_id"].fillna("") != "", g["account_id"])
    g = g[g["u"].fillna("") != ""]
    g["cohort"] = g.groupby("u")["m"].transform("min")
    rows = []
    for c, part in g[g["cohort"] <= last].groupby("cohort"):
        n = part["u"].nunique()
        for k in range(0, last - c + 1):
            rows.append((k, n, part.loc[part["m"] == c + k, "u"].nunique()))
    t = pd.DataFrame(rows, columns=["k", "users", "active"]).groupby("k", as_index=False).sum()
    t["retention"] = t["active"] / t["users"]
    return t[["k", "retention"]]
