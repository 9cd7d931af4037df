"""Databases and connections: schemas, SQLite, expressions, tables of one's own, other tools' manifests."""

from __future__ import annotations

import json
import sqlite3

import duckdb
import ibis
import pyarrow as pa
import pytest

from analysis.contract import files
from analysis.queries import retention
from analysis.sources import runs
from analysis.sources.log import LogError, NotAvailable
from analysis.sources.opening import open_log
from testbed import cli
from tests.analysis.rows import labels, model, models
from tests.analysis.sources.files_of_a_log import ROWS, found, numbers, put, write

OWN_MODELS = pa.table({"id": [1], "model_name": ["gpt-4o"], "input_price": [0.1]})
MODELS = models(*(model(f"x/m{i}", "2024-12-01") for i in range(3)))
LABELS = labels([("g00001", "/Games", 0.9)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return found(write(tmp_path_factory.mktemp("whole") / "log.parquet"))


def database(path, tables: dict[str, pa.Table]):
    with duckdb.connect(str(path)) as connection:
        for name, table in tables.items():
            schema = name.rpartition(".")[0]
            if schema:
                connection.execute(f"create schema if not exists {schema}")
            connection.register("given", table)
            connection.execute(f"create table {name} as select * from given")
            connection.unregister("given")
    return path


@pytest.mark.parametrize("name", ["log.sqlite", "log.db", "log.parquet", "log"])
def test_sqlite_is_refused_at_once_with_what_to_do(tmp_path, name):
    path = tmp_path / name
    with sqlite3.connect(path) as connection:
        connection.execute("create table generations (generation_id text)")
    connection.close()
    with pytest.raises(LogError, match=r"SQLite file, which is not read.*Parquet"):
        open_log(path)


def test_an_sqlite_connection_is_refused():
    class Pretended:
        name = "sqlite"

    with pytest.raises(LogError, match="an SQLite connection is not read"):
        open_log((Pretended(), "generations"))


def test_a_duckdb_file_is_known_by_its_content(tmp_path, whole):
    assert found(database(tmp_path / "warehouse.dat", {"generations": ROWS})) == whole


def test_tables_of_other_schemas_are_listed_and_found(tmp_path, whole):
    path = database(
        tmp_path / "w.duckdb", {"gateway.generations": ROWS, "gateway.models": MODELS, "main.other": ROWS}
    )
    with pytest.raises(LogError, match=r"no table 'generations' in it \(there is: gateway\.generations\)"):
        open_log(path)
    with pytest.raises(LogError, match=r"no table 'gateway\.generation' .*nearest: gateway\.generations"):
        open_log(path, table="gateway.generation")
    with open_log(path, table="gateway.generations") as log:
        assert numbers(log) == whole
        assert log.models is not None  # of the same schema
    connection = ibis.duckdb.connect(str(path), read_only=True)
    with open_log((connection, "gateway.generations")) as log:
        assert numbers(log) == whole and log.models is not None
    with pytest.raises(LogError, match=r"there is: gateway\.generations"):
        open_log((connection, "generations"))
    connection.disconnect()


class Warehouse:
    """A connection that counts what it lists, or fails to with an error of its own."""

    def __init__(self, connection, fails: bool = False) -> None:
        self.connection, self.fails, self.listed = connection, fails, []

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def list_tables(self, *, database=None):
        self.listed.append(database)
        if self.fails:
            raise RuntimeError("403: not allowed")
        return self.connection.list_tables(database=database)


def test_other_schemas_are_listed_only_when_a_name_asks_for_them(tmp_path, whole):
    path = database(tmp_path / "w.duckdb", {
        "main.generations": ROWS, "gateway.generations": ROWS, "gateway.models": MODELS, "big.other": ROWS,
    })  # fmt: skip
    connection = ibis.duckdb.connect(str(path), read_only=True)
    for name, listed in (("generations", [None]), ("gateway.generations", [None, "gateway"])):
        warehouse = Warehouse(connection)
        with open_log((warehouse, name)) as log:
            assert numbers(log) == whole and (log.models is None) == ("." not in name)
        assert warehouse.listed[: len(listed)] == listed and set(warehouse.listed) == set(listed)
    warehouse = Warehouse(connection)
    with pytest.raises(LogError, match=r"there is: big\.other"):
        open_log((warehouse, "other"))
    assert {"gateway", "big"} < set(warehouse.listed)
    connection.disconnect()


def test_a_connection_that_lists_nothing_is_named_and_its_tables_can_be_given(tmp_path, whole, monkeypatch):
    path = database(tmp_path / "w.duckdb", {"generations": ROWS})
    connection = ibis.duckdb.connect(str(path), read_only=True)
    with pytest.raises(LogError, match=r"cannot be listed \(403: not allowed\).* connection\.table\(NAME\)"):
        open_log((Warehouse(connection, fails=True), "generations"))
    monkeypatch.setattr(type(connection), "list_tables", Warehouse(connection, fails=True).list_tables)
    with open_log(connection.table("generations")) as log:
        assert numbers(log) == whole and log.models is None
    connection.disconnect()


def test_any_expression_that_is_a_table_is_a_log(whole):
    connection = ibis.duckdb.connect()
    doubled = pa.concat_tables([ROWS, put(ROWS, "generation_id", pa.array([f"h{i}" for i in range(60)]))])
    table = connection.create_table("everything", doubled)
    users = connection.create_table(
        "users", pa.table({"user_id": [f"u{i}" for i in range(7)], "vip": [True] * 7})
    )
    kept = table.filter(table.generation_id.startswith("g"))
    before = connection.list_tables()
    for expression in (
        kept, kept.drop("language"), kept.order_by("created_at"), kept.join(users, "user_id").drop("vip"), kept.view(),
        kept.mutate(tokens_prompt=kept.tokens_prompt * 1),
    ):  # fmt: skip
        with open_log(expression) as log:
            assert numbers(log) == whole
            assert "filter" in retention.cohort_activity.sql(log).lower() or "where" in (
                retention.cohort_activity.sql(log).lower()
            )
    assert connection.list_tables() == before
    connection.disconnect()


def test_a_table_of_no_connection_is_refused():
    with pytest.raises(LogError, match="belongs to no connection"):
        open_log(ibis.table({"generation_id": "string"}, name="nowhere"))


def test_a_table_of_ones_own_called_models_is_left_out_with_a_word(tmp_path):
    path = database(tmp_path / "w.duckdb", {"generations": ROWS, "models": OWN_MODELS, "labels": OWN_MODELS})
    with open_log(path) as log:
        assert log.models is None and log.labels is None
        assert [warning.split(" does not")[0] for warning in log.warnings] == [
            "its table 'labels'", "its table 'models'",
        ]  # fmt: skip
        with pytest.raises(NotAvailable, match="its table 'models' does not conform"):
            log.need_models(what="this test")
    with open_log(path, models=False, labels=False) as log:
        assert log.warnings == () and log.models is None
    connection = ibis.duckdb.connect(str(path), read_only=True)
    with open_log((connection, "generations")) as log:
        assert log.models is None and len(log.warnings) == 2
    with pytest.raises(LogError, match="the models table does not conform"):
        open_log((connection, "generations"), models="models")
    connection.disconnect()


OTHER_MODELS = pa.table({"name": ["bert"], "auc": [0.9]})


def test_files_of_ones_own_beside_a_log_that_is_no_run_are_left_out_with_a_word(tmp_path, whole):
    write(tmp_path / "log" / "a.parquet")
    own = write(tmp_path / "models.parquet", OTHER_MODELS)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "mine.parquet").write_text("no Parquet")
    with open_log(tmp_path) as log:
        assert numbers(log) == whole and log.models is None and log.labels is None
        labels, models = log.warnings
        assert f"{own} does not conform to the log contract: required column 'model' is missing" in models
        assert "mine.parquet: not Parquet that can be read" in labels
        assert all(warning.endswith(". The log is read without it.") for warning in log.warnings)
    with pytest.raises(LogError, match=r"models\.parquet does not conform"):
        open_log(tmp_path, models=own, labels=False)


def test_the_side_tables_of_a_run_must_conform(tmp_path):
    run = run_folder(tmp_path / "run")
    write(run / "models.parquet", OTHER_MODELS)
    with pytest.raises(LogError, match=r"models\.parquet does not conform"):
        open_log(run)
    (run / "models.parquet").write_text("no Parquet")
    with pytest.raises(LogError, match=r"models\.parquet: not Parquet"):
        open_log(run)


def test_named_side_tables_must_conform(tmp_path):
    log = write(tmp_path / "log.parquet")
    own = write(tmp_path / "own.parquet", OWN_MODELS)
    with pytest.raises(LogError, match=r"own\.parquet does not conform.*'model' is missing"):
        open_log(log, models=own)
    with pytest.raises(LogError, match=r"acme/one: no such file or folder, for the models table"):
        open_log(log, models="acme/one")
    with open_log(
        log, models=write(tmp_path / "m.parquet", MODELS), labels=write(tmp_path / "l.pq", LABELS)
    ) as both:
        assert both.models is not None and both.labels is not None


def run_folder(path):
    write(path / "log" / "week=2025-01-06" / "a.parquet")
    write(path / "models.parquet", MODELS)
    content = {
        "title": "Ours",
        "start": "2025-01-01",
        "end": "2025-05-31",
        "versions": {"glass_slipper": "0"},
    }
    (path / "manifest.json").write_text(json.dumps(content))
    return path


FOREIGN = [
    '{"sourceBucket": "x", "files": []}',
    '{"start": "2020-01-01", "end": "2020-02-01"}',
    "[]",
    "no json",
]


@pytest.mark.parametrize("content", FOREIGN)
def test_another_tools_manifest_is_no_run(tmp_path, whole, content):
    log = tmp_path / "log"
    write(log / "data.parquet")
    for place in (log / "2025-04-01T00-00Z", log, tmp_path):
        place.mkdir(exist_ok=True)
        (place / "manifest.json").write_text(content)
        assert not runs.is_run(place)
        assert found(log) == whole
    with open_log(log) as opened:
        assert opened.manifest is None and opened.warnings == ()
    assert runs.own_run(log) is None


@pytest.mark.parametrize("content", [*FOREIGN, "[" * 100_000, "{}", '{"versions": {"glass_slipper": "0"}}'])
def test_readers_and_writers_agree_whose_a_manifest_is(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    try:
        files.check(tmp_path, ["manifest.json"], None)
    except files.Foreign:
        assert not runs.is_run(tmp_path)
    else:
        assert runs.is_run(tmp_path)


def test_a_run_is_known_by_its_manifest(tmp_path):
    run = run_folder(tmp_path / "world" / "seed1")
    assert runs.own_run(run) == runs.own_run(run / "log") == run
    with pytest.raises(LogError, match=r"holds 1 run folder, not one log; name one, such as .*seed1"):
        open_log(tmp_path)
    with open_log(run) as log:
        assert log.name == "Ours" and log.models is not None
    with open_log(run, models=False) as log:
        assert log.models is None


@pytest.mark.parametrize("end", ["9999-12-31", "2024-12-31", "soon", None])
def test_a_manifest_with_days_that_cannot_be_is_refused(tmp_path, end):
    run = run_folder(tmp_path / "run")
    content = json.loads((run / "manifest.json").read_text()) | {"end": end}
    (run / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(LogError, match=r"manifest\.json: not a manifest with a start and an end"):
        open_log(run)


def test_commands_leave_out_a_side_table_and_say_what_was_left_out(tmp_path, capsys):
    path = database(tmp_path / "w.duckdb", {"gw.generations": ROWS, "gw.models": OWN_MODELS})
    argv = ["verdict", str(path), "--table", "gw.generations", "--model", "x/m0", "--simulations", "0"]
    assert cli.main(argv) == 0
    shown = capsys.readouterr().out
    assert shown.index("Warning: its table 'models'") < shown.index("x/m0")
    assert cli.main([*argv, "--json"]) == 0
    assert "does not conform" in json.loads(capsys.readouterr().out)["warnings"][0]
    assert cli.main([*argv, "--no-models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []
    assert cli.main([*argv, "--models", str(write(tmp_path / "own.parquet", OWN_MODELS))]) == 2
    assert "own.parquet does not conform" in capsys.readouterr().err
    assert cli.main([*argv, "--quiet"]) == 0
    assert "slipper verdict: warning: its table 'models'" in capsys.readouterr().err
