# question: sessions_by_pause
import csv
import sys
from collections import Counter, defaultdict
from datetime import timedelta, timezone

import pyarrow.parquet as pq

rows = pq.read_table(
    sys.argv[1] + "/log", columns=["user_id", "account_id", "created_at"]
).to_pylist()

times = defaultdict(list)
weeks = Counter()


def monday(t):
    d = t.date()
    return d - timedelta(days=d.weekday())


for r in rows:
    t = r["created_at"].astimezone(timezone.utc)
    weeks[monday(t)] += 0
    who = r["user_id"] or r["account_id"]
    if who is not None:
        times[who].append(t)

for seen in times.values():
    seen.sort()
    start = None
    for t in seen:
        if start is None or t - start > timedelta(minutes=30):
            weeks[monday(t)] += 1
            start = t

out = csv.writer(sys.stdout)
out.writerow(["week", "sessions"])
for w in sorted(weeks):
    out.writerow([w, weeks[w]])
