"""What a verdict says: no text contradicts itself, no number is without a value, and what would do, does."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from analysis import numerals
from analysis.inference.cohorts.populations import Population, Prior, planted
from analysis.inference.launch.decision import first_look
from analysis.inference.launch.effects import Amount
from analysis.inference.launch.robustness import robustness_checks
from analysis.inference.verdict import wording
from analysis.inference.verdict.judging import judge
from analysis.inference.verdict.remedies import in_words, remedies
from analysis.inference.verdict.verdict import KIND_WORDS, Verdict
from analysis.proportions import Z95
from analysis.report.pages.launch_verdicts import judgement
from testbed.terminal import verdict_view

NAN = float("nan")
SHARE = r"(?:\d+(?:\.\d)?%)"


@dataclass(frozen=True)
class Fixed:
    """Error rates of a given power at a quarter of loyal users, for words only."""

    power: float

    @property
    def enough(self) -> bool:
        return self.power >= 0.8

    def power_at(self, loyal: float) -> float:
        return self.power


def all_words(verdict: Verdict) -> str:
    """All that the page and the terminal say of a verdict."""
    shown = judgement(verdict)
    told = io.StringIO()
    verdict_view.print_verdicts(Console(file=told, width=400), [verdict], why=True)
    page = [
        shown.headline,
        shown.because,
        shown.in_short,
        shown.gap,
        shown.remedy,
        shown.sure,
        *shown.limits,
        *shown.notes,
        *shown.robustness_checks,
    ]
    page += [text for pair in shown.sizes for text in pair]
    for table in (shown.tests, shown.rates):
        if table is not None:
            page += [*table.head, *(cell.text for row in table.rows for cell in row), table.note]
    return "\n".join([*page, told.getvalue()])


panels = st.builds(
    lambda launch, later, cohorts, months, kind, seed: (launch, later, cohorts, months, kind, seed),
    st.integers(20, 900), st.integers(1, 500), st.integers(1, 7), st.integers(2, 9),
    st.sampled_from(["alike", "planted", "drift", "whales", "gone", "sticky"]), st.integers(0, 10_000),
)  # fmt: skip


def drawn(case) -> Verdict:
    launch, later, cohorts, months, kind, seed = case
    sizes = (launch, *(later,) * min(cohorts, months - 1))
    family = {
        "alike": lambda: Population("alike", sizes, months=months),
        "planted": lambda: planted(sizes, 0.3, months=months),
        "drift": lambda: Population("drift", sizes, months=months, drift=0.3),
        "whales": lambda: Population("whales", sizes, months=months, whales=0.15),
        "gone": lambda: planted(sizes, 0.2, Prior(0.1, 60.0, 1.2, 2.0), months=months),
        "sticky": lambda: Population("sticky", sizes, Prior(8.0, 0.4, 4.0, 0.5), months=months),
    }[kind]()
    rng = np.random.default_rng(seed)
    panel = family.with_volumes(family.draw(rng), rng)
    return judge(replace(panel, min_cohort=40 if seed % 2 else 200))


@settings(max_examples=40)
@given(panels)
def test_no_text_contradicts_itself(case):
    verdict = drawn(case)
    if verdict.panel is not None and verdict.classification.kind == "insufficient data":
        verdict = replace(verdict, remedies=remedies(verdict.panel, None, 1000))
    words = all_words(verdict)
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b", words), words
    sizes = verdict.decision.sizes if verdict.decision else None
    if sizes is not None:
        own = re.findall(
            rf"({SHARE})(?: \([^)]*\))? of (?:[\d,]+ users of )?the launch cohort(?! are|;? who)", words
        )
        assert set(own) <= {numerals.percent(sizes.own.value)}
        others = re.findall(rf"against ({SHARE}) of the (?:later|other)", words)
        assert set(others) <= {numerals.percent(sizes.others.value)}
        differences = re.findall(r"ifference of the two\s+(−?[\d.]+) point", words)
        assert set(differences) <= {numerals.points(sizes.difference.value).split()[0]}
    alike = r"are (−?[\d.]+) points? apart in month \d, where chance alone makes up to ([\d.]+)"
    for apart, noise in re.findall(alike, words):
        assert float(apart) - float(noise) <= 5.0 + 0.1  # of rounding
    if "by less than the 5 points" in words:
        assert sizes is not None and sizes.difference.value < 0.05
    for count, within in re.findall(
        r"--min-cohort (\d+)` \(shares are then known to within (\d+) points", words
    ):
        assert 100 * Z95 * math.sqrt(0.25 / int(count)) <= int(within)


@settings(max_examples=25)
@given(panels)
def test_a_smaller_least_cohort_that_is_advised_lets_the_model_be_judged(case):
    verdict = drawn(case)
    panel = verdict.panel
    assert panel is not None
    for least in re.findall(r"--min-cohort (\d+)", " ".join(remedies(panel))):
        assert int(least) < panel.min_cohort
        tried = replace(panel, min_cohort=int(least))
        assert first_look(tried, panel.launch).found.testable


def test_what_would_do_is_worked_out_from_the_panel():
    family = Population("small", (150, 90, 80, 70, 60), months=8)
    panel = replace(family.draw(np.random.default_rng(1)), min_cohort=200)
    said = in_words(remedies(panel, None, 20_000))
    least = int(re.search(r"--min-cohort (\d+)", said)[1])
    assert least == 70  # three other cohorts are left
    users = int(re.search(r"--users ([\d_]+)", said)[1].replace("_", ""))
    assert 20_000 * 200 / 70 < users < 20_000 * 1.2 * 200 / 70
    assert "--users" not in in_words(remedies(panel)) and "times the users" in in_words(remedies(panel))
    # no option without its command: `slipper run` knows no --min-cohort, `slipper verdict` no --users
    assert "`slipper verdict RUN --min-cohort 70`" in said and "simulate with `--users" in said
    assert "`slipper verdict LOG --min-cohort 70`" in in_words(remedies(panel))


def test_a_short_log_is_told_how_many_months_are_missing():
    panel = Population("short", (500, 500), months=4).draw(np.random.default_rng(1))
    (said,) = remedies(panel)
    assert said == "a log with 2 more complete months"  # a fourth cohort (2 months on) that reaches month 2
    (simulated,) = remedies(panel, None, 5_000)
    assert re.fullmatch(r"simulate 2 more complete months with `--set end=\d{4}-\d\d-\d\d`", simulated)
    few = replace(Population("short", (50, 50), months=4).draw(np.random.default_rng(1)), min_cohort=200)
    (both,) = remedies(few, None, 5_000)  # neither alone would do
    assert re.fullmatch(r"simulate 2 more complete months with `--set end=\S+` and `--users 22_000`", both)
    assert remedies(few)[0] == "a log with 2 more complete months and about 4.4 times the users"
    assert remedies(replace(few, min_cohort=100_000)) == ()
    assert remedies(replace(panel, launch=None, launch_remedy="another log")) == ("another log",)
    assert remedies(replace(panel, launch=None)) == ()


def test_where_power_is_short_more_users_are_advised():
    panel = Population("weak", (250,) * 7, months=8).draw(np.random.default_rng(1))
    assert first_look(panel, panel.launch).found.testable
    assert remedies(panel) == () == remedies(panel, Fixed(0.85))
    counts = [
        float(re.search(r"([\d.e+]+) times", remedies(panel, Fixed(power))[0])[1])
        for power in (0.7, 0.5, 0.2)
    ]
    assert 1 < counts[0] < counts[1] < counts[2] < 20


def test_every_robustness_check_has_words_and_a_new_one_is_named():
    panel = Population("alike", (300,) * 6, months=8).draw(np.random.default_rng(2))
    for check in robustness_checks(panel, panel.launch):
        assert check.name in wording.CHECK_WORDS or check.without, check.name
    march, april = dt.date(2025, 3, 1), dt.date(2025, 4, 1)
    assert wording.under([], [march]) == "without the cohort of March 2025"
    assert wording.under(["heaviest 1%"], [march, april]) == (
        "without the 1% of users with most requests and without any one of 2 of the other cohorts"
    )
    assert "'the moon'" in wording.under(["the moon"])


@pytest.mark.parametrize("kind", KIND_WORDS)
def test_every_kind_has_a_sentence(kind):
    verdict = judge(planted((500, *(250,) * 6), 0.35, months=8).draw(np.random.default_rng(1)))
    said = replace(
        verdict, classification=replace(verdict.classification, kind=kind, because="reasons")
    ).sentence
    assert said.endswith(".") and said[0].isupper() and ".." not in said


def test_numbers_are_written_alike():
    assert [numerals.percent(x) for x in (0, 0.0004, 0.042, 0.0996, 0.184, 1, NAN, -0.05)] == [
        "0%", "0.0%", "4.2%", "10%", "18%", "100%", "–", "−5.0%",
    ]  # fmt: skip
    assert numerals.percent_within(Amount(0.184, 0.09, 0.21)) == "18% (9.0% to 21%)"
    assert numerals.percent_within(Amount(0.184)) == "18%"
    assert numerals.points(0.01) == "1.0 point" and numerals.points_within(Amount(0.094, -0.01, 0.12)) == (
        "9.4 points (−1.0 to 12.0)"
    )
    assert numerals.number_within(Amount(NAN)) == "–" and numerals.number(math.inf) == "∞"
    assert [numerals.p_value(p) for p in (0.0004, 0.02, 1.0, NAN)] == ["< .001", ".020", "1.000", "–"]


def test_what_is_not_simulated_is_said_to_those_who_ask_why():
    verdict = drawn((300, 200, 5, 8, "planted", 1))
    for why in (False, True):
        told = io.StringIO()
        verdict_view.print_verdicts(Console(file=told, width=400), [verdict], why=why)
        assert ("Not simulated: " in " ".join(told.getvalue().split())) is why


def test_of_a_dominant_launch_no_more_is_said_than_its_floor_allows():
    """Later cohorts of a dominant launch may keep up to 15%: some of them stay."""
    verdict = drawn((300, 200, 5, 8, "planted", 1))
    dominant = replace(verdict, classification=replace(verdict.classification, kind="dominant launch"))
    said = wording.sentence(dominant)
    assert said.startswith("Users who came at the launch stay much more often than those who came later")
    assert "hardly any" not in said


def test_cohorts_left_out_in_turn_are_told_alike_on_the_page_and_on_the_terminal():
    verdict = drawn((300, 200, 5, 8, "planted", 1))
    assert verdict.decision is not None
    said, _ = wording.left_out_in_turn(verdict.decision)
    told = io.StringIO()
    verdict_view.print_verdicts(Console(file=told, width=400), [verdict], why=True)
    assert said in told.getvalue()
    assert any(line.removeprefix("! ") == said for line in judgement(verdict).robustness_checks)


@given(st.lists(st.text("abc", min_size=1), min_size=1, max_size=9), st.integers(1, 9))
def test_words_in_a_row_name_all_or_count_the_rest(words, most):
    said = numerals.listed(words, most)
    assert all(word in said for word in words[:most])
    assert said.endswith(f"{len(words) - most} more") is (len(words) > most)
