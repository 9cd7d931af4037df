"""Every figure and table of the report, in its order."""

from __future__ import annotations

from analysis.report.exhibit import Exhibit
from analysis.report.exhibits import agentic, categories, cost, geography, lengths, openness, retention
from analysis.sources.log import Log

EXHIBITS: tuple[Exhibit, ...] = (
    *openness.EXHIBITS,
    *agentic.EXHIBITS,
    *lengths.EXHIBITS,
    *categories.EXHIBITS,
    *geography.EXHIBITS,
    *retention.EXHIBITS,
    *cost.EXHIBITS,
    *categories.APPENDIX,
)


def exhibits_of(log: Log) -> tuple[Exhibit, ...]:
    """All of them; of a log that is not set beside the study, those that are not about it, without what it says."""
    if log.beside_study:
        return EXHIBITS
    return tuple(found.apart_from_study() for found in EXHIBITS if not found.of_study)


def exhibit(id: str) -> Exhibit:
    """The exhibit of an id, such as "fig19". KeyError lists the ids there are."""
    for found in EXHIBITS:
        if found.id == id:
            return found
    raise KeyError(f"no exhibit '{id}'; there are: {', '.join(known.id for known in EXHIBITS)}")
