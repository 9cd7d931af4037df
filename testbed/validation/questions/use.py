"""Who uses what: active users and sessions by week, and the models with the most tokens."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from testbed.validation.questions.form import Column, Question, python
from testbed.validation.questions.known_traps import MISSING_USERS, PEOPLE, REQUESTS, TOKENS, WEEKS, traps
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import PERSON_PY, WHO

TOPIC = "use"
WEEK = Column("week", "key", "Monday of the week, UTC", of="date", every="week")
WEEKLY = "Weeks are UTC weeks from Monday; one row a week with requests, the first and the last one too."
PAUSE = dt.timedelta(minutes=30)
TOP = 10


def active_users(log: Reading) -> Iterator[dict[str, Any]]:
    """Distinct users by week."""
    for week, rows in log.weeks.items():
        users = len(log.users(rows))
        yield {"week": week, "users": users, "optional": not users}


def sessions(log: Reading) -> Iterator[dict[str, Any]]:
    """Distinct session ids by week."""
    for week, rows in log.weeks.items():
        found = {row["session_id"] for row in rows} - {None}
        yield {"week": week, "sessions": len(found), "optional": not found}


def sessions_by_pause(log: Reading) -> Iterator[dict[str, Any]]:
    """Runs of requests of one user without a long pause, by the week in which each begins."""
    last: dict[str, dt.datetime] = {}
    begun: Counter[dt.date] = Counter()
    for row in sorted(log.requests, key=lambda row: row["created_at"]):
        user, moment = log.rules.user(row), row["created_at"]
        if user is None:
            continue
        if user not in last or moment - last[user] > PAUSE:
            begun[log.week(row)] += 1
        last[user] = moment
    for week in log.weeks:
        yield {"week": week, "sessions": begun[week], "optional": not begun[week]}


def tokens_by_model(log: Reading) -> dict[str, float]:
    """The tokens of each model."""
    return {model: log.tokens(rows) for model, rows in groups(log.requests, log.rules.model).items()}


def top_models(log: Reading) -> Iterator[dict[str, Any]]:
    """The models with the most tokens, equal ones by name."""
    sums = tokens_by_model(log)
    whole = sum(sums.values())
    order = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
    for rank, (model, tokens) in enumerate(order[: log.arguments["top"]], 1):
        yield {"model": model, "tokens": tokens, "share": log.rules.over(tokens, whole), "rank": rank}


WEEK_PY = """
import pandas as pd


def monday(created_at: pd.Series) -> pd.Series:
    day = created_at.dt.tz_convert("UTC").dt.tz_localize(None)
    return day.dt.to_period("W-SUN").dt.start_time  # a week that ends on Sunday
"""

ACTIVE_USERS = Question(
    "active_users", TOPIC,
    "How many users are active in each week?",
    f"{WHO} {WEEKLY} users = distinct users with at least one request to any model in the week.",
    (WEEK, Column("users", "count", "distinct users with a request in the week")), active_users,
    """
-- question: active_users
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       count(DISTINCT coalesce(nullif(user_id, ''), account_id)) AS users
FROM generations
GROUP BY week
ORDER BY week
""",
    python("active_users", WEEK_PY + f'''

def active_users(generations: pd.DataFrame) -> pd.DataFrame:
    person = {PERSON_PY}
    users = person.groupby(monday(generations["created_at"]).rename("week")).nunique()
    return users.rename("users").reset_index()
''', model=False),
    traps(*WEEKS, *PEOPLE, "sums of distinct users", "mean of days", "rare users dropped", "new users for active ones",
          "approximate counts", *REQUESTS), {}, "weeks without a known user",
)  # fmt: skip

SESSIONS = Question(
    "sessions", TOPIC,
    "How many sessions are there in each week?",
    f"{WEEKLY} A session is a session_id; requests without one belong to none. sessions = distinct sessions with a "
    "request in the week: one that reaches over Sunday's end counts in both weeks.",
    (WEEK, Column("sessions", "count", "distinct sessions with a request in the week")), sessions,
    """
