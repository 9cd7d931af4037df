"""`slipper calibrate` end to end on a small report world, its files, and what it refuses."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import yaml

import sim
from analysis.contract import CATEGORIES
from testbed.calibration.fit import calibration, contraction
from testbed.calibration.fit.evaluation import read, write
from testbed.calibration.fit.parameters import Parameters
from testbed.calibration.fit.world_file import document, space_of, text
from testbed.calibration.tensor.frame import main_weeks
from testbed.calibration.tensor.worlds import amounts_of
from tests.command_line import slipper
from tests.sim.traffic_world import shipped
from tests.testbed.experiment.carriers import Serial

SMALL = [
    "--users",
    "150",
    "--seeds",
    "1",
    "--steps",
    "1",
    "--final-steps",
    "0",
    "--workers",
    "1",
    "--claims",
    "C13,C17,C18,C42,C86",
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report world from autumn 2024 on."""
    file = tmp_path_factory.mktemp("base") / "mine.yaml"
    file.write_text("# Mine\n# Question: what?\nextends: report-base\ntitle: Mine\nstart: 2024-09-01\n")
    return file


@pytest.fixture(scope="module")
def space(base: Path):
    world = sim.load_world(base, users=100)
    return world.scenario, space_of(world.scenario, world.catalogue.models)


def test_a_world_is_calibrated_written_and_remembered(base, tmp_path, capsys, monkeypatch):
    """In this process, and by few steps of the optimiser: tests/testbed/test_cross_validation.py has a fit whose worlds
    are run in another, and which is carried on to the end."""
    monkeypatch.setattr(calibration, "Processes", lambda number: nullcontext(Serial()))
    monkeypatch.setattr(contraction, "ITERATIONS", 20)
    monkeypatch.chdir(tmp_path)
    command = ["calibrate", base, *SMALL, "--world", "fit.yaml", "--markdown", "fit.md", "--json"]
    status, out, _ = slipper(capsys, *command)
    assert status == 0
    told = json.loads(out)
    assert [step["step"] for step in told["steps"]] == [0, 1]
    assert told["steps"][told["best"]]["met"] >= told["steps"][0]["met"]
    assert told["given_up"] == [] and told["confirmed"] is None
    scenario = sim.load_scenario(tmp_path / "fit.yaml")
    assert scenario.title == "Mine, calibrated" and scenario.authors
    assert scenario.users == sim.load_scenario(shipped("report-base")).users
    lines = (tmp_path / "fit.yaml").read_text().splitlines()
    assert lines[0].startswith("# Written by slipper.") and lines[1] == "# Mine, calibrated"
    assert "# Question: what?" in lines and any("slipper calibrate" in line for line in lines)
    page = (tmp_path / "fit.md").read_text()
    assert "C86: (1) sub-tags" in page or (
        "- C86: sub-tags" in page and "| C13 (1) share |" in page and "| 1 |" in page
    )
    kept = sorted((tmp_path / "outputs/calibrations/mine").glob("*.npz"))
    assert len(kept) == 2
    before = [file.stat().st_mtime_ns for file in kept]
    status, again, _ = slipper(capsys, *command)
    assert (status, json.loads(again)) == (0, told)
    assert [file.stat().st_mtime_ns for file in kept] == before, "nothing was evaluated again"
    (tmp_path / "fit.yaml").write_text("title: my own\n")
    status, _, err = slipper(capsys, *command)
    assert status == 2 and "fit.yaml: slipper did not write this file" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--claims", "C117"], "C117 is for validation: calibration may not use it"),
        (["--claims", "C999"], "no claim 'C999'"),
        (["--without", "opennes"], "no section 'opennes', did you mean 'openness'?"),
        (["--claims", "C13", "--without", "openness"], "no claim is left"),
        (["--confirm", "3"], "--confirm judges the world that is written: give --world FILE, too"),
        (["--steps", "0"], "expected 1 or more"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_runs(
    base, tmp_path, capsys, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    status, _, err = slipper(capsys, "calibrate", base, *options)
    assert status == 2 and message in err
    assert not (tmp_path / "outputs").exists() or not list((tmp_path / "outputs").rglob("*.json"))


def test_the_scenario_itself_is_not_overwritten(base, tmp_path, capsys):
    status, _, err = slipper(capsys, "calibrate", base, *SMALL, "--world", base, "--overwrite")
    assert status == 2 and "this is the scenario that is fitted" in err


def test_a_written_world_has_the_factors_of_its_parameters(space, tmp_path):
    scenario, about = space
    rng = np.random.default_rng(1)
    none = Parameters.none(about)
    at = none.with_vector(rng.normal(0, 0.5, none.vector.size)).settled(about)
    file = tmp_path / "made.yaml"
    file.write_text(text("report-base", document(scenario, about, at), ["Made"], title="Made"))
    made, plain = sim.load_world(file, users=10), sim.load_world(shipped("report-base"), users=10)
    for slug in ("anthropic/claude-sonnet-4", "openai/gpt-4o-mini", "deepseek/deepseek-r1"):
        number = about.models.index(slug)
        factors = np.exp(at.author[about.author_of[number]] + at.model[number] + at.own[number])
        one, other = (
            world.catalogue.models[world.catalogue.index(slug)].latent.reach for world in (made, plain)
        )
        np.testing.assert_allclose(np.array(one) / np.array(other), factors, rtol=0.002)
    first, last = main_weeks()[0], main_weeks()[-1]
    level, growth = at.demand[CATEGORIES.index("roleplay")]
    ratio = [
        made.scenario.daily(made.scenario.workloads.categories["roleplay"].volume)[day]
        / plain.scenario.daily(plain.scenario.workloads.categories["roleplay"].volume)[day]
        for day in ((first - plain.scenario.start).days, (last - plain.scenario.start).days)
    ]
    span = growth * np.array([-1, 1])
    np.testing.assert_allclose(np.log(ratio), level + span, atol=0.01)
    assert yaml.safe_load(file.read_text())["extends"] == "report-base"


def test_amounts_are_kept_whole(base, tmp_path):
    found = amounts_of(sim.run_agents(sim.load_world(base, users=40)))
    write(tmp_path / "kept.npz", found)
    again = read(tmp_path / "kept.npz")
    assert (again.weeks, again.models, set(again.of)) == (found.weeks, found.models, set(found.of))
    for name, values in found.of.items():
        np.testing.assert_array_equal(again.of[name], values)


def test_calibration_refuses_a_claim_for_validation_in_python_too(base):
    from testbed.calibration.fit.aim import Aiming

    with pytest.raises(ValueError, match="C117 is for validation"):
        Aiming(sim.load_world(base, users=10), {"C117"})
