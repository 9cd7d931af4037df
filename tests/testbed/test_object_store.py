"""A run goes into an object store, a real server on loopback: the same bytes, whoever of the workers is killed."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sim.gateway import object_store
from sim.gateway.run_folder import RunError
from testbed import cluster as clusters
from testbed.cluster import Cluster
from tests.command_line import slipper
from tests.testbed.test_cluster import WORLD, contents

SECRET = "hush-hush-0123456789"


@pytest.fixture
def bucket(monkeypatch):
    """The address of an empty bucket."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    object_store._system.cache_clear()
    from pyarrow import fs

    fs.S3FileSystem(
        endpoint_override=f"{host}:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
    ).create_dir("bucket")
    yield "s3://bucket/runs"
    server.stop()
    object_store._system.cache_clear()


def killed_after_a_block(function: Callable[[Any], Any], mark: Path, item: Any) -> Any:
    """The first block that any worker puts ends with its process before it is told of."""
    from sim.gateway.object_store import StoreSite

    keep = StoreSite.keep

    def die(self: StoreSite, aside: Path, marks: Any) -> None:
        keep(self, aside, marks)
        if marks and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    StoreSite.keep = die  # type: ignore[method-assign]
    try:
        return function(item)
    finally:
        StoreSite.keep = keep  # type: ignore[method-assign]


class Unlucky(Cluster):
    """A cluster of which a worker is killed."""

    mark: Path

    def carry(self, function, items):
        return super().carry(functools.partial(killed_after_a_block, function, self.mark), items)


@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_doubles_nothing_in_a_store(capsys, tmp_path, monkeypatch, bucket):
    pytest.importorskip("distributed")
    monkeypatch.setattr(clusters, "Cluster", Unlucky)
    Unlucky.mark = tmp_path / "a worker was killed"
    status, said, _ = slipper(capsys, "simulate", *WORLD, "--out", tmp_path / "threads", "--quiet")
    folder = Path(said.strip())
    words = ["simulate", *WORLD, "--engine", "dask", "--workers", "2", "--out", bucket, "--quiet"]
    status, said, err = slipper(capsys, *words)
    assert (status, Unlucky.mark.exists()) == (0, True), err
    assert said.strip() == f"{bucket}/{folder.parent.name}/{folder.name}"
    store = object_store.Store(said.strip())
    there = {name: store.read(name) for name in store.sizes()}
    manifest = there.pop("manifest.json")
    assert there == contents(folder)
    assert SECRET not in err and all(SECRET.encode() not in one for one in (manifest, *there.values()))
    # It is whole: it is used again, whatever the cluster is.
    monkeypatch.setattr(clusters, "Cluster", lambda *_: ExitStack())
    monkeypatch.setattr("sim.runs.run_agents", None)
    assert slipper(capsys, *words)[:2] == (0, said)
    # Something else in its place is left.
    (tmp_path / "notes").write_text("mine")
    store.put("notes", tmp_path / "notes")
    status, _, err = slipper(capsys, *words, "--fresh")
    assert status == 1 and f"{store.url}/notes: slipper did not write this" in err
    assert store.read("manifest.json") == manifest


@pytest.mark.parametrize(("out", "options", "status", "why"), [
    ("s3://me:hush@bucket/runs", ["--engine", "dask"], 2, "address"),
    ("s3://bucket/runs", [], 2, "give --engine dask"),
    ("ftp://host/runs", ["--engine", "dask"], 2, "expected a folder, or an object store such as s3://bucket/runs"),
    ("s3://", ["--engine", "dask"], 2, "expected a folder, or an object store"),
    ("s3://none/runs", ["--engine", "dask"], 1, "s3://none/runs/one-frontier-model/seed1-"),
])  # fmt: skip
def test_what_is_no_store_is_told_before_anything_is_simulated(
    capsys, monkeypatch, bucket, out, options, status, why
):
    pytest.importorskip("distributed")
    monkeypatch.setattr(Cluster, "__enter__", lambda self: self)
    monkeypatch.setattr(Cluster, "everywhere", lambda self, function: {"here": function()})
    monkeypatch.setattr("sim.runs.run_agents", None)
    found, _, err = slipper(capsys, "simulate", *WORLD, "--out", out, *options, "--quiet")
    assert found == status and why in err and "hush" not in err


def test_a_run_that_lacks_an_object_is_not_published(tmp_path, bucket):
    from analysis.contract.files import Mark

    site = object_store.site_of(object_store.Store(f"{bucket}/world/seed1"))
    with pytest.raises(RunError, match=r"log/week=1/part-00000\.parquet: not there as it was written"):
        site.complete(tmp_path, {}, {"log/week=1/part-00000.parquet": Mark(5, "")})
    assert site.store.read("manifest.json") is None and object_store.manifest_in(site.store) is None
