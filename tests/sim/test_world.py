"""Runs: the same bytes however they are made, whole or absent whatever happens, named by what decides their data."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import sim
import sim.traffic.blocks as traffic_module
from sim.gateway.manifest import census
from sim.progress import PHASES
from sim.runs import log_writer
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import World, load_world
from tests.sim.traffic_world import merged, scenario_file, write_scenario

# Fourteen weeks in which workloads search, embed, look at rivals and lose a model; popularity off, so that nobody's
# choices hang on anybody else's.
SEARCHING: dict[str, Any] = {
    "users": 150,
    "end": "2025-04-13",
    "models": {
        "acme/plain": {"reach": 1.0, "ability": 0.4},
        "acme/next": {"released": "2025-02-10", "reach": 0.9, "ability": 0.9, "price_usd_per_mtok": 2.0},
        "later/third": {"released": "2025-03-10", "reach": 0.9, "ability": 1.2, "price_usd_per_mtok": 1.5},
        "gone/soon": {"released": "2024-10-01", "retired": "2025-02-20", "reach": 1.0, "ability": 0.6,
                      "price_usd_per_mtok": 0.8},
    },
    "population": {"initial_share": 0.4, "segments": {"developer": {"workloads": 1.5, "regularity": 0.8}}},
    "workloads": {"hardness": {"normal": {"mean": 0.5, "sd": 0.6}}, "requests_per_day": 1.0, "later_start_days": 20},
    "mechanisms": {"intermittency": "on", "volume_unlock": "on"},
    "search": {"look_every_days": 3},
}  # fmt: skip


def searching(folder: Path, **changes: Any) -> Path:
    return scenario_file(folder, **merged(SEARCHING, changes))


def digests(run: Path) -> dict[str, str]:
    """Hash of every file of a run folder; of the manifest without its timings, the one thing that may differ."""
    found = {}
    for file in sorted(run.rglob("*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if file.name == "manifest.json":
            manifest = json.loads(data)
            del manifest["timings_s"]
            data = json.dumps(manifest).encode()
        found[str(file.relative_to(run))] = hashlib.sha256(data).hexdigest()
    return found


@pytest.fixture(scope="module")
def world_file(tmp_path_factory):
    return searching(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def reference(world_file, tmp_path_factory):
    """A run of the world, and the hashes of its files."""
    run = sim.run(world_file, out=tmp_path_factory.mktemp("reference"), workers=1)
    return run, digests(run.path)


# --- the same bytes ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_small_blocks(world_file, tmp_path_factory):
    """The hashes of a run whose blocks are small, so that workers have much to get out of order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic_module, "BLOCK_USERS", 16)
        expected = digests(sim.run(world_file, out=tmp_path_factory.mktemp("blocks"), workers=1).path)
    assert sum(name.startswith("log/") for name in expected) > 100
    return expected


@pytest.mark.parametrize("workers", [2, 5])  # with one it is made again in another process, below
def test_the_same_world_gives_the_same_bytes_with_any_number_of_workers(
    monkeypatch, world_file, in_small_blocks, tmp_path, workers
):
    monkeypatch.setattr(traffic_module, "BLOCK_USERS", 16)
    assert digests(sim.run(world_file, out=tmp_path, workers=workers).path) == in_small_blocks


def test_another_process_with_another_hash_seed_gives_the_same_bytes(world_file, reference, tmp_path):
    code = "import sim, sys; print(sim.run(sys.argv[1], out=sys.argv[2]).path)"
    done = subprocess.run([sys.executable, "-c", code, str(world_file), str(tmp_path)], capture_output=True, text=True,
                          check=True, env={**os.environ, "PYTHONHASHSEED": "123"})  # fmt: skip
    assert digests(Path(done.stdout.strip())) == reference[1]


def test_another_seed_gives_other_bytes(world_file, reference, tmp_path):
    other = digests(sim.run(world_file, seed=2, out=tmp_path, workers=2).path)
    for name, digest in reference[1].items():
        # events and the catalogue are the market's own: no draw touches them
        same = name in (
            "models.parquet",
            *(f"truth/{table}.parquet" for table in ("events", "abilities", "reach")),
        )
        assert (other.get(name) == digest) == same, name


