"""A log whose parts are made elsewhere is the same log; an interrupted one goes on; who cannot take part is told."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.gateway import parts
from sim.gateway.manifest import versions
from sim.gateway.run_folder import JOURNAL, WORK
from sim.runs import begun, log_writer
from sim.scenario.shipped import WORLDS
from sim.traffic import blocks

USERS = 150


@dataclass
class Here:
    """Workers that are this process. stop: raise after so many parts; done: the parts that were made."""

    stop: BaseException | None = None
    after: int = 3
    twice: bool = False
    done: list[parts.Part] = field(default_factory=list)

    def places(self) -> int:
        return 2

    def everywhere(self, function: Callable[[], str]) -> Mapping[str, str]:
        return {"here": pickle.loads(pickle.dumps(function))()}

    def carry(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Generator[Any]:
        for item in reversed(items):
            if self.stop is not None and len(self.done) == self.after:
                raise self.stop
            self.done.append(item)
            for _ in range(1 + self.twice):
                made = function(pickle.loads(pickle.dumps(item)))
            yield made


@pytest.fixture(scope="module", autouse=True)
def several_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_USERS", 64)
        yield


@pytest.fixture(scope="module")
def world() -> sim.World:
    """Three blocks of users, with rows that come late into other weeks' folders."""
    settings = [
        "end=2024-11-10",
        "observation.faults.late_rows.share=0.2",
        "observation.faults.duplicates.share=0.1",
    ]
    return sim.load_world(WORLDS / "one-frontier-model.yaml", users=USERS, settings=settings)


@pytest.fixture(scope="module")
def plain(world, tmp_path_factory) -> sim.Run:
    """What threads of this process make."""
    return sim.run_world(world, out=tmp_path_factory.mktemp("plain"), workers=1)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a run but the manifest, which tells times."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    del found["manifest.json"]
    return found


def hidden(run: sim.Run) -> list[str]:
    return [path.name for path in run.path.parent.iterdir() if path != run.path]


@pytest.mark.parametrize("twice", [False, True])
def test_parts_made_elsewhere_are_the_same_bytes(world, plain, tmp_path, twice):
    """Also when each is made twice, and they come back in another order."""
    here = Here(twice=twice)
    run = sim.run_world(world, out=tmp_path, spread=here)
    assert contents(run.path) == contents(plain.path)  # with the list of files and their digests
    assert {part.block for part in here.done} == {0, 1, 2} and len(here.done) > 12
    for key in ("counts", "faults", "census", "versions"):
        assert run.manifest[key] == plain.manifest[key]
    assert not run.reused and hidden(run) == []


def test_an_interrupted_run_goes_on(world, plain, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        sim.run_world(world, out=tmp_path, spread=Here(KeyboardInterrupt(), after=5))
    folder, whole = begun(world, tmp_path)
    assert whole == 5 and {path.name for path in folder.iterdir()} == {"log", "labels", WORK}
    assert [path.name for path in (folder / WORK).iterdir()] == [JOURNAL]

    class Refused(Here):
        def everywhere(self, function):
            return {"far": "it has other versions"}

    with pytest.raises(sim.RunError, match="worker far cannot take part: it has other versions"):
        sim.run_world(world, out=tmp_path, spread=Refused())
    assert begun(world, tmp_path)[1] == 5  # what is there is not lost with a call that comes to nothing
    second = Here(RuntimeError(), after=2)
    with pytest.raises(RuntimeError):
        sim.run_world(world, out=tmp_path, spread=second)
    assert begun(world, tmp_path)[1] == 5 + 2
    last = Here()
    run = sim.run_world(world, out=tmp_path, spread=last)
    made = [(part.block, week) for one in (second, last) for part in one.done for week in part.weeks]
    assert len(made) == len(set(made)) == len(list(log_writer(sim.run_agents(world)).traffic.tasks())) - 5
    assert contents(run.path) == contents(plain.path) and run.manifest["faults"] == plain.manifest["faults"]
    assert begun(world, tmp_path)[1] == 0 and hidden(run) == []


def test_what_a_kill_has_cut_off_is_made_again(world, plain, tmp_path):
    """A line of the journal, a file, and what lay aside; a stranger's truth is not in the way."""
    with pytest.raises(KeyboardInterrupt):
        sim.run_world(world, out=tmp_path, spread=Here(KeyboardInterrupt(), after=5))
    folder, _ = begun(world, tmp_path)
    journal = folder / WORK / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    lost = next(iter(json.loads(lines[2])["files"]))
    (folder / lost).write_bytes(b"half")
    for left in ("truth", f"{WORK}/aside/0123"):
        (folder / left).mkdir(parents=True)
        (folder / left / "half.parquet").write_bytes(b"half")
    assert begun(world, tmp_path)[1] == 3
    assert contents(sim.run_world(world, out=tmp_path, spread=Here()).path) == contents(plain.path)


def test_what_was_begun_with_other_versions_or_is_not_wanted_counts_for_nothing(world, tmp_path, monkeypatch):
    for fresh in (False, True):
        with pytest.raises(KeyboardInterrupt):
            sim.run_world(world, out=tmp_path, spread=Here(KeyboardInterrupt(), after=2), fresh=fresh)
        assert begun(world, tmp_path)[1] == 2
    other = versions() | {"pyarrow": "1.0"}
    monkeypatch.setattr(parts, "versions", lambda: other)
    with pytest.raises(KeyboardInterrupt):
        sim.run_world(world, out=tmp_path, spread=Here(KeyboardInterrupt(), after=1))
    folder, _ = begun(world, tmp_path)
    assert len((folder / WORK / JOURNAL).read_bytes().splitlines()) == 1 + 1


def test_a_run_of_threads_takes_the_place_of_one_that_was_begun(world, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        sim.run_world(world, out=tmp_path, spread=Here(KeyboardInterrupt()))
    assert hidden(sim.run_world(world, out=tmp_path, workers=1)) == []


def test_two_at_once_do_not_mix(world, tmp_path):
    class Other(Here):
        def everywhere(self, function):
            with pytest.raises(sim.RunError, match="another process is simulating this world"):
                sim.run_world(world, out=tmp_path, spread=Here())
            return super().everywhere(function)

    assert sim.run_world(world, out=tmp_path, spread=Other()).path.is_dir()


def test_a_worker_of_another_version_or_without_the_folder_is_told(world, tmp_path, monkeypatch):
    """Before any work, and when it joins the others late."""

    def everywhere(said: dict[str, Any]) -> str:
        class Elsewhere(Here):
            def everywhere(self, function):
                site = function.__self__
                return {"tcp://far:1": parts.Site(**vars(site) | said).trouble()}

        with pytest.raises(sim.RunError) as told:
            sim.run_world(world, out=tmp_path, spread=Elsewhere())
        return str(told.value)

    assert "far:1 cannot take part: it has numba" in everywhere({"versions": (("numba", "0.1"),)})
    unseen = f"it does not see the folder {tmp_path}"
    assert unseen in everywhere({"folder": str(tmp_path / "one-frontier-model" / "nowhere")})
    assert unseen in everywhere({"token": "of another folder under the same path"})
    assert list((tmp_path / "one-frontier-model").iterdir()) == []

    class Late(Here):
        def carry(self, function, items):
            monkeypatch.setattr(parts, "versions", lambda: {"numba": "0.1"})
            return super().carry(function, items)

    with pytest.raises(
        sim.RunError, match=r"process \d+, cannot take part: it has glass_slipper None in place of"
    ):
        sim.run_world(world, out=tmp_path, spread=Late())
