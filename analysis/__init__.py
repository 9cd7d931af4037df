"""Analysis of an LLM gateway's request log: from a log to tables, figures and a report.

    import analysis

    with analysis.open_log("outputs/report/RUN-ID") as log:
        triangle = analysis.retention.triangle(log, model="anthropic/claude-sonnet-4")
        shares = analysis.openness.weekly_shares(log)
        print(analysis.sql_of("openness.weekly_shares", log))

Runs on any log that conforms to `analysis.contract`; knows nothing of simulators. Modules load on first use, so that
`import analysis.contract` costs no more than pyarrow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis import contract, study
    from analysis.queries import (
        agentic,
        categories,
        cost,
        geography,
        lengths,
        model_facts,
        openness,
        retention,
        usage,
    )
    from analysis.queries.cohorts import activity_retention
    from analysis.queries.query import all_queries, sql_of
    from analysis.report import comparison, exhibits, figures
    from analysis.report.results import write_analysis
    from analysis.sources.conformance import check_conformance
    from analysis.sources.log import Log, LogError, NotAvailable
    from analysis.sources.opening import open_log

__all__ = [
    "Log",
    "LogError",
    "NotAvailable",
    "activity_retention",
    "agentic",
    "all_queries",
    "categories",
    "check_conformance",
    "comparison",
    "contract",
    "cost",
    "exhibits",
    "figures",
    "geography",
    "lengths",
    "model_facts",
    "open_log",
    "openness",
    "retention",
    "sql_of",
    "study",
    "usage",
    "write_analysis",
]

_MODULES = {
    "activity_retention": "queries.cohorts",
    "agentic": "queries",
    "categories": "queries",
    "comparison": "report",
    "cost": "queries",
    "exhibits": "report",
    "figures": "report",
    "geography": "queries",
    "lengths": "queries",
    "model_facts": "queries",
    "openness": "queries",
    "retention": "queries",
    "usage": "queries",
}
_HOMES = {
    "Log": "sources.log",
    "LogError": "sources.log",
    "NotAvailable": "sources.log",
    "all_queries": "queries.query",
    "open_log": "sources.opening",
    "sql_of": "queries.query",
    "check_conformance": "sources.conformance",
    "write_analysis": "report.results",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'analysis' has no attribute '{name}'")
    if name in _HOMES:
        return getattr(import_module(f"analysis.{_HOMES[name]}"), name)
    return import_module(".".join(filter(None, ("analysis", _MODULES.get(name), name))))


def __dir__() -> list[str]:
    return sorted(__all__)
