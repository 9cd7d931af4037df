"""Verdicts on launch cohorts in words, for the retention panels of the page: a headline, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.inference.error_rates.fitted_null import LARGEST_COHORT
from analysis.inference.error_rates.rates import NOT_SIMULATED, PLANTED, ErrorRates, Rate
from analysis.inference.verdict.remedies import in_words
from analysis.inference.verdict.verdict import Verdict
from analysis.inference.verdict.wording import (
    NO_SHARED_MONTH,
    always_on_words,
    controls_words,
    how_sure,
    left_out_in_turn,
    of_the_log,
    others_word,
    outcome_words,
    said_by_test,
    sentence,
)
from analysis.numerals import (
    NOBODY,
    NONE,
    counted,
    number_within,
    p_is,
    p_value,
    percent,
    percent_within,
    points_within,
)
from analysis.report.pages.cells import Cell, SmallTable

MARKS = {
    "foundational": ("✓", "holds"), "dominant launch": ("✓", "holds"), "fragile": ("!", "unsure"),
    "launch advantage": ("!", "unsure"), "drift": ("!", "unsure"), "boomerang": ("↺", "unsure"),
    "no fit": ("○", "none"), "no stand-out": ("○", "none"), "insufficient data": ("–", "none"),
}  # fmt: skip
READING = (
    "Under each chart: does the launch cohort stay longer than later ones by more than chance, age and calendar "
    "explain? Four tests must agree, and the robustness checks must not change the answer. How often that is a false "
    "positive, and how often loyal users who are there are found, is simulated with the log's cohort sizes and "
    "organisations. A verdict says that a cohort stands out, never why."
)


@dataclass(frozen=True)
class Judgement:
    """One verdict on the page. mark, style: of the headline, so that colour is not alone; in_short: its sentence;
    remedy: what would do where there is too little; limits: what the log lacks or contradicts; sure: the error rates in
    a sentence; sizes: name and amount; gap: why nothing can be judged, instead of all the rest."""

    headline: str
    mark: str
    style: str
    because: str
    sizes: Sequence[tuple[str, str]] = ()
    tests: SmallTable | None = None
    robustness_checks: Sequence[str] = ()
    rates: SmallTable | None = None
    in_short: str = ""
    notes: Sequence[str] = ()
    gap: str = ""
    remedy: str = ""
    sure: str = ""
    limits: Sequence[str] = ()

    @property
    def words(self) -> str:
        """Headline, sentence and remedy: all that must be said where nothing else is."""
        return " ".join(filter(None, (f"{self.headline}.", self.in_short, self.remedy)))


def judgement(verdict: Verdict) -> Judgement:
    """A verdict as the page shows it."""
    kind = verdict.classification
    mark, style = MARKS[kind.kind]
    headline = verdict.headline[:1].upper() + verdict.headline[1:]
    if verdict.decision is None:
        gap = "" if kind.kind == "boomerang" or verdict.in_brief else f"no verdict: {kind.because}"
        return Judgement(
            headline, mark, style, kind.because, in_short=sentence(verdict), notes=verdict.notes, gap=gap,
            remedy=in_words(verdict.remedies), limits=of_the_log(verdict),
        )  # fmt: skip
    return Judgement(
        headline,
        mark,
        style,
        kind.because,
        _sizes(verdict),
        _tests(verdict),
        _robustness_checks(verdict),
        None if verdict.rates is None else _rates(verdict.rates),
        sentence(verdict),
        _notes(verdict),
        remedy=in_words(verdict.remedies),
        sure=how_sure(verdict),
        limits=of_the_log(verdict),
    )


def _sizes(verdict: Verdict) -> list[tuple[str, str]]:
    sizes = verdict.decision.sizes if verdict.decision else None
    if sizes is None:
        return [("Sizes", NO_SHARED_MONTH)]
    others = f"{others_word(verdict)} cohort{'s'[: sizes.others_cohorts > 1]}"
    rows = [
        (
            f"Active in month {sizes.age}",
            f"{percent_within(sizes.own)} of {counted(sizes.own_users, 'user')} of the launch cohort; "
            f"{percent_within(sizes.others)} of {sizes.others_users:,} in {sizes.others_cohorts} {others}",
        ),
        ("Difference of the two", points_within(sizes.difference)),
        ("Ratio of the two", number_within(sizes.ratio) if sizes.others.value else NOBODY),
        (
            "Extra loyal share",
            f"{percent_within(sizes.loyal_share)}: users who never leave that would make it",
        ),
    ]
    if math.isfinite(sizes.e_value):
        rows.append(
            (
                "E-value",
                f"{sizes.e_value:.1f}, near end {sizes.e_value_low:.1f}: how strongly a hidden trait must go with "
                "joining early and with staying to explain the ratio away",
            )
        )
    return rows


def _tests(verdict: Verdict) -> SmallTable:
    decision = verdict.decision
    assert decision is not None
    rows = []
    for letter, test in decision.found.tests.items():
        month = str(test.age) if test.ran and test.age else NONE
        rows.append(
            [Cell(f"{letter}: {test.name}"), Cell(month, "num"), Cell(p_value(test.p), "num"),
             Cell(said_by_test(test))]
        )  # fmt: skip
    together = f"all together: {p_is(verdict.p)}"
    if math.isfinite(verdict.holm_p):
        together += f"; {p_value(verdict.holm_p)} adjusted for the models judged here (Holm)"
    return SmallTable(["test", "month", "p", "verdict"], rows, together)


def _robustness_checks(verdict: Verdict) -> list[str]:
    """A line a robustness check, those that overturn the answer first; cohorts dropped in turn share one."""
    decision = verdict.decision
    assert decision is not None
    told = sorted(decision.other_outcomes, key=lambda outcome: not outcome.overturns)
    lines = [f"{'! ' if o.overturns else ''}{o.about}: {outcome_words(o)}" for o in told]
    if turns := left_out_in_turn(decision):
        said, overturns = turns
        lines.append(f"{'! ' if overturns else ''}{said}")
    controls = verdict.controls
    if controls.judged:
        word = "! " if verdict.fails_controls else ""
        lines.append(f"{word}negative controls: {controls_words(controls)}")
    return lines


def _rates(rates: ErrorRates) -> SmallTable:
    rows = [
        _rate_row("false positive", "none, cohorts vary" if i else "none, cohorts alike", rate)
        for i, rate in enumerate(rates.nulls)
    ]
    rows += [_rate_row("right", percent(rate.loyal), rate) for rate in rates.power]
    note = (
        "Share of so many simulated logs like this one that is called foundational, with 95% intervals. Not simulated: "
        f"{'; '.join(NOT_SIMULATED)}."
    )
    if len(rates.power) < len(PLANTED):
        note += " `slipper verdict` simulates smaller loyal shares, too."
    if rates.cut:
        note += f" Cohorts above {LARGEST_COHORT:,} users were simulated at that size."
    return SmallTable(["loyal at launch", "called foundational", "95%", "which is", "of"], rows, note)


def _rate_row(word: str, population: str, rate: Rate) -> list[Cell]:
    low, high = rate.interval
    return [
        Cell(population),
        Cell(percent(rate.value), "num"),
        Cell(f"{percent(low)} to {percent(high)}", "num"),
        Cell(word),
        Cell(f"{rate.simulations:,}", "num"),
    ]


def _notes(verdict: Verdict) -> list[str]:
    notes = []
    if verdict.concentration is not None and (said := always_on_words(verdict.concentration)):
        notes.append(said)
    if verdict.identifiable is not None:
        notes.append(verdict.identifiable.words)
    return notes + list(verdict.notes)
