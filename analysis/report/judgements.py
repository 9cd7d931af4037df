"""Verdicts on launch cohorts in words, for the retention panels of the page: a headline, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.inference.calibration import LARGEST_COHORT
from analysis.inference.challenges import DROPPED
from analysis.inference.decision import Decision
from analysis.inference.effects import Amount
from analysis.inference.error_rates import NOT_SIMULATED, ErrorRates, Rate
from analysis.inference.verdict import Verdict, outcome_words
from analysis.report.cells import Cell, SmallTable

MARKS = {
    "foundational": ("✓", "holds"), "dominant launch": ("✓", "holds"), "fragile": ("!", "unsure"),
    "launch advantage": ("!", "unsure"), "drift": ("!", "unsure"), "boomerang": ("↺", "unsure"),
    "no fit": ("○", "none"), "no stand-out": ("○", "none"), "insufficient data": ("–", "none"),
}  # fmt: skip
READING = (
    "Under each chart: does the launch cohort stay longer than later ones by more than chance, age and calendar "
    "explain? Four tests must agree, and the challenges must not change the answer. How often the tests are wrong "
    "is simulated with the log's own cohort sizes and organisations. A verdict says that a cohort stands out, never "
    "why."
)


@dataclass(frozen=True)
class Judgement:
    """One verdict on the page. mark, style: of the headline, so that colour is not alone; sizes: name and amount;
    rates: words of the one line that stands open; gap: why nothing can be judged, instead of all the rest."""

    headline: str
    mark: str
    style: str
    because: str
    sizes: Sequence[tuple[str, str]] = ()
    tests: SmallTable | None = None
    challenges: Sequence[str] = ()
    rates: SmallTable | None = None
    in_short: str = ""
    notes: Sequence[str] = ()
    gap: str = ""


def judgement(verdict: Verdict) -> Judgement:
    """A verdict as the page shows it."""
    kind = verdict.classification
    mark, style = MARKS[kind.kind]
    headline = verdict.headline[:1].upper() + verdict.headline[1:]
    if verdict.decision is None:
        gap = "" if kind.kind == "boomerang" else f"no verdict: {kind.because}"
        return Judgement(headline, mark, style, kind.because, notes=verdict.notes, gap=gap)
    return Judgement(
        headline,
        mark,
        style,
        kind.because,
        _sizes(verdict),
        _tests(verdict),
        _challenges(verdict),
        None if verdict.rates is None else _rates(verdict.rates),
        _in_short(verdict),
        _notes(verdict),
    )


def _in_short(verdict: Verdict) -> str:
    """The difference and the error rates, in a line."""
    sizes = verdict.decision.sizes if verdict.decision else None
    parts = []
    if sizes is not None:
        parts.append(
            f"Month {sizes.age}: {sizes.own.value:.0%} of the launch cohort active, {sizes.others.value:.0%} of the "
            f"{_others(verdict)} cohorts"
        )
    rates = verdict.rates
    if rates is not None:
        found = max(rates.power, key=lambda rate: rate.loyal)
        parts.append(
            f"Simulated: without a loyal cohort {rates.false_positive_rate:.0%} of such logs are called foundational, "
            f"with {found.loyal:.0%} loyal users at launch {found.value:.0%}"
        )
    return ". ".join(parts) + "." if parts else ""


def _others(verdict: Verdict) -> str:
    panel, decision = verdict.panel, verdict.decision
    if panel is None or decision is None or decision.sizes is None:
        return "other"
    later = any(
        c > decision.cohort and c + decision.sizes.age < len(panel.months) for c in panel.cells.cohorts
    )
    return "later" if later else "other"


def _sizes(verdict: Verdict) -> list[tuple[str, str]]:
    sizes = verdict.decision.sizes if verdict.decision else None
    if sizes is None:
        return [("Sizes", "no other cohort shares a month with the launch cohort")]
    cohorts = f"{_others(verdict)} cohort{'s'[: sizes.others_cohorts > 1]}"
    rows = [
        (
            f"Active in month {sizes.age}",
            f"{_percent(sizes.own)} of {sizes.own_users:,} users at launch; {_percent(sizes.others)} of "
            f"{sizes.others_users:,} in {sizes.others_cohorts} {cohorts}",
        ),
        ("Difference", _percent(sizes.difference, " points")),
        ("Ratio", _number(sizes.ratio)),
        ("Extra loyal share", f"{_percent(sizes.loyal_share)}: users who never leave that would make it"),
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
        level = test.slack * decision.found.alpha
        said = f"not run: {test.why}"
        if test.ran:
            said = f"rejects at {level:.0%}" if test.rejects(decision.found.alpha) else f"not at {level:.0%}"
        month = str(test.age) if test.ran and test.age else "–"
        rows.append(
            [Cell(f"{letter}: {test.name}"), Cell(month, "num"), Cell(written_p(test.p), "num"), Cell(said)]
        )
    together = f"all together: p = {written_p(verdict.p)}"
    if math.isfinite(verdict.holm_p):
        together += f"; {written_p(verdict.holm_p)} adjusted for the models judged here (Holm)"
    return SmallTable(["test", "month", "p", "verdict"], rows, together)


def _challenges(verdict: Verdict) -> list[str]:
    """A line a challenge, those that flip first; cohorts dropped in turn share one."""
    decision = verdict.decision
    assert decision is not None
    told = [o for o in decision.outcomes if not o.name.startswith(DROPPED)]
    told.sort(key=lambda outcome: not outcome.flips)
    lines = [f"{'! ' if o.flips else ''}{o.about}: {outcome_words(o)}" for o in told]
    lines += _dropped(decision)
    controls = verdict.controls
    if controls.judged:
        word = "! " if verdict.fails_controls else ""
        lines.append(
            f"{word}negative controls: {controls.stand_out} of {controls.judged} other models' launch cohorts stand "
            "out, too"
        )
    return lines


def _dropped(decision: Decision) -> list[str]:
    dropped = [o for o in decision.outcomes if o.name.startswith(DROPPED)]
    if not dropped:
        return []
    flips = [o.name.removeprefix(DROPPED).strip() for o in dropped if o.flips]
    untold = sum(o.flips is None for o in dropped)
    said = f"flips the verdict without {', '.join(flips)}" if flips else "holds"
    if untold:
        said += f"; {untold} of {len(dropped)} cannot be judged"
    return [f"{'! ' if flips else ''}each other cohort left out in turn: {said}"]


def _rates(rates: ErrorRates) -> SmallTable:
    rows = [
        _rate_row("wrong", "none, cohorts vary" if i else "none, cohorts alike", rate)
        for i, rate in enumerate(rates.nulls)
    ]
    rows += [_rate_row("found", f"{rate.loyal:.0%}", rate) for rate in rates.power]
    note = (
        "Share of so many simulated panels that is called foundational, with 95% intervals. Not simulated: "
        f"{'; '.join(NOT_SIMULATED)}."
    )
    if rates.cut:
        note += f" Cohorts above {LARGEST_COHORT:,} users were simulated at that size."
    return SmallTable(["loyal at launch", "called", "95%", "is", "of"], rows, note)


def _rate_row(word: str, population: str, rate: Rate) -> list[Cell]:
    low, high = rate.interval
    return [
        Cell(population),
        Cell(f"{rate.value:.0%}", "num"),
        Cell(f"{low:.0%} to {high:.0%}", "num"),
        Cell(word),
        Cell(f"{rate.simulations:,}", "num"),
    ]


def _notes(verdict: Verdict) -> list[str]:
    notes = []
    held = verdict.concentration
    if held is not None and math.isfinite(held.always_on_share):
        notes.append(
            f"always-on accounts are {held.always_on_share:.0%} of the {held.retained:,} users retained at month "
            f"{held.age}"
        )
    if verdict.identifiable is not None:
        notes.append(verdict.identifiable.words)
    return notes + list(verdict.notes)


def written_p(p: float) -> str:
    """A p-value for people."""
    if not math.isfinite(p):
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _percent(amount: Amount, unit: str = "%") -> str:
    value, low, high = (100 * x for x in (amount.value, amount.low, amount.high))
    if not math.isfinite(value):
        return "–"
    return f"{value:.1f}{unit} ({low:.1f} to {high:.1f})"


def _number(amount: Amount) -> str:
    if not math.isfinite(amount.value):
        return "–"
    return f"{amount.value:.2f} ({amount.low:.2f} to {amount.high:.2f})"
