"""Why claims fail: the file is whole, its errors name their place, and it is shown where it is about the world."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

import sim
from testbed import shipped
from testbed.claims import goals
from testbed.claims import reasons as known
from testbed.claims.frequency import Study, frequency
from testbed.claims.registry import registry
from testbed.experiment import engine
from testbed.terminal import scoreboard_page, scoreboard_view
from tests.analysis.made_log import made, write_run
from tests.command_line import slipper
from tests.testbed.experiment import carriers

MADE = """\
version: 1
worlds: [one-frontier-model]
reasons:
  C20: {kind: contradiction, claims: [C27], text: both cannot be had at once}
  C12:
    kind: missing_mechanism
    mechanism: fashion
    text: nobody follows others in this world
  C13: {kind: stricter_than_report, quote: about a third of tokens, text: the band is narrower than that}
  C14: {kind: scale, users: 400000, text: the week moves by luck}
  C15: {kind: structure_of_fit, text: one factor moves all weeks alike}
  C16: {kind: open_question, text: a larger reach was tried}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "reasons.yaml"
    path.write_text(MADE)
    return path


@pytest.fixture
def found(file):
    return known.load(file)


def line(status):
    return {"status": status, "weak": False, "reason": "made", "simulated": "?", "value": None, "unit": None,
            "test": None, "parts": []}  # fmt: skip


def study(holds: dict[str, int], replicates: int = 5, others: str = "not_testable"):
    """A study in which claims hold in so many replicates; all others are as said."""
    frequencies = [
        frequency(
            entry,
            [line(others if entry.id not in holds else "holds" if number < holds[entry.id] else "fails")
             for number in range(replicates)],
        )
        for entry in registry()
    ]  # fmt: skip
    return Study("made", 1, tuple(range(replicates)), (), "digest", tuple(frequencies), registry().titles)


def test_the_shipped_reasons_are_about_shipped_worlds():
    assert set(known.reasons().worlds) <= set(shipped.worlds())


def test_every_kind_says_what_it_is_about(found):
    assert {type(one) for one in found.of.values()} == set(known.KINDS)
    assert found.line("C20") == "contradiction with C27: both cannot be had at once"
    assert found.line("C12") == "missing mechanism (fashion): nobody follows others in this world"
    assert found.line("C13").startswith("stricter than the report (“about a third of tokens”): ")
    assert found.line("C14") == "scale (a world of 400,000 users would tell): the week moves by luck"
    assert found.line("C15").startswith("structure of the fit: ")
    assert found.line("C16") == "open question: a larger reach was tried"
    assert found.line("C17") == "no reason known yet"
    assert found.contradictory == {"C20", "C27"}
    assert list(found.counts(["C12", "C14", "C17", "C18"])) == [
        ("missing mechanism", 1), ("scale", 1), ("no reason known yet", 2),
    ]  # fmt: skip


def test_reasons_are_about_their_world_as_it_is(found):
    assert found.about("one-frontier-model") is found
    assert found.about("report") is None
    assert found.about("one-frontier-model", ["mechanisms.fit=off"]) is None


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("  C12:\n", "  C912:\n", 5, "no claim 'C912'"),
        ("  C12:\n", "  C01:\n", 5, "no log can test C01, so it cannot fail"),
        ("claims: [C27]", "claims: [C27, C20]", 4, "a claim is not named beside itself"),
        ("claims: [C27]", "claims: [C777]", 4, "no claim 'C777'"),
        (", claims: [C27]", "", 4, "missing key 'claims'"),
        ("kind: missing_mechanism", "kind: missing_mecanism", 6, "did you mean 'missing_mechanism'?"),
        ("mechanism: fashion", "mechanisms: fashion", 7, "unknown key 'mechanisms'"),
        ("users: 400000", "users: many", 10, "expected a whole number"),
        ("text: the week moves by luck", "text: luck", 10, "must have at least 10 characters"),
        ("worlds: [one-frontier-model]", "worlds: []", 2, "must have at least 1 entries"),
    ],
)
def test_errors_name_file_line_and_key(file, old, new, at, message):
    assert MADE.count(old) == 1
    file.write_text(MADE.replace(old, new))
    with pytest.raises(sim.ScenarioError) as error:
        known.load(file)
    told = [(p.file, p.line, f"{p.path}: {p.message} {p.hint}") for p in error.value.problems]
    assert any(name == str(file) and row == at and message in text for name, row, text in told), told


# --- the goals


def test_both_sides_are_counted_apart_without_what_is_proved_contradictory():
    whole = study({"C12": 5, "C13": 4, "C14": 3, "C20": 0, "C27": 5, "C117": 4, "C118": 0, "C10": 5})
    calibration, validation = goals.reached(whole.frequencies)
    assert (calibration.testable, calibration.hold, calibration.goal) == (3, 2, 0.85)
    assert (validation.testable, validation.hold, validation.goal) == (4, 2, 0.65), "C10 is a definition"
    assert calibration.claims == 70 and calibration.share == pytest.approx(2 / 3)
    assert calibration.interval == pytest.approx((0.2077, 0.9385), abs=1e-3)
    calibration, validation = goals.reached(whole.frequencies, {"C20", "C27", "C14", "C99"})
    assert (calibration.contradictory, calibration.counted, calibration.share) == (("C14",), 2, 1)
    assert (validation.contradictory, validation.hold, validation.share) == (("C20", "C27"), 1, 0.5)


