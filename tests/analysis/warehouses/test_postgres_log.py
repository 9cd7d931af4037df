"""A log on a real PostgreSQL server: the same results as on DuckDB, with few rights, and no secret told."""

from __future__ import annotations

import sys

import pytest

from analysis.queries import agentic, cost, retention, usage
from analysis.sources.errors import LogError
from analysis.sources.opening import open_log
from analysis.sources.warehouses import addresses, postgres
from testbed import cli
from tests.analysis.warehouses.alike import MODELS, assert_alike, every_query, log_of_tests, whole_looks
from tests.postgres import PASSWORD, fill

READER = "reader/s3cret"


@pytest.fixture(scope="module")
def database(postgres):
    """The address of a database that orders texts by the rules of English, with the log, and with a role that may do
    nothing but read; with the user's password in it."""
    import psycopg

    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE gateway TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        )
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{READER}'")
        connection.execute("REVOKE ALL ON DATABASE gateway FROM PUBLIC")
        connection.execute("GRANT CONNECT ON DATABASE gateway TO reader")
    tables = log_of_tests()
    with psycopg.connect(f"{postgres}/gateway", autocommit=True) as connection:
        fill(connection, generations=tables.generations, labels=tables.labels, models=tables.models)
        connection.execute("CREATE SCHEMA logs")
        connection.execute("CREATE TABLE logs.naive AS SELECT * FROM generations LIMIT 10")
        connection.execute("ALTER TABLE logs.naive ALTER COLUMN created_at TYPE timestamp")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    return f"{postgres}/gateway"


