"""Verdicts on the page: what is said of launch cohorts that stand out, that do not, and that cannot be judged."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis.inference.cohorts.populations import Population, planted
from analysis.inference.verdict.judging import judge
from analysis.inference.verdict.table import COLUMNS, verdict_table
from analysis.inference.verdict.verdict import KIND_WORDS, Verdict
from analysis.numerals import number_within, p_value, percent, percent_within, points_within
from analysis.report.pages.launch_verdicts import MARKS, judgement
from tests.analysis.rows import generations, model, models

SIZES = (500, *(250,) * 6)


@pytest.fixture(scope="module")
def loyal() -> Verdict:
    panel = planted(SIZES, 0.35, months=8).draw(np.random.default_rng(1))
    return judge(panel, np.random.default_rng(2), simulations=12)


@pytest.fixture(scope="module")
def alike() -> Verdict:
    panel = Population("alike", (300,) * 7, months=8).draw(np.random.default_rng(2))
    return judge(panel, np.random.default_rng(2), simulations=12)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_loyal_cohort_is_told_with_sizes_tests_and_error_rates(loyal):
    shown = judgement(loyal)
    assert shown.headline.lower().startswith("foundational launch cohort")
    assert (shown.mark, shown.gap) == ("✓", "")
    sizes = dict(shown.sizes)
    found = loyal.decision.sizes
    assert sizes["Difference of the two"] == points_within(found.difference)
    assert sizes["Ratio of the two"] == number_within(found.ratio)
    assert sizes["Active in month 5"].startswith(
        f"{percent_within(found.own)} of 500 users of the launch cohort; "
    )
    assert set(sizes) == {
        "Active in month 5", "Difference of the two", "Ratio of the two", "Extra loyal share", "E-value",
    }  # fmt: skip
    assert shown.in_short == loyal.sentence and [shown.sure] == loyal.caveats
    assert shown.words == f"{shown.headline}. {loyal.sentence}"
    assert [row[0][0] for row in texts(shown.tests)] == list("ABCD")
    assert [row[2] for row in texts(shown.tests)] == [
        p_value(t.p) for t in loyal.decision.found.tests.values()
    ]
    rows = texts(shown.rates)
    assert [row[3] for row in rows] == ["false positive"] * len(loyal.rates.nulls) + ["right"] * 3
    assert [row[0] for row in rows[-3:]] == ["10%", "15%", "25%"]
    assert {row[4] for row in rows} == {"12"}
    low, high = loyal.rates.power[0].interval
    assert rows[-3][2] == f"{percent(low)} to {percent(high)}"


def test_checks_that_overturn_the_answer_stand_first_and_are_marked(loyal, alike):
    for verdict in (loyal, alike):
        lines = judgement(verdict).robustness_checks
        overturns = [outcome.about for outcome in verdict.decision.outcomes if outcome.overturns]
        told = [line for line in lines if line.startswith("! ") and "left out in turn" not in line]
        assert len(told) == sum("one cohort" not in about for about in overturns)
        assert lines[: len(told)] == told
        assert any("each other cohort left out in turn" in line for line in lines)


def test_every_kind_has_a_mark_and_only_what_stands_out_has_the_tick():
    assert set(MARKS) == set(KIND_WORDS)
    assert {kind for kind, (mark, _) in MARKS.items() if mark == "✓"} == {"foundational", "dominant launch"}


def test_the_table_has_the_verdicts_numbers(loyal, alike):
    table = verdict_table([loyal, alike])
    assert list(table.columns) == list(COLUMNS)
    assert {"power_10", "power_15", "power_25"} <= set(COLUMNS)
    first = table.iloc[0]
    sizes, rates = loyal.decision.sizes, loyal.rates
    assert first["kind"] == "foundational"
    assert (first["difference"], first["low"], first["high"]) == (
        sizes.difference.value, sizes.difference.low, sizes.difference.high,
    )  # fmt: skip
    assert [first[f"power_{n}"] for n in (10, 15, 25)] == [rate.called / 12 for rate in rates.power]
    assert first["false_positive_rate"] == max(rate.called / 12 for rate in rates.nulls)
    assert first["simulations"] == 12
    assert table["p"].tolist() == [loyal.p, alike.p]
    assert verdict_table([]).shape == (0, len(COLUMNS))


def few(monkeypatch):
    import analysis.report.exhibits as exhibits

    chosen = tuple(e for e in exhibits.EXHIBITS if e.id in ("fig14", "fig25"))
    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", chosen)


def one_user():
    return [("u", "x/m", f"2025-03-{day:02d}", {}) for day in range(1, 29)]


NOTHING_TO_JUDGE = {
    "one user": ([*one_user(), ("u", "x/m", "2025-05-31", {})], models(model("x/m", "2025-03-01"))),
    "one week": (
        [(f"u{i}", f"x/m{i % 2}", f"2025-03-{3 + i % 7:02d}", {}) for i in range(600)],
        models(model("x/m0", "2025-03-01"), model("x/m1", "2025-03-01")),
    ),
    "empty models table": (
        [(f"u{i}", "x/m", f"2025-{3 + i % 5:02d}-{1 + i % 28:02d}", {}) for i in range(900)],
        models(model("x/m", "2025-03-01")).slice(0, 0),
    ),
    "no models table": ([(f"u{i}", "x/m", f"2025-{3 + i % 5:02d}-07", {}) for i in range(900)], None),
}


@pytest.mark.parametrize("case", NOTHING_TO_JUDGE)
def test_a_log_in_which_nothing_can_be_judged_says_so(connect, tmp_path, monkeypatch, case):
    few(monkeypatch)
    rows, catalogue = NOTHING_TO_JUDGE[case]
    summary = analysis.write_analysis(connect(generations(rows), models=catalogue), tmp_path)
    page = html.unescape((tmp_path / "report.html").read_text())
    assert set(summary["verdicts"]["kind"]) == {"insufficient data"}
    gaps = re.findall(r"Not available:</b> no verdict: ([^<]+)</p>", page)
    assert len(gaps) == len(summary["panels"]) > 0
    assert all(len(gap) > 20 for gap in gaps)
    stored = pd.read_csv(tmp_path / "tables" / "fig25_verdicts.csv")
    assert stored["difference"].isna().all() and stored["false_positive_rate"].isna().all()


def test_one_thing_is_in_the_singular():
    from analysis.numerals import counted

    said = [counted(n, "paid request") for n in (0, np.int64(1), 2, 1234)]
    assert said == ["0 paid requests", "1 paid request", "2 paid requests", "1,234 paid requests"]
