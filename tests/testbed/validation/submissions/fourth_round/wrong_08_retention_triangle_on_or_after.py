# question: retention_triangle_on_or_after
# model: author/slug
import csv
import sys
from collections import defaultdict
from datetime import date, timedelta, timezone

import pyarrow.parquet as pq

MODEL = "author/slug"
tab = pq.read_table(sys.argv[1] + "/log",
                    columns=["created_at", "user_id", "account_id", "model"]).to_pylist()


def month_no(d):
    return d.year * 12 + d.month - 1


last_day = max(r["created_at"] for r in tab).astimezone(timezone.utc).date()
last_month = month_no(last_day + timedelta(days=1)) - 1   # last complete one

months = defaultdict(set)                                 # user -> months of use
for r in tab:
    if r["model"] != MODEL:
        continue
    usr = r["user_id"] or r["account_id"]
    if usr is None:
        continue
    months[usr].add(month_no(r["created_at"].astimezone(timezone.utc)))

cohorts = defaultdict(list)
for usr, ms in months.items():
    if min(ms) <= last_month:
        cohorts[min(ms)].append(usr)

out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["cohort", "k", "users", "active", "retention"])
for c in sorted(cohorts):
    members = cohorts[c]
    in_month = [sum(1 for u in members if c + k in months[u]) for k in range(last_month - c + 1)]
    # k = 0 holds everybody; from there on accumulate from the end of the log backwards
    running, at_or_after = 0, {}
    for k in range(last_month - c, 0, -1):
        running += in_month[k]
        at_or_after[k] = running
    at_or_after[0] = len(members)
    for k in range(last_month - c + 1):
        out.writerow([date(c // 12, c % 12 + 1, 1).isoformat(), k, len(members),
                      at_or_after[k], at_or_after[k] / len(members)])
