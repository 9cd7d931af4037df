"""What tests of the analysis share: the made log, opened, and tables opened as a log."""

from __future__ import annotations

from contextlib import ExitStack

import ibis
import pytest

from analysis.sources.opening import open_log
from tests.analysis.in_memory import opened


@pytest.fixture(scope="session")
def log(run_folder):
    with open_log(run_folder) as log:
        yield log


@pytest.fixture(scope="module")
def connection():
    """An engine in memory for many logs, one after the other: see `in_memory.fill`."""
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()


@pytest.fixture
def connect():
    """Opens arrow tables as a log until the test ends: connect(generations, labels=..., models=...)."""
    with ExitStack() as stack:
        yield lambda *tables, **options: stack.enter_context(opened(*tables, **options))
