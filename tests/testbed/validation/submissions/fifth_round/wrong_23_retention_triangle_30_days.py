# question: retention_triangle_30_days
# model: author/slug
import csv
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
import pyarrow.parquet as pq

t = pq.read_table(sys.argv[1] + "/log",
                  columns=["created_at", "user_id", "account_id", "model"]).to_pylist()
latest = max(r["created_at"] for r in t).astimezone(timezone.utc)
log_end = datetime(latest.year, latest.month, latest.day, tzinfo=timezone.utc) + timedelta(days=1)

stamps = defaultdict(list)
for r in t:
    who = r["user_id"] or r["account_id"]
    if r["model"] == "author/slug" and who:
        stamps[who].append(r["created_at"].astimezone(timezone.utc))

STEP = timedelta(days=30)
users = defaultdict(int)
active = defaultdict(int)
for ts in stamps.values():
    first = min(ts)
    cohort = datetime(first.year, first.month, 1, tzinfo=timezone.utc)
    users[cohort] += 1
    for k in {(x - first) // STEP for x in ts}:
        active[cohort, k] += 1

w = csv.writer(sys.stdout)
w.writerow(["cohort", "k", "users", "active", "retention"])
for cohort in sorted(users):
    k = 0
    while cohort + STEP * (k + 1) <= log_end:
        a = active[cohort, k]
        w.writerow([cohort.date(), k, users[cohort], a, a / users[cohort]])
        k += 1
