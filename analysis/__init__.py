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
    from analysis import (
        agentic,
        catalogue,
        categories,
        comparison,
        contract,
        cost,
        exhibits,
        figures,
        geography,
        openness,
        retention,
        study,
        usage,
    )
    from analysis.query import queries, sql_of
    from analysis.results import write_analysis
    from analysis.source import Log, LogError, NotAvailable, open_log
    from analysis.validation import validate

__all__ = [
    "Log",
    "LogError",
    "NotAvailable",
    "agentic",
    "catalogue",
    "categories",
    "comparison",
    "contract",
    "cost",
    "exhibits",
    "figures",
    "geography",
    "open_log",
    "openness",
    "queries",
    "retention",
    "sql_of",
    "study",
    "usage",
    "validate",
    "write_analysis",
]

_HOMES = {
    "Log": "source",
    "LogError": "source",
    "NotAvailable": "source",
    "open_log": "source",
    "queries": "query",
    "sql_of": "query",
    "validate": "validation",
    "write_analysis": "results",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'analysis' has no attribute '{name}'")
    if name in _HOMES:
        return getattr(import_module(f"analysis.{_HOMES[name]}"), name)
    return import_module(f"analysis.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
