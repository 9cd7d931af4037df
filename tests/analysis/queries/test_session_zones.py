"""The printed SQL of every query gives one result under any zone of the session, on DuckDB and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from pytest import approx

from analysis.queries import query
from analysis.queries.statements import statement
from analysis.sources.scope import Scope
from analysis.workers import Workers
from tests.postgres import fill

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kathmandu")
QUERIES = sorted(query.all_queries())
OF_LABELS = {  # written in seconds, for they hold the taxonomy; one of them is enough in the fast tests of statements
    "categories.mean_lengths", "categories.subtags", "categories.weekly_author_mix", "categories.weekly_author_spend",
    "categories.weekly_shares", "cost.category_cost", "lengths.labelled_lengths", "openness.weekly_categories",
}  # fmt: skip


def tables(made_log):
    return {name: getattr(made_log, name) for name in ("generations", "labels", "models")}


@pytest.fixture(scope="module")
def duckdb_sessions(made_log):
    """A session in each zone, over tables whose moments have one."""
    with duckdb.connect(config={"threads": 1}) as connection:  # sums of money add up in one order
        for name, table in tables(made_log).items():
            connection.register("given", table)
            connection.execute(f"create table {name} as select * from given")
        sessions = [connection.cursor() for _ in ZONES]
        for zone, session in zip(ZONES, sessions, strict=True):
            session.execute(f"set timezone = '{zone}'")
        yield sessions


@pytest.fixture(scope="module")
def postgres_session(postgres, made_log):
    import psycopg

    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        fill(connection, **tables(made_log))
        connection.execute("ANALYZE")  # so that the server joins by hashes
        yield connection


def in_order(found):
    """Rows in an order that no collation decides and no rounding, as plain numbers and dates."""
    rows = [[plain(cell) for cell in row] for row in found]
    return sorted(rows, key=lambda row: repr([cell for cell in row if not isinstance(cell, float)]))


def plain(cell):
    if isinstance(cell, Decimal):
        return int(cell) if cell == int(cell) else float(cell)
    if isinstance(cell, dt.datetime):
        assert cell.tzinfo is None and cell.time() == dt.time()
        return cell.date()
    return cell


def close(rows):
    """The rows with numbers that may differ in their last digits, as sums in another order do."""
    return [
        [approx(cell, rel=1e-9, nan_ok=True) if isinstance(cell, float) else cell for cell in row]
        for row in rows
    ]


@pytest.fixture(scope="module")
def printed(log):
    """The SQL of each query, as DuckDB runs it."""
    return {name: query.sql_of(name, log) for name in QUERIES}


@pytest.mark.parametrize("name", QUERIES)
def test_printed_sql_stands_alone_and_is_the_same_in_every_session(name, log, printed, duckdb_sessions):
    sql = printed[name]
    assert "slipper_" not in sql
    first, *others = (session.sql(sql).fetchall() for session in duckdb_sessions)
    assert first and all(other == first for other in others)
    found, expected = duckdb_sessions[1].sql(sql).df(), query.collect(query.all_queries()[name].build(log))
    assert len(found) == len(expected)  # which keeps the steps that queries share
    for column in expected.select_dtypes("int64"):
        assert found[column].astype("int64").sum() == expected[column].sum(), column


def test_a_worker_prints_the_same(log, printed):
    for name in ("usage.weekly", "activity_retention.every_month"):
        assert (
            query.all_queries()[name].sql_by(Workers(), log).result() == printed[name]
        )  # as the page shows it


def test_the_rows_tell_the_zones_apart(duckdb_sessions):
    sql = (
        "select date_trunc('week', created_at)::date as week, count(*) from generations group by 1 order by 1"
    )
    first, *others = (session.sql(sql).fetchall() for session in duckdb_sessions)
    assert all(other != first for other in others)


def stated(name, dialect, made_log):
    """The SQL of a query for a warehouse that holds the days of the made log."""
    return statement(query.all_queries()[name], dialect, scope=Scope(made_log.start, made_log.end))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in OF_LABELS else []) for name in QUERIES]
)
def test_a_statement_is_the_same_on_duckdb_and_postgresql(
    name, made_log, printed, duckdb_sessions, postgres_session
):
    expected = in_order(duckdb_sessions[0].sql(printed[name]).fetchall())
    assert in_order(duckdb_sessions[1].sql(stated(name, "duckdb", made_log)).fetchall()) == expected
    sql = stated(name, "postgres", made_log)
    for zone in ZONES:
        postgres_session.execute(f"SET TIME ZONE '{zone}'")
        assert in_order(postgres_session.execute(sql).fetchall()) == close(expected)
