"""Retention by calendar month: the triangle of one model, sizes of cohorts, means over the triangle."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from testbed.validation.questions.form import PLACEHOLDER, Column, Question, python
from testbed.validation.questions.known_traps import COHORTS, MONTHS, PEOPLE, REQUESTS, TIME, traps
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.rules import quotient

TOPIC = "retention"
COHORT = Column("cohort", "key", "first day of the month of first use, UTC", of="date", every="month")
K = Column("k", "key", "months since the cohort's month, 0 in it", of="number")
TRIANGLE = (
    COHORT,
    K,
    Column("users", "count", "users of the cohort"),
    Column("active", "count", "those of them who were active at k"),
    Column("retention", "share", "active over users"),
)
WHO = "A user is user_id; where that is missing or empty, the account (account_id) stands for it."
PERSON_PY = 'generations["user_id"].mask(generations["user_id"] == "").fillna(generations["account_id"])'
CUT = (
    "Months and days are UTC. The log ends on the day of its last request, to any model. Only complete months are "
    "looked at: the month of that day counts if it is the month's last day."
)
MONTH_0 = "rows of k = 0, where retention is 1 by definition"
TRIANGLE_TRAPS = traps(
    *MONTHS, *PEOPLE, *COHORTS, "cohort by platform sign-up", "active with any model", "on or after", "gaps forbidden",
    "active months added up", "first use of each part", "come back as new", "30-day windows",
    "months from the first day", "months counted from 1", "division by active users",
    "future months as empty", "empty cells dropped", "aliases apart", "versions merged", *REQUESTS, "integer division",
)  # fmt: skip

Cohorts = dict[dt.date, list[set[dt.date]]]
"""The months in which each user of a cohort was active, by cohort."""


def cohorts(log: Reading) -> Cohorts:
    """The cohorts of the model."""
    found: Cohorts = log.rules.cohorts(log, in_complete_months)
    return found


def in_complete_months(log: Reading) -> Cohorts:
    """The cohorts of the model, from its requests in complete months."""
    months: dict[str, set[dt.date]] = defaultdict(set)
    for row in log.of_model:
        user = log.rules.user(row)
        if user is not None and log.is_in_complete_month(row):
            months[user].add(log.month(row))
    found: Cohorts = defaultdict(list)
    for active in months.values():
        found[min(active, key=log.rules.order)].append(active)
    return dict(sorted(found.items()))


def cell(log: Reading, cohort: dt.date, k: int, users: int, active: int) -> dict[str, Any]:
    """A row of a triangle."""
    return {
        "cohort": cohort, "k": k, "users": users, "active": active, "retention": log.rules.over(active, users),
        "optional": k == 0,
    }  # fmt: skip


def triangle(log: Reading) -> Iterator[dict[str, Any]]:
    """The cells of the retention triangle."""
    yield from log.rules.triangle(log, by_calendar_month)


def by_calendar_month(log: Reading) -> Iterator[dict[str, Any]]:
    """Every cohort at every k whose month is complete; nobody active is 0."""
    for cohort, members in cohorts(log).items():
        ages = Counter(log.rules.months(cohort, month) for active in members for month in active)
        for k in range(log.months_to_end(cohort)):
            yield cell(log, cohort, k, len(members), ages[k])


def first_months(log: Reading) -> dict[tuple[str, str], dt.date]:
    """The month of the first request to a model, by model and user."""
    first: dict[tuple[str, str], dt.date] = {}
    for row in log.requests:
        user, month = log.rules.user(row), log.month(row)
        if user is not None:
            key = (log.rules.model(row), user)
            first[key] = min(month, first.get(key, month), key=log.rules.order)
    return first


def size(log: Reading, model: str, cohort: dt.date, users: int) -> dict[str, Any]:
    """A row of the sizes of cohorts."""
    return {"model": model, "cohort": cohort, "users": users, "optional": not log.months_to_end(cohort)}


def sizes(log: Reading) -> Iterator[dict[str, Any]]:
    """Users by model and month of the first request to it."""
    found = Counter((model, month) for (model, _), month in first_months(log).items())
    for (model, cohort), users in sorted(found.items()):
        yield size(log, model, cohort, users)


def means_by(log: Reading, key: str) -> Iterator[dict[str, Any]]:
    """The plain mean of retention over the cells of k >= 1, by cohort or by k."""
    for value, cells in sorted(groups(triangle(log), lambda one: one[key]).items()):
        shares = [one["retention"] for one in cells if one["k"] > 0]
        known = [share for share in shares if share is not None]
        if shares:
            yield {key: value, "retention": quotient(sum(known), len(known))}


def mean_by_k(log: Reading) -> Iterator[dict[str, Any]]:
    """The mean over cohorts at each k, that of 1 at k = 0 too, which may be left out."""
    if cohorts(log):
        yield {"k": 0, "retention": 1.0, "optional": True}
    yield from means_by(log, "k")


USED = """
WITH ends AS (  -- the first day after the last complete month
  SELECT date_trunc('month', max((created_at AT TIME ZONE 'UTC')::DATE) + 1)::DATE AS day
  FROM generations
),
used AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS person,
         date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
  FROM generations
  WHERE model = 'author/slug' AND coalesce(nullif(user_id, ''), account_id) IS NOT NULL
    AND (created_at AT TIME ZONE 'UTC')::DATE < (SELECT day FROM ends)
),
joined AS (SELECT person, min(month) AS cohort FROM used GROUP BY person),
sizes AS (SELECT cohort, count(*) AS users FROM joined GROUP BY cohort),
cells AS (
  SELECT cohort, users, unnest(range(0, date_diff('month', cohort, (SELECT day FROM ends)))) AS k
  FROM sizes
),
seen AS (
  SELECT cohort, date_diff('month', cohort, month) AS k, count(*) AS active
  FROM used JOIN joined USING (person)
  GROUP BY ALL
),
triangle AS (
  SELECT cohort, k, users, coalesce(active, 0) AS active, coalesce(active, 0) / users AS retention
  FROM cells LEFT JOIN seen USING (cohort, k)
)"""
HEAD = f"-- question: {{}}\n-- model: {PLACEHOLDER}"
SELECT = "{head}{with_}\nSELECT {what}\nFROM triangle\n{rest}"

TRIANGLE_PY = f"""
import pandas as pd


