"""A log in Spark, in local mode: the same results as on DuckDB. It takes minutes, a job a query: `make spark`."""

from __future__ import annotations

import shutil
import sys

import ibis
import pyarrow.parquet as pq
import pytest

from analysis.queries import retention, usage
from analysis.queries.query import all_queries
from analysis.queries.statements import statement
from analysis.sources.errors import LogError
from analysis.sources.opening import open_log
from analysis.sources.scope import Scope
from analysis.sources.warehouses import spark
from testbed import cli
from testbed.commands.analyze import results_folder
from tests.analysis.queries.test_session_zones import ZONES, close, in_order
from tests.analysis.warehouses.alike import assert_alike, every_query, log_of_tests, whole_looks

INSTALL = "pip install 'glass-slipper[spark]'"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session of the caller's, in a zone of its own, with the log in tables."""
    sql = pytest.importorskip("pyspark.sql", reason=f"Spark is not installed: {INSTALL}")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none on this machine")
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "America/Los_Angeles", "spark.sql.warehouse.dir": str(folder / "tables"),
    }  # fmt: skip
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    tables = log_of_tests()
    for name in ("generations", "labels", "models"):
        pq.write_table(getattr(tables, name), folder / f"{name}.parquet")
        session.read.parquet(str(folder / f"{name}.parquet")).write.saveAsTable(name)
    session.sql("CREATE DATABASE logs")
    session.sql("CREATE TABLE logs.clocks USING parquet AS SELECT * EXCEPT (created_at), "
                "CAST(created_at AS TIMESTAMP_NTZ) AS created_at FROM generations")  # fmt: skip
    yield session
    session.stop()


def kept(session):
    return [table.name for table in session.catalog.listTables() if table.name.startswith("slipper")]


@pytest.mark.slow
def test_every_query_is_equal_and_leaves_nothing(session, reference):
    with open_log((ibis.pyspark.connect(session), "generations")) as log:
        assert log.rows == reference.rows and not log.warnings
        assert every_query(reference, log) > 30
        whole_looks(reference, log)
        assert kept(session) and not log.warnings
    assert kept(session) == []


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["spark", "databricks"])
def test_printed_sql_is_equal_under_any_zone_of_the_session(session, reference, dialect):
    days = Scope(reference.first_day, reference.last_day)
    zone = session.conf.get("spark.sql.session.timeZone")
    try:
        for name, one in all_queries().items():
            expected = close(
                in_order(reference.connection.con.sql(statement(one, "duckdb", scope=days)).fetchall())
            )
            for other in ZONES:
                session.conf.set("spark.sql.session.timeZone", other)
                found = session.sql(statement(one, dialect, scope=days)).collect()
                assert in_order(found) == expected, (name, other)
    finally:
        session.conf.set("spark.sql.session.timeZone", zone)


@pytest.mark.slow
def test_any_expression_over_tables_is_a_log(session, reference):
    table = ibis.pyspark.connect(session).table("generations")
    session.conf.set("spark.sql.execution.arrow.pyspark.enabled", "true")
    try:
        with open_log(table.filter(table.generation_id.notnull())) as log:
            for query in (usage.weekly, retention.first_months):
                assert_alike(query(reference), query(log), query.name)
    finally:
        session.conf.set("spark.sql.execution.arrow.pyspark.enabled", "false")


@pytest.mark.slow
def test_a_command_reads_a_table_of_the_session_that_runs(session, reference, capsys):
    assert cli.main(["inspect", "spark:generations", "--json"]) == 0
    assert f'"Rows": "{reference.rows:,}"' in capsys.readouterr().out
    assert session.sql("SELECT 1").collect() and kept(session) == []
    assert cli.main(["inspect", "spark:generation"]) == 2
    assert "no table 'generation' in it (nearest: generations)" in capsys.readouterr().err


@pytest.mark.slow
def test_what_a_clock_shows_is_no_moment(session):
    with pytest.raises(LogError, match="a timestamp without a time zone"):
        open_log((ibis.pyspark.connect(session), "logs.clocks"))


def test_without_spark_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(LogError, match=r"pip install 'glass-slipper\[spark\]'"):
        open_log("spark:generations")


@pytest.mark.parametrize("where", ["spark:", "spark:a b", "spark:a.`b`", "spark://host:7077"])
def test_what_names_no_table_is_told(where):
    with pytest.raises(LogError, match=r"no name of a table; expected such as spark:gateway\.generations"):
        open_log(where)


def test_a_table_has_one_name_and_results_theirs():
    with pytest.raises(LogError, match="two tables are named"):
        open_log("spark:generations", table="other")
    assert spark.table_of("spark:logs.calls") == "logs.calls"
    assert str(results_folder("spark:logs.calls", None)) == "logs.calls-analysis"
