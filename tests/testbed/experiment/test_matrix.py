"""The matrix on made tables: rates, paired differences, findings, what contradicts what was declared."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from testbed.claims import verdict
from testbed.experiment import reading
from testbed.experiment.findings import matrix as matrices
from testbed.experiment.findings import page
from testbed.experiment.findings import table as tables
from tests.testbed.experiment import carriers
from tests.testbed.experiment.made import TINY, table, write

W = "one-frontier-model"
ALL, NO = "y" * 20, "n" * 20
ARMS = ("base", "fit=off", "lock_in=0", "lock_in=3")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return reading.load(write(tmp_path_factory.mktemp("plan")), replicates=20)


def cells(plan, holds, values=None):
    named = {(W, arm, pattern): letters for (arm, pattern), letters in holds.items()}
    given = {(W, arm, pattern): numbers for (arm, pattern), numbers in (values or {}).items()}
    found = matrices.matrix(plan, table(plan, named, given))
    return {(cell.arm, cell.pattern): cell for cell in found}


def test_rates_and_findings(plan):
    found = cells(plan, {("base", "launch"): ALL, ("fit=off", "launch"): "y" + NO[1:], ("lock_in=0", "launch"): ALL,
                         ("lock_in=3", "launch"): "y" * 19 + "n"})  # fmt: skip
    base, fit, none, more = (found[arm, "launch"] for arm in ("base", "fit=off", "lock_in=0", "lock_in=3"))
    assert (base.rate, base.finding, base.reference) == (1.0, "base", "")
    assert base.low == pytest.approx(0.839, abs=0.001) and math.isnan(base.difference)
    assert (fit.holds, fit.testable, fit.rate) == (1, 20, 0.05)
    assert (fit.finding, fit.declared, fit.agreement) == ("necessary", "necessary", "as declared")
    assert fit.difference == pytest.approx(-0.95) and fit.difference_high < -0.6
    assert fit.p == pytest.approx(2 * 0.5**19)
    assert (none.finding, none.agreement) == ("irrelevant", "as declared")
    assert (
        more.finding == "undecided" and more.agreement == "not settled"
    )  # 1 of 20: the margin is not excluded


def test_what_contradicts(plan):
    found = cells(plan, {("base", "launch"): ALL, ("fit=off", "launch"): ALL, ("lock_in=0", "launch"): NO})
    assert found["fit=off", "launch"].agreement == "contradicts"
    assert (found["lock_in=0", "launch"].finding, found["lock_in=0", "launch"].agreement) == (
        "necessary",
        "contradicts",
    )


def test_pairs_are_the_replicates_that_both_can_tell(plan):
    found = cells(plan, {("base", "kept"): "yyyy-fyy", ("fit=off", "kept"): "nny yy-n"})
    cell = found["fit=off", "kept"]
    # Replicates 3 (missing), 4, 5 and 6 have no pair.
    assert (cell.runs, cell.testable, cell.failed, cell.pairs) == (7, 6, 0, 4)
    assert cell.difference == pytest.approx(-0.75)
    assert found["base", "kept"].failed == 1 and found["base", "kept"].testable == 6


def test_values_are_compared_in_pairs(plan):
    base, other = [0.4, 0.5, 0.3, None], [0.3, 0.35, 0.25, 0.9]
    found = cells(plan, {("base", "kept"): "yyyy", ("fit=off", "kept"): "yyyy"},
                  {("base", "kept"): base, ("fit=off", "kept"): other})  # fmt: skip
    cell = found["fit=off", "kept"]
    assert cell.value_difference == pytest.approx(-0.1)
    half = 4.302653 * 0.05 / math.sqrt(3)  # t with 2 degrees of freedom, sd of -0.1, -0.15, -0.05
    assert (cell.value_low, cell.value_high) == pytest.approx((-0.1 - half, -0.1 + half), abs=1e-6)
    assert cell.value == pytest.approx(0.45)


def test_a_pattern_that_no_run_can_tell(plan):
    found = cells(plan, {("base", "launch"): "---", ("fit=off", "launch"): "yyy"})
    assert math.isnan(found["base", "launch"].rate) and found["base", "launch"].testable == 0
    assert found["fit=off", "launch"].finding == "untestable"


def test_a_reference_that_is_missing(plan):
    assert cells(plan, {("fit=off", "launch"): ALL})["fit=off", "launch"].finding == "untestable"


def test_sufficient_is_judged_where_the_cause_stands_alone(tmp_path):
    text = TINY.replace("base: 1.5, levels: [0, 3]", "levels: [0]").replace("[one_at_a_time]", "[alone]")
    text = text.replace("fit: necessary, lock_in: irrelevant", "fit: sufficient, lock_in: sufficient")
    plan = reading.load(write(tmp_path, text), replicates=20)
    found = cells(plan, {("base", "launch"): ALL, ("none", "launch"): NO, ("only fit", "launch"): ALL,
                         ("only lock_in", "launch"): NO})  # fmt: skip
    fit, lock_in = found["only fit", "launch"], found["only lock_in", "launch"]
    assert (fit.reference, fit.finding, fit.agreement) == ("none", "sufficient", "as declared")
    assert (lock_in.finding, lock_in.agreement) == ("irrelevant", "contradicts")
    assert found["none", "launch"].reference == "base" and found["none", "launch"].agreement == ""


def test_findings_are_named_by_p_values_adjusted_for_the_whole_matrix(plan):
    seven = "y" * 13 + "n" * 7
    made = {("base", "launch"): ALL, ("fit=off", "launch"): seven}
    alone = cells(plan, made)["fit=off", "launch"]
    assert alone.p == alone.p_adjusted == pytest.approx(2 * 0.5**7) and alone.finding == "helps"
    # Five more comparisons in which nothing changes: 0.0156 x 6 / 1.
    made |= {("base", "kept"): ALL} | {
        (arm, p): ALL for arm in ("lock_in=0", "lock_in=3") for p in ("launch", "kept")
    }
    made["fit=off", "kept"] = ALL
    found = cells(plan, made)
    among = found["fit=off", "launch"]
    assert among.p == alone.p and among.p_adjusted == pytest.approx(6 * 2 * 0.5**7)
    assert among.finding == "undecided"
    assert math.isnan(found["base", "launch"].p_adjusted)


def test_few_findings_are_named_where_nothing_differs(plan):
    """60 matrices of 6 comparisons without any effect (rate 60% of 20 runs, arms independent): at most 5% of them name
    a finding that claims one, and more would by their raw p values."""
    rng = np.random.default_rng(1)
    raw = named = 0
    for _ in range(60):
        made = {(arm, pattern): "".join(rng.choice(["y", "n"], 20, p=[0.6, 0.4]))
                for arm in ARMS for pattern in ("launch", "kept")}  # fmt: skip
        found = cells(plan, made).values()
        raw += any(cell.p < 0.05 for cell in found)
        named += any(cell.finding not in ("base", "irrelevant", "undecided") for cell in found)
    assert named <= 3 < raw


def test_a_lower_dose_speaks_for_a_cause_at_its_end(tmp_path):
    text = TINY.replace("levels: [0, 3]", "levels: [0.5, 1, 3]").replace(
        "lock_in: irrelevant", "lock_in: necessary"
    )
    plan = reading.load(write(tmp_path, text), replicates=20)
    found = cells(plan, {("base", "launch"): ALL, ("lock_in=0.5", "launch"): NO, ("lock_in=1", "launch"): ALL,
                         ("lock_in=3", "launch"): NO})  # fmt: skip
    assert [(found[f"lock_in={level}", "launch"].finding, found[f"lock_in={level}", "launch"].agreement)
            for level in (0.5, 1, 3)
            ] == [("necessary", "as declared"), ("irrelevant", ""), ("prevents", "")]  # fmt: skip


def test_two_causes_taken_away_do_not_prevent(tmp_path):
    text = TINY.replace("[one_at_a_time]", "[pairwise]")
    plan = reading.load(write(tmp_path, text), replicates=20)
    found = cells(plan, {("base", "launch"): ALL, ("fit=off, lock_in=0", "launch"): NO,
                         ("fit=off, lock_in=3", "launch"): NO})  # fmt: skip
    assert found["fit=off, lock_in=0", "launch"].finding == "necessary"
    assert found["fit=off, lock_in=3", "launch"].finding == "ends"


def test_an_arm_that_changes_nothing_of_the_world_is_not_compared(tmp_path):
    text = TINY.replace("start:", "mechanisms.fit: off, start:")
    plan = reading.load(write(tmp_path, text), replicates=20)
    found = cells(plan, {(arm, "launch"): ALL for arm in ARMS} | {("lock_in=3", "launch"): NO})
    fit, more = found["fit=off", "launch"], found["lock_in=3", "launch"]
    assert (fit.finding, fit.said, fit.agreement) == ("same world", "same world as base", "not settled")
    assert (fit.rate, fit.pairs) == (1.0, 0) and math.isnan(fit.p) and math.isnan(fit.difference)
    assert more.p_adjusted == pytest.approx(2 * more.p)  # of two comparisons, not of three
    shown = [[cell.text for cell in row] for row in page.overview(plan, list(found.values())).rows]
    assert shown[1][:2] == ["fit=off", "≡ same world as base\n100% [84–100]\n? not settled"]


def test_false_positives(tmp_path):
    text = TINY.replace("base: one-frontier-model.yaml", """\