def records(world: World) -> pd.DataFrame:
    """The log and its labels as one table, ordered by id; no file is written."""
    writer = log_writer(run_agents(world))
    tables, labels = [], []
    for week, block in writer.traffic.tasks():
        made = writer.traffic.records(week, block)
        tables.append(writer.table(made, block).to_pandas())
        labels.append(writer.labels_table(made, writer.table(made, block), block).to_pandas())
    said = (
        pd.concat(labels).groupby("generation_id").agg(path=("path", tuple), confidence=("confidence", tuple))
    )
    frame = pd.concat(
        [table.astype({c: object for c in table if table[c].dtype == "category"}) for table in tables]
    )
    return frame.merge(said, how="left", on="generation_id").sort_values("generation_id", ignore_index=True)


@pytest.fixture(scope="module")
def all_records(world_file):
    return records(load_world(world_file))


@pytest.mark.parametrize("size", [29, 149])
def test_the_size_of_a_block_groups_files_and_changes_no_record(monkeypatch, world_file, all_records, size):
    monkeypatch.setattr(traffic_module, "BLOCK_USERS", size)
    pd.testing.assert_frame_equal(records(load_world(world_file)), all_records)


def test_one_user_more_changes_nobody_elses_records(tmp_path):
    """Not even those of a large account, whose keys are numbered behind the users."""
    account = {
        "event": "large_account",
        "date": "2025-02-01",
        "model": "acme/plain",
        "users": 3,
        "requests_per_day": 30,
    }
    file = searching(tmp_path, calendar=[account])
    few, many = records(load_world(file)), records(load_world(file, users=151))
    assert few.groupby("account_id")["user_id"].nunique().max() == 3
    new = set(many["user_id"]) - set(few["user_id"])
    assert len(new) == 1
    old = many[~many["user_id"].isin(new)].reset_index(drop=True)
    pd.testing.assert_frame_equal(old, few)


def test_a_model_less_changes_nothing_before_its_release(all_records, tmp_path):
    whole = all_records
    without = records(load_world(searching(tmp_path, models={"acme/next": None})))
    assert (whole["model"] == "acme/next").any()
    release = pd.Timestamp("2025-02-10", tz="UTC")
    before = [frame[frame["created_at"] < release].reset_index(drop=True) for frame in (whole, without)]
    assert len(before[0]) > 1000
    pd.testing.assert_frame_equal(*before)
    after = [set(frame.loc[frame["created_at"] >= release, "generation_id"]) for frame in (whole, without)]
    assert after[0] != after[1]


def test_a_switch_leaves_the_luck_of_others_alone(world_file):
    """Without rivals' trials, homes before anyone looks at a rival are as they were: draws are shared between arms."""
    on, off = (
        load_world(world_file, settings=[f"mechanisms.rival_trials={switch}"]) for switch in ("on", "off")
    )
    agents = [run_agents(world) for world in (on, off)]
    first = []
    for run in agents:
        spells = pd.DataFrame(run.spells)
        homes = spells[spells["kind"] == 1].groupby("workload")[["model", "start"]].first()
        first.append(homes)
    pd.testing.assert_frame_equal(*first)
    assert len(agents[0].spells["workload"]) > len(agents[1].spells["workload"])


# --- the run's name ----------------------------------------------------------------------------------------------


def run_id(file: Path, **how: Any) -> str:
    return load_world(file, **how).run_id


def test_the_runs_name_tells_seed_and_everything_else_that_decides_the_data(world_file, tmp_path):
    base = run_id(world_file)
    assert base == run_id(world_file)
    assert base.startswith("seed1-")
    changed = [
        run_id(world_file, seed=2),
        run_id(world_file, users=151),
        run_id(world_file, settings=["mechanisms.lock_in.strength=1.6"]),
        run_id(world_file, settings=["mechanisms.fit=off"]),
        run_id(world_file, settings=["traffic.volume=2"]),
        run_id(searching(tmp_path, end="2025-04-14")),
        run_id(searching(tmp_path, models={"acme/next": {"ability": 0.91}})),
        run_id(searching(tmp_path, population={"countries": {"GB": {"utc_offset_hours": 1}}})),
    ]
    assert len({base, *changed}) == len(changed) + 1


