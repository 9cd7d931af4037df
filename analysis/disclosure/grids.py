"""The cells of which exhibits are sums: each grid crosses some facets of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from analysis import vocabulary as v
from analysis.queries.weekly import Window, window_of
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW

NOT_RECORDED = ""


@dataclass(frozen=True)
class Grid:
    """Cells: one for each combination of the facets that occurs. needs: columns without which there is no such exhibit.
    amounts: which sums are shown, beside counts of requests.

    What an exhibit shows are sums over whole cells of its grid. A flag is crossed with what it divides, so that both
    its sides are cells: the rest of a cell is one, too.
    """

    name: str
    facets: tuple[str, ...]
    needs: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ("tokens",)


_BOTH = ("tokens", "cost_usd")
WEEKS = "weeks"
COHORTS = "cohorts"
"""The cells of retention: users by model, month of first use and month. `analysis.queries.retention` withholds them."""

GRIDS: tuple[Grid, ...] = (
    Grid(WEEKS, ("week",), amounts=_BOTH),
    Grid("models", ("week", "model")),
    Grid("continents", ("week", "continent"), ("continent",), _BOTH),
    Grid("charges", ("window", "model", "own_key", "free"), ("byok",), _BOTH),
    Grid("countries", ("window", "country"), ("country",)),
    Grid("languages", ("window", "language"), ("language",)),
    Grid("reasoning", ("week", "reasoning"), ("tokens_reasoning",), ("tokens", "reasoning_tokens")),
    Grid("tools", ("week", "ending", "offered"), ("finish_reason",)),
    Grid("tools by model", ("week", "model", "called"), ("finish_reason",)),
)
"""In the order in which they are looked at: what comes late may be left out for the sake of what comes before."""


_OF_CATEGORY = ("category_tokens", "category_cost")
LABEL_GRIDS: tuple[Grid, ...] = (
    Grid("categories", ("week", "category"), amounts=_OF_CATEGORY[:1]),
    Grid("labelled requests", ("week", "carried")),
    Grid("programming or not", ("week", "programming")),
    Grid("categories by source", ("week", "source_type", "category"), amounts=_OF_CATEGORY[:1]),
    Grid("labelled requests by source", ("week", "source_type", "carried")),
    Grid("sub-tags", ("window", "category", "path"), amounts=("path_tokens",)),
    Grid("sub-tags carried", ("window", "category", "paths"), amounts=_OF_CATEGORY[:1]),
    Grid("category charges", ("window", "category", "own_key", "free"), amounts=_OF_CATEGORY),
    Grid("categories by author", ("week", "source_type", "author", "category"), amounts=_OF_CATEGORY),
)
"""Those of the labelled sample, `analysis.disclosure.labelled`. carried, paths: how many categories a request carries,
and how many paths of the category: by these, sums over categories less the requests' own would tell requests with
several apart."""


def windows(log: Log) -> list[tuple[int, Window]]:
    """The study's windows over which exhibits of a log are drawn, with a bit for each."""
    found = [(1 << bit, window_of(log, one)) for bit, one in enumerate((MAIN_WINDOW, CATEGORY_WINDOW))]
    return [(bit, one) for bit, one in found if one is not None]


def grids_of(log: Log) -> tuple[Grid, ...]:
    """The grids whose columns a log has."""
    return tuple(grid for grid in GRIDS if log.columns.issuperset(grid.needs))


def facet(log: Log, name: str) -> ir.Value:
    """A facet of the generations, of a type that joins: what is not recorded is a value of its own."""
    return _FACETS[name](log, log.generations)


def _text(column: str) -> Callable[[Log, ir.Table], ir.Value]:
    return lambda log, rows: rows[column].cast("string").fill_null(NOT_RECORDED)


def _flag(column: str) -> Callable[[Log, ir.Table], ir.Value]:
    def read(log: Log, rows: ir.Table) -> ir.Value:
        if column not in log.columns:
            return ibis.literal(NOT_RECORDED)
        return rows[column].ifelse("yes", "no").fill_null(NOT_RECORDED)

    return read


def _window(log: Log, rows: ir.Table) -> ir.Value:
    """Which of the study's windows the week lies in, where exhibits are drawn over them."""
    week, places = v.week(rows.created_at), ibis.literal(0)
    for bit, window in windows(log):
        places = places + v.within(week, window).ifelse(bit, 0)
    return places.cast("int64")


def _ending(log: Log, rows: ir.Table) -> ir.Value:
    reason = rows.finish_reason
    return reason.isnull().ifelse(NOT_RECORDED, (reason == "tool_calls").ifelse("tool", "other"))


def _reasoning(rows: ir.Table) -> ir.Value:
    """Some, none or not recorded: many requests that reason nothing do not hide the few that do."""
    return (rows.tokens_reasoning > 0).ifelse("some", "none").fill_null(NOT_RECORDED)


_FACETS: dict[str, Callable[[Log, ir.Table], ir.Value]] = {
    "week": lambda log, rows: v.week(rows.created_at),
    "window": _window,
    "model": _text("model"),
    "continent": _text("continent"),
    "country": _text("country"),
    "language": _text("language"),
    "own_key": _flag("byok"),
    "free": lambda log, rows: v.free_variant(rows).ifelse("yes", "no"),
    "offered": _flag("tools_offered"),
    "ending": _ending,
    "called": lambda log, rows: (rows.finish_reason == "tool_calls").fill_null(False).ifelse("yes", "no"),
    "reasoning": lambda log, rows: _reasoning(rows),
}
