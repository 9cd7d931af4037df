"""The retention panel of one model of a world: its cohorts month by month, counted from the spells without a log."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.inference.cohorts.panel import Panel
from analysis.months import month_end
from analysis.study import SMALL_COHORT
from lessons.frame.worlds import Played


def panel_json(played: Played, look: str) -> dict[str, Any]:
    """The panel of a model for the page. A month that the world does not show whole is left out.

    cohorts: users by the month in which they came, how many were active in each month from then on, and what they are:
    launch (false where the world does not show the release); mixed: the cohort of the world's first month, of users who
    may have come earlier. largest: the share of the largest account in the requests to the model.
    """
    panel, scenario = played.panel(look), played.agents.world.scenario
    whole = sum(month_end(month) <= scenario.end for month in panel.months)
    months = [f"{month:%Y-%m}" for month in panel.months[:whole]]
    before = bool(played.released(look) < played.start)
    cohorts = [
        {
            "month": month,
            "users": int(panel.cohort_sizes[c]),
            "active": panel.active[panel.cohort == c, c:whole].sum(axis=0).tolist(),
            "launch": c == panel.launch and not before,
            "small": bool(panel.cohort_sizes[c] < SMALL_COHORT),
            "mixed": before and c == 0,
        }
        for c, month in enumerate(months)
        if panel.cohort_sizes[c]
    ]
    return {"model": look, "months": months, "cohorts": cohorts, "largest": _largest(panel)}


def _largest(panel: Panel) -> float:
    """The share of the account that sent most of the requests to a model, 0 without any."""
    assert panel.organisation is not None and panel.requests is not None  # `Played.panel` has both
    sent = np.bincount(panel.organisation, weights=panel.requests.sum(axis=1), minlength=1)
    return float(sent.max() / max(1.0, sent.sum()))