def test_nothing_that_can_be_told_is_no_share():
    calibration, _ = goals.reached(study({}).frequencies)
    assert calibration.share is None and calibration.interval is None
    assert scoreboard_view.goal_cells(calibration)[-2:] == ("–", "85%")


def test_no_claim_is_on_both_sides_and_all_of_section_7_is_for_validation():
    sides = {entry.id: goals.side_of(entry.claim) for entry in registry()}
    assert {sides[entry.id] for entry in registry() if entry.claim.calibration} == {"calibration"}
    retention = {sides[entry.id] for entry in registry() if entry.section == "retention"}
    assert retention == {"validation", None}


# --- where they are shown


def test_the_page_has_a_line_for_each_claim_that_fails(found):
    whole = study({"C12": 3, "C13": 4, "C17": 0, "C20": 2, "C27": 5})
    page = scoreboard_page.study_markdown(whole, whole.frequencies, "the command", found)
    rows = page.partition("## Why claims fail")[2].splitlines()
    said = {line.split(" | ")[0].strip("| "): line for line in rows if line.startswith("| C")}
    assert set(said) == {"C12", "C17", "C20"}, "C13 holds in 80%, and the others cannot be told"
    assert "missing mechanism (fashion)" in said["C12"] and "3/5" in said["C12"]
    assert "no reason known yet" in said["C17"] and "contradiction with C27" in said["C20"]
    text = " ".join(page.split())
    assert (
        "3 claims hold in fewer than 80% of the replicates: contradiction 1, missing mechanism 1, no reason" in text
    )  # fmt: skip
    assert "| calibration | 70 | 3 | 0 | 1 | 33% (6-79%) | 85% |" in text
    assert "| 2 | 2 | 0 | – | 65% |" in text and "proved to contradict each other: C20, C27" in text


def test_of_another_world_the_page_says_nothing_of_why():
    whole = study({"C12": 3})
    page = scoreboard_page.study_markdown(whole, whole.frequencies, "the command")
    assert "Why claims fail" not in page and "no reason known" not in page and "| 85% |" in page


def test_where_nothing_fails_the_page_says_so(found):
    whole = study({"C12": 5})
    page = scoreboard_page.study_markdown(whole, whole.frequencies, "the command", found)
    assert "Each that can be tested holds in at least 80% of the replicates." in page


def test_the_terminal_says_why_beside_the_claim(found):
    whole = study({"C12": 3, "C13": 4, "C17": 0})
    console = Console(record=True, width=300)
    scoreboard_view.print_study(console, whole, whole.frequencies, why=True, known=found)
    text = console.export_text()
    assert text.count("why it fails: ") == 2
    assert "why it fails: no reason known yet" in text and "65%" in text


def test_check_says_why_of_the_world_that_the_reasons_are_about(capsys, tmp_path, monkeypatch, found):
    def carry(task):
        record = carriers.answer(task)
        for answer in record["patterns"].values():
            answer["line"] = line("fails")
        return record

    monkeypatch.setattr(engine, "choose", lambda *_: carriers.Serial(carry))
    monkeypatch.setattr(known, "reasons", lambda: found)
    argv = ["check", "one-frontier-model", "--users", 50, "--seeds", 2, "--out", tmp_path / "out", "--json"]
    page = tmp_path / "page.md"
    _, out, _ = slipper(capsys, *argv, "--markdown", page)
    data = json.loads(out)
    assert data["why"]["C12"] == found.line("C12") and data["why"]["C17"] == known.UNKNOWN
    assert data["goals"]["validation"]["contradictory"] == ["C20", "C27"]
    assert "| C12 |" in page.read_text().partition("## Why claims fail")[2]
    _, out, _ = slipper(capsys, *argv, "--set", "mechanisms.fit=off", "--markdown", page)
    data = json.loads(out)
    assert data["why"] == {} and data["goals"]["validation"]["contradictory"] == []
    assert "Why claims fail" not in page.read_text()
    mine = tmp_path / "one-frontier-model.yaml"
    mine.write_text(shipped.find("one-frontier-model").read_text())
    assert (
        json.loads(slipper(capsys, *[mine if word == mine.stem else word for word in argv])[1])["why"] == {}
    )


def test_check_of_a_run_says_why_if_its_scenario_is_the_shipped_one(capsys, tmp_path, monkeypatch, found):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(known, "reasons", lambda: found)
    run = write_run(made(rows=300, users=40, seed=3), tmp_path)
    file = run / "manifest.json"
    told = json.loads(file.read_text()) | {"scenario": "one-frontier-model"}
    resolved = sim.load_scenario(shipped.find("one-frontier-model")).model_dump(mode="json", by_alias=True)

    def said(**changes):
        file.write_text(json.dumps(told | {"resolved": resolved | changes}))
        _, out, _ = slipper(capsys, "check", run, "--only", "C02", "--why")
        return known.UNKNOWN in out

    assert said(seed=77, users=5)
    assert not said(title="another one")
    told["scenario"] = "no-fit"
    assert not said()