-- question: sessions
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week, count(DISTINCT session_id) AS sessions
FROM generations
GROUP BY week
ORDER BY week
""",
    python("sessions", WEEK_PY + '''

def sessions(generations: pd.DataFrame) -> pd.DataFrame:
    weeks = generations.assign(week=monday(generations["created_at"]))
    return weeks.groupby("week")["session_id"].nunique().rename("sessions").reset_index()
''', model=False),
    traps(*WEEKS, "rows for users", "missing sessions counted", "sessions in one week only", "short sessions dropped",
          "sums of distinct users", "approximate counts",
          *REQUESTS),
    {}, "weeks without a session",
)  # fmt: skip

SESSIONS_BY_PAUSE = Question(
    "sessions_by_pause", TOPIC,
    "How many sessions begin in each week, if a pause of more than 30 minutes ends one?",
    f"{WHO} {WEEKLY} A session of a user begins with the first request to any model, and with each request that comes "
    "more than 30 minutes after the user's one before it. sessions = those that begin in the week.",
    (WEEK, Column("sessions", "count", "sessions that begin in the week")), sessions_by_pause,
    """
-- question: sessions_by_pause
WITH log AS (
  SELECT coalesce(nullif(user_id, ''), account_id) AS person, created_at AT TIME ZONE 'UTC' AS moment FROM generations
),
before AS (
  SELECT *, lag(moment) OVER (PARTITION BY person ORDER BY moment) AS previous FROM log WHERE person IS NOT NULL
)
SELECT date_trunc('week', moment)::DATE AS week, count(*) AS sessions
FROM before
WHERE previous IS NULL OR moment - previous > INTERVAL 30 MINUTES
GROUP BY week
ORDER BY week
""",
    python("sessions_by_pause", WEEK_PY + f'''

def sessions_by_pause(generations: pd.DataFrame) -> pd.DataFrame:
    log = generations.assign(person={PERSON_PY})
    log = log.dropna(subset="person").sort_values("created_at")
    pause = log.groupby("person")["created_at"].diff()
    begins = log[pause.isna() | (pause > pd.Timedelta(minutes=30))]
    weeks = monday(begins["created_at"]).rename("week")
    return weeks.groupby(weeks).size().rename("sessions").reset_index()
''', model=False),
    traps(*WEEKS, *MISSING_USERS, "window frames", "pause at its edge", "another pause",
          "marks of a clock", "part of a pause", "sessions cut by a window",
          "sessions of another week", "short sessions dropped", "first session forgotten", *REQUESTS),
    {}, "weeks in which none begins",
)  # fmt: skip

TOP_MODELS = Question(
    "top_models", TOPIC,
    "Which ten models have the most tokens?",
    "tokens = prompt + completion tokens of all requests of the log to the listed model. The ten models with the most, "
    "or all where there are fewer; of equal ones those whose id comes first in the alphabet. One row a model.",
    (
        Column("model", "key", "listed id", of="text"),
        Column("tokens", "count", "prompt and completion tokens of its requests"),
        Column("share", "share", "tokens over those of all models", required=False),
        Column("rank", "count", "1 for the model with the most", required=False, adds=False),
    ),
    top_models,
    """
-- question: top_models
SELECT model, sum(tokens_prompt + tokens_completion) AS tokens
FROM generations
GROUP BY model
ORDER BY tokens DESC, model
LIMIT 10
""",
    python("top_models", '''
import pandas as pd


def top_models(generations: pd.DataFrame) -> pd.DataFrame:
    tokens = generations["tokens_prompt"] + generations["tokens_completion"]
    sums = tokens.groupby(generations["model"]).sum().rename("tokens").reset_index()
    return sums.sort_values(["tokens", "model"], ascending=[False, True]).head(10)
''', model=False),
    traps(*TOKENS, "mean for sum", "another unit", "requests for tokens",
          "limits and ties", "ascending order", "aliases apart", "versions merged",
          "unknown models dropped", "rows repeated by a join", "share of another total", "percent"),
    {"top": TOP},
)  # fmt: skip

QUESTIONS = (ACTIVE_USERS, SESSIONS, SESSIONS_BY_PAUSE, TOP_MODELS)