def test_the_runs_name_does_not_tell_words_or_places(world_file, tmp_path):
    base = run_id(world_file)
    assert run_id(searching(tmp_path, title="Another title", question="Another question?")) == base
    models = load_world(world_file).catalogue.models
    assert run_id(searching(tmp_path, look_at=[models[0].slug])) == base
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert run_id(write_scenario(folder, {"extends": str(world_file)}, "child")) == base


def test_the_runs_name_changes_with_the_catalogue_and_the_paths_of_labels(tmp_path):
    shutil.copytree(WORLDS / "catalogue", tmp_path / "catalogue")
    shutil.copy(WORLDS / "label_paths.csv", tmp_path)
    file = write_scenario(tmp_path, {"extends": str(WORLDS / "report-small.yaml"), "users": 50}, "mine")
    base = run_id(file)
    assert base == run_id(file)
    for name in (
        "catalogue/abilities.csv",
        "catalogue/prices.csv",
        "catalogue/providers.csv",
        "label_paths.csv",
    ):
        text = (tmp_path / name).read_text()
        header, first, rest = text.split("\n", 2)
        cells = first.split(",")
        at = {"catalogue/abilities.csv": 5, "catalogue/prices.csv": 2, "catalogue/providers.csv": 3,
              "label_paths.csv": 2}[name]  # fmt: skip
        cells[at] = str(float(cells[at]) + 0.01)
        (tmp_path / name).write_text("\n".join([header, ",".join(cells), rest]))
        assert run_id(file) != base, name
        (tmp_path / name).write_text(text)
    assert run_id(file) == base


# --- the run ------------------------------------------------------------------------------------------------------


def test_a_run_says_what_it_is(reference, world_file):
    run, files = reference
    manifest = run.manifest
    assert run.path.name == manifest["run_id"] == run_id(world_file)
    assert run.path.parent.name == manifest["scenario"] == "plain"
    assert (manifest["seed"], manifest["users"]) == (1, 150)
    assert (manifest["start"], manifest["end"]) == ("2025-01-06", "2025-04-13")
    assert manifest["versions"]["glass_slipper"]
    assert {"users", "workloads", "spells", "generations", "labels", "models"} <= set(manifest["counts"])
    assert all(isinstance(label, str) and isinstance(value, str) for label, value in manifest["census"])
    assert {name.split("/")[0] for name in files} == {
        ".slipper-files.json",
        "log",
        "labels",
        "truth",
        "models.parquet",
        "manifest.json",
    }
    assert {f"truth/{name}.parquet" for name in ("users", "workloads", "spells", "events")} <= set(files)
    assert not run.reused


def test_an_edited_title_or_question_is_told_without_a_new_simulation(tmp_path):
    out = tmp_path / "out"
    first = sim.run(searching(tmp_path, title="Old title", question="Old?"), out=out)
    before = {file: file.stat().st_mtime_ns for file in first.path.rglob("*")
              if file.is_file() and file.name != "manifest.json"}  # fmt: skip
    again = sim.run(searching(tmp_path, title="New title", question="New?"), out=out)
    assert again.reused and again.path == first.path
    stored = json.loads((again.path / "manifest.json").read_text())
    assert stored == again.manifest
    assert (stored["title"], stored["question"]) == ("New title", "New?")
    assert (stored["resolved"]["title"], stored["resolved"]["question"]) == ("New title", "New?")
    told = {"title", "question", "look_at", "resolved"}
    assert {k: v for k, v in stored.items() if k not in told} == {
        k: v for k, v in first.manifest.items() if k not in told
    }
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert not list(again.path.glob(".manifest*"))
    written = (again.path / "manifest.json").stat().st_mtime_ns
    assert sim.run(searching(tmp_path, title="New title", question="New?"), out=out).reused
    assert (again.path / "manifest.json").stat().st_mtime_ns == written  # nothing new, nothing written


