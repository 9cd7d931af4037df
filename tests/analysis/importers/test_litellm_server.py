"""LiteLLM's spend logs as its PostgreSQL table: the same log as from its export, and nothing but reading."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace

import pytest

from analysis.sources.warehouses.served_table import served_table
from testbed.cli import main
from tests.analysis.importers.exports import written
from tests.analysis.importers.test_litellm import ROWS, check, spend
from tests.postgres import PASSWORD

TABLE = "LiteLLM_SpendLogs"
SECRET = "what the patient asked"
KINDS = {
    "spend": "double precision", "total_tokens": "integer", "prompt_tokens": "integer", "completion_tokens": "integer",
    "startTime": "timestamp(3)", "endTime": "timestamp(3)", "completionStartTime": "timestamp(3)",
    "metadata": "jsonb", "response": "jsonb", "proxy_server_request": "jsonb", "request_tags": "jsonb",
    "messages": "jsonb",
}  # fmt: skip
"""Types of LiteLLM's own schema; all others are text."""


def made(connection, rows, schema="public"):
    """The table, as LiteLLM makes it."""
    columns = list(rows[0])
    kinds = ", ".join(f'"{name}" {KINDS.get(name, "text")}' for name in columns)
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {schema}."{TABLE}" ({kinds})')
    for row in rows:
        values = [None if row[name] == "" and name in KINDS else row[name] for name in columns]
        values = [json.dumps(value) if isinstance(value, dict) else value for value in values]
        marks = ", ".join(["%s"] * len(columns))
        connection.execute(f'INSERT INTO {schema}."{TABLE}" VALUES ({marks})', values)


TALK = [{"role": "user", "content": SECRET}]
SERVED = [
    row | {
        "messages": json.dumps(TALK),
        "metadata": row["metadata"] if row["metadata"] != "{'usage_object': None}" else json.dumps(row["metadata"]),
        "response": json.dumps(json.loads(row["response"]) | {"note": SECRET}) if len(row["response"]) > 2 else "{}",
    }
    for row in ROWS
]  # fmt: skip
"""The rows of the tests of its files, with prompts stored; JSON that is none is a text in JSON there."""
ZONED = 2  # a moment that PostgreSQL would read without its zone
SERVED[ZONED] = SERVED[ZONED] | {"startTime": "2025-11-03 10:00:03.100"}


@pytest.fixture(scope="module")
def database(postgres):
    """A database of LiteLLM's, with the user's password in its address."""
    import psycopg

    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE litellm")
        connection.execute("ALTER DATABASE litellm SET TimeZone TO 'America/Los_Angeles'")
        connection.execute("ALTER DATABASE litellm SET DateStyle TO 'German'")
    with psycopg.connect(f"{postgres}/litellm", autocommit=True) as connection:
        made(connection, SERVED)
        made(connection, [spend(1), spend(2, spend=-1)], "team")
        connection.execute(
            "CREATE VIEW team.sums AS SELECT 1 AS api_requests, '' AS date, '' AS custom_llm_provider"
        )
        connection.execute(
            'CREATE VIEW team.gone AS SELECT request_id, call_type, "startTime", spend, prompt_tokens, '
            'completion_tokens, model, "user", CASE WHEN n = 20000 THEN '
            "pg_terminate_backend(pg_backend_pid())::text END AS session_id "
            f'FROM team."{TABLE}", generate_series(1, 30000) n'
        )
        for name, columns in (
            ("blind", None),
            ("partial", [name for name in SERVED[0] if name not in ("response", "messages")]),
        ):
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
            if columns:
                named = ", ".join(f'"{column}"' for column in columns)
                connection.execute(f'GRANT SELECT ({named}) ON "{TABLE}" TO {name}')
    return f"{postgres}/litellm"


