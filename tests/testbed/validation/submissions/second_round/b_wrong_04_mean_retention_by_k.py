# question: mean_retention_by_k
# model: author/slug
import pandas as pd

MODEL = "author/slug"


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[["created_at", "user_id", "account_id", "model"]].copy()
    ts = pd.to_datetime(g.created_at, utc=True)
    g["month"] = ts.dt.year * 12 + ts.dt.month - 1
    g["user"] = g.user_id.astype("object").fillna(g.account_id.astype("object"))

    end = ts.max().normalize() + pd.Timedelta(days=1)      # first instant after the log
    last = end.year * 12 + end.month - 2                   # last complete month

    mine = g[(g.model == MODEL) & g.user.notna()]
    first = mine.groupby("user").month.min()
    first = first[first <= last]
    act = mine[mine.month <= last][["user", "month"]].drop_duplicates()
    act["cohort"] = act.user.map(first)
    act["k"] = act.month - act.cohort
    n_active = act.groupby(["cohort", "k"]).user.nunique()
    size = first.value_counts().sort_index()

    cells = [(c, k, n, n_active.get((c, k), 0)) for c, n in size.items() for k in range(last - c + 1)]
    tri = pd.DataFrame(cells, columns=["cohort", "k", "users", "active"])
    by_k = tri.groupby("k")[["users", "active"]].sum()
    by_k["retention"] = by_k.active / by_k.users
    return by_k[["retention"]].reset_index()
