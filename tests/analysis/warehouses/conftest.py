"""The log that every warehouse is compared with."""

from __future__ import annotations

import pytest

from tests.analysis.in_memory import opened
from tests.analysis.warehouses.alike import log_of_tests


@pytest.fixture(scope="module")
def reference():
    """The log on DuckDB."""
    tables = log_of_tests()
    with opened(tables.generations, tables.labels, tables.models) as log:
        yield log
