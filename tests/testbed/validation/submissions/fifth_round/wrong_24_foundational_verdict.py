# question: foundational_verdict
# model: author/slug
import sys
from pathlib import Path
import pandas as pd

MODEL = "author/slug"
d = Path(sys.argv[1])
g = pd.read_parquet(d / "log", columns=["created_at", "user_id", "account_id", "model"])
models = pd.read_parquet(d / "models.parquet")

ts = g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
first_day, last_day = ts.min().normalize(), ts.max().normalize()
after = last_day + pd.Timedelta(days=1)
LAST = after.year * 12 + after.month - 2
g["m"] = ts.dt.year * 12 + ts.dt.month - 1
g["who"] = g["user_id"].where(g["user_id"].notna() & g["user_id"].ne(""), g["account_id"])
g = g[g["model"].eq(MODEL) & g["who"].notna() & g["who"].ne("")][["who", "m"]].drop_duplicates()
g["c"] = g.groupby("who")["m"].transform("min")
size = g.groupby("c")["who"].nunique().to_dict()
cells = g.assign(k=g["m"] - g["c"]).groupby(["c", "k"]).size().to_dict()


def R(c, k):
    return cells.get((c, k), 0) / size[c]


launch = None
row = models[models["model"] == MODEL]
if len(row) and pd.notna(row["released"].iloc[0]):
    released = pd.Timestamp(row["released"].iloc[0])
    if released.tzinfo is not None:
        released = released.tz_convert("UTC").tz_localize(None)
    if released.normalize() >= first_day:
        launch = min((c for c in size if c >= released.year * 12 + released.month - 1), default=None)

EPS = 1e-9
rows = []
for c in sorted(size):
    if c > LAST:
        continue
    early = launch is not None and c in (launch, launch + 1)
    level = R(c, 5) >= 0.30 - EPS
    plateau = R(c, 5) >= 0.80 * R(c, 3) - EPS
    apart = True
    for k in (3, 4, 5):
        rest = [R(o, k) for o in size if o > c and o + k <= LAST]
        apart = apart and bool(rest) and R(c, k) - max(rest) >= 0.10 - EPS
    rows.append((f"{c // 12}-{c % 12 + 1:02d}-01", early and level and plateau and apart))
pd.DataFrame(rows, columns=["cohort", "foundational"]).to_csv(sys.stdout, index=False)
