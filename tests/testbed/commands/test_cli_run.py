"""`slipper run` and `slipper simulate`: from a scenario to what is left on disk, and nothing left where it fails."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

import sim
from tests.command_line import slipper

ROOT = Path(__file__).parents[3]

# The report world in miniature: a few hundred users and one quarter.
TINY = ["report", "--users", "300", "--set", "start=2025-03-01", "--set", "end=2025-06-30", "--workers", "1"]


def contents(folder: Path) -> dict[str, bytes]:
    """The data files below a folder with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """An output folder that holds the tiny run."""
    out = tmp_path_factory.mktemp("outputs")
    run = sim.run(
        ROOT / "scenarios" / "report.yaml",
        users=300,
        settings=["start=2025-03-01", "end=2025-06-30"],
        out=out,
        workers=1,
    )
    return out, run.path


def test_run_leaves_a_complete_run_with_its_analysis_and_says_what_it_shows(capsys, simulated):
    out, folder = simulated
    status, text, err = slipper(capsys, "run", *TINY, "--out", out)
    assert status == 0
    assert {
        "log",
        "labels",
        "truth",
        "models.parquet",
        "manifest.json",
        "tables",
        "report.html",
    } <= {path.name for path in folder.iterdir()}
    assert str(folder) in text
    assert "complete already: not simulated again" in text
    title = json.loads((folder / "manifest.json").read_text())["title"]
    assert title in text
    assert "Who comes back" in text
    assert "\x1b" not in text + err


def test_simulate_uses_a_complete_run_again_unless_fresh(capsys, simulated):
    out, folder = simulated
    before = contents(folder / "log")
    manifest = (folder / "manifest.json").stat().st_mtime_ns
    status, text, err = slipper(capsys, "simulate", *TINY, "--out", out, "--quiet")
    assert (status, text) == (0, f"{folder}\n")
    assert all(": warning: " in line for line in err.splitlines())  # of the calendar, cut short by TINY
    assert (folder / "manifest.json").stat().st_mtime_ns == manifest
    status, text, _ = slipper(capsys, "simulate", *TINY, "--out", out, "--json", "--fresh", "--quiet")
    data = json.loads(text)
    assert (status, data["run"], data["reused"]) == (0, str(folder), False)
    assert data["counts"]["generations"] > 0
    assert (folder / "manifest.json").stat().st_mtime_ns > manifest
    assert contents(folder / "log") == before
    assert list(folder.parent.iterdir()) == [folder]


def test_an_interrupted_fresh_run_keeps_the_complete_one(capsys, simulated, monkeypatch):
    out, _ = simulated
    before = contents(out)

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.runs.write_truth", interrupted)
    status, _, err = slipper(capsys, "simulate", *TINY, "--out", out, "--fresh", "--quiet")
    assert status == 130
    assert "interrupted; nothing half-written was left" in err
    assert contents(out) == before


def test_options_reach_the_simulation(capsys, monkeypatch, tmp_path):
    asked = {}

    def run(world, **options):
        asked.update(options, world=world)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sim, "run_world", run)
    status, _, err = slipper(
        capsys, "simulate", "report", "--seed", "7", "--users", "5_000", "--set", "mechanisms.fit=off",
        "--set", "end=2025-06-30", "--workers", "2", "--out", tmp_path, "--quiet",
    )  # fmt: skip
    assert status == 1
    assert "the disk is full" in err
    assert asked.pop("progress") is not None
    world = asked.pop("world")
    assert (world.name, world.scenario.seed, world.scenario.users) == ("report", 7, 5000)
    assert not world.scenario.mechanisms.fit.enabled and f"{world.scenario.end}" == "2025-06-30"
    assert asked == {"out": str(tmp_path), "workers": 2, "fresh": False}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: {report}\nuserz: 5\n", "{file}:2:1: userz"),
        ("extends: {report}\nusers: many\n", "{file}:2:8: users"),
        ("extends: {report}\nend: 2020-01-01\n", "{file}:2:6: end"),
        ("extends: {report}\nmodels: {{openai/gpt-4o-mnii: {{reach: 0.5}}}}\n", "openai/gpt-4o-mini"),
        ("extends: nothing.yaml\n", "{file}:1:10"),
        ("users: [\n", "{file}:"),
    ],
)
@pytest.mark.parametrize("command", ["run", "simulate"])
def test_a_wrong_scenario_is_explained_with_its_place_and_nothing_is_written(
    capsys, tmp_path, command, text, message
):
    file = tmp_path / "mine.yaml"
    names = {"report": ROOT / "scenarios" / "report.yaml", "file": file}
    file.write_text(text.format(**names))
    status, out, err = slipper(capsys, command, file, "--out", tmp_path / "outputs")
    assert (status, out) == (2, "")
    assert message.format(**names) in err
    assert list(tmp_path.iterdir()) == [file]


def test_a_wrong_setting_is_explained(capsys, tmp_path):
    status, _, err = slipper(
        capsys, "simulate", "report", "--set", "mechanisms.fitt=off", "--out", tmp_path / "o"
    )
    assert status == 2
    assert "fitt" in err
    assert "fit" in err.split("did you mean")[1]
    assert list(tmp_path.iterdir()) == []
