"""Which models are judged, from which panels: launch cohorts large enough, their controls, their earlier ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.inference.cohorts.log_panel import NoPanel
from analysis.inference.cohorts.panel import Panel
from analysis.queries import retention
from analysis.sources.log import Log
from analysis.study import SMALL_COHORT

MIGRATION_DAYS = 31  # between a model's release and an earlier id's retirement, to be one launch (assumed)


def panel_of(
    log: Log, model: str, min_cohort: int = SMALL_COHORT, together: Sequence[str] | None = None
) -> Panel:
    """A model's panel with its 30-day windows beside it. Raises NoPanel. together: see `Panel.from_log`."""
    panel = Panel.from_log(log, model, min_cohort=min_cohort)
    try:
        windows = Panel.from_log(log, model, min_cohort=min_cohort, windows="30 days", together=together)
    except NoPanel:
        return panel
    return replace(panel, rewindowed=windows)


def predecessors(log: Log, model: str) -> list[str]:
    """Earlier ids whose users the gateway moved to a model at its launch, and theirs in turn, oldest last.

    These are ids whose successor is the model and that retired within a month of its release, such as a preview at
    general availability. Empty without a models table that states it.
    """
    if log.models is None or not {"successor", "retired", "released"} <= set(log.models.columns):
        return []
    models = log.models
    facts = log.remembered(
        "predecessors", lambda: models.select("model", "successor", "retired", "released").to_pandas()
    )
    released = pd.to_datetime(facts["released"])
    starts = dict(zip(facts["model"], released, strict=True))
    after = pd.to_datetime(facts["retired"]) - pd.to_datetime(facts["successor"].map(starts))
    moved = facts[facts["successor"].notna() & (after.dt.days.abs() <= MIGRATION_DAYS)]
    found, wanted = [], [model]
    while wanted:
        name = wanted.pop()
        earlier = [old for old in moved.loc[moved["successor"] == name, "model"] if old not in found]
        found += earlier
        wanted += earlier
    return found


def least_of_controls(min_cohort: int, least: int = 0) -> int:
    """Least users of the cohorts of a control: half of what a judged model needs; they speak together (assumed). least:
    users without which no cohort counts at all, since what is told of it may leave the building."""
    return max(min_cohort >> 1, least, 1)


def control_models(log: Log, min_cohort: int = SMALL_COHORT, least: int = 0) -> list[str]:
    """Models whose launch cohorts can be negative controls, by users of that cohort. least: see
    `least_of_controls`."""
    return models_to_judge(log, least_of_controls(min_cohort, least))


def models_to_judge(log: Log, least: int = SMALL_COHORT) -> list[str]:
    """Models with a launch cohort of at least so many users and two later ones, by users of that cohort."""
    counts = retention.first_months(log)
    chosen = []
    for model, rows in counts[counts["users"] >= least].groupby("model"):
        launch, _ = retention.launch_cohort(log, str(model))
        if launch is None:
            continue
        own = rows[rows["cohort"] == np.datetime64(launch)]
        if len(own) and int((rows["cohort"] > np.datetime64(launch)).sum()) >= 2:
            chosen.append((int(own["users"].iloc[0]), str(model)))
    return [model for _, model in sorted(chosen, key=lambda pair: (-pair[0], pair[1]))]
