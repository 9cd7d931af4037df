"""A query on a real PostgreSQL server: the same answers as in DuckDB, and nothing left behind or given away."""

from __future__ import annotations

import re
import sys

import pytest

from testbed.failure import BadInput
from testbed.validation.columns import InputColumns
from testbed.validation.compare import compare
from testbed.validation.integrations.postgres import Server
from testbed.validation.questions import questions
from testbed.validation.sandbox import Limits
from testbed.validation.submission import read_submission
from testbed.validation.worlds import battery
from tests.postgres import PASSWORD

WEEKS = """-- question: active_users
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week,
    count(DISTINCT coalesce(nullif(user_id, ''), account_id)) AS users
FROM generations GROUP BY 1"""
LOCAL = WEEKS.replace(" AT TIME ZONE 'UTC'", "")
COUNT = "SELECT count(*) AS n FROM generations"


@pytest.fixture
def asked(postgres, tmp_path, monkeypatch):
    """Runs a query's text on the server, on a world by its name."""
    monkeypatch.chdir(tmp_path)

    def run(text, world="two weeks", zone="UTC", columns=None, **limits):
        (tmp_path / "a.sql").write_text(text, encoding="utf-8")
        with Server(f"{postgres}/postgres", Limits(**limits)) as server:
            box = server.open(read_submission("a.sql", dialect="postgres", columns=columns))
            return box.run(battery()[world].tables, zone)

    return run


@pytest.fixture
def schemas(postgres):
    """The schemas that are on the server, once the work is done."""
    import psycopg

    def listed():
        with psycopg.connect(f"{postgres}/postgres") as connection:
            query = "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_t%' ORDER BY 1"
            return [name for (name,) in connection.execute(query)]

    return listed


USUAL = ["information_schema", "pg_catalog", "public"]


def judged(name, outcome, world):
    question, held = questions()[name], battery()[world]
    assert outcome.table is not None, outcome
    return compare(question, question.answer(held.tables, **held.arguments(question)), outcome.table)


def test_a_right_query_is_right_on_every_world_in_every_zone(postgres, tmp_path, schemas):
    (tmp_path / "a.sql").write_text(WEEKS)
    worlds = [world for world in battery().values() if not world.simulated]
    with Server(f"{postgres}/postgres") as server:
        box = server.open(read_submission(tmp_path / "a.sql", dialect="postgres"))
        for world in worlds:
            for zone in ("UTC", "America/Los_Angeles", "Asia/Kolkata"):
                assert judged("active_users", box.run(world.tables, zone), world.name).right, (
                    world.name,
                    zone,
                )
        assert server.name in box.notes[0] and PASSWORD not in box.notes[0]
    assert schemas() == USUAL


def test_a_wrong_query_is_wrong_in_the_zone_in_which_it_errs(asked):
    assert judged("active_users", asked(LOCAL, "far zones"), "far zones").right
    assert not judged("active_users", asked(LOCAL, "far zones", "Asia/Kolkata"), "far zones").right


def test_whole_numbers_divide_as_the_server_divides_them(asked):
    given = asked(
        "SELECT count(*) / 4 AS whole, 1.5 * count(*) AS exact, avg(tokens_prompt) AS mean FROM generations"
    )
    (row,) = given.table.to_dict("records")
    assert row["whole"] == 1 and row["exact"] == 9 and isinstance(given.kinds["mean"], str)


def test_rows_arrive_as_they_are(asked):
    text = """SELECT (SELECT count(*) FROM generations WHERE user_id IS NULL) AS gone,
        (SELECT count(*) FROM labels) AS labels, (SELECT max(path) FROM taxonomy) AS path,
        (SELECT prices -> 0 ->> 'from' FROM models WHERE model = 'acme/one') AS since,
        (SELECT max(created_at) FROM generations) AS last"""
    world = battery()["no users"].tables
    (row,) = asked(text, "no users").table.to_dict("records")
    assert row["gone"] == sum(one["user_id"] is None for one in world.requests) > 0
    assert row["labels"] == len(world.label_rows) and row["path"]
    assert row["last"] == max(one["created_at"] for one in world.requests)


def test_names_of_the_users_own_are_those_that_the_query_sees(asked):
    own = InputColumns({"generations": "Calls"}, {"generations": {"model": "LLM"}})
    assert asked('SELECT count("LLM") AS n FROM "Calls"', columns=own).table["n"].tolist() == [6]


