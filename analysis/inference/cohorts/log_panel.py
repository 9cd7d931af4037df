"""The fields of a panel, read from a log: who was active in which month, and which cohorts can be trusted.

A month that the log does not cover, a launch that it does not show, users who may be older than the log: each is
found here, and told in words where a person must know it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference.cohorts.cells import Bools, Ints
from analysis.inference.cohorts.user_months import Windows, organisations
from analysis.months import month_end, months_to_each
from analysis.queries import retention
from analysis.queries.cohorts import launches
from analysis.queries.cohorts.activity_retention import WINDOW_DAYS
from analysis.queries.query import day
from analysis.sources.coverage import Coverage
from analysis.sources.log import Log

NEWCOMER_DAYS = 30  # on the platform before the first use of a model: under it a user is new there (assumed)
UNKNOWN_TENURE = -1


class NoPanel(Exception):
    """The log holds no panel of this model; the message says why."""


def fields_of_panel(
    log: Log,
    model: str,
    rows: pd.DataFrame,
    min_cohort: int,
    windows: Windows,
    aliases: Mapping[str, str],
    keep_partial_month: bool,
) -> dict[str, Any]:
    """The fields of the panel of one model by their names, from its users' months; see `Panel.from_log`.

    Raises NoPanel if the log has no complete month of the model after its first.
    """
    names = [model, *(old for old, new in aliases.items() if new == model)]
    code, people = pd.factorize(rows["user_id"], sort=True)  # engines give rows in any order
    first = rows["month"].min()
    month = _index(rows["month"], first)
    coverage = log.coverage
    end = int(_index(pd.Series([pd.Timestamp(coverage.last)]), first)[0])
    months = tuple(day(first + pd.DateOffset(months=i)) for i in range(end + 1))
    whole = set(coverage.complete_months())
    if windows == "30 days":
        month = month + rows["age"].to_numpy()
    length = end + 1
    while length and months[length - 1] not in whole and not keep_partial_month:
        length -= 1
    if windows == "30 days":
        length = _windows_over(first, length - 1, coverage.last)
    if length < 2:
        raise NoPanel(f"'{model}' has no complete month after its first in this log")
    inside = month < length
    n = len(people)
    active = np.zeros((n, length), np.bool_)
    active[code[inside], month[inside]] = True
    requests = np.zeros((n, length), np.int32)
    np.add.at(requests, (code[inside], month[inside]), rows["requests"].to_numpy()[inside])
    values: dict[str, Any] = {"requests": requests, "organisation": None}
    if "day_bits" in rows:
        bits = np.zeros((n, length), np.int64)
        np.bitwise_or.at(bits, (code[inside], month[inside]), rows["day_bits"].to_numpy()[inside])
        values["days"], values["day_bits"] = np.bitwise_count(bits).astype(np.int8), bits
    if "account_id" in log.columns and windows == "calendar months":
        found = organisations(log).set_index("user_id")["organisation"].reindex(people)
        own = np.arange(n) + log.rows + 1  # a user without an account is its own organisation
        values["organisation"] = np.where(found.isna(), own, found.fillna(0)).astype(np.int64)
    if "arrived" in rows:
        seconds = (rows["first_at"] - rows["arrived"]).dt.total_seconds().to_numpy()
        held_days = np.full(n, np.inf)
        np.minimum.at(held_days, code, seconds // 86_400)
        # Who is seen at the log's begin may have been there before it; 30 days later that is a month on the platform.
        since = (rows["arrived"] - pd.Timestamp(coverage.first)).dt.total_seconds().to_numpy()
        early = np.full(n, np.inf)
        np.minimum.at(early, code, since // 86_400)
        hidden = (early < NEWCOMER_DAYS) & (held_days < NEWCOMER_DAYS)
        values["tenure"] = np.where(hidden, UNKNOWN_TENURE, held_days).astype(np.int64)
    if "shared" in rows:
        values["shared"] = np.zeros(n, np.bool_)
        np.logical_or.at(values["shared"], code, rows["shared"].to_numpy(dtype=np.bool_))
    seen = active.any(axis=1)
    values = {name: None if held is None else held[seen] for name, held in values.items()}
    return (
        values
        | _cohorts(log, names, months[:length])
        | {
            "model": model,
            "months": months[:length],
            "cohort": active[seen].argmax(axis=1),
            "active": active[seen],
            "min_cohort": min_cohort,
            "windows": windows,
            "months_dropped": months[length:],
            "known": _known(coverage, months[:length], windows),
            "covered": _covered(coverage, months[:length]) if windows == "calendar months" else None,
        }
    )


def _cohorts(log: Log, names: Sequence[str], months: tuple[dt.date, ...]) -> dict[str, Any]:
    """Which cohort is the launch, and which hold others than newcomers: of a model with its earlier ids."""
    coverage, trusted = log.coverage, retention.trusted_release_days(log)
    release = min((trusted[name] for name in names if name in trusted), default=None)
    found = retention.launches_of(log, names)
    starts = [found[name] for name in names if found[name].month is not None]
    launch = min(starts, key=lambda one: one.month or dt.date.max) if starts else found[names[0]]
    old = tuple(i for i, month in enumerate(months) if launches.left_truncated(coverage, month, release))
    after = tuple(i for i, month in enumerate(months) if launches.after_hole(coverage, month, release))
    mixed = tuple(sorted({*old, *after}))
    at = months.index(launch.month) if launch.month in months else None
    why, remedy = launch.why, launch.remedy
    if launch.month is not None and at is None:
        why = f"the launch cohort ({launch.month:%B %Y}) has no complete month in this log"
        remedy = "a log with more complete months"
    elif at in mixed:  # of an earlier id, whose own launch is another month
        why, at = launches.lost(months[at]), None
    notes = [found[name].note for name in names if found[name].note]
    return {
        "launch": at, "no_launch": why, "launch_remedy": remedy, "left_truncated": old, "mixed": mixed,
        "notes": (*notes, *_of_holes(coverage, months)),
    }  # fmt: skip


def _of_holes(coverage: Coverage, months: tuple[dt.date, ...]) -> list[str]:
    """What the holes in these months mean, in words."""
    lost = [m for m in months if not coverage.knows(m)]
    if not lost:
        return []
    names = ", ".join(f"{m:%B %Y}" for m in lost)
    return [
        f"{names}: the log lost days, so activity then is not known and left out; cohorts of these months, and of "
        "those right after, may hold others than newcomers and are not tested; error rates are simulated as if nothing "
        "were lost"
    ]


def _known(coverage: Coverage, months: tuple[dt.date, ...], windows: Windows) -> Bools | None:
    """(M, M): whether the log covers month m (or the 30-day windows of age m - c) for all of cohort c; None: it
    does."""
    if not coverage.holes:
        return None
    size = len(months)
    if windows == "calendar months":
        known = np.array([coverage.knows(m) for m in months])
        return np.broadcast_to(known, (size, size)).copy()
    table = np.ones((size, size), np.bool_)
    for c, month in enumerate(months):
        for m in range(c, size):
            begin = month + dt.timedelta(days=WINDOW_DAYS * (m - c))
            table[c, m] = not coverage.has_hole(
                begin, month_end(month) + dt.timedelta(days=WINDOW_DAYS * (m - c + 1))
            )
    return table


def _covered(coverage: Coverage, months: tuple[dt.date, ...]) -> Ints:
    """(M,): the covered days of each month as bits, bit d - 1 for day d."""
    return np.array(
        [
            sum(
                1 << (d - 1)
                for d in range(1, month_end(m).day + 1)
                if coverage.covered(m.replace(day=d), m.replace(day=d))
            )
            for m in months
        ],
        np.int64,
    )


def _windows_over(first: pd.Timestamp, length: int, last_day: dt.date) -> int:
    """How many months of cohorts have only windows that are over by the log's last day: the last member may join at the
    end of month c, and its window k ends 30 (k + 1) days later, which February can make later than month c + k + 1."""
    end = pd.Timestamp(last_day) + pd.Timedelta(days=1)

    def over(months: int) -> bool:
        return all(
            first + pd.DateOffset(months=c + 1) + pd.Timedelta(days=WINDOW_DAYS * (months - c)) <= end
            for c in range(months)
        )

    while length > 0 and not over(length):
        length -= 1
    return length


def _index(month: pd.Series, first: pd.Timestamp) -> Ints:
    """Calendar months since `first`."""
    return months_to_each(first, month).to_numpy(dtype=np.int64)
