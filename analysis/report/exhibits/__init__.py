"""Every figure and table of the report, in its order."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.report.exhibit import Exhibit
from analysis.report.exhibits import agentic, categories, cost, geography, openness, retention

EXHIBITS: tuple[Exhibit, ...] = (
    *openness.EXHIBITS,
    *agentic.EXHIBITS,
    *categories.EXHIBITS,
    *geography.EXHIBITS,
    *retention.EXHIBITS,
    *cost.EXHIBITS,
    *categories.APPENDIX,
)


def exhibit(id: str) -> Exhibit:
    """The exhibit of an id, such as "fig19". KeyError lists the ids there are."""
    for found in EXHIBITS:
        if found.id == id:
            return found
    raise KeyError(f"no exhibit '{id}'; there are: {', '.join(known.id for known in EXHIBITS)}")


def chart_of(id: str, frame: pd.DataFrame) -> dict[str, Any] | None:
    """The chart of an exhibit on its table; None if it has none. For a process that was handed the id alone."""
    chart = exhibit(id).chart
    return chart(frame) if chart is not None else None
