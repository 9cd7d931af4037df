"""Work on a real Dask cluster: what a killed worker was at is done by another one, once; what is in the way is told."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim.scenario.shipped import WORLDS
from testbed import cluster as clusters
from testbed.cluster import Cluster
from testbed.experiment import reading
from testbed.experiment.engine import Dask
from testbed.failure import BadInput, Failure
from tests.command_line import slipper
from tests.testbed.experiment import carriers, made

WORLD = [str(WORLDS / "one-frontier-model.yaml"), "--users", "150", "--set", "end=2025-03-31"]


def killed_once(function: Callable[[Any], Any], mark: Path, item: Any) -> Any:
    """The first part that any worker begins ends with its process, in the middle of a file."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return function(item)
    from sim.gateway import log

    def die(table: Any, file: Path) -> None:
        file.write_bytes(b"PAR1 and no more")
        os.kill(os.getpid(), signal.SIGKILL)

    log.write_log_file = die
    return function(item)


class Unlucky(Cluster):
    """A cluster of which a worker is killed."""

    mark: Path

    def carry(self, function, items):
        return super().carry(functools.partial(killed_once, function, self.mark), items)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a run but the manifest, which tells times."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    del found["manifest.json"]
    return found


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


@pytest.fixture
def processes(cluster) -> Iterator[Callable[[], set[int]]]:
    """Says which processes the workers are."""
    import distributed

    with distributed.Client(cluster, set_as_default=False) as client:
        yield lambda: set(client.run(os.getpid).values())


@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_loses_nothing_of_a_log_and_doubles_nothing(
    capsys, tmp_path, monkeypatch, cluster, processes
):
    monkeypatch.setattr(clusters, "Cluster", Unlucky)
    Unlucky.mark = tmp_path / "a worker was killed"
    assert slipper(capsys, "simulate", *WORLD, "--out", tmp_path / "threads", "--quiet")[0] == 0
    before = processes()
    assert len(before) == 2 and os.getpid() not in before
    options = [
        "--engine",
        "dask",
        "--address",
        cluster.scheduler_address,
        "--out",
        tmp_path / "dask",
        "--quiet",
    ]
    status, said, err = slipper(capsys, "simulate", *WORLD, *options)
    assert (status, Unlucky.mark.exists()) == (0, True), err
    assert before - processes()
    run = Path(said.strip())
    assert contents(run) == contents(tmp_path / "threads" / run.parent.name / run.name)
    assert [path.name for path in run.parent.iterdir()] == [run.name]


@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_loses_no_run_of_an_experiment_and_doubles_none(tmp_path, cluster, processes):
    """It is killed when the third run has come back."""
    few = made.TINY.replace("users: 3000", "users: 300")
    tasks = [cell.task for cell in reading.load(made.write(tmp_path, few)).cells]
    records = []
    for record in Dask(cluster.scheduler_address, 2, carriers.slow_answer).run(tasks):
        records.append(record)
        if len(records) == 3:
            os.kill(processes().pop(), signal.SIGKILL)
    assert carriers.comparable(records) == carriers.comparable(carriers.Serial(carriers.answer).run(tasks))
    # The cluster goes on, for real.
    real = [
        carriers.comparable(one.run(tasks[:1]))
        for one in (Dask(cluster.scheduler_address, 2), carriers.Serial())
    ]
    assert real[0] == real[1] and len(real[0]) == 1


class Deadly(Future):
    """A task whose worker died each time."""

    def __init__(self, key: str) -> None:
        super().__init__()
        from distributed.scheduler import KilledWorker

        self.key, self.release = key, lambda: None
        self.set_exception(KilledWorker(key, None, 3))


class Graveyard:
    """A client of a scheduler whose workers die of whatever they are given."""

    def nthreads(self) -> dict[str, int]:
        return {"w": 1}

    def submit(self, function: Any, item: Any, *, key: str, **options: Any) -> Deadly:
        return Deadly(key)