worlds:
  null: {file: one-frontier-model.yaml, effect: absent}
  true: {file: one-frontier-model.yaml, effect: present}""")  # fmt: skip
    text += (
        "  kept too: {is: cohort-retention, with: {model: new/frontier}, counts_as_false_positive: false}\n"
    )
    plan = reading.load(write(tmp_path, text), replicates=80)
    made = {("null", "base", "launch"): "yyyy" + "n" * 16, ("null", "fit=off", "launch"): "n" * 73,
            ("null", "lock_in=0", "launch"): "n" * 72, ("null", "lock_in=3", "launch"): "yy" + "n" * 18,
            ("true", "base", "launch"): ALL, ("null", "base", "kept too"): ALL}  # fmt: skip
    every = matrices.matrix(plan, table(plan, made))
    found = {(cell.world, cell.arm): cell for cell in every if cell.pattern == "launch"}
    assert found["null", "base"].errors == "too many"  # 4 of 20: the interval begins at 8%
    assert found["null", "fit=off"].errors == "within the level"  # none of 73: the interval ends below 5%
    assert found["null", "lock_in=0"].errors == "not settled"  # none of 72: 5.07%
    assert found["null", "lock_in=3"].errors == "not settled"
    short = {row[0].text: row[1].text for row in page.overview(plan, every).rows}
    assert short["null (absent): base"] == "✗ 20% [8–41.6]"
    assert short["null (absent): fit=off"].startswith("✓ 0% [0–5.0]\n")
    assert short["null (absent): lock_in=0"].startswith("? 0% [0–5.1]\n")
    assert [cell.errors for cell in every if cell.pattern == "kept too"] == [""]  # claims no effect
    assert found["true", "base"].errors == ""
    assert found["null", "fit=off"].reference == "base"  # compared within its world


RISES, WANDERS = [0.1 + 0.001 * i for i in range(20)], [0.1 * (-1) ** i + 0.01 for i in range(20)]


def test_a_direction_that_holds_by_luck_is_said_and_is_none_for_the_words(plan):
    holds = {("base", "launch"): ALL, ("fit=off", "launch"): "y" * 11 + "n" * 9, ("lock_in=0", "launch"): ALL}
    changes = {"base": RISES, "fit=off": WANDERS, "lock_in=0": RISES}
    named = {(W, arm, pattern): letters for (arm, pattern), letters in holds.items()}
    given = {(W, arm, "launch"): numbers for arm, numbers in changes.items()}
    found = {cell.arm: cell for cell in matrices.matrix(plan, table(plan, named, changes=given))}
    base, fit = found["base"], found["fit=off"]
    assert (base.directions, fit.directions, found["lock_in=0"].directions) == ("shown", "not shown", "shown")
    assert (fit.rate, fit.finding) == (0.55, "necessary")  # 11 of 20 would be a help alone
    assert fit.p == pytest.approx(2 * 0.5**9)  # of the runs as they are
    assert found["lock_in=0"].finding == "irrelevant"
    alone = {cell.arm: cell for cell in matrices.matrix(plan, table(plan, named))}["fit=off"]
    assert (alone.directions, alone.finding) == ("", "helps")
    shown = {row[0].text: row[1].text for row in page.overview(plan, list(found.values())).rows}
    assert "\nby luck" in shown["fit=off"] and "luck" not in shown["base"]


def test_the_runs_say_how_directions_were_tested(plan):
    records = {cell.task.key: carriers.answer(cell.task) for cell in plan.cells}
    test = verdict.Tested("world", 0.1, "points", up=True).as_data()
    for number, record in enumerate(records.values()):
        lines = [
            {"parts": [], "test": test},
            {"parts": [{"test": None}, {"test": test}]},
            {"parts": [], "test": None},
        ]
        record["patterns"]["launch"]["line"] = lines[number % 3]
    runs = tables.tidy(plan, records)
    told = [json.loads(text) if text else None for text in runs[runs["pattern"] == "launch"]["directions"]]
    assert told[:3] == [[test], [None, test], None]
    assert set(runs[runs["pattern"] == "kept"]["directions"]) == {""}


def test_luck_on_both_sides_is_no_finding(plan):
    named = {(W, "base", "launch"): "y" * 4 + "n" * 16, (W, "fit=off", "launch"): "n" * 4 + "y" * 16}
    given = {(W, arm, "launch"): WANDERS for arm in ("base", "fit=off")}
    fit = matrices.matrix(plan, table(plan, named, changes=given))[1]
    assert fit.p < 0.05 and fit.finding == "undecided"


def test_a_direction_by_luck_is_no_false_positive(tmp_path):
    text = TINY.replace("base: one-frontier-model.yaml", """\
worlds:
  null: {file: one-frontier-model.yaml, effect: absent}""")  # fmt: skip
    plan = reading.load(write(tmp_path, text), replicates=80)
    named = {("null", "base", "launch"): "yn" * 40}
    for values, errors in ((WANDERS * 4, "within the level"), ([0.1] * 40 + [0.2] * 40, "too many")):
        given = {("null", "base", "launch"): values}
        assert matrices.matrix(plan, table(plan, named, changes=given))[0].errors == errors


def test_no_comparison_across_worlds(plan):
    frame = table(plan, {(W, "fit=off", "launch"): ALL, ("elsewhere", "base", "launch"): ALL})
    assert [cell.finding for cell in matrices.matrix(plan, frame)] == ["untestable"]
