from __future__ import annotations

import pytest

from analysis.sources.opening import open_log


@pytest.fixture(scope="session")
def log(run_folder):
    with open_log(run_folder) as opened:
        yield opened


@pytest.fixture
def connect():
    """Opens arrow tables as a log of an in-memory connection: connect(generations, labels=..., models=...)."""
    import ibis

    opened = []

    def open_tables(generations, labels=None, models=None, **options):
        connection = ibis.duckdb.connect()
        tables = {"generations": generations, "labels": labels, "models": models}
        for name, table in tables.items():
            if table is not None:
                connection.create_table(name, table)
        opened.append(connection)
        return open_log((connection, "generations"), **options)

    yield open_tables
    for connection in opened:
        connection.disconnect()