@pytest.fixture
def where(database, monkeypatch):
    """The address without the password, which is in the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return f"postgresql://me@{database.rpartition('@')[2]}"


def tables_on(database):
    import psycopg

    with psycopg.connect(database) as connection:
        query = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'v') AND relname LIKE 'slipper%'"
        return connection.execute(query).fetchone()[0]


def test_every_query_is_equal_and_leaves_nothing(reference, database, where):
    with open_log(where) as log:
        assert log.name == "gateway" and log.rows == reference.rows and not log.warnings
        assert every_query(reference, log) > 30
        whole_looks(reference, log)
        assert log.keeps_steps and not log.warnings
    assert tables_on(database) == 0


def test_who_may_only_read_gets_the_same_and_is_told_that_it_takes_longer(reference, database, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", READER)
    with open_log(f"postgresql://reader@{database.rpartition('@')[2]}") as log:
        for query in (usage.weekly, cost.list_price, retention.first_months, agentic.weekly_reasoning_models):
            assert_alike(query(reference), query(log), query.name)
        (said,) = log.warnings
        assert said.startswith("no temporary tables on postgres (permission denied")


def test_a_service_file_says_where_and_who(reference, where, tmp_path, monkeypatch):
    host, _, port = where.partition("@")[2].partition("/")[0].partition(":")
    service = f"[gateway]\nhost={host}\nport={port}\ndbname=gateway\nuser=me\npassword={PASSWORD}\n"
    (tmp_path / "services").write_text(service)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGSERVICE", "gateway")
    with open_log("postgresql://?table=generations&options=-c%20work_mem%3D17MB") as log:
        assert log.rows == reference.rows and log.name == "gateway"
        assert log.connection.raw_sql("SHOW work_mem").fetchone() == ("17MB",)


def test_an_open_log_is_one_snapshot(database, where):
    import psycopg

    with psycopg.connect(database, autocommit=True) as writer, open_log(where) as log:
        writer.execute("CREATE TABLE kept AS SELECT * FROM generations LIMIT 100")
        try:
            writer.execute("DELETE FROM generations WHERE generation_id IN (SELECT generation_id FROM kept)")
            assert usage.by_model(log)["requests"].sum() == log.rows
        finally:
            writer.execute("INSERT INTO generations SELECT * FROM kept")
            writer.execute("DROP TABLE kept")


@pytest.mark.parametrize(("table", "said"), [
    ("generation", r"no table 'generation' in it \(nearest: generations\)"),
    ("logs.naive", "a timestamp without a time zone"),
    ("naive", r"there is: logs\.naive"),
    ("other&table=generations", "cannot be read"),
    ("generations&sslmod=require", "libpq knows no sslmod=: leave that out.* other settings are those of libpq"),
    ("generations&schema=public&connection_limit=5", "libpq knows no schema= and connection_limit="),
])  # fmt: skip
def test_what_is_no_log_there_is_told(where, table, said):
    with pytest.raises(LogError, match=said) as error:
        open_log(f"{where}?table={table}")
    assert "postgresql://" in str(error.value) or "naive" in str(error.value)


def test_a_table_named_twice_is_refused(where):
    with pytest.raises(LogError, match=r"two tables are named, logs\.naive and other"):
        open_log(f"{where}?table=logs.naive", table="other")


@pytest.mark.parametrize("words", [
    ["inspect", "--html", "page.html"], ["check", "--only", "C131", "--json"], ["verdict", "--simulations", "0"],
    pytest.param(["analyze", "--model", MODELS[0]], marks=pytest.mark.slow),
])  # fmt: skip
def test_commands_read_a_server_and_tell_no_secret(where, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("analysis.workers.cores", lambda: 1)
    assert cli.main([words[0], f"{where}?table=generations", *words[1:]]) == 0
    assert words[0] != "analyze" or (tmp_path / "gateway-analysis" / "report.html").is_file()
    told = capsys.readouterr()
    assert told.out
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for text in (told.out.encode(), told.err.encode(), *files):
        assert PASSWORD.encode() not in text and PASSWORD.replace("/", "%2F").encode() not in text


@pytest.mark.parametrize("command", ["analyze", "verdict", "check", "inspect"])
@pytest.mark.parametrize("spelt", [
    "me:{}@127.0.0.1/x", "me@127.0.0.1/x?password={}", "127.0.0.1/x?user=me&sslpassword={}", "me:{}", "me:7#{}@h/x",
    "me:7/{}@h/x", "me:7?{}@h/x", "me:[{}@h/x",
])  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_repeated(command, spelt, capsys):
    assert cli.main([command, f"postgresql://{spelt.format('hush-hush')}"]) == 2
    told = capsys.readouterr()
    assert "hush" not in told.out + told.err
    assert "PGPASSWORD" in told.err or "cannot be read; expected such as" in told.err


def test_a_wrong_password_is_told_where_it_is_looked_for(where, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "hush-hush")
    with pytest.raises(LogError, match=r"password authentication failed.*PGPASSWORD, ~/\.pgpass") as error:
        open_log(where)
    assert "hush" not in str(error.value) and error.value.__suppress_context__


def test_secrets_are_known_by_their_names():
    for secret in (
        "s3://b/x?X-Amz-Signature=1",
        "https://h/x.parquet?sig=1",
        "https://h/x.parquet?pwd=1",
        "gs://b/x?access_token=1",
        "mysql://a:b@c/d",
    ):
        with pytest.raises(LogError, match="in the address"):
            addresses.refuse_secrets(secret)
    addresses.refuse_secrets("postgresql://me@h/x?sslmode=require&passfile=/x")
    addresses.refuse_secrets("/data/a:b@c")


def test_without_the_client_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LogError, match=r"pip install 'glass-slipper\[postgres\]'"):
        open_log("postgresql://me@localhost/x")


def test_another_warehouse_is_told():
    with pytest.raises(LogError, match=r"mysql://\.\.\.: no such place is read"):
        open_log("mysql://me@localhost/x")


def test_results_have_a_folder_by_the_database_and_the_table():
    assert postgres.database_of("postgresql://h/gateway") == "gateway"
    from testbed.commands.analyze import results_folder

    assert (
        str(results_folder("postgresql://h/gateway?table=logs.calls", None)) == "gateway-logs.calls-analysis"
    )
    assert str(results_folder("postgresql://h/gateway", "there")) == "there"
