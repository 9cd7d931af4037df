# question: retention_triangle_every_month
# model: author/slug
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    ts = pd.to_datetime(generations["created_at"], utc=True).dt.tz_localize(None)
    nxt = ts.max().normalize() + pd.Timedelta(days=1)
    final = nxt.year * 12 + nxt.month - 2
    user = generations["user_id"].where(generations["user_id"].fillna("") != "", generations["account_id"])
    d = pd.DataFrame({"u": user, "m": ts.dt.year * 12 + ts.dt.month - 1})[generations["model"] == "author/slug"]
    d = d[d["u"].fillna("") != ""].drop_duplicates()
    rows = []
    months = d.groupby("u")["m"].agg(set)
    starts = months.map(min)
    for c in sorted(starts.unique()):
        alive = list(months[starts == c])
        n = len(alive)
        for k in range(0, final - c + 1):
            alive = [s for s in alive if c + k in s]
            rows.append([pd.Timestamp(int(c) // 12, int(c) % 12 + 1, 1), k, n, len(alive), len(alive) / n])
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