def test_the_resolved_scenario_of_a_manifest_is_the_world_again(reference, tmp_path):
    run, _ = reference
    again = write_scenario(
        tmp_path, {k: v for k, v in run.manifest["resolved"].items() if v is not None}, "again"
    )
    assert run_id(again) == run.manifest["run_id"]


def test_a_complete_run_is_used_again_unless_fresh(world_file, tmp_path):
    first = sim.run(world_file, out=tmp_path, workers=1)
    marker = first.path / "tables"
    marker.mkdir()
    seen: list[sim.Progress] = []
    again = sim.run(world_file, out=tmp_path, workers=2, progress=seen.append)
    assert again.reused
    assert again == first
    assert marker.exists()
    assert seen == []
    fresh = sim.run(world_file, out=tmp_path, fresh=True)
    assert not fresh.reused
    assert fresh.path == first.path
    assert not marker.exists()
    other = sim.run(world_file, out=tmp_path, seed=5)
    assert not other.reused
    assert {path.name for path in (tmp_path / "plain").iterdir()} == {first.path.name, other.path.name}


def test_a_scenario_that_cannot_run_writes_nothing(world_file, tmp_path):
    with pytest.raises(sim.ScenarioError):
        sim.run(world_file, settings=["mechanisms.fitt=off"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_an_operating_system_error_that_names_it(world_file, tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    for out in (file, file / "below"):
        with pytest.raises(OSError, match="file"):
            sim.run(world_file, out=out)
    assert file.read_text() == "in the way"
    taken = tmp_path / "out" / "plain" / run_id(world_file)
    taken.parent.mkdir(parents=True)
    taken.write_text("in the way")
    with pytest.raises(OSError, match="seed1"):
        sim.run(world_file, out=tmp_path / "out")
    assert taken.read_text() == "in the way"
    assert [path.name for path in taken.parent.iterdir()] == [taken.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_is_an_operating_system_error(world_file, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        sim.run(world_file, out=tmp_path)


def test_a_full_disk_leaves_nothing(monkeypatch, world_file, tmp_path):
    calls = []

    def write(*_: object, **__: object) -> None:
        calls.append(1)
        if len(calls) > 9:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", write)
    with pytest.raises(OSError, match="No space left"):
        sim.run(world_file, out=tmp_path, workers=2)
    assert list((tmp_path / "plain").iterdir()) == []


# --- progress -----------------------------------------------------------------------------------------------------


def test_progress_goes_forward_through_the_phases(monkeypatch, world_file, tmp_path):
    monkeypatch.setattr("sim.progress.SECONDS_BETWEEN_REPORTS", 0)
    monkeypatch.setattr(traffic_module, "BLOCK_USERS", 40)
    seen: list[sim.Progress] = []
    run = sim.run(world_file, out=tmp_path, progress=seen.append)
    phases = [p.phase for p in seen]
    order = [PHASES.index(phase) for phase in phases]
    assert order == sorted(order)
    assert set(phases) == set(PHASES)
    for phase in PHASES:
        steps = [p for p in seen if p.phase == phase]
        assert all(a.done <= b.done for a, b in pairwise(steps))
        assert all(0 <= p.done <= p.total and p.total == steps[0].total for p in steps)
        assert steps[-1].done == steps[-1].total
    counts = [p.records for p in seen]
    assert counts == sorted(counts)
    assert counts[-1] == run.manifest["counts"]["generations"]
    days = [p.simulated for p in seen if p.phase == "market"]
    assert days == sorted(d for d in days if d is not None)
    assert days[-1] == dt.date(2025, 4, 13)


def test_progress_is_told_at_most_twenty_times_a_second(monkeypatch, world_file):
    clock = [0.0]

    def tick() -> float:
        clock[0] += 0.04
        return clock[0]

    monkeypatch.setattr("sim.progress.time.monotonic", tick)
    seen: list[float] = []
    run_agents(load_world(world_file), lambda p: seen.append(clock[0]) if p.phase == "market" else None)
    gaps = np.diff(seen)
    assert gaps[:-1].min() >= 0.049  # the last report comes at the phase's end
    assert len(seen) > 10


# --- whole or absent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", PHASES)
def test_an_interrupt_leaves_nothing(world_file, tmp_path, phase):
    def interrupt(progress: sim.Progress) -> None:
        if progress.phase == phase and progress.done >= progress.total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sim.run(world_file, out=tmp_path, workers=3, progress=interrupt)
    left = list((tmp_path / "plain").iterdir())
    if phase == "finish":  # its last report comes when the run bears its name
        (only,) = left
        assert (only / "manifest.json").is_file()
    else:
        assert left == []


# A process that imports and compiles the simulator once and lets children run a world: each dies by its own hand when a
# step is reached (the n-th call of a function that touches the disk, or half of a phase), or by the parent's after
# seconds.
DRIVER = """
import os, shutil, signal, sys, time
from pathlib import Path
import pyarrow.parquet as pq
import sim
from sim.runs import compile_loops

def die(*_):
    os.kill(os.getpid(), number)

def die_at(what, n):
    "Before the n-th call of a function, or, for -n, after it."
    calls = [0]
    owner, name = {"mkdir": (Path, "mkdir"), "write": (pq, "write_table"), "rename": (Path, "rename"),
                   "remove": (shutil, "rmtree"), "lock": (sys.modules["analysis.contract.files"], "lock")}[what]
    real = getattr(owner, name)
    def call(*args, **kwargs):
        calls[0] += 1
        if calls[0] == n:
            die()
        done = real(*args, **kwargs)
        if calls[0] == -n:
            die()
        return done
    setattr(owner, name, call)

scenario, out, mode, *steps = sys.argv[1:]
number = signal.SIGINT if mode == "interrupt" else signal.SIGKILL
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
compile_loops()
for step in steps:
    child = os.fork()
    if child == 0:
        try:
            progress = None
            what, _, n = step.partition(":")
            if n == "half":
                progress = lambda p: die() if p.phase == what and p.done >= p.total / 2 else None
            elif n:
                die_at(what, int(n))
            sim.run(scenario, out=out, workers=2, progress=progress, fresh=mode == "fresh")
        except KeyboardInterrupt:
            os._exit(130)
        os._exit(0)
    if ":" not in step:
        time.sleep(float(step))
        os.kill(child, number)
    _, status = os.waitpid(child, 0)
    folder = Path(out) / "plain"
    left = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
    print("told:", step, status, *left, flush=True)
    if mode != "interrupt":
        for name in left:
            if not name.startswith("."):
                assert (folder / name / "manifest.json").is_file(), (step, name)
                files = sum(p.is_file() for p in (folder / name).rglob("*"))
                print("told:", "whole", files, flush=True)
                if mode == "check":
                    shutil.rmtree(folder / name)
"""


@pytest.fixture
def drive(preloaded):
    """Runs the driver. Gives the words of each line that it printed: step, wait status and names left; or `whole` and a
    file count."""

    def run(scenario: Path, out: Path, mode: str, *steps: str) -> list[list[str]]:
        done = preloaded.run(
            ["-c", DRIVER, str(scenario), str(out), mode, *steps], Path(sim.__file__).parents[1]
        )
        assert done.returncode == 0, done.stdout
        told = [
            line.split() for line in done.stdout.splitlines()
        ]  # what a child complains of is no line of ours
        return [words[1:] for words in told if words[:1] == ["told:"]]

    return run


STEPS = ["mkdir:1", "mkdir:3", "lock:2", "population:half", "market:half", "write:1", "write:20", "traffic:half",
         "write:-28", "finish:half", "rename:1", "rename:-1", "remove:1"]  # fmt: skip


def test_a_run_that_is_killed_at_any_step_is_whole_or_absent_and_the_next_one_clears_up(
    world_file, reference, tmp_path, drive
):
    run, files = reference
    lines = drive(world_file, tmp_path, "check", *STEPS)
    killed = [line for line in lines if line[0] != "whole"]
    assert [line[0] for line in killed] == STEPS
    assert all(int(line[1]) == signal.SIGKILL for line in killed)
    for line in killed:
        complete = [name for name in line[2:] if not name.startswith(".")]
        aside = [name for name in line[2:] if name.startswith(".")]
        assert complete in ([], [run.path.name])
        assert len(aside) <= 1, "what the killed runs before had left was not removed"
    assert all(int(line[1]) == len(files) for line in lines if line[0] == "whole")
    assert any(line[0] == "whole" for line in lines)
    assert sum(any(name.startswith(".") for name in line[2:]) for line in killed) >= 8
    last = sim.run(world_file, out=tmp_path)
    assert digests(last.path) == files
    assert [path.name for path in last.path.parent.iterdir()] == [last.path.name]


def test_a_run_that_is_killed_at_some_moment_is_whole_or_absent(world_file, reference, tmp_path, drive):
    run, files = reference
    moments = [f"{t:.2f}" for t in (0.02, 0.1, 0.2, 0.3, 0.45, 0.6)]
    lines = drive(world_file, tmp_path, "check", *moments)
    assert [line[0] for line in lines if line[0] != "whole"] == moments
    assert all(int(line[1]) == len(files) for line in lines if line[0] == "whole")
    assert all(
        {n for n in line[2:] if not n.startswith(".")} <= {run.path.name}
        for line in lines
        if line[0] != "whole"
    )
    assert digests(sim.run(world_file, out=tmp_path).path) == files


def test_replacing_a_complete_run_is_whole_or_absent_too(world_file, reference, tmp_path, drive):
    _, files = reference
    sim.run(world_file, out=tmp_path)
    lines = drive(
        world_file,
        tmp_path,
        "fresh",
        "write:5",
        "rename:1",
        "rename:-2",
        "rename:2",
        "remove:1",
        "rename:3",
        "write:2",
    )
    assert all(int(line[1]) == len(files) for line in lines if line[0] == "whole")
    assert sum(line[0] == "whole" for line in lines) >= 4
    last = sim.run(world_file, out=tmp_path)
    assert digests(last.path) == files


def test_an_interrupt_by_signal_leaves_nothing(world_file, tmp_path, drive):
    lines = drive(
        world_file, tmp_path, "interrupt", "market:half", "traffic:half", "0.05", "0.1", "0.2", "0.3"
    )
    ended = {step: (int(status) >> 8, left) for step, status, *left in lines}
    assert ended["market:half"] == ended["traffic:half"] == (130, [])
    for step, (status, left) in ended.items():
        assert left == [] or status == 0, f"{step}: {left}"


TWO = """
import os, sys, traceback
import sim
from sim.runs import compile_loops

compile_loops()
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        try:
            for _ in range(4):
                sim.run(sys.argv[1], out=sys.argv[2], workers=2, fresh=True)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    children.append(child)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children))
"""


def test_processes_that_run_one_world_at_once_do_not_harm_each_other(
    world_file, reference, tmp_path, preloaded
):
    done = preloaded.run(["-c", TWO, str(world_file), str(tmp_path)], Path(sim.__file__).parents[1])
    assert done.returncode == 0, done.stdout
    folder = tmp_path / "plain"
    assert [path.name for path in folder.iterdir()] == [reference[0].path.name]
    assert digests(folder / reference[0].path.name) == reference[1]
    labels = ds.dataset(folder / reference[0].path.name / "labels", partitioning="hive")
    assert labels.count_rows() == reference[0].manifest["counts"]["labels"]


def test_the_census_names_no_category_and_no_segment_that_is_not_there():
    agents = run_agents(load_world(WORLDS / "one-frontier-model.yaml", users=50))
    told = dict(census(agents, {"generations": 0, "labels": 0, "prompts_cut": 0}))
    assert "programming" in told["Workloads"]
    assert " 0%" not in told["Users"] + told["Workloads"].partition(";")[0]
