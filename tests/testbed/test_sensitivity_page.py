"""The page on sensitivity: its results are made or said to be missing, its words follow the code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.world import load_world
from testbed import markdown
from testbed.experiment import engine, reading
from testbed.experiment.runs import carry_out
from testbed.studies.behaviour import parameters
from testbed.studies.sensitivity import __main__ as command
from testbed.studies.sensitivity import page
from testbed.studies.sensitivity.design import LEAST_POINTS, LEAST_TRAJECTORIES
from testbed.studies.sensitivity.evaluation import At, Outcome, in_world
from testbed.studies.sensitivity.inputs import inputs_of
from testbed.studies.sensitivity.study import Size
from tests.testbed.experiment.carriers import Serial
from tests.worlds import PLAIN

NOT_MADE = f"Not made yet: `{page.PROGRAM}` writes it here."

EXPERIMENT = """
title: Tiny
question: Who stays?
base: market.yaml
users: 300
replicates: 1
patterns:
  "Kept, month 1: launch cohort": {is: launch-cohort-leads, with: {model: new/model, k: 1, min_cohort: 3}}
  "Kept, month 1": {is: launch-cohort-leads, with: {model: new/model, k: 1, min_cohort: 3}}
"""
MARKET = """
extends: plain.yaml
models:
  old/model: {released: 2020-01-01, price_usd_per_mtok: 1.0}
  new/model: {released: 2025-01-10, price_usd_per_mtok: 1.0}
mechanisms: {rival_trials: {look_every_days: 10}}
"""
VARIED = """key,value,low,high,basis,evidence,source
search.trial_days.exponential.mean,4,1,14,assumed,No source.,None
mechanisms.rival_trials.look_every_days,30,5,60,assumed,No source.,None
mechanisms.lock_in.strength,0.5,0.05,1.5,assumed,No source.,None
"""
SMALL = ["--trajectories", "4", "--repeated", "1", "--kept", "2", "--points", "8"]


@pytest.fixture
def tiny(tmp_path):
    """An experiment on a tiny world, what is varied in it, and the arguments of a small study."""
    for name, text in (("plain", PLAIN), ("market", MARKET), ("tiny", EXPERIMENT)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "varied.csv").write_text(VARIED, encoding="utf-8")
    return [
        str(tmp_path / "tiny.yaml"), "--parameters", str(tmp_path / "varied.csv"), *SMALL,
        "--out", str(tmp_path / "page.md"), "--memory", str(tmp_path / "runs"),
    ]  # fmt: skip


def test_the_results_are_made_or_said_to_be_missing():
    text = page.PAGE.read_text(encoding="utf-8")
    place = text.partition(page.BEGIN)[2].partition(markdown.END)[0].strip()
    assert place == NOT_MADE or place.startswith(f"Made by `{page.PROGRAM}")


def test_the_page_says_the_rules_of_the_code():
    text = " ".join(page.PAGE.read_text(encoding="utf-8").split())
    plan = reading.load(reading.find("sensitivity"))
    size, many = Size(), len(inputs_of(load_world(plan.worlds[0].file), parameters())[0])
    assert f"combinations of {many} parameters" in text and f"{2**many / 1e9:.0f} billion" in text
    assert (
        f"{size.trajectories} walks of {many + 1} points and one of them again" in text and size.repeated == 1
    )
    assert f"{size.points} blocks of {size.kept + 2} points: {size.runs(many)} runs" in text
    assert "the eight parameters with the largest sums go on" in text and size.kept == 8
    assert "fewer than four walks or eight blocks" in text and (LEAST_TRAJECTORIES, LEAST_POINTS) == (4, 8)


def test_the_outcomes_are_answers_of_the_shipped_experiment():
    plan = reading.load(reading.find("sensitivity"))
    outcomes = [Outcome.named(pattern.name) for pattern in plan.patterns]
    assert plan.needs == "activity" and plan.users == 20_000 and len(outcomes) == 15
    assert {outcome.number for outcome in outcomes} == {None, "launch cohort", "ratio"}
    models = {p.bound.arguments["model"] for p in plan.patterns if p.name.endswith(", launch less later")}
    assert len(models) == 8


def made(job):
    """A record without a simulation: the outcome follows the time between looks, where a point sets it."""
    days = dict(one.split("=") for one in job.point).get("mechanisms.rival_trials.look_every_days", 10)
    share = {"value": float(days) / 100, "unit": "share"}
    found = {"status": "ok", "holds": True, "value": float(days) / 200, "why": "made",
             "numbers": {"launch cohort": share}}  # fmt: skip
    return {"key": job.key, "seed": job.seed, "status": "done", "error": "", "trace": "", "seconds": 1.5,
            "version": "made", "patterns": dict.fromkeys(job.names, found)}  # fmt: skip


def test_a_point_is_the_run_of_the_world_that_is_set_so(tiny):
    """A real run, through the engine's own function: what the settings of a point give is what an experiment gives
    that sets them, with the same luck. Without settings it is the experiment's own run."""
    long = "search.trial_days=14"
    plan, changed = reading.load(tiny[0]), reading.load(tiny[0], settings=[f"set.{long}"])
    ((as_it_is, at),) = in_world(plan)([(), (long,)], 1)
    own, other = (cells.cells[0].task for cells in (plan, changed))
    assert as_it_is.key == own.key and len({as_it_is.key, at.key, other.key}) == 3
    records = [carry_out(job) for job in (as_it_is, own, at, other)]
    same, task, moved, expected = (record["patterns"] for record in records)
    assert same == task and moved == expected and moved != same
    assert [record["status"] for record in records] == ["done"] * 4
    assert isinstance(at, At)
    old = replace(at, as_it_is=replace(own, digest="of another version"))
    assert "this worker reads another world" in carry_out(old)["error"]


