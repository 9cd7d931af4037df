"""The registry of claims: complete, consistent, and its errors name their place."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import sim
from testbed.claims import registry
from testbed.claims.predicates import KINDS, AllOf
from testbed.claims.statistics import BadCall, bind, statistics

TEXT = registry.REGISTRY.read_text(encoding="utf-8")


def test_every_claim_is_there_exactly_once_in_order():
    ids = registry.registry().ids()
    assert ids == [f"C{number:02d}" for number in range(1, len(ids) + 1)] and len(ids) >= 160


def calls():
    for entry in registry.registry():
        if entry.claim.statistic is not None:
            yield entry.id, entry.claim.statistic
        if isinstance(entry.claim.predicate, AllOf):
            yield from (
                (entry.id, part.statistic) for part in entry.claim.predicate.of if part.statistic is not None
            )


def test_every_statistic_exists_and_its_arguments_bind():
    for claim, call in calls():
        bound = bind(call.name, call.arguments)
        assert set(bound) == set(call.arguments), claim


def test_every_kind_of_predicate_is_used():
    used = Counter()
    for entry in registry.registry():
        predicate = entry.claim.predicate
        parts = [part.predicate for part in predicate.of] if isinstance(predicate, AllOf) else [predicate]
        used.update(type(part) for part in [predicate, *parts] if part is not None)
    assert set(KINDS) <= set(used)


def test_every_statistic_that_is_not_used_is_not_there():
    assert {call.name for _, call in calls()} == set(statistics())


def test_statistics_say_what_they_are():
    for name, function in statistics().items():
        assert function.__doc__ and len(function.__doc__) > 30, name


def test_roles_follow_the_report():
    roles = Counter(entry.claim.role for entry in registry.registry())
    assert roles["emergent"] > roles["input"] > roles["definition"]
    assert {entry.claim.role for entry in registry.registry() if entry.section == "retention"} == {
        "emergent",
        "definition",
    }


CALIBRATED = (
    "C02 C03 C12-C19 C23-C26 C35-C37 C42-C47 C49 C53 C54 C56 C61 C69-C72 C77 C79-C82 C86-C102 C106 C109-C114 C132 "
    "C147-C154"
)
"""The claims that calibration may use, as settled before the first fit."""


def test_no_claim_changes_sides_between_calibration_and_validation():
    settled = set()
    for part in CALIBRATED.split():
        first, _, last = part.replace("C", "").partition("-")
        settled |= {f"C{number:02d}" for number in range(int(first), int(last or first) + 1)}
    assert {entry.id for entry in registry.registry() if entry.claim.calibration} == settled


def test_calibration_uses_no_retention_and_no_emergent_band_of_a_third_party():
    for entry in registry.registry():
        if entry.claim.calibration:
            assert entry.section != "retention" and entry.claim.statistic is not None
            assert entry.claim.role != "definition"
            assert entry.claim.basis != "third-party" or entry.claim.role == "input"
    emergent = [
        entry.claim
        for entry in registry.registry()
        if entry.claim.role == "emergent" and entry.claim.testable
    ]
    held_out = [claim for claim in emergent if not claim.calibration]
    assert len(held_out) > len(emergent) / 2


def test_what_cannot_be_tested_says_why():
    for entry in registry.registry():
        if not entry.claim.testable:
            assert entry.claim.note, entry.id


def broken(tmp_path: Path, old: str, new: str) -> list[sim.Problem]:
    assert TEXT.count(old) >= 1
    file = tmp_path / "claims.yaml"
    file.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(sim.ScenarioError) as error:
        registry.load(file)
    return list(error.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{name: platform.breadth, of: models}",
            "{name: platform.bredth, of: models}",
            "no statistic 'platform.bredth'",
        ),
        ("{name: platform.breadth, of: models}", "{name: platform.breadth, on: models}", "takes no 'on'"),
        (
            "{name: platform.breadth, of: models}",
            "{name: platform.breadth, of: apples}",
            "platform.breadth: of",
        ),
        ("{name: platform.breadth, of: models}", "{name: platform.breadth}", "needs 'of'"),
        ("kind: range, at_least: 0.5}", "kind: rnage, at_least: 0.5}", "rnage"),
        ("kind: range, at_least: 0.5}", "kind: range, at_lest: 0.5}", "at_lest"),
        ("role: input", "role: imput", "imput"),
        ("calibration: true", "calibration: maybe", "maybe"),
    ],
)
def test_errors_name_file_line_and_column(tmp_path, old, new, message):
    problems = broken(tmp_path, old, new)
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    assert any(message in f"{problem.message} {problem.hint} {problem.source}" for problem in problems), (
        problems
    )
    assert all(problem.file.endswith("claims.yaml") for problem in problems)
    assert any(problem.line == line and problem.column > 1 for problem in problems), (line, problems)


def test_an_id_in_two_sections_is_an_error(tmp_path):
    problems = broken(tmp_path, "      C12:\n", "      C01:\n")
    assert any("also in section 'platform'" in problem.message for problem in problems)


def test_an_id_twice_in_a_section_is_an_error(tmp_path):
    problems = broken(tmp_path, "      C13:\n", "      C12:\n")
    assert any("given twice" in problem.message for problem in problems)


def test_a_claim_without_statistic_must_say_why(tmp_path):
    note = re.search(r"        note: A log of metadata holds no text\.\n", TEXT)
    problems = broken(tmp_path, note[0], "")
    assert any("says why" in problem.message for problem in problems)


def test_a_bad_statistic_in_a_part_is_found_there(tmp_path):
    problems = broken(
        tmp_path, "{name: platform.breadth, of: providers}", "{name: platform.breadth, of: provider}"
    )
    line = TEXT[: TEXT.index("{name: platform.breadth, of: providers}")].count("\n") + 1
    assert any(problem.line == line for problem in problems), problems


def test_the_digest_follows_the_text(tmp_path):
    file = tmp_path / "claims.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert registry.load(file).digest == registry.registry().digest
    file.write_text(TEXT + "# one more line\n", encoding="utf-8")
    assert registry.load(file).digest != registry.registry().digest


def test_the_digest_follows_what_makes_verdicts_and_not_what_draws(monkeypatch):
    read = Path.read_bytes
    before = registry.method_digest.__wrapped__()

    def after_a_change_of(name):
        monkeypatch.setattr(
            Path, "read_bytes", lambda file: read(file) + (b"#" if file.name == name else b"")
        )
        return registry.method_digest.__wrapped__()

    judging = (
        "scoreboard.py",
        "bands.py",
        "directions.py",
        "changes.py",
        "amounts.py",
        "uncertainty.py",
        "registry.py",
    )
    for name in (*judging, "proportions.py", "taxonomy.csv"):
        assert after_a_change_of(name) != before, name
    for name in ("page.py", "charts.py", "comparison.py", "style.py"):
        assert after_a_change_of(name) == before, name


def test_bind_says_what_a_statistic_takes():
    with pytest.raises(BadCall, match="it takes of"):
        bind("platform.breadth", {"off": "models"})
