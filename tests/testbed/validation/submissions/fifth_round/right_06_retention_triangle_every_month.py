# question: retention_triangle_every_month
# model: author/slug
import csv
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta, timezone
import pyarrow.dataset as ds

MODEL = "author/slug"


def number(d):
    return d.year * 12 + d.month - 1


def main(folder):
    months = defaultdict(set)
    last_day = date.min
    f = ds.dataset(folder + "/log")
    for batch in f.to_batches(columns=["created_at", "user_id", "account_id", "model"]):
        for r in batch.to_pylist():
            day = r["created_at"].astimezone(timezone.utc).date()
            last_day = max(last_day, day)
            who = r["user_id"] or r["account_id"]
            if r["model"] == MODEL and who:
                months[who].add(number(day))
    last = number(last_day + timedelta(days=1)) - 1

    users, ran = Counter(), Counter()
    for seen in months.values():
        c = min(seen)
        users[c] += 1
        k = 0
        while c + k in seen:
            ran[c, k] += 1
            k += 1

    w = csv.writer(sys.stdout)
    w.writerow(["cohort", "k", "users", "active", "retention"])
    for c in sorted(users):
        for k in range(last - c + 1):
            w.writerow([date(c // 12, c % 12 + 1, 1), k, users[c], ran[c, k], ran[c, k] / users[c]])


main(sys.argv[1])
