"""The step that most analyses share: sums by week and model. One scan of the log serves them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.sources.log import Log

Window = tuple[dt.date, dt.date]
Measure = Callable[[ir.Table], ir.Value]

# measure -> (columns it needs beyond the required ones, how it is summed)
_MEASURES: dict[str, tuple[tuple[str, ...], Measure]] = {
    "requests": ((), lambda t: t.count().cast("int64")),
    "tokens_prompt": ((), lambda t: v.total(t.tokens_prompt)),
    "tokens_completion": ((), lambda t: v.total(t.tokens_completion)),
    "tokens": ((), lambda t: v.total(v.tokens_total(t))),
    "tokens_reasoning": (("tokens_reasoning",), lambda t: v.total(t.tokens_reasoning)),
    "reasoning_known_requests": (
        ("tokens_reasoning",),
        lambda t: v.count_where(t.tokens_reasoning.notnull()),
    ),
    "reasoning_known_completion": (
        ("tokens_reasoning",),
        lambda t: v.total_where(t.tokens_completion, t.tokens_reasoning.notnull()),
    ),
    "tokens_cached": (("tokens_cached",), lambda t: v.total(t.tokens_cached)),
    "cost_usd": ((), lambda t: v.amount(t.cost_total)),
    "finish_known_requests": (("finish_reason",), lambda t: v.count_where(t.finish_reason.notnull())),
    "tool_tokens": (
        ("finish_reason",),
        lambda t: v.total_where(v.tokens_total(t), t.finish_reason == "tool_calls"),
    ),
    "tool_requests": (("finish_reason",), lambda t: v.count_where(t.finish_reason == "tool_calls")),
    "offer_known_requests": (("tools_offered",), lambda t: v.count_where(t.tools_offered.notnull())),
    "offered_requests": (("tools_offered",), lambda t: v.count_where(t.tools_offered)),
    "offer_known_calls": (
        ("tools_offered", "finish_reason"),
        lambda t: v.count_where(t.tools_offered.notnull() & (t.finish_reason == "tool_calls")),
    ),
    "offered_calls": (
        ("tools_offered", "finish_reason"),
        lambda t: v.count_where(t.tools_offered & (t.finish_reason == "tool_calls")),
    ),
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


def grid(frame: pd.DataFrame, kind: str, kinds: Sequence[str], zero: Sequence[str]) -> pd.DataFrame:
    """Every week of the frame with every kind: 0 in the columns `zero` where the frame has no row.

    Other columns are null in the new rows. One row a week and kind before and after, in that order.
    """
    weeks = sorted(frame["week"].unique())
    index = pd.MultiIndex.from_product([weeks, list(kinds)], names=["week", kind])
    full = frame.set_index(["week", kind]).reindex(index)
    for column in zero:
        full[column] = full[column].fillna(0).astype(frame[column].dtype)
    full = full.reset_index()
    return full.astype(
        {"week": frame["week"].dtype, kind: frame[kind].dtype}
    )  # the types of an empty frame too


def largest(frame: pd.DataFrame, column: str, top: int) -> list[str]:
    """The models with the largest sums of a column over all rows, the largest first; equals by name."""
    sums = frame.groupby("model")[column].sum().reset_index()
    order = sums.sort_values([column, "model"], ascending=[False, True])
    return [str(model) for model in order["model"].head(top)]


def window_of(log: Log, window: Window) -> Window | None:
    """The study's window where exhibits are drawn over it and a complete week of the log lies in it, else None, which
    means all that the log covers."""
    if not log.in_study_window:
        return None
    inside = any(window[0] <= monday <= window[1] for monday in log.complete_weeks())
    return window if inside else None


def inside(frame: pd.DataFrame, window: Window | None) -> pd.DataFrame:
    """The rows whose week begins inside the window; all rows without one."""
    if window is None:
        return frame
    kept = frame["week"].between(pd.Timestamp(window[0]), pd.Timestamp(window[1]))
    return frame[kept].reset_index(drop=True)


def complete_weeks(frame: pd.DataFrame) -> pd.DataFrame:
    """The complete weeks; all weeks of a log that is too short to have one."""
    return frame[frame["complete"]] if frame["complete"].any() else frame


def mark_complete(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Add `complete`: the log covers the week from Monday to Sunday."""
    weeks = pd.to_datetime(pd.Series(log.complete_weeks(), dtype="datetime64[us]"))
    return frame.assign(complete=frame["week"].isin(weeks))