def triangle(generations: pd.DataFrame, model: str) -> pd.DataFrame:
    log = generations.assign(
        day=generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize(),
        person={PERSON_PY},
    )
    log["month"] = 12 * log["day"].dt.year + log["day"].dt.month - 1
    after = log["day"].max() + pd.Timedelta(days=1)
    end = 12 * after.year + after.month - 1  # the month after the last complete one
    used = log[(log["model"] == model) & (log["month"] < end) & log["person"].notna()]
    used = used[["person", "month"]].drop_duplicates()
    used["cohort"] = used.groupby("person")["month"].transform("min")
    rows = []
    for cohort, members in used.groupby("cohort"):
        users = members["person"].nunique()
        for k in range(end - cohort):
            active = int((members["month"] == cohort + k).sum())
            first_day = pd.Timestamp(year=cohort // 12, month=cohort % 12 + 1, day=1)
            rows.append((first_day, k, users, active, active / users))
    return pd.DataFrame(rows, columns=["cohort", "k", "users", "active", "retention"])
"""

RETENTION_TRIANGLE = Question(
    "retention_triangle", TOPIC,
    "Of the users who began with a model in a month, how many are active in each later month?",
    f"{WHO} {CUT} The cohort of a user is the month of the first request to the model in this log. A user is active at "
    "k with at least one request to the model in the k-th month after it; gaps are allowed. The model is the listed id "
    "(`model`); all requests count. One row a cohort and k from 0 to the last complete month; a month in which nobody "
    "came back is a row of 0.",
    TRIANGLE, triangle,
    SELECT.format(head=HEAD.format("retention_triangle"), with_=USED, what="*", rest="ORDER BY cohort, k"),
    python("retention_triangle", TRIANGLE_PY + f'''

def retention_triangle(generations: pd.DataFrame) -> pd.DataFrame:
    return triangle(generations, "{PLACEHOLDER}")
'''),
    (*TRIANGLE_TRAPS, *traps("months named by their end", "nothing as null", "approximate counts",
                             "percent", "rounded too far")),
    {"model": PLACEHOLDER}, MONTH_0,
)  # fmt: skip

COHORT_SIZES = Question(
    "cohort_sizes", TOPIC,
    "How many users began with each model in each month?",
    f"{WHO} Months are UTC. The cohort of a user and a model is the month of the first request to the listed model in "
    "this log. One row a model and a month in which somebody began.",
    (
        Column("model", "key", "listed id", of="text"),
        COHORT,
        Column("users", "count", "users whose first request to the model is of that month"),
    ),
    sizes,
    """
-- question: cohort_sizes
WITH joined AS (
  SELECT model, coalesce(nullif(user_id, ''), account_id) AS person, min(created_at) AS first_at
  FROM generations
  GROUP BY ALL
)
SELECT model, date_trunc('month', first_at AT TIME ZONE 'UTC')::DATE AS cohort, count(*) AS users
FROM joined
WHERE person IS NOT NULL
GROUP BY ALL
ORDER BY model, cohort
""",
    python("cohort_sizes", f'''
import pandas as pd


def cohort_sizes(generations: pd.DataFrame) -> pd.DataFrame:
    person = {PERSON_PY}
    first = generations.assign(person=person).groupby(["model", "person"])["created_at"].min().reset_index()
    first["cohort"] = first["created_at"].dt.tz_convert("UTC").dt.strftime("%Y-%m-01")
    return first.groupby(["model", "cohort"])["person"].count().rename("users").reset_index()
''', model=False),
    traps(*TIME, "months named by their end", "text dates", *PEOPLE, "first cohorts dropped",
          "small cohorts dropped", "empty cohorts as rows", "cohort by platform sign-up", "active users for new ones",
          "first use of each part", "come back as new", "aliases apart", "versions merged", "approximate counts",
          *REQUESTS),
    {}, "cohorts of the month in which the log ends, if that is not complete",
)  # fmt: skip

MEAN_RETENTION_BY_K = Question(
    "mean_retention_by_k", TOPIC,
    "What share of a cohort is active k months on, on average over cohorts?",
    "The plain mean of `retention` of the retention triangle over the cohorts that have a cell at k: each cohort "
    "counts once, whatever its size. One row a k.",
    (K, Column("retention", "share", "mean over the cohorts")), mean_by_k,
    SELECT.format(head=HEAD.format("mean_retention_by_k"), with_=USED, what="k, avg(retention) AS retention",
                  rest="WHERE k > 0\nGROUP BY k\nORDER BY k"),
    python("mean_retention_by_k", TRIANGLE_PY + f'''

def mean_retention_by_k(generations: pd.DataFrame) -> pd.DataFrame:
    cells = triangle(generations, "{PLACEHOLDER}")
    return cells[cells["k"] > 0].groupby("k")["retention"].mean().reset_index()
'''),
    (*TRIANGLE_TRAPS, *traps("mean over users", "median for mean", "equal amounts once",
                             "nothing as null", "percent", "rounded too far")),
    {"model": PLACEHOLDER}, MONTH_0,
)  # fmt: skip

MEAN_RETENTION_BY_COHORT = Question(
    "mean_retention_by_cohort", TOPIC,
    "What share of each cohort is active in a later month, on average over its months?",
    "The plain mean of `retention` of the retention triangle over the months k >= 1 of each cohort: month 0 is 1 by "
    "definition and not in it. One row a cohort with a complete month after its first.",
    (COHORT, Column("retention", "share", "mean over the months k >= 1")),
    lambda log: means_by(log, "cohort"),
    SELECT.format(head=HEAD.format("mean_retention_by_cohort"), with_=USED,
                  what="cohort, avg(retention) AS retention", rest="WHERE k > 0\nGROUP BY cohort\nORDER BY cohort"),
    python("mean_retention_by_cohort", TRIANGLE_PY + f'''

def mean_retention_by_cohort(generations: pd.DataFrame) -> pd.DataFrame:
    cells = triangle(generations, "{PLACEHOLDER}")
    return cells[cells["k"] > 0].groupby("cohort")["retention"].mean().reset_index()
'''),
    (*TRIANGLE_TRAPS, *traps("months named by their end", "month 0 counted", "median for mean",
                             "equal amounts once", "nothing as null", "percent", "rounded too far")),
    {"model": PLACEHOLDER},
)  # fmt: skip

QUESTIONS = (RETENTION_TRIANGLE, COHORT_SIZES, MEAN_RETENTION_BY_K, MEAN_RETENTION_BY_COHORT)
