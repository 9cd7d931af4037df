"""question: foundational_verdict
model: author/slug
"""
import pandas as pd

MODEL = "author/slug"


def verdict(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    at = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    last = (at.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1
    who = generations["user_id"].mask(generations["user_id"].eq("")).fillna(generations["account_id"])
    u = pd.DataFrame({"who": who, "m": at.dt.to_period("M")})[generations["model"].eq(MODEL)].dropna().drop_duplicates()
    u["c"] = u.groupby("who")["m"].transform("min")
    n = u.groupby("c")["who"].nunique()
    a = u.groupby(["c", "m"])["who"].nunique()
    r = {(c, k): a.get((c, c + k), 0) / n[c] for c in n.index for k in range(6) if c + k <= last}

    entry = models.loc[models["model"] == MODEL, "released"]
    launch = None
    if len(entry) and pd.Timestamp(entry.iloc[0]) >= at.min().normalize():
        after = [c for c in n.index if c >= pd.Timestamp(entry.iloc[0]).to_period("M")]
        launch = min(after) if after else None
    rows = []
    for c in n.index:
        if (c, 5) not in r:
            continue
        early = launch is not None and c in (launch, launch + 1)
        level = r[c, 5] >= 0.30 - 1e-12
        plateau = r[c, 5] >= 0.80 * r[c, 3] - 1e-12
        apart = True
        for k in (3, 4, 5):
            rest = [v for (d, j), v in r.items() if j == k and d > c]
            apart = apart and bool(rest) and r[c, k] - sum(rest) / len(rest) >= 0.10 - 1e-12
        rows.append((c.to_timestamp(), early and level and plateau and apart))
    return pd.DataFrame(rows, columns=["cohort", "foundational"])
