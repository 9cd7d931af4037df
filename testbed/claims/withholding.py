"""Which claims may leave the building where small cells are withheld (k-anonymity): by what their values sum up.

A claim is measured on the log as it may be shown (`analysis.disclosure`), whose sums hold no small cell. That protects
a value that is made of whole cells of the grids that are settled there, and no other. Here is said which grids these
are, statistic by statistic. A statistic that is not named is withheld: it counts single requests or users, days, or
what no grid crosses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.disclosure.grids import COHORTS, GRIDS, LABEL_GRIDS, WEEKS
from analysis.report.withholding import RULE, refuse_few
from analysis.sources.log import Log, NotAvailable
from testbed.claims.measuring.measured import Groups, Measured, Result, Series
from testbed.claims.measuring.tables import Pick, facts
from testbed.claims.statistics.registry import bind, measure

if TYPE_CHECKING:
    from analysis.disclosure.account import Account

_LABELLED = ("categories", "labelled requests")
_BY_SOURCE = ("categories by source", "labelled requests by source")
_BY_AUTHOR = ("categories by author",)
_SUB_TAGS = ("sub-tags", "sub-tags carried")
NOTHING = ()
"""Of statistics on days and on the models table."""

STANDS_ON: Mapping[str, tuple[str, ...]] = {
    "platform.window_weeks": NOTHING,
    "platform.missing_fields": NOTHING,
    "platform.available_open_models": NOTHING,
    "platform.labelled_share": (WEEKS, "labelled requests"),
    "openness.weekly_share": ("models",),
    "openness.share": ("models",),
    "openness.halves": ("models",),
    "openness.weekly_tokens": ("models",),
    "openness.largest_share": ("models",),
    "openness.concentration_change": ("models",),
    "openness.meaningful_models": ("models",),
    "openness.tokens_by": ("models",),
    "openness.tokens_of_listed": ("models",),
    "openness.lead": ("models",),
    "openness.leaders": ("models",),
    "openness.sustained_models": ("models",),
    "openness.weeks_together": ("models",),
    "openness.peak_weeks": ("models",),
    "releases.response": ("models",),
    "releases.weeks_to_scale": ("models",),
    "releases.iteration_advantage": ("models",),
    "agentic.tool_share": ("tools",),
    "agentic.weekly_offers_to_calls": ("tools",),
    "agentic.tools_called_not_offered": ("tools",),
    "agentic.tool_tokens_of": ("tools by model",),
    "agentic.tool_share_change": ("tools by model",),
    "agentic.tool_lean": ("models", "tools by model"),
    "agentic.length": (WEEKS,),
    "agentic.length_growth": (WEEKS,),
    "agentic.reasoning_part_of_growth": (WEEKS, "reasoning"),
    "agentic.longest_category": _LABELLED,
    "agentic.weekly_category_length": _LABELLED,
    "agentic.weekly_programming_to_overall": ("programming or not", "categories"),
    "agentic.programming_to_overall": ("programming or not", "categories"),
    "categories.growth_of_shares": _LABELLED,
    "categories.source_mix": _BY_SOURCE,
    "categories.mix_concentration": _BY_AUTHOR,
    "categories.unrest": _BY_AUTHOR,
    "categories.subtags": _SUB_TAGS,
    "categories.subtag_sum": _SUB_TAGS,
    "categories.largest_subtag": _SUB_TAGS,
    "categories.entropies": _SUB_TAGS,
    "spend.weekly_share": _BY_AUTHOR,
    "spend.share": _BY_AUTHOR,
    "spend.changes": _BY_AUTHOR,
    "spend.largest_change": _BY_AUTHOR,
    "spend.rest": _BY_AUTHOR,
    "spend.weeks_before_first_below": _BY_AUTHOR,
    "geography.spend_by_continent": ("continents",),
    "geography.spend_share": ("continents",),
    "geography.weekly_place": ("continents",),
    "cost.median_category_cost": ("category charges",),
    "cost.categories_placed": ("category charges",),
    "cost.in_quadrant": ("category charges",),
    "cost.category_ratio": ("category charges",),
    "cost.open_share_by_quadrant": ("category charges", *_BY_SOURCE),
    "cost.slope": ("charges",),
    "cost.correlation": ("charges",),
    "cost.tokens_in_archetype": ("charges",),
    "cost.named_in_segment": ("charges",),
    "cost.model_cost": ("charges",),
    "cost.model_use": ("charges",),
    "cost.cheap_and_little_used": ("charges",),
    "cost.dear_among_top": ("charges",),
    "retention.cell": (COHORTS,),
    "retention.against_every_later": (COHORTS,),
    "retention.against_pooled_later": (COHORTS,),
    "retention.times_later": (COHORTS,),
    "retention.spread": (COHORTS,),
    "retention.highest": (COHORTS,),
    "retention.typical": (COHORTS,),
    "retention.durable_share": (COHORTS,),
    "retention.early_among_durable": (COHORTS,),
    "retention.durable_by_lag": (COHORTS,),
    "retention.foundational_cohorts": (COHORTS,),
    "retention.rank_agreement": (COHORTS,),
    "retention.volume_rank": ("models",),
    "retention.volume_and_retention": ("models", COHORTS),
}  # fmt: skip
"""The grids of each statistic that may be shown, where it is of tokens. `stands_on` has those that depend on arguments:
of `BY_MODELS`, of `token_shares`, and of other measures than tokens."""
BY_MODELS = frozenset(
    f"categories.{name}"
    for name in (
        "share", "weekly_share", "mix", "source_share", "weekly_source_share", "weekly_place", "share_in",
        "share_by_window", "change_of_slope", "weekly_tokens_of",
    )
)  # fmt: skip
"""Statistics of the labelled sample of some models: by which facts these are chosen says which grid is needed."""
_OVER_WINDOWS = frozenset(grid.name for grid in (*GRIDS, *LABEL_GRIDS) if "window" in grid.facets)


def measured(log: Log, name: str, arguments: Mapping[str, Any], account: Account) -> Result:
    """The result of a statistic on a log whose small cells are withheld. Raises what `measure` raises; NotAvailable for
    one that may show a small cell, or holds a 0, too: nobody and a few look alike."""
    cells = stands_on(log, name, bind(name, arguments))
    refuse_few(cells, account)
    if not log.in_study_window and not _OVER_WINDOWS.isdisjoint(cells or ()):
        raise NotAvailable(
            RULE, "withheld: it is about the report's window, and the cells of this log are of all its days"
        )
    result = measure(log, name, arguments)
    if cells != NOTHING and any(value in (0, -math.inf) for value in _values(result)):
        raise NotAvailable(RULE, "withheld: a part of it is 0, which may stand for a few users")
    return result


def stands_on(log: Log, name: str, bound: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The grids that the value of a statistic is made of; None where it is of something else. bound: its arguments, as
    it takes them."""
    if name == "geography.token_shares":
        return ("continents",) if bound["place"] == "continent" else None
    if name in BY_MODELS:
        return _of_models(log, name, bound)
    cells = STANDS_ON.get(name)
    if cells == ("models",) and bound.get("measure", "tokens") != "tokens":
        return ("tools by model",)
    return cells