@pytest.mark.parametrize(("text", "failure", "said"), [
    ("SELECT no FROM generations", "error", r'a\.sql: column "no" does not exist'),
    ("CREATE TABLE mine AS SELECT 1", "error", "read-only transaction"),
    ("DELETE FROM generations", "error", "read-only transaction"),
    ("SET transaction_read_only = off; DELETE FROM generations", "error", "read-write mode"),
    ("COMMIT; SELECT 1 AS n", "answer", "leave out COMMIT"),
    ("ROLLBACK; DROP SCHEMA public CASCADE; SELECT 1 AS n", "answer", "leave out COMMIT"),
    ("SET TIME ZONE 'UTC'", "answer", "must be a SELECT"),
    ("SELECT pg_sleep(30)", "time", "not done after 0.5 seconds"),
    ("SELECT generate_series(1, 20) AS n", "answer", "at most 10"),
    ("SELECT 'infinity'::date AS n", "error", "date too large"),
    ("SELECT 1 AS n FROM generations WHERE 1 = 'a'::int", "error", "invalid input syntax"),
])  # fmt: skip
def test_what_does_not_run_is_told_in_a_sentence_and_leaves_nothing(asked, schemas, text, failure, said):
    given = asked(text, seconds=0.5, rows=10)
    assert given.failure == failure and given.table is None
    assert re.search(said, given.reason), given.reason
    assert schemas() == USUAL


def test_a_failed_world_does_not_spoil_the_next(postgres, tmp_path):
    (tmp_path / "a.sql").write_text("SELECT 1 / (count(*) - 6) AS n FROM generations")
    with Server(f"{postgres}/postgres") as server:
        box = server.open(read_submission(tmp_path / "a.sql", dialect="postgres"))
        found = [
            box.run(battery()[name].tables).failure for name in ("four users", "two weeks", "four users")
        ]
        assert found == [None, "error", None]


def test_a_lost_connection_is_made_again(postgres, tmp_path):
    import psycopg

    (tmp_path / "a.sql").write_text(COUNT)
    tables = battery()["two weeks"].tables
    with Server(f"{postgres}/postgres") as server:
        box = server.open(read_submission(tmp_path / "a.sql", dialect="postgres"))
        assert box.run(tables).table is not None
        with psycopg.connect(f"{postgres}/postgres", autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE application_name = 'glass-slipper'")  # fmt: skip
        assert box.run(tables).failure == "error"
        assert box.run(tables).table["n"].tolist() == [6]


def test_tables_of_the_users_own_are_out_of_reach(postgres, tmp_path):
    import psycopg

    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as other:
        other.execute("CREATE TABLE public.secrets AS SELECT 1 AS n")
        try:
            with Server(f"{postgres}/postgres") as server:
                (tmp_path / "a.sql").write_text("SELECT n FROM secrets")
                box = server.open(read_submission(tmp_path / "a.sql", dialect="postgres"))
                assert '"secrets" does not exist' in box.run(battery()["two weeks"].tables).reason
                (tmp_path / "a.sql").write_text("SELECT n FROM public.secrets")
                with pytest.raises(BadInput, match=r"names public\.secrets.*leave out the schema"):
                    server.open(read_submission(tmp_path / "a.sql", dialect="postgres"))
        finally:
            other.execute("DROP TABLE public.secrets")


@pytest.mark.parametrize(("given", "said"), [
    ("wrong:pw%2Fx", "password authentication failed"),
    (f"me:{PASSWORD}", "expected such as"),
])  # fmt: skip
def test_a_password_is_never_told(postgres, given, said):
    place = postgres.rpartition("@")[2]
    with pytest.raises(BadInput, match=said) as error, Server(f"postgresql://{given}@{place}/postgres"):
        pass
    secret = given.partition(":")[2]
    assert secret not in str(error.value) and "pw/x" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize(("url", "said"), [
    ("mysql://me@localhost/x", "'mysql' servers are not known"),
    ("localhost", "no address of a server"),
    ("postgresql://me@localhost:port/x", "cannot be read"),
])  # fmt: skip
def test_an_address_that_is_none_is_told(url, said):
    with pytest.raises(BadInput, match=said):
        Server(url)


def test_a_server_takes_queries_of_its_own_dialect(tmp_path):
    server = Server("postgresql://me@localhost/x")
    for name, text, said in (
        ("a.py", "def f(generations):\n    return generations\n", "a server runs queries"),
        ("a.sql", "-- dialect: bigquery\nSELECT 1 AS n", "SQL of bigquery; this server takes postgres"),
        ("a.sql", "-- nothing;\n;", "holds no statement"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(BadInput, match=said):
            server.open(read_submission(tmp_path / name))


def test_without_the_client_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadInput, match="pip install"), Server("postgresql://me@localhost/x"):
        pass
