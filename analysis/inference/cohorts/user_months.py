"""When each user was there: the engine's steps behind a panel, made once for all models.

The heavy work stays in the engine; what comes home is a row a user and month of one model.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analysis import vocabulary as v
from analysis.queries.cohorts.activity_retention import WINDOW_DAYS
from analysis.queries.query import collect
from analysis.sources.log import Log

# A "month" from first use, counted by the second: days 30 to 60 since it are month 1, as Mixpanel counts them.
# Amplitude counts whole calendar days, so that late on 1 December and early on 31 December are 30 days apart.
Windows = Literal["calendar months", "30 days"]


def user_months(log: Log) -> ir.Table:
    """One row a user, model and month with a request: requests, day_bits (bit d - 1: a request on day d), shared
    (several countries) where the log has them, first_at. Stray rows are left out."""

    def build() -> ir.Table:
        return _user_months(log, log.body).order_by("model")  # engines skip blocks of other models

    return log.shared("user_months", build)


def _user_months(log: Log, rows: ir.Table) -> ir.Table:
    bit = v.bit(v.day_of_month(rows.created_at) - 1, v.BITS)
    values: dict[str, Any] = {
        "requests": rows.count().cast("int64"),
        "day_bits": bit.bit_or().cast("int64"),
        "first_at": rows.created_at.min(),
    }
    if "country" in log.columns:
        values["shared"] = (rows.country.min() != rows.country.max()).fill_null(False)
    return rows.group_by(user_id=rows.user_id, model=rows.model, month=v.month(rows.created_at)).aggregate(
        **values
    )


def arrivals(log: Log) -> ir.Table:
    """One row a user: arrived, the moment of the first request to any model."""

    def build() -> ir.Table:
        step = user_months(log)
        return step.group_by("user_id").aggregate(arrived=step.first_at.min())

    return log.shared("arrivals", build)


def organisations(log: Log) -> pd.DataFrame:
    """The organisation of each user who has an account in the log: columns user_id, organisation (a number), by
    user_id.

    Users who share an account are one organisation, and so are all accounts of one user: keys are rotated, and ids of
    accounts missing on some rows, so an account that a user had in any month, with any model, counts. These are the
    connected components of users and accounts. A default account of thousands of strangers makes one organisation of
    them, and joins the accounts that they have beside it: nothing in a log tells it from a company that gave each user
    a key later. That errs to the safe side, since fewer independent units make a verdict harder.
    """

    def join() -> pd.DataFrame:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        rows = log.body.select("user_id", "account_id")
        pairs = collect(rows.filter(rows.account_id.notnull() & (rows.account_id != "")).distinct())
        user, users = pd.factorize(pairs["user_id"], sort=True)  # sorted: engines give rows in any order
        account, accounts = pd.factorize(pairs["account_id"], sort=True)
        n = len(users) + len(accounts)
        edges = coo_array((np.ones(len(pairs), np.int8), (user, account + len(users))), shape=(n, n))
        _, part = connected_components(edges, directed=False)
        _, first, code = np.unique(part[: len(users)], return_index=True, return_inverse=True)
        return pd.DataFrame({"user_id": users, "organisation": first[code].astype(np.int64)})

    return log.remembered("organisations", join)


def rows_of(
    log: Log, model: str, windows: Windows, aliases: Mapping[str, str], together: Sequence[str] | None = None
) -> pd.DataFrame:
    """Rows of the table of user months for one model, with its aliases, and of when the users arrived; with 30-day
    windows a column `age` instead. together: the models whose windows one scan makes (default: all)."""
    names = [model, *sorted(old for old, new in aliases.items() if new == model and old != model)]
    if windows == "calendar months":
        step = user_months(log)
        return collect(step.filter(step.model.isin(names)).join(arrivals(log), "user_id"))
    if len(names) == 1:
        step = windowed_user_months(log, together if together and model in together else None)
        return collect(step.filter(step.model == model).drop("model"))
    rows = log.body
    rows = rows.filter(rows.model.isin(names))
    return collect(
        _windowed(rows, rows.group_by("user_id").aggregate(first=rows.created_at.min()), ["user_id"])
    )


def windowed_user_months(log: Log, models: Sequence[str] | None = None) -> ir.Table:
    """One row a user, model and 30-day window from the first request with a request in it: month (of the first
    request), age (of the window, 0 the first), requests. models: only these."""
    name = "windowed_user_months"
    if models is not None:
        name += f"_{zlib.crc32(' '.join(sorted(models)).encode()):08x}"

    def build() -> ir.Table:
        step, rows = user_months(log), log.body
        if models is not None:
            step, rows = (table.filter(table.model.isin(list(models))) for table in (step, rows))
        firsts = step.group_by("user_id", "model").aggregate(first=step.first_at.min())
        return _windowed(rows, firsts, ["user_id", "model"])

    return log.shared(name, build)


def _windowed(rows: ir.Table, firsts: ir.Table, keys: list[str]) -> ir.Table:
    """Requests by 30-day window from `first`; rows and firsts share the keys."""
    rows = rows.select(*keys, "created_at").join(firsts, keys)
    rows = rows.mutate(age=v.periods(rows.created_at, rows.first, WINDOW_DAYS), month=v.month(rows.first))
    return rows.group_by(*keys, "month", "age").aggregate(requests=rows.count().cast("int64"))