def _of_models(log: Log, name: str, bound: Mapping[str, Any]) -> tuple[str, ...] | None:
    chosen = {key for pick in _picks(bound) for key, value in pick.model_dump().items() if value is not None}
    more = (WEEKS,) if name == "categories.weekly_tokens_of" else ()
    if not chosen <= {"source", "open", "author", "not_author"} or (
        "open" in chosen and _open_elsewhere(log)
    ):
        return None
    if chosen & {"author", "not_author"}:
        return (*_BY_AUTHOR, *_BY_SOURCE, *more)
    return (*(_BY_SOURCE if chosen else ()), *_LABELLED, *more)


def _picks(bound: Mapping[str, Any]) -> Iterator[Pick]:
    for value in bound.values():
        for one in value.values() if isinstance(value, dict) else [value]:
            if isinstance(one, Pick):
                yield one


def _open_elsewhere(log: Log) -> bool:
    """Whether some models of an unknown source are known to be open, so that open ones are no sum over sources."""
    known = facts(log)
    return bool((known["open_weights"].fillna(False) & (known["source"] == "unknown")).any())


def _values(result: Result) -> Iterator[float]:
    if isinstance(result, Measured):
        yield result.value
    elif isinstance(result, Series):
        yield from np.asarray(result.values, dtype=np.float64)
    elif isinstance(result, Groups):
        yield from (part.value for part in result.parts.values())
