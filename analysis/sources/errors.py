"""What goes wrong with a log: it cannot be opened, or it does not hold what an analysis needs."""

from __future__ import annotations

import sys

_OF_ENGINES = {
    "duckdb": "Error", "ibis.common.exceptions": "IbisError", "psycopg": "Error", "pyspark.errors": "PySparkException",
    "py4j.protocol": "Py4JError",
}  # fmt: skip


class LogError(Exception):
    """The log cannot be opened or is no log; the message says why and what to do."""


class NotAvailable(Exception):
    """An analysis needs something that this log does not hold. Callers state the gap, never zeros."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"not available: {column} ({why})")
        self.column = column
        self.why = why


def engine_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What engines raise where they cannot read, of those that are loaded, and others: to be caught."""
    loaded = [
        getattr(sys.modules[module], name) for module, name in _OF_ENGINES.items() if module in sys.modules
    ]
    return (OSError, *loaded, *others)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, else its type."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
