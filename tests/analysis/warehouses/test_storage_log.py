"""A log in Parquet files on object storage. No network: a storage in memory stands in for S3, and a web server on
loopback is asked where DuckDB's extension httpfs is installed."""

from __future__ import annotations

import functools
import http.server
import threading
from typing import Any

import duckdb
import pytest

from analysis.queries import cost, usage
from analysis.sources.errors import LogError
from analysis.sources.opening import open_log
from analysis.sources.warehouses import storage
from testbed import cli
from testbed.commands.analyze import results_folder
from tests.analysis.warehouses.alike import assert_alike


@pytest.fixture
def bucket(run_folder, monkeypatch):
    """A bucket in memory that holds a run, and scratch; `put(name)` adds what is no Parquet."""
    base: Any = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem

    class Bucket(base):
        protocol = ("s3",)

    monkeypatch.setattr(Bucket, "store", {})
    monkeypatch.setattr(Bucket, "pseudo_dirs", [""])
    held = Bucket(skip_instance_cache=True)
    for path in run_folder.rglob("*.parquet"):
        place = path.relative_to(run_folder).as_posix()
        for name in (f"s3://b/run/{place}", f"s3://b/run/log/_old/{path.name}"):
            with held.open(name, "wb") as file:
                file.write(path.read_bytes())

    def prepare(connection, where):
        connection.con.register_filesystem(held)

    monkeypatch.setattr(storage, "prepare", prepare)

    def put(name):
        with held.open(name, "wb") as file:
            file.write(b"{}")

    return put


@pytest.mark.parametrize(
    "where", ["s3://b/run", "s3://b/run/", "s3://b/run/log/*/*.parquet", "S3://b/run/log"]
)
def test_a_log_in_a_bucket_is_the_log(log, bucket, where):
    models = None if where.rstrip("/").endswith("run") else "s3://b/run/models.parquet"
    with open_log(where, models=models) as found:
        assert found.name == where.rstrip("/").removesuffix("/*/*.parquet").rpartition("/")[2]
        assert found.rows == log.rows and found.models is not None
        assert (found.labels is None) == (models is not None)
        for query in (usage.weekly_by_model, cost.list_price):
            assert_alike(query(log), query(found).assign(**_complete(query(log))), query.name)


def _complete(frame):
    """Whether weeks are complete: a run's manifest knows, which is not read from a bucket."""
    return {"complete": frame["complete"]} if "complete" in frame else {}


def test_a_table_format_in_a_bucket_is_refused(bucket):
    bucket("s3://b/run/_delta_log/00000.json")
    with pytest.raises(LogError, match=r"s3://b/run: a Delta table.*delta_scan\('s3://b/run'\)"):
        open_log("s3://b/run")


@pytest.mark.parametrize(("where", "said"), [
    ("s3://b/nothing", "no Parquet files there"),
    ("s3://b/run/none.parquet", "not Parquet that can be read there"),
    ("https://localhost/*.parquet", "a web server lists nothing: name one file"),
])  # fmt: skip
def test_what_is_not_there_is_told(bucket, where, said):
    with pytest.raises(LogError, match=said):
        open_log(where)


def test_without_the_extension_it_says_how_to_get_it(monkeypatch, tmp_path):
    from ibis.backends.duckdb import Backend

    real = Backend.raw_sql

    def raw_sql(self, query):
        if query == "LOAD httpfs":
            raise duckdb.IOException("Extension httpfs not found")
        return real(self, query)

    monkeypatch.setattr(Backend, "raw_sql", raw_sql)
    with pytest.raises(LogError, match=r"extension httpfs, which cannot be loaded.*INSTALL httpfs"):
        open_log("s3://b/run")


def test_keys_come_from_the_environment_and_no_message_repeats_them(monkeypatch):
    keys = {
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "hu'sh",
        "AWS_ENDPOINT_URL": "http://localhost:9000",
    }
    said = storage._secret("s3", keys)
    assert said is not None and "KEY_ID 'me', SECRET 'hu''sh', ENDPOINT 'localhost:9000'" in said
    assert (
        "USE_SSL false" in said
        and storage._secret("s3", {}) is None
        and storage._secret("https", keys) is None
    )

    class Engine:
        def raw_sql(self, statement):
            if "SECRET" in statement:
                raise duckdb.InvalidInputException(statement)

    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LogError, match="AWS_ACCESS_KEY_ID") as error:
        storage.prepare(Engine(), "s3://b/run")
    assert "hu" not in str(error.value) and error.value.__suppress_context__


@pytest.mark.parametrize("where", [
    "https://me:hush@localhost/a.parquet", "https://localhost/a.parquet?X-Amz-Signature=hush", "s3://b/x?s3_secret=hush",
])  # fmt: skip
def test_an_address_with_a_secret_is_refused_and_not_repeated(where, capsys):
    assert cli.main(["inspect", where]) == 2
    told = capsys.readouterr()
    assert "hush" not in told.out + told.err and "in the address can be read by everybody" in told.err


def test_results_have_a_folder_by_the_last_name():
    for where in ("s3://b/run", "s3://b/run/*.parquet", "https://h/a/run.parquet"):
        assert str(results_folder(where, None)) == "run-analysis"


def test_a_file_on_a_web_server_is_the_log(log, run_folder, tmp_path):
    try:
        duckdb.connect().execute("LOAD httpfs")
    except duckdb.Error:
        pytest.skip(f"DuckDB's extension httpfs is not installed: {storage.INSTALL}")
    with open_log(run_folder) as run:
        run.connection.to_parquet(run.generations, tmp_path / "log.parquet")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with open_log(f"http://127.0.0.1:{server.server_port}/log.parquet") as found:
                assert found.rows == log.rows
        finally:
            server.shutdown()
