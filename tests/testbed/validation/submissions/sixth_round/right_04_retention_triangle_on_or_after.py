# question: retention_triangle_on_or_after
# model: author/slug
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    ts = pd.to_datetime(generations["created_at"], utc=True).dt.tz_localize(None)
    nxt = ts.max().normalize() + pd.Timedelta(days=1)
    final = nxt.year * 12 + nxt.month - 2
    first, last = {}, {}
    for uid, acc, mdl, t in zip(generations["user_id"], generations["account_id"], generations["model"], ts):
        if mdl != "author/slug":
            continue
        u = uid if isinstance(uid, str) and uid else acc
        if not (isinstance(u, str) and u):
            continue
        m = t.year * 12 + t.month - 1
        if m > final:
            continue
        first[u] = min(first.get(u, m), m)
        last[u] = max(last.get(u, m), m)
    rows = []
    for c in sorted(set(first.values())):
        members = [u for u in first if first[u] == c]
        for k in range(final - c + 1):
            n = sum(last[u] >= c + k for u in members)
            rows.append((pd.Timestamp(c // 12, c % 12 + 1, 1), k, len(members), n, n / len(members)))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
