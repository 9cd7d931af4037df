"""The cross-validation: what each fit may see, what each world is asked, and what the page says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from testbed.calibration.fit.fitting import Settings
from testbed.claims import goals
from testbed.claims.registry import registry
from testbed.experiment import engine
from testbed.experiment.store import Store
from testbed.failure import Failure
from testbed.studies.cross_validation import __main__ as command
from testbed.studies.cross_validation import folds, page, study
from testbed.studies.cross_validation.folds import Fitting, Workshop
from tests.testbed.experiment import carriers

ENTER = ("C12", "C13", "C14", "C56", "C86", "C87")
"""Claims that enter the made fits: three of openness, one of agentic use, two of categories."""
GIVEN_UP = "C14"
KEPT = ("C13", "C86")
"""Those that hold in a world that was not fitted to them."""
HELD_BEFORE = ("C86",)


@pytest.fixture
def base(tmp_path):
    file = tmp_path / "base.yaml"
    file.write_text("extends: one-frontier-model\ntitle: Base\n")
    return file


@pytest.fixture
def fits(monkeypatch):
    """Made fits, and which were carried out. Each world differs, as a fitted one would."""
    done: list[Fitting] = []

    def answers(self, tell):
        done.append(self)
        tell(0.5)
        entered = sorted(set(ENTER) & set(self.claims))
        text = f"extends: {self.scenario.resolve()}\ntitle: Made\nusers: {1000 + len(self.claims)}\n"
        text += f"population: {{initial_share: 0.{len(self.claims)}}}\n"
        fold = {"text": text, "entered": entered, "asked": [c for c in entered if c != GIVEN_UP], "met": 3,
                "conditions": 4}  # fmt: skip
        return {"fit": {"status": "ok", "holds": None, "value": None, "why": "", "fold": fold}}

    monkeypatch.setattr(Fitting, "answers", answers)
    return done


@pytest.fixture
def runs(monkeypatch):
    """Made verdicts, and the runs that were carried out: the claims for validation hold by their number."""
    done = []

    def status(task, claim):
        world = Path(task.scenario).stem
        if claim not in ENTER:
            return "holds" if int(claim[1:]) % 2 else "fails"
        if world == "base":
            return "holds" if claim in HELD_BEFORE else "fails"
        return "holds" if claim in KEPT or "without" not in world else "fails"

    def carry(task):
        done.append(task)
        record = carriers.answer(task)
        for claim, answer in record["patterns"].items():
            answer["line"] = {"status": status(task, claim), "weak": False, "reason": "made", "simulated": "?",
                              "value": None, "unit": None, "test": None, "parts": []}  # fmt: skip
        return record

    monkeypatch.setattr(engine, "choose", lambda *_: carriers.Serial(carry))
    return done


@pytest.fixture
def argv(base, tmp_path):
    return [str(base), "--users", "50", "--seeds", "3", "--fit-users", "40", "--steps", "2", "--quiet",
            "--out", str(tmp_path / "out"), "--markdown", str(tmp_path / "page.md")]  # fmt: skip


def workshop(base, tmp_path):
    return Workshop(base, registry(), Settings(40, 2, (0, 1), 1000), tmp_path / "out")


def test_a_fit_never_sees_what_it_is_asked_about_nor_a_claim_for_validation(base, tmp_path):
    made, claims = workshop(base, tmp_path), registry()
    allowed = {entry.id for entry in claims if entry.claim.calibration}
    assert set(made.fitting("").claims) == allowed
    for section in ("openness", "categories", "cost", "agentic"):
        mine = {entry.id for entry in claims if entry.section == section}
        assert mine & allowed and set(made.fitting(section).claims) == allowed - mine
    assert made.fitting("cost").command.endswith(
        f"--without cost --users 40 --seeds 2 --steps 2 --final-steps 0 --world {made.fitting('cost').world}"
    )


def test_the_study_fits_leaves_out_and_judges_once(argv, fits, runs, tmp_path, capsys):
    assert command.main(argv) == 0
    assert [fit.left_out for fit in fits] == ["", "openness", "agentic", "categories"]
    asked = {Path(task.scenario).stem: set(task.names) for task in runs}
    everything = {entry.id for entry in registry() if entry.claim.testable}
    assert asked == {
        "base": set(ENTER),
        "base-fitted-to-all": everything,
        "base-without-openness": {"C12", "C13", "C14"},
        "base-without-agentic": {"C56"},
        "base-without-categories": {"C86", "C87"},
    }
    assert len(runs) == 3 * 5 and len({task.seed for task in runs}) == 3
    assert {task.users for task in runs} == {50}
    assert [Path(task.scenario).stem for task in runs[:5]] == list(asked), "replicate by replicate"
    worlds = sorted((tmp_path / "out/cross-validation/worlds").glob("*.yaml"))
    assert len(worlds) == 4 and len({sim.load_world(file, seed=0, users=9).digest for file in worlds}) == 4
    text = (tmp_path / "page.md").read_text()
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.md")
    count = len(fits), len(runs)
    assert command.main(argv) == 0 and (tmp_path / "page.md").read_text() == text
    assert (len(fits), len(runs)) == count, "what is remembered was done again"
    assert command.main([*argv, "--seeds", "4"]) == 0
    assert (len(fits), len(runs)) == (count[0], count[1] + 5), "more seeds need no other fit"
    assert command.main([*argv, "--steps", "3"]) == 0
    assert len(fits) == 2 * count[0]


def test_the_page_counts_what_holds(argv, fits, runs, tmp_path):
    command.main(argv)
    text = (tmp_path / "page.md").read_text()
    flat = " ".join(text.split())
    assert f"Made by `{page.PROGRAM} {argv[0]} --users 50 --seeds 3 --fit-users 40 --steps 2`" in flat
    assert "Of the claims that the world was fitted to, 5 of 5 (100%, 57 to 100%) hold." in flat
    assert "2 of 5 (40%, 12 to 77%) hold. Before any fit, 1 of 5 (20%, 4 to 62%) hold." in flat
    assert "Holds when fitted and when its section was left out (2): C13, C86." in flat
    assert "Holds when fitted, and not without (3): C12, C56, C87." in flat
    rows = {line.split(" | ")[0].strip("| "): line for line in text.splitlines() if line.startswith("| ")}
    assert rows["C13"].endswith("| fitted | 0/3 | **3/3** | **3/3** |")
    assert rows["C12"].endswith("| fitted | 0/3 | **3/3** | 0/3 |")
    assert rows["C14"].endswith("| given up | 0/3 | **3/3** | 0/3 |")
    assert rows["C117"].endswith("| validation | – | **3/3** | – |")
    assert rows["C118"].endswith("| validation | – | 0/3 | – |")
    assert rows["C15"].endswith("| not fitted | – | **3/3** | – |")
    assert "| definition | – |" in rows["C10"] and "C01" not in rows
    own = [e for e in registry() if e.section == "openness" and goals.side_of(e.claim) == "validation"]
    told = [int(e.id[1:]) % 2 for e in own if e.claim.testable]
    openness = next(line for name, line in rows.items() if name.startswith("Section 3"))
    assert "| 0 of 2 (0%, 0 to 66%) | 2 of 2 (100%, 34 to 100%) | 1 of 2 (50%, 9 to 91%) |" in openness
    assert f"| {sum(told)} of {len(told)} (" in openness
    assert "| all but openness | 3 | none | 3 of 4 |" in text
    assert rows["all"].endswith("| all | 5 | C14 | 3 of 4 |")
    assert text.startswith("<!-- Written by slipper.")


def test_seeds_that_were_fitted_confirm_nothing(argv, fits, runs, base, capsys):
    own = sim.load_scenario(base).seed
    assert command.main([*argv, "--fit-seed", str(own)]) == 2
    assert f"--fit-seed {own}: seed" in capsys.readouterr().err and not fits and not runs


def test_one_section_alone_cannot_be_left_out(argv, fits, runs, monkeypatch, capsys):
    monkeypatch.setitem(globals(), "ENTER", ("C12", "C13"))
    assert command.main(argv) == 2
    assert "its fit has claims of 1 sections; expected two or more" in capsys.readouterr().err and not runs


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Failure("no way"), 1, "the fit to all claims but those of the section agentic: no way"),
        (KeyboardInterrupt(), 130, "the same command goes on"),
    ],
)
def test_a_fit_that_ends_early_leaves_the_others_remembered(
    argv, fits, runs, monkeypatch, capsys, error, status, said
):
    whole = Fitting.answers

    def answers(self, tell):
        if self.left_out == "agentic":
            raise error
        return whole(self, tell)

    monkeypatch.setattr(Fitting, "answers", answers)
    assert command.main(argv) == status
    assert said in capsys.readouterr().err and not runs
    monkeypatch.setattr(Fitting, "answers", whole)
    assert command.main(argv) == 0
    assert [fit.left_out for fit in fits] == ["", "openness", "agentic", "categories"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["no-such-world"], "no such scenario"),
        (["{base}", "--markdown", "{base}"], "slipper did not write this file"),
    ],
)
def test_what_cannot_be_is_told_before_any_fit(argv, fits, runs, base, capsys, change, message):
    assert command.main([*(word.format(base=base) for word in change), *argv[1:-2][:9]]) == 2
    assert message in capsys.readouterr().err and not fits and not runs


def test_a_claim_that_holds_by_luck_does_not_count(argv, fits, runs, base, tmp_path):
    found = study.carry_out(workshop(base, tmp_path), 3, 50, quiet=True)
    entry = registry()["C13"]
    told = study.of(found.fitted, "C13")
    assert page.held([told, None]) == (1, 1) and found.without(entry) is not None
    assert study.of(found.before, "C117") is None and found.without(registry()["C117"]) is None
    assert page.share((0, 0)) == "–"


def test_a_real_fit_answers_as_the_study_needs(tmp_path):
    """Of three claims in a world of few users, before its first step."""
    base = tmp_path / "mine.yaml"
    base.write_text("# Mine\nextends: report-base\ntitle: Mine\nstart: 2024-09-01\n")
    claims = registry()
    made = Workshop(
        base, study.only(claims, ["C13", "C79", "C03"]), Settings(100, 0, (0,), 1000, 1), tmp_path
    )
    told: list[float] = []
    fold = made.fold("", told.append)
    assert fold.entered == fold.asked == {"C13", "C79"}, (
        "places, of which C03 speaks, are no axis of the tensor"
    )
    assert folds.sections_of(fold.entered, claims) == ["openness", "categories"]
    assert told[-1] == 1.0
    assert sim.load_scenario(fold.world).users == sim.load_scenario(base).users
    assert "Mine, fitted to all claims" in fold.world.read_text()
    assert len(list((tmp_path / "calibrations/mine").glob("*.npz"))) == 1
    record = Store(made.folder / "fits").finished([made.fitting("").key])
    assert len(record) == 1