@pytest.mark.slow
def test_the_whole_study_of_a_tiny_world(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(engine, "choose", lambda *_: Serial())
    assert command.main(tiny) == 0
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "**`rival_trials.look_every_days`**" in text and "#### Kept, month 1: launch cohort" in text


def test_the_command_fills_a_page_and_remembers_the_runs(tmp_path, tiny, capsys, monkeypatch):
    monkeypatch.setattr(engine, "choose", lambda *_: Serial(made))
    before = page.PAGE.read_text(encoding="utf-8")
    assert command.main(tiny) == 0 and page.PAGE.read_text(encoding="utf-8") == before
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert f"Made by `{page.PROGRAM} {tiny[0]} --trajectories 4 --kept 2 --points 8 --parameters" in text
    assert (
        "the world market with 300 users, 1 seed at every point (from seed 1); 1 trajectory with one seed more"
        in text
    )
    assert (
        "Not varied, since this world has the mechanism switched off: `mechanisms.lock_in.strength`." in text
    )
    assert NOT_MADE not in text and "#### Kept, month 1: launch cohort" in text
    assert "| **`rival_trials.look_every_days`** | 5 to 60 | log |" in text
    runs = list((tmp_path / "runs").glob("*.json"))
    assert 30 < len(runs) <= Size(4, 1, 2, 8).runs(2) and f" {len(runs)} different runs, 1.5 s each" in text
    assert (
        "| Kept, month 1: launch cohort | 0.100 | 0.050 | 0.156 | 0.262 | 0.000 | 4 of 4 | 8 of 8 |" in text
    )
    assert "| **`rival_trials.look_every_days`** | 0.318 | 0.318 ± 0.000 | 0.000 | 0.000 | 1.500 ±" in text
    assert "| `rival_trials.look_every_days` | + | + |" in text and "| `search.trial_days` | · | · |" in text
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.md")
    rows = (tmp_path / "morris.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 2 * 2 and "search.trial_days.exponential.mean" in rows[1]
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("what is remembered was run again"))
    assert command.main(tiny) == 0 and (tmp_path / "page.md").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--points", "9"], "9 points: expected a power of 2"),
        (["--world", "one-frontier-modal"], "did you mean 'one-frontier-model'?"),
        (["--world", "one-frontier-model"], "no world of this experiment has a model 'new/model'"),
    ],
)
def test_bad_input_is_told_before_any_run(tiny, change, said, capsys, monkeypatch):
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("a run was carried out"))
    assert command.main([*tiny, *change]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("search.trial_days.exponential.mean,4,-1,14", "search.trial_days.exponential.mean: "),
        ("search.trial_days.exponential.mean,40,1,14", "expected low <= value <= high"),
        ("search.look_evry_days,8,3,30", "search.look_evry_days"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(tmp_path, tiny, row, said, capsys, monkeypatch):
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("a run was carried out"))
    (tmp_path / "varied.csv").write_text(f"{VARIED}{row},assumed,No source.,None\n", encoding="utf-8")
    assert command.main(tiny) == 2
    assert said in capsys.readouterr().err


def test_patterns_that_need_a_whole_log_are_refused(tmp_path, tiny, capsys):
    (tmp_path / "tiny.yaml").write_text(f"{EXPERIMENT}  C12: {{}}\n", encoding="utf-8")
    assert command.main(tiny) == 2
    assert "patterns that need no whole log" in capsys.readouterr().err
