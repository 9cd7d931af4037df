"""The recovery study and its page: made worlds of known answers, and the command with made runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from testbed import markdown, shipped
from testbed.calibration.globals.emulator import STEP, emulator, places
from testbed.calibration.globals.parameters import OWN, Global
from testbed.calibration.globals.posterior import IDENTIFIED
from testbed.calibration.globals.worlds import Worlds
from testbed.experiment import engine
from testbed.experiment.runs import carry_out
from testbed.experiment.store import Store
from testbed.studies.recovery import __main__ as command
from testbed.studies.recovery import page, space
from testbed.studies.recovery.study import FOLDS, Runs, Size, by_world, of_log, recovered
from tests.testbed.experiment.carriers import Serial

NOT_MADE = f"Not made yet: `{page.PROGRAM}` writes it here."

SLOPES = np.array([[0.8, 0.0, 0.0], [0.6, -0.7, 0.0], [0.1, 0.9, 0.0]])
SMALL = ["report-base", "--users", "100", "--seeds", "1", "--training", "16", "--test", "5"]
FREE, TOOLS, REACH = "workloads.free_share", "traffic.tool_call_share", "authors.google.reach.legal"


def made_runs(worlds, training, sd=0.3, seed=2):
    """Worlds that are linear in three parameters, of which the last moves nothing, each with luck of its own."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((worlds, 3))
    read = drawn @ SLOPES.T + sd * rng.standard_normal((worlds, 3))
    around = (places(3) @ SLOPES.T)[None]
    return emulator(around, np.zeros(3, dtype=bool)), Runs(around, drawn, read, training)


def test_a_linear_world_is_recovered_as_well_as_it_says_and_what_nothing_informs_is_listed():
    """1,000 worlds, whose errors are told from 400 others: a coverage is off by more than 4 standard errors, with what
    400 worlds leave uncertain, in fewer than one test of 1,000."""
    model, runs = made_runs(1_400, 400)
    off = np.array([0.0, 0.2, 0.2])
    told = recovered(model, runs, off, np.random.default_rng(3))
    assert list(told.identified) == [True, True, False] and told.sd[2] == pytest.approx(1.0)
    precision = SLOPES.T @ np.diag(1 / (0.09 + off**2)) @ SLOPES + np.eye(3)
    assert told.sd == pytest.approx(np.sqrt(np.diag(np.linalg.inv(precision))), rel=0.1)
    assert told.error == pytest.approx(told.sd, rel=0.1) and np.abs(told.bias).max() < 0.1
    for level in (0.5, 0.9):
        assert np.abs(told.covered(level).mean(axis=0) - level).max() < 4 * math.sqrt(
            level * (1 - level) / 1_000 + (0.03 * level) ** 2
        )
    assert by_world(told.covered(0.9), told.identified).shape == (1_000,)


def test_errors_that_many_numbers_share_do_not_make_a_fit_too_sure():
    """150 numbers, all of which are off by the same error of each world, and by little of their own: 40 training worlds
    do not show how 150 numbers are off together, and still most of the intervals are right."""
    rng = np.random.default_rng(7)
    slopes = rng.normal(0, 0.3, size=(150, 3)) * [1, 1, 0]
    drawn, shared = rng.standard_normal((340, 3)), rng.normal(0, 1, size=(340, 2))
    read = drawn @ slopes.T + shared @ slopes[:, :2].T + 0.1 * rng.standard_normal((340, 150))
    around = (places(3) @ slopes.T)[None]
    model, runs = emulator(around, np.zeros(150, dtype=bool)), Runs(around, drawn, read, 40)
    told = of_log(model, runs, rng)
    assert told.numbers == 150 and not told.identified.any() and told.sd[:2] == pytest.approx(0.71, abs=0.12)
    assert np.abs(told.covered(0.9).mean(axis=0) - 0.9).max() < 0.1


def test_luck_that_the_errors_do_not_know_shows_as_low_coverage():
    model, runs = made_runs(600, 200)
    noisy = runs.read.copy()
    noisy[200:] += np.random.default_rng(4).normal(0, 0.9, size=noisy[200:].shape)
    told = recovered(model, Runs(runs.around, runs.drawn, noisy, 200), np.zeros(3), np.random.default_rng(5))
    assert (told.covered(0.9).mean(axis=0)[:2] < 0.6).all()


def test_the_results_are_made_or_said_to_be_missing():
    text = page.PAGE.read_text(encoding="utf-8")
    place = text.partition(page.BEGIN)[2].partition(markdown.END)[0].strip()
    assert place == NOT_MADE or place.startswith(f"Made by `{page.PROGRAM}")


