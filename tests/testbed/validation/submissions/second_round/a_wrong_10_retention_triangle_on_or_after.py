# question: retention_triangle_on_or_after
# model: author/slug
import csv
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

MODEL = "author/slug"

table = pq.read_table(
    sys.argv[1] + "/log",
    columns=["created_at", "user_id", "account_id", "model"],
)
table = table.set_column(
    0,
    "created_at",
    table["created_at"].cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()),
)

EPOCH = date(1970, 1, 1)
DAY = 86_400_000_000
end = 0
first, latest = {}, {}
for us, user, account, model in zip(*(table[c].to_pylist() for c in table.column_names)):
    end = max(end, us)
    who = user or account
    if model != MODEL or not who:
        continue
    d = EPOCH + timedelta(days=us // DAY)
    m = d.year * 12 + d.month - 1
    first[who] = min(first.get(who, m), m)
    latest[who] = max(latest.get(who, m), m)

d = EPOCH + timedelta(days=end // DAY)
last_month = d.year * 12 + d.month - 1
if (d + timedelta(days=1)).month == d.month:      # month still running
    last_month -= 1

users = Counter(first.values())
reach = defaultdict(list)
for who, c in first.items():
    reach[c].append(latest[who] - c)

out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["cohort", "k", "users", "active", "retention"])
for c in sorted(users):
    for k in range(last_month - c + 1):
        active = sum(1 for r in reach[c] if r >= k)
        out.writerow([date(c // 12, c % 12 + 1, 1), k, users[c], active, active / users[c]])