def test_a_task_whose_worker_dies_each_time_is_told(tmp_path, monkeypatch):
    """A part of a log ends the command; a run of an experiment fails alone."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(Cluster, "_connect", lambda self: contextlib.nullcontext(Graveyard()))
    with Cluster(None, 1) as cluster, pytest.raises(Failure, match="its process died 4 times"):
        list(cluster.carry(str, [1]))
    tasks = [cell.task for cell in reading.load(made.write(tmp_path, made.TINY)).cells][:2]
    found = carriers.comparable(Dask(None, 1).run(tasks))
    assert [found[task.key]["status"] for task in tasks] == ["failed", "failed"]
    assert all(one["error"].startswith("its process died 4 times") for one in found.values())


def test_what_stands_in_the_way_of_a_cluster_is_told_before_anything_is_simulated(
    capsys, tmp_path, monkeypatch
):
    pytest.importorskip("distributed")
    monkeypatch.setattr(clusters, "ANSWER_S", 0.3)
    monkeypatch.setattr("sim.runs.run_agents", None)

    def said(*options: str) -> tuple[int, str]:
        status, _, err = slipper(capsys, "simulate", *WORLD, *options, "--out", tmp_path, "--quiet")
        return status, err

    status, err = said("--engine", "dask", "--address", "tcp://127.0.0.1:9")
    assert status == 1 and "no Dask scheduler answers at tcp://127.0.0.1:9" in err and "Traceback" not in err
    with pytest.raises(Failure, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(Dask("tcp://127.0.0.1:9", 1).run([]))
    status, err = said("--engine", "dask", "--address", "head:8786")
    assert status == 2 and "expected a scheduler such as tcp://HOST:8786, not 'head:8786'" in err
    status, err = said("--address", "tcp://127.0.0.1:9")
    assert status == 2 and "give --engine dask" in err
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, err = said("--engine", "dask")
    assert status == 2 and "install 'glass-slipper[cluster]'" in err
    with pytest.raises(BadInput, match=r"install 'glass-slipper\[cluster\]'"):
        Dask(None, 1)
    assert list(tmp_path.iterdir()) == []


class Answers:
    """A client of a scheduler: its workers with their threads, and what each says."""

    def __init__(self, threads: dict[str, int], said: dict[str, Any]) -> None:
        self.nthreads, self.run = lambda: threads, lambda function, on_error: said
        self.scheduler = SimpleNamespace(address="tcp://head:1")

    def wait_for_workers(self, n: int, timeout: float) -> None:
        raise TimeoutError


@pytest.mark.parametrize(("threads", "said", "why"), [
    ({}, {}, "the Dask scheduler at tcp://head:1 has no workers; start some with `dask worker tcp://head:1`"),
    ({"w": 1}, {"w": ImportError("No module named 'sim'")}, "worker w cannot take part: it has no glass-slipper"),
])  # fmt: skip
def test_workers_that_are_not_there_or_know_nothing_of_the_project(threads, said, why):
    pytest.importorskip("distributed")
    cluster = Cluster(None, 1)
    cluster._client = Answers(threads, said)
    with pytest.raises(Failure, match=why):
        cluster.everywhere(str)


def test_an_interrupted_command_says_what_it_leaves(capsys, tmp_path, monkeypatch):
    pytest.importorskip("distributed")

    class Stopped(Cluster):
        def __enter__(self):
            return self

        def places(self):
            return 1

        def everywhere(self, function):
            return {"here": function()}

        def carry(self, function, items):
            yield function(items[0])
            raise KeyboardInterrupt

    monkeypatch.setattr(clusters, "Cluster", Stopped)
    status, _, err = slipper(capsys, "simulate", *WORLD, "--engine", "dask", "--out", tmp_path, "--quiet")
    (left,) = (tmp_path / "one-frontier-model").iterdir()
    assert status == 130 and left.name.startswith(".begun-seed1-")
    assert f"1 block of the log is whole and stays in {left}: the same command goes on from there" in err