def test_the_page_says_the_rules_of_the_code():
    text = " ".join(page.PAGE.read_text(encoding="utf-8").split())
    size, points = Size(), 2 * len(space.everything()) + 1
    assert (
        f"at {points} points with {size.seeds} seeds, {size.training} training worlds and {size.test}" in text
    )
    assert f"{size.runs(len(space.everything()))} runs of {command.USERS:,} users" in text
    assert f"{STEP} standard deviations to both sides" in text
    assert "less than half of that before" in text and IDENTIFIED == 0.5
    assert f"into {len(space.everything())} sums" in text and "in eight parts" in text and FOLDS == 8
    assert "eight largest authors" in text and len(space.AUTHORS) == 8 and len(space.DEMANDED) == 2
    assert "counts as four standard deviations" in text and space.RANGE_SDS == 4


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A study of three parameters, of which one comes from a source, and the arguments of the command."""
    wanted = (
        next(one for one in OWN if one.keys == (FREE,)),
        Global("tools", (TOOLS,), "logit", 0.5, sourced=True),
        Global("reach of google", (REACH,), "log", 0.7, default=1.0),
    )
    monkeypatch.setattr(space, "everything", lambda: wanted)
    return [*SMALL, "--out", str(tmp_path / "page.md"), "--memory", str(tmp_path / "runs")]


def made(job):
    """A record without a simulation: numbers are the share of free work, in the log partly that of tools."""
    at = dict(setting.split("=") for setting in job.settings)
    luck = np.random.default_rng(job.seed % 2**32).normal(0, 0.02)
    found = {}
    for name in job.names:
        value = luck + float(at.get(TOOLS, 0.3) if "tool calls" in name else at.get(FREE, 0.4))
        missing = "C153" in name
        found[name] = {"status": "ok", "holds": None, "why": "", "value": None if missing else value}
    return {"key": job.key, "seed": job.seed, "status": "done", "error": "", "trace": "", "seconds": 1.0,
            "version": "made", "patterns": found}  # fmt: skip


def test_the_command_fills_a_page_and_remembers_the_runs(few, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engine, "choose", lambda *_: Serial(made))
    before = page.PAGE.read_text(encoding="utf-8")
    assert command.main(few) == 0 and page.PAGE.read_text(encoding="utf-8") == before
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert f"Made by `{page.PROGRAM} report-base --users 100 --seeds 1 --training 16 --test 5`" in text
    assert "3 parameters" in text and "28 runs" in text and NOT_MADE not in text
    own, log, asked = text.split("### ")[1:4]
    assert (
        "57 numbers. Identified: work that takes free models only. Not identified: tools; reach of google."
        in own
    )
    assert (
        "672 numbers. Identified: work that takes free models only; tools. Not identified: reach of google."
        in log
    )
    assert "| tools (source) | odds times 1.65 | " in own and "of 5 (" in own
    assert "| reach of google |" in asked and "stays" in asked and "tools" not in asked
    assert (
        "**work that takes free models only**" in asked
        and "Of the 2 parameters that no source gives, 1 are" in asked
    )
    (setting,) = (tmp_path / "runs" / "settings.txt").read_text(encoding="utf-8").splitlines()
    assert setting.startswith(f"{FREE}=0.") and not setting.endswith("=0.4")
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.md")
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("what is remembered was run again"))
    assert command.main(few) == 0 and (tmp_path / "page.md").read_text(encoding="utf-8") == text


def test_a_run_is_the_world_at_the_point(few, tmp_path, monkeypatch):
    """Real runs, through the engine's own function: more work that takes free models only, less that is paid."""
    monkeypatch.setattr(engine, "choose", lambda *_: Serial(carry_out))
    worlds = Worlds(
        shipped.find("report-base"), space.everything(), space.AUTHORS, 400, 1, Store(tmp_path), quiet=True
    )
    none, much = worlds.read([(np.array([z, 0.0, 0.0]), 0) for z in (-2.0, 2.0)])
    paid = [n for n, name in enumerate(worlds.names) if "paid part, programming" in name]
    assert len(paid) == 4 and (none[paid] > much[paid] + 0.05).all()
    assert np.isfinite(none).mean() > 0.9 and len(OWN) > 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--test", "1"], "expected at least 5 training and test worlds"),
        (["report-bass"], "report-base"),
        (["one-frontier-model"], "the world does not cover the main window, 2024-11-04 to 2025-11-30"),
    ],
)
def test_bad_input_is_told_before_any_run(few, change, said, monkeypatch, capsys):
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("a run was carried out"))
    given = [*change, *few[1:]] if not change[0].startswith("--") else [*few, *change]
    assert command.main(given) == 2
    assert said in capsys.readouterr().err
