# question: retention_triangle_30_days
# model: author/slug
import sys
from collections import defaultdict
from datetime import datetime, time, timedelta, timezone

import pyarrow.compute as pc
import pyarrow.parquet as pq

WINDOW = timedelta(days=30)
UTC = timezone.utc
t = pq.read_table(sys.argv[1] + "/log", columns=["created_at", "user_id", "account_id", "model"])

last = pc.max(t["created_at"]).as_py().astimezone(UTC)
log_end = datetime.combine(last.date(), time(), UTC) + timedelta(days=1)

stamps = defaultdict(list)
for r in t.filter(pc.equal(t["model"], "author/slug")).to_pylist():
    who = r["user_id"] or r["account_id"]
    if who is not None:
        stamps[who].append(r["created_at"].astimezone(UTC))

cohorts = defaultdict(list)  # (year, month) -> one set of windows a user
for seen in stamps.values():
    start = min(seen)
    cohorts[start.year, start.month].append({(s - start) // WINDOW for s in seen})

print("cohort,k,users,active,retention")
for (y, m), members in sorted(cohorts.items()):
    month_end = datetime(y + m // 12, m % 12 + 1, 1, tzinfo=UTC)
    k = 0
    while month_end + WINDOW * (k + 1) <= log_end:
        active = sum(k in windows for windows in members)
        print(f"{y:04d}-{m:02d}-01,{k},{len(members)},{active},{active / len(members)!r}")
        k += 1