@pytest.fixture
def address(database, monkeypatch):
    """Of a user, with the password in the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return lambda user="me": f"postgresql://{user}@{database.rpartition('@')[2]}"


def run(tmp_path, capsys, *words):
    """The status of an import into a folder, the account, and what was said."""
    status = main(["import", *words, "--out", str(tmp_path / "log"), "--json"])
    out, err = capsys.readouterr()
    assert PASSWORD not in out + err and PASSWORD.replace("/", "%2F") not in out + err
    return status, json.loads(out) if out else {}, err


@pytest.mark.parametrize("words", [["litellm"], []])
def test_the_table_gives_the_log_of_its_export(tmp_path, capsys, address, words):
    status, account, _ = run(tmp_path, capsys, *words, address())
    log = written(tmp_path / "log")
    assert (status, account["read"], account["written"], account["not_read"]) == (0, 5, 5, [])
    assert [note["why"] for note in account["odd"]] == ["metadata is not JSON"]
    assert account["odd"][0]["examples"][0].startswith(f"{address()}, table {TABLE}, request_id r5: ")

    check(
        SimpleNamespace(written=5, left_out=(), odd=[SimpleNamespace(**note) for note in account["odd"]]), log
    )
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == [
        ".slipper-files.json", "import.json", "log", "models.parquet",
    ]  # fmt: skip
    assert f"{log['created_at'][0].as_py():%Y-%m-%d %H:%M:%S.%f %Z}" == "2025-11-03 10:00:01.100000 UTC"


def test_prompts_and_answers_stay_on_the_server(tmp_path, address):
    from analysis.importers.litellm import SERVED as served
    from analysis.importers.litellm import SPEND_TABLE

    with served_table(address(), TABLE) as table:
        table.copy(SPEND_TABLE.columns(), served.shorter, tmp_path / "copy.csv")
    text = (tmp_path / "copy.csv").read_text()
    assert SECRET not in text and "messages" not in text.splitlines()[0] and '""finish_reason""' in text
    assert len(list(csv.reader(io.StringIO(text)))) == 6


def test_of_a_table_elsewhere_bad_rows_are_called_by_their_id(tmp_path, capsys, address):
    status, account, _ = run(tmp_path, capsys, "litellm", f"{address()}?table=team.{TABLE}")
    (note,) = account["left_out"]
    assert (status, account["written"]) == (0, 1)
    assert note["examples"] == [f"{address()}, table team.{TABLE}, request_id r2: '-1'"]


def test_who_may_read_some_columns_gets_these(tmp_path, capsys, address):
    status, account, _ = run(tmp_path, capsys, "litellm", address("partial"))
    assert (status, account["written"]) == (0, 5)
    assert account["not_read"] == [f"{address('partial')}, table {TABLE}: response (no right to read it)"]
    assert written(tmp_path / "log")["finish_reason"].to_pylist()[4] is None


@pytest.mark.parametrize(("user", "table", "said"), [
    ("blind", "", ["blind has no right to read it", 'GRANT SELECT ON "LiteLLM_SpendLogs" TO "blind"']),
    ("blind", f"?table=team.{TABLE}", ["permission denied for schema team"]),
    ("me", "?table=litellm_spendlogs", ["no table 'litellm_spendlogs' in it", f"public.{TABLE}, team.{TABLE};",
     f"?table=public.{TABLE}"]),
    ("me", "?table=calls", ["no table 'calls' in it"]),
    ("me", "?table=team.sums", ["a sum of many requests"]),
    ("me", "?table=pg_catalog.pg_class", ["a format that is not known", "Export what is there as CSV"]),
    ("me", "?table=team.gone", ["could not be read to its end", "Import it again"]),
    ("nobody", "", ["no connection", "PGPASSWORD"]),
])  # fmt: skip
def test_what_cannot_be_read_is_told_and_nothing_is_left(tmp_path, capsys, address, user, table, said):
    status, _, err = run(tmp_path, capsys, "litellm", address(user) + table)
    assert status == 2 and "Traceback" not in err
    for part in said:
        assert part in err, err
    assert not list(tmp_path.rglob("*"))


def test_rows_that_a_policy_hides_are_not_passed_over(tmp_path, capsys, address, database):
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            f'GRANT USAGE ON SCHEMA team TO partial; GRANT SELECT ON team."{TABLE}" TO partial; ALTER TABLE team.'
            f'"{TABLE}" ENABLE ROW LEVEL SECURITY; CREATE POLICY first ON team."{TABLE}" USING (request_id = \'r1\')'
        )
        try:
            status, _, err = run(tmp_path, capsys, "litellm", f"{address('partial')}?table=team.{TABLE}")
        finally:
            connection.execute(f'ALTER TABLE team."{TABLE}" DISABLE ROW LEVEL SECURITY')
    assert status == 2 and "row-level security" in err and not (tmp_path / "log").exists()


def test_the_server_is_only_read(address):
    import psycopg

    with served_table(address(), TABLE) as table, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        table._connection.execute(f'DELETE FROM "{TABLE}"')


@pytest.mark.parametrize("words", [["openrouter"], ["guess"]])
def test_what_is_no_table_of_a_gateway_is_refused(tmp_path, capsys, words):
    assert main(["import", *words, "postgresql://me@h/db", "--out", str(tmp_path / "out")]) == 2
    assert "slipper import litellm ADDRESS" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*"))


def test_an_analysis_of_it_says_how_to_import(tmp_path, capsys, address, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", address()]) == 2
    assert f"slipper import litellm {address()} --out LOG" in capsys.readouterr().err
