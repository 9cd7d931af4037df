"""question: launch_contrast
model: author/slug
"""
import pandas as pd


def launch_vs_later(generations: pd.DataFrame) -> pd.DataFrame:
    at = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    last = (at.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    who = generations["user_id"].mask(generations["user_id"].eq("")).fillna(generations["account_id"])
    u = pd.DataFrame({"who": who, "m": at.dt.to_period("M")})[generations["model"].eq("author/slug")].dropna().drop_duplicates()
    u["c"] = u.groupby("who")["m"].transform("min")
    n = u.groupby("c")["who"].nunique()
    a = u.groupby(["c", "m"])["who"].nunique()
    launch = n.index.min()
    rows = []
    for k in (3, 4, 5):
        if launch + k > last:
            continue
        later = [c for c in n.index if c >= launch + 2 and c + k <= last]
        pooled = sum(a.get((c, c + k), 0) for c in later) / n[later].sum() if later else None
        rows.append({"k": k, "launch": a.get((launch, launch + k), 0) / n[launch], "later": pooled})
    return pd.DataFrame(rows, columns=["k", "launch", "later"])
