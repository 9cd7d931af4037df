"""Engines give the same records, whichever they are, and lose nothing when a process dies."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

import sim
from testbed.experiment import reading
from testbed.experiment.engine import Processes
from testbed.experiment.runs import Task, carry_out, run_is_there
from tests.testbed.experiment import carriers, made


@pytest.fixture(scope="module")
def tasks(tmp_path_factory) -> list[Task]:
    plan = reading.load(made.write(tmp_path_factory.mktemp("plan")))
    return [cell.task for cell in plan.cells]


@pytest.fixture(scope="module")
def serial(tasks):
    """What one run after the other gives, of the first two arms."""
    return carriers.comparable(carriers.Serial().run(tasks[:2]))


def test_a_run(tasks, serial):
    assert len(serial) == 2
    for record in serial.values():
        assert record["status"] == "done" and record["version"]
        assert {answer["status"] for answer in record["patterns"].values()} == {"ok"}
    base, fit = (serial[task.key]["patterns"]["launch"] for task in tasks[:2])
    assert base["holds"] and not fit["holds"]  # the tiny world shows what the experiment is about


def test_a_process_gives_what_serial_gives(tasks, serial):
    """One process, since each imports all that a run needs: what two share is tested with carriers that need little."""
    assert carriers.comparable(Processes(1).run(tasks[:2])) == serial


def test_a_process_that_dies_takes_no_run_with_it(tasks, tmp_path, monkeypatch):
    monkeypatch.setenv("SLIPPER_TEST_MARKS", str(tmp_path))
    found = carriers.comparable(Processes(2, carriers.die_once).run(tasks[:4]))
    assert found == carriers.comparable(carriers.Serial(carriers.answer).run(tasks[:4]))
    assert len(list(tmp_path.iterdir())) == 4  # each had died once


def test_how_far_a_run_is_is_told_and_is_no_record(tasks):
    told = []
    found = carriers.comparable(
        Processes(2, carriers.told_answer).run(tasks[:4], lambda key, part: told.append((key, part)))
    )
    assert found == carriers.comparable(carriers.Serial(carriers.answer).run(tasks[:4]))
    assert sorted(told) == sorted((task.key, 0.5) for task in tasks[:4])


def test_a_run_tells_how_far_it_is(tasks, tmp_path):
    parts: list[float] = []
    carry_out(tasks[0], parts.append)
    assert parts == sorted(parts) and len(parts) >= 4 and 0 < parts[0] < 0.1 and 0.65 <= parts[-1] < 1


def test_a_run_that_kills_its_process_each_time_fails_alone(tasks, monkeypatch):
    monkeypatch.setenv("SLIPPER_TEST_UNLUCKY", str(tasks[4].seed))
    found = carriers.comparable(Processes(2, carriers.die).run(tasks[3:6]))
    states = [found[task.key]["status"] for task in tasks[3:6]]
    assert states == ["done", "failed", "failed"]  # both arms of the unlucky replicate
    assert "died 3 times (status 9)" in found[tasks[4].key]["error"]
    assert {answer["status"] for answer in found[tasks[4].key]["patterns"].values()} == {"failed"}


def test_an_engine_that_is_closed_early_ends_its_processes(tasks):
    import multiprocessing

    running = Processes(2, carriers.slow_answer).run(tasks)
    assert isinstance(running, Generator)
    next(running)
    assert len(multiprocessing.active_children()) == 2
    began = time.monotonic()
    running.close()
    assert not multiprocessing.active_children() and time.monotonic() - began < 5


def test_a_failing_run_is_a_record_with_its_traceback(tasks):
    import dataclasses

    lost = dataclasses.replace(tasks[0], scenario="/nowhere/at-all.yaml")
    record = carry_out(lost)
    assert record["status"] == "failed" and "no such file" in record["error"]
    assert "Traceback" in record["trace"] and record["patterns"]["launch"]["status"] == "failed"
    other = carry_out(dataclasses.replace(tasks[0], digest="of another version"))
    assert other["status"] == "failed" and "install the same version" in other["error"]


def test_a_pattern_that_breaks_is_one_failed_answer(tasks, monkeypatch):
    from testbed.patterns import registry

    def broken(outcome, model: str, k: int = 3, margin: float = 0.1):
        raise ZeroDivisionError("in the pattern")

    known = registry.patterns()["launch-cohort-stands-out"]
    monkeypatch.setitem(
        registry._REGISTRY, known.name, registry.Pattern(known.name, broken, known.needs, known.about)
    )
    record = carry_out(tasks[0])
    assert record["status"] == "done" and record["patterns"]["kept"]["status"] == "ok"
    answer = record["patterns"]["launch"]
    assert (
        answer["status"] == "failed"
        and "ZeroDivisionError" in answer["why"]
        and "Traceback" in answer["trace"]
    )


def test_a_run_that_needs_its_log_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = made.TINY.replace("users: 3000", "users: 60") + "  tokens: {is: C10}\n"
    task = reading.load(made.write(tmp_path, text)).cells[0].task
    record = carry_out(task)
    assert (
        task.needs == "log" and record["status"] == "done" and record["patterns"]["tokens"]["holds"] is True
    )
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_a_kept_run_stays_and_one_that_is_there_is_used(tmp_path, monkeypatch):
    text = made.TINY.replace("users: 3000", "users: 60") + "  tokens: {is: C10}\n"
    task = reading.load(made.write(tmp_path, text)).cells[0].task
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    placed = replace(task, home=str(tmp_path / "out"), scratch=str(scratch))
    simulated = []

    def run_world(world, *, out, **options):
        simulated.append(Path(out).parent)
        return run_for_real(world, out=out, **options)

    run_for_real = sim.run_world
    monkeypatch.setattr(sim, "run_world", run_world)
    first = carry_out(placed)
    assert first["status"] == "done" and simulated == [scratch]
    assert not (tmp_path / "out").exists() and not list(scratch.iterdir())
    kept = carry_out(replace(placed, keep=True))
    (run,) = (tmp_path / "out" / "one-frontier-model").iterdir()
    assert kept["patterns"] == first["patterns"] and run_is_there(run)
    monkeypatch.setattr("sim.runs.run_agents", None)  # it is not simulated again
    assert carry_out(placed)["patterns"] == first["patterns"]
