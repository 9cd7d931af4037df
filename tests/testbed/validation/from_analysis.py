"""The answers of the analysis to the questions of the validation, where it has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference.cohorts.log_panel import NoPanel
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.retention_definitions import Definition, retention_by
from analysis.inference.cohorts.user_months import Windows
from analysis.queries import agentic, categories, cost, geography, lengths, openness, retention, usage
from analysis.sources.log import Log
from analysis.study import durable
from testbed.validation.questions import questions
from testbed.validation.worlds import World
from tests.analysis.in_memory import opened

WHOLE = ("cohort", "k", "users", "active", "retention")


@contextmanager
def log_of(world: World) -> Iterator[Log]:
    """The log of a world. Its days are stated as covered from its first request's to its last one's."""
    tables = world.tables
    days = [row["created_at"].date() for row in tables.requests]
    with opened(tables.generations, tables.labels, tables.models, check=False) as log:
        log.state_days(min(days), max(days), all_between=True)
        yield log


def _triangle(log: Log, model: str) -> pd.DataFrame:
    cells = retention.triangle(log, model)
    return cells[cells["complete"]][list(WHOLE)]


def _mean_by(key: str) -> Callable[[Log, str], pd.DataFrame]:
    def mean(log: Log, model: str) -> pd.DataFrame:
        cells = _triangle(log, model)
        return cells[cells["k"] > 0].groupby(key)["retention"].mean().reset_index()

    return mean


def _defined(
    definition: Definition, windows: Windows = "calendar months"
) -> Callable[[Log, str], pd.DataFrame]:
    """Cells of the panel, which has only those of cohorts that may be tested."""

    def cells(log: Log, model: str) -> pd.DataFrame:
        try:
            panel = Panel.from_log(log, model, min_cohort=1, windows=windows)
        except NoPanel:
            return pd.DataFrame(columns=list(WHOLE))
        return retention_by(definition, panel)[list(WHOLE)]

    return cells


def _contrast(log: Log, model: str) -> pd.DataFrame:
    frame = retention.launch_contrast(log, model, min_cohort=1)
    return frame[frame["launch"].notna()][["k", "launch", "later", "difference"]]


def _foundational(log: Log, model: str) -> pd.DataFrame:
    cells = _triangle(log, model)
    shares = cells.pivot(index="cohort", columns="k", values="retention").reindex(columns=[3, 4, 5])
    month = retention.launch_cohort(log, model)[0]
    rows = []
    for cohort in shares.index[shares[5].notna()]:
        own, later = shares.loc[cohort], shares[shares.index > cohort]
        early = month is not None and pd.Timestamp(month) <= cohort <= pd.Timestamp(month) + pd.DateOffset(
            months=1
        )
        gaps = (own - later).to_numpy()
        apart = (
            bool(np.isfinite(gaps).any()) and float(np.nanmin(gaps)) >= 0.1 - 1e-9
        )  # shares are floats here
        with np.errstate(invalid="ignore"):
            kept = own[3] > 0 and durable(own[5], own[5] / own[3])
        rows.append({"cohort": cohort, "foundational": bool(early and kept and apart)})
    return pd.DataFrame(rows, columns=["cohort", "foundational"])


def _weekly_authors(log: Log, model: str) -> pd.DataFrame:
    frame = usage.weekly_by_model(log)
    frame["author"] = frame["model"].str.split("/").str[0]
    return frame.groupby(["week", "author"])[["tokens", "share"]].sum().reset_index()


def _by_author(log: Log, model: str) -> pd.DataFrame:
    frame = cost.effective_cost(log)
    frame["author"] = frame["model"].str.split("/").str[0]
    sums = frame.groupby("author")[["charged_tokens", "cost_usd"]].sum().reset_index()
    tokens = sums["charged_tokens"].where(sums["charged_tokens"] > 0)
    return sums.assign(cost_usd_per_mtok=1e6 * sums["cost_usd"] / tokens)


ANSWERS: dict[str, Callable[[Log, str], pd.DataFrame]] = {
    "retention_triangle": _triangle,
    "cohort_sizes": lambda log, _: retention.first_months(log)[["model", "cohort", "users"]],
    "mean_retention_by_k": _mean_by("k"),
    "mean_retention_by_cohort": _mean_by("cohort"),
    "retention_triangle_30_days": _defined("calendar month", "30 days"),
    "retention_triangle_on_or_after": _defined("on or after"),
    "retention_triangle_every_month": _defined("every month"),
    "launch_contrast": _contrast,
    "foundational_verdict": _foundational,
    "top_models": lambda log, _: usage.by_model(log).head(10)[["model", "tokens", "share"]],
    "weekly_openness": lambda log, _: openness.weekly_shares(log)[["week", "source_type", "tokens", "share"]],
    "weekly_authors": _weekly_authors,
    "category_share": lambda log, _: categories.weekly_shares(log)[["week", "category", "tokens", "share"]],
    "programming_share": lambda log, _: categories.programming_share(log)[["week", "share"]],
    "mean_lengths": lambda log, _: categories.mean_lengths(log),
    "programming_length": lambda log, _: lengths.programming_length(log),
    "tool_share": lambda log, _: agentic.tool_share(log)[["week", "share"]],
    "reasoning_share": lambda log, _: agentic.reasoning_share(log)[["week", "share"]],
    "effective_cost": lambda log, _: cost.effective_cost(log),
    "effective_cost_by_author": _by_author,
    "elasticity": lambda log, _: cost.elasticity(log)[["models", "slope", "intercept", "r_squared"]],
    "spend_region": lambda log, _: geography.weekly_spend(log)[["week", "continent", "spend_usd", "share"]],
}
"""By the question's name, from a log and the model that is asked about."""

PARTIAL = {"retention_triangle_30_days", "retention_triangle_on_or_after", "retention_triangle_every_month"}
"""Of these the analysis has the cells of cohorts that it tests, and no others."""
NOT_ASKED = {"active_users", "sessions", "sessions_by_pause", "cache_hit_rate"}
"""Of these the analysis has no table."""


def first_day(world: World) -> dt.date:
    """The day of the first request."""
    return min(row["created_at"].date() for row in world.tables.requests)


def asked(world: World, name: str) -> Any:
    """The right answer as the oracle has it."""
    question = questions()[name]
    return question.answer(world.tables, **world.arguments(question))
