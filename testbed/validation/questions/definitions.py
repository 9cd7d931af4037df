"""Retention under the other three definitions that tools use: each has a triangle of its own."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from testbed.validation.questions.form import PLACEHOLDER, Question, python
from testbed.validation.questions.known_traps import COHORTS, MONTHS, PEOPLE, REQUESTS, TIME, traps
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.retention import (
    CUT,
    HEAD,
    MONTH_0,
    PERSON_PY,
    SELECT,
    TOPIC,
    TRIANGLE,
    USED,
    WHO,
    Cohorts,
    cell,
    cohorts,
)

WINDOW = dt.timedelta(days=30)
OTHERS = traps(
    *MONTHS, "months named by their end", *PEOPLE, *COHORTS,
    "cohort by platform sign-up", "months from the first day", "months counted from 1",
    "active with any model", "division by active users", "future months as empty", "nothing as null",
    "empty cells dropped", "aliases apart", "versions merged", *REQUESTS,
    "active months added up", "first use of each part", "integer division", "percent", "rounded too far",
)  # fmt: skip


def on_or_after(log: Reading) -> Iterator[dict[str, Any]]:
    """Active in month c + k or in a later complete one."""

    def seen(active: set[dt.date], cohort: dt.date, k: int) -> bool:
        return bool(active) and log.rules.months(cohort, max(active, key=log.rules.order)) >= k

    return triangle(log, seen)


def every_month(log: Reading) -> Iterator[dict[str, Any]]:
    """Active in each month from c to c + k."""

    def stayed(active: set[dt.date], cohort: dt.date, k: int) -> bool:
        ages = {log.rules.months(cohort, month) for month in active}
        return ages.issuperset(range(k + 1))

    return triangle(log, stayed)


def triangle(log: Reading, there: Callable[[set[dt.date], dt.date, int], bool]) -> Iterator[dict[str, Any]]:
    """Every cohort at every k whose month is complete. there: whether a user with these active months is active."""
    found: Cohorts = cohorts(log)
    for cohort, members in found.items():
        for k in range(log.months_to_end(cohort)):
            yield cell(log, cohort, k, len(members), sum(there(active, cohort, k) for active in members))


def windows(log: Reading) -> Iterator[dict[str, Any]]:
    """Active in the k-th 30 times 24 hours from the user's own first request."""
    moments: dict[str, list[dt.datetime]] = defaultdict(list)
    cohort_of: dict[str, dt.date] = {}
    for row in sorted(log.of_model, key=lambda row: row["created_at"]):
        user = log.rules.user(row)
        if user is not None:
            moments[user].append(row["created_at"])
            cohort_of.setdefault(user, log.month(row))
    members: dict[dt.date, list[set[int]]] = defaultdict(list)
    for user, held in moments.items():
        members[cohort_of[user]].append({(moment - held[0]) // WINDOW for moment in held})
    for cohort, ages in sorted(members.items()):
        for k in range(windows_over(log, cohort)):
            yield cell(log, cohort, k, len(ages), sum(k in age for age in ages))


def windows_over(log: Reading, cohort: dt.date) -> int:
    """How many windows are over for whoever joined at the end of the cohort's month, when the log's last day ends."""
    if log.last_day is None:
        return 0
    following = (cohort.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return max((log.last_day + dt.timedelta(days=1) - following) // WINDOW, 0)


REACHED = (
    USED.partition("seen AS (")[0]
    + """seen AS (
  SELECT cells.cohort, cells.k, count(*) AS active
  FROM cells JOIN joined USING (cohort) JOIN {what}
  GROUP BY ALL
),
triangle AS ("""
    + USED.partition("triangle AS (")[2]
)
LAST = """(SELECT person, max(month) AS last FROM used GROUP BY person) USING (person)
  WHERE date_diff('month', cohort, last) >= k"""
STREAK = """(
    SELECT person, count(*) FILTER (age = place) AS streak  -- months in a row from the first: age equals place
    FROM (
      SELECT person, date_diff('month', cohort, month) AS age,
             row_number() OVER (PARTITION BY person ORDER BY month) - 1 AS place
      FROM used JOIN joined USING (person)
    )
    GROUP BY person
  ) USING (person)
  WHERE streak > k"""

MONTHS_PY = f'''
import pandas as pd


def months(generations: pd.DataFrame, model: str) -> tuple[dict, int]:
    """The months of each user, counted from year 0, and the month after the last complete one."""
    day = generations["created_at"].dt.tz_convert("UTC")
    after = day.max() + pd.Timedelta(days=1)
    end = 12 * after.year + after.month - 1
    found = {{}}
    person = {PERSON_PY}
    for who, moment, used in zip(person, day, generations["model"]):
        month = 12 * moment.year + moment.month - 1
        if used == model and month < end and pd.notna(who):
            found.setdefault(who, set()).add(month)
    return found, end


def triangle(generations: pd.DataFrame, model: str, there) -> pd.DataFrame:
    found, end = months(generations, model)
    cohorts = {{}}
    for used in found.values():
        cohorts.setdefault(min(used), []).append(used)
    rows = []
    for cohort, members in sorted(cohorts.items()):
        for k in range(end - cohort):
            active = sum(there(used, cohort, k) for used in members)
            month = f"{{cohort // 12}}-{{cohort % 12 + 1:02d}}-01"
            rows.append((month, k, len(members), active, active / len(members)))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
'''

ON_OR_AFTER = Question(
    "retention_triangle_on_or_after", TOPIC,
    "Of the users who began with a model in a month, how many are active k months later or at any time after?",
    f"{WHO} {CUT} Cohorts are those of the retention triangle. A user is active at k with at least one request to the "
    "model in the k-th month after the cohort's month or in a later complete month. It never rises with k, and cells "
    "near the end of the log are too low. In some tools this is unbounded or rolling retention.",
    TRIANGLE, lambda log: log.rules.triangle(log, on_or_after),
    SELECT.format(head=HEAD.format("retention_triangle_on_or_after"), with_=REACHED.format(what=LAST), what="*",
                  rest="ORDER BY cohort, k"),
    python("retention_triangle_on_or_after", MONTHS_PY + f'''

def retention_triangle_on_or_after(generations: pd.DataFrame) -> pd.DataFrame:
    return triangle(generations, "{PLACEHOLDER}", lambda used, cohort, k: max(used) >= cohort + k)
'''),
    (*OTHERS, *traps("calendar months", "later months alone", "gaps forbidden", "come back as new", "counts for users",
                     "30-day windows")),
    {"model": PLACEHOLDER}, MONTH_0,
)  # fmt: skip

EVERY_MONTH = Question(
    "retention_triangle_every_month", TOPIC,
    "Of the users who began with a model in a month, how many were active in every month up to the k-th after it?",
    f"{WHO} {CUT} Cohorts are those of the retention triangle. A user is active at k with at least one request to the "
    "model in each month from the cohort's month to the k-th after it. It never rises with k. In some tools this is "
    "rolling retention, too.",
    TRIANGLE, lambda log: log.rules.triangle(log, every_month),
    SELECT.format(head=HEAD.format("retention_triangle_every_month"), with_=REACHED.format(what=STREAK), what="*",
                  rest="ORDER BY cohort, k"),
    python("retention_triangle_every_month", MONTHS_PY + f'''

def retention_triangle_every_month(generations: pd.DataFrame) -> pd.DataFrame:
    def stayed(used, cohort, k):
        return all(cohort + age in used for age in range(k + 1))

    return triangle(generations, "{PLACEHOLDER}", stayed)
'''),
    (*OTHERS, *traps("gaps allowed", "on or after", "come back as new", "counts for users", "30-day windows")),
    {"model": PLACEHOLDER}, MONTH_0,
)  # fmt: skip

THIRTY_DAYS = Question(
    "retention_triangle_30_days", TOPIC,
    "Of the users who began with a model in a month, how many are active in the k-th 30 days from their own first "
    "request?",
    f"{WHO} Months and days are UTC; the log ends with the day of its last request, to any model. The cohort of a user "
    "is the calendar month of the first request to the model. A user is active at k with at least one request to the "
    "model in the k-th window of 30 times 24 hours from that first request: window 0 begins with it, window 1 is from "
    "30 days on, less than 60. One row a cohort and k whose windows are over for every possible member: the end of the "
    "cohort's month plus 30 (k + 1) days is not after the end of the log's last day.",
    TRIANGLE, lambda log: log.rules.triangle(log, windows),
    f"""
{HEAD.format("retention_triangle_30_days")}
WITH own AS (
  SELECT coalesce(nullif(user_id, ''), account_id) AS person, created_at AT TIME ZONE 'UTC' AS moment
  FROM generations
  WHERE model = '{PLACEHOLDER}' AND coalesce(nullif(user_id, ''), account_id) IS NOT NULL
),
joined AS (
  SELECT person, min(moment) AS first_at, date_trunc('month', min(moment))::DATE AS cohort FROM own GROUP BY person
),
ends AS (SELECT max((created_at AT TIME ZONE 'UTC')::DATE) + 1 AS day FROM generations),
sizes AS (SELECT cohort, count(*) AS users FROM joined GROUP BY cohort),
cells AS (
  SELECT cohort, users,
         unnest(range(0, (((SELECT day FROM ends) - (cohort + INTERVAL 1 MONTH)::DATE) // 30)::BIGINT)) AS k
  FROM sizes
  WHERE (SELECT day FROM ends) >= (cohort + INTERVAL 1 MONTH)::DATE
),
seen AS (
  SELECT cohort, floor((epoch_ms(moment) - epoch_ms(first_at)) / (30 * 86400000.0))::BIGINT AS k,
         count(DISTINCT person) AS active
  FROM own JOIN joined USING (person)
  GROUP BY ALL
)
SELECT cohort, k, users, coalesce(active, 0) AS active, coalesce(active, 0) / users AS retention
FROM cells LEFT JOIN seen USING (cohort, k)
ORDER BY cohort, k
""",
    python("retention_triangle_30_days", f'''
import pandas as pd


def retention_triangle_30_days(generations: pd.DataFrame) -> pd.DataFrame:
    log = generations.assign(
        moment=generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None),
        person={PERSON_PY},
    )
    end = log["moment"].max().normalize() + pd.Timedelta(days=1)
    own = log[log["model"] == "{PLACEHOLDER}"].dropna(subset="person").copy()
    own["first"] = own.groupby("person")["moment"].transform("min")
    own["k"] = (own["moment"] - own["first"]) // pd.Timedelta(days=30)
    own["cohort"] = own["first"].dt.normalize() - pd.to_timedelta(own["first"].dt.day - 1, unit="D")
    rows = []
    for cohort, members in own.groupby("cohort"):
        users = members["person"].nunique()
        over = (end - (cohort + pd.DateOffset(months=1))) // pd.Timedelta(days=30)
        for k in range(max(over, 0)):
            active = members.loc[members["k"] == k, "person"].nunique()
            rows.append((cohort, k, users, active, active / users))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
'''),
    traps(*TIME, "months named by their end", *PEOPLE, *COHORTS, "calendar months", "on or after", "gaps forbidden",
          "active months added up", "first use of each part", "cohort by platform sign-up",
          "active with any model", "end of the model's own use", "months from the first day", "months counted from 1",
          "dates for moments", "windows of the cohort", "windows of another length", "windows rounded",
          "windows that are not over",
          "division by active users", "future months as empty", "nothing as null", "empty cells dropped",
          "aliases apart", "versions merged", *REQUESTS, "integer division", "percent", "rounded too far"),
    {"model": PLACEHOLDER}, MONTH_0,
)  # fmt: skip

QUESTIONS = (THIRTY_DAYS, ON_OR_AFTER, EVERY_MONTH)
