# question: retention_triangle
# model: author/slug
import sys
from pathlib import Path

import pandas as pd

run = Path(sys.argv[1])
parts = [pd.read_parquet(p) for p in sorted(run.glob("log/week=*/*.parquet"))]
log = pd.concat(parts, ignore_index=True)
log["month"] = log["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("M")
log["who"] = log["user_id"].where(log["user_id"].fillna("") != "", log["account_id"])
last = (log["created_at"].max().tz_convert("UTC").tz_localize(None).normalize() + pd.DateOffset(days=1)).to_period("M") - 1

ok = log[(log["model"] == "author/slug") & ~log["cancelled"].fillna(False).astype(bool) & log["finish_reason"].ne("error")]
ok = ok.dropna(subset=["who"]).drop_duplicates(["who", "month"])
ok = ok.assign(cohort=ok.groupby("who")["month"].transform("min"))
size = ok.groupby("cohort")["who"].nunique()
came = ok.groupby(["cohort", "month"]).size()

print("cohort,k,users,active,retention")
for cohort, users in size.items():
    k = 0
    while cohort + k <= last:
        active = int(came.get((cohort, cohort + k), 0))
        print(f"{cohort.to_timestamp():%Y-%m-%d},{k},{users},{active},{active / users}")
        k += 1
