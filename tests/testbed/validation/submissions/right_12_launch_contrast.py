"""Launch cohort against later ones.

question: launch_contrast
model: author/slug
"""
import pandas as pd

MODEL = "author/slug"


def _triangle(generations):
    at = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    who = generations["user_id"].mask(generations["user_id"].eq("")).fillna(generations["account_id"])
    last = (at.max().normalize() + pd.Timedelta("1D")).to_period("M") - 1
    u = pd.DataFrame({"who": who, "m": at.dt.to_period("M")})[generations["model"].eq(MODEL)].dropna().drop_duplicates()
    u["c"] = u.groupby("who")["m"].transform("min")
    users = u.groupby("c")["who"].nunique()
    active = u.groupby(["c", "m"])["who"].nunique()
    return {(c, k): active.get((c, c + k), 0) / n for c, n in users.items() for k in range(0, 200) if c + k <= last}, set(users.index)


def launch_contrast(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    columns = ["k", "launch", "later", "difference"]
    entry = models[models["model"].eq(MODEL)]
    if entry.empty:
        return pd.DataFrame(columns=columns)
    released = pd.Timestamp(entry["released"].iloc[0])
    if released < generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).min().normalize():
        return pd.DataFrame(columns=columns)  # it was there before the log began
    cells, cohorts = _triangle(generations)
    after_release = [c for c in cohorts if c >= released.to_period("M")]
    if not after_release:
        return pd.DataFrame(columns=columns)
    launch = min(after_release)
    rows = []
    for k in (3, 4, 5):
        if (launch, k) not in cells:
            continue
        later = pd.Series([r for (c, j), r in cells.items() if j == k and c >= launch + 2], dtype=float).mean()
        rows.append((k, cells[launch, k], later, cells[launch, k] - later))
    return pd.DataFrame(rows, columns=columns)
