# question: foundational_verdict
# model: author/slug
import sys
from pathlib import Path
import pandas as pd

MODEL = "author/slug"
d = Path(sys.argv[1])
g = pd.read_parquet(d / "log", columns=["created_at", "user_id", "account_id", "model"])
models = pd.read_parquet(d / "models.parquet")

utc = g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
opened = utc.min().normalize()
last = (utc.max().normalize() + pd.Timedelta(days=1)).to_period("M") - 1
g["month"] = utc.dt.to_period("M")
g["who"] = g["user_id"].replace("", None).fillna(g["account_id"].replace("", None))
g = g[(g["model"] == MODEL) & g["who"].notna()]

rows = []
if len(g):
    mat = pd.crosstab(g["who"], g["month"]).gt(0)
    cols = pd.period_range(min(g["month"].min(), last), max(g["month"].max(), last), freq="M")
    mat = mat.reindex(columns=cols, fill_value=False)
    cohort = mat.idxmax(axis=1)
    tri = mat.groupby(cohort).mean()          # cohort by calendar month
    R = {(c, (m - c).n): tri.loc[c, m] for c in tri.index for m in cols if c <= m <= last}

    start = None
    hit = models.loc[models["model"] == MODEL, "released"].dropna()
    if len(hit):
        rel = pd.to_datetime(hit, utc=True).iloc[0].tz_localize(None)
        if rel.normalize() >= opened:
            start = next((c for c in sorted(tri.index) if c >= rel.to_period("M")), None)

    for c in sorted(tri.index):
        if (c, 5) not in R:
            continue
        ok = start is not None and start <= c <= start + 1
        ok = ok and R[c, 5] >= 0.30 - 1e-9 and R[c, 5] >= 0.80 * R[c, 3] - 1e-9
        for k in (3, 4, 5):
            rest = [R[o, k] for o in tri.index if o > c and (o, k) in R]
            ok = ok and bool(rest) and R[c, k] >= max(rest) + 0.10 - 1e-9
        rows.append((c.start_time.date().isoformat(), bool(ok)))
pd.DataFrame(rows, columns=["cohort", "foundational"]).to_csv(sys.stdout, index=False)
