"""The step that most analyses share: sums by week and model. One scan of the log serves them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.source import Log

Window = tuple[dt.date, dt.date]
Measure = Callable[[ir.Table], ir.Value]

# measure -> (columns it needs beyond the required ones, how it is summed)
_MEASURES: dict[str, tuple[tuple[str, ...], Measure]] = {
    "requests": ((), lambda t: t.count().cast("int64")),
    "tokens_prompt": ((), lambda t: v.total(t.tokens_prompt)),
    "tokens_completion": ((), lambda t: v.total(t.tokens_completion)),
    "tokens": ((), lambda t: v.total(v.tokens_total(t))),
    "tokens_reasoning": (("tokens_reasoning",), lambda t: v.total(t.tokens_reasoning)),
    "tokens_cached": (("tokens_cached",), lambda t: v.total(t.tokens_cached)),
    "cost_usd": ((), lambda t: v.amount(t.cost_total)),
    "finish_known_tokens": (
        ("finish_reason",),
        lambda t: v.total_where(v.tokens_total(t), t.finish_reason.notnull()),
    ),
    "finish_known_requests": (("finish_reason",), lambda t: v.count_where(t.finish_reason.notnull())),
    "tool_tokens": (
        ("finish_reason",),
        lambda t: v.total_where(v.tokens_total(t), t.finish_reason == "tool_calls"),
    ),
    "tool_requests": (("finish_reason",), lambda t: v.count_where(t.finish_reason == "tool_calls")),
    "charged_tokens": (("byok",), lambda t: v.total_where(v.tokens_total(t), ~t.byok)),
    "charged_cost_usd": (("byok",), lambda t: v.amount((~t.byok).ifelse(t.cost_total, 0.0))),
    "charged_requests": (("byok",), lambda t: v.count_where(~t.byok)),
}


def by_model(log: Log, *measures: str) -> ir.Table:
    """Sums of the measures by week (UTC Monday) and model: columns week, model and at least the measures.

    All measures that the log allows are summed in one scan and kept; a query that stands alone sums only its
    own.
    """
    for measure in measures:
        log.need(*_MEASURES[measure][0], what=f"the measure '{measure}'")

    def build() -> ir.Table:
        names = measures
        if log.keeps_steps:
            names = tuple(n for n, (needs, _) in _MEASURES.items() if log.columns.issuperset(needs))
        rows = log.generations
        sums = {name: _MEASURES[name][1](rows) for name in names}
        return rows.group_by(week=v.week(rows.created_at), model=rows.model).aggregate(**sums)

    return log.shared("weekly", build)


def mark_complete(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Add `complete`: the log covers the week from Monday to Sunday."""
    weeks = pd.to_datetime(pd.Series(log.complete_weeks(), dtype="datetime64[us]"))
    return frame.assign(complete=frame["week"].isin(weeks))
