"""Every table once more, in deliberately naive pandas and plain loops, to compare the engine's results with.

Written from the definitions, not from the queries: no grouping step is shared with them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pandas as pd

from analysis.queries.categories import taxonomy


def rows_of(log):
    """The generations as plain dicts with week, month and tokens."""
    rows = log.generations.to_pylist()
    for row in rows:
        created = row["created_at"]
        day = created.date()
        row["week"] = pd.Timestamp(day - dt.timedelta(days=day.weekday()))
        row["month"] = pd.Timestamp(day.replace(day=1))
        row["day"] = day
        row["tokens"] = row["tokens_prompt"] + row["tokens_completion"]
    return rows


def facts_of(log):
    return {row["model"]: row for row in log.models.to_pylist()}


def source_type(fact):
    if fact is None:
        return "unknown"
    if fact["open_weights"]:
        return "cn-open" if fact["origin"] == "CN" else "row-open"
    return "cn-closed" if fact["origin"] == "CN" else "closed"


def weekly(log):
    out = {}
    for row in rows_of(log):
        week = out.setdefault(
            row["week"], {"requests": 0, "tokens_prompt": 0, "tokens_completion": 0, "cost_usd": 0.0}
        )
        week["requests"] += 1
        week["tokens_prompt"] += row["tokens_prompt"]
        week["tokens_completion"] += row["tokens_completion"]
        week["cost_usd"] += row["cost_total"]
    return out


def tokens_by(log, *keys, keep=lambda row: True):
    """(requests, tokens) by the values of the key functions."""
    out = defaultdict(lambda: [0, 0])
    for row in rows_of(log):
        if keep(row):
            entry = out[tuple(key(row) for key in keys)]
            entry[0] += 1
            entry[1] += row["tokens"]
    return dict(out)


def retention(log, model):
    """{(cohort, k): (n, active)} of one model, for months with anyone active."""
    months = defaultdict(set)
    for row in rows_of(log):
        if row["model"] == model:
            months[row["user_id"]].add(row["month"])
    members = defaultdict(set)
    for user, active in months.items():
        members[min(active)].add(user)
    out = {}
    for cohort, users in members.items():
        for k in range(40):
            month = cohort + pd.DateOffset(months=k)
            came = sum(month in months[user] for user in users)
            if came:
                out[cohort, k] = (len(users), came)
    return out


def tag_of(path):
    """Category of a path: the longest listed path that is it or one of its parents."""
    best = ""
    for row in taxonomy():
        if (path == row.path or path.startswith(row.path + "/")) and len(row.path) > len(best):
            best = row.path
    found = {row.path: row.rankings_tag for row in taxonomy()}.get(best, "")
    return found or "other"


def categories(log, threshold=0.5):
    """({(week, category): (requests, tokens)}, {week: (labelled requests, labelled tokens)})."""
    rows = {row["generation_id"]: row for row in rows_of(log)}
    tags = defaultdict(set)
    for label in log.labels.to_pylist():
        if label["confidence"] >= threshold and label["generation_id"] in rows:
            tags[label["generation_id"]].add(tag_of(label["path"]))
    by_tag, by_week = defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0])
    for generation, carried in tags.items():
        row = rows[generation]
        by_week[row["week"]][0] += 1
        by_week[row["week"]][1] += row["tokens"]
        for category in carried:
            by_tag[row["week"], category][0] += 1
            by_tag[row["week"], category][1] += row["tokens"]
    return dict(by_tag), dict(by_week)
