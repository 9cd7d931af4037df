"""Verdicts for reading on a terminal: one table for all models, and a block a model with what the verdict rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.inference.error_rates.fitted_null import LARGEST_COHORT
from analysis.inference.error_rates.rates import NOT_SIMULATED, PLANTED, Rate
from analysis.inference.launch.decision import Decision
from analysis.inference.verdict.verdict import WITHHELD, Verdict
from analysis.inference.verdict.wording import (
    NO_SHARED_MONTH,
    always_on_words,
    controls_words,
    left_out_in_turn,
    others_word,
    outcome_words,
    said_by_test,
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
    span,
)
from testbed.terminal.console import plain_table

STYLES = {
    "foundational": "bold green",
    "dominant launch": "bold green",
    "fragile": "yellow",
    "launch advantage": "yellow",
    "drift": "yellow",
    "boomerang": "cyan",
    "no fit": "red",
    "no stand-out": "red",
    "insufficient data": "dim",
}
LEGEND = (
    "launch, others: share of the launch cohort, and of the cohorts compared with it together, that is active so many "
    "months after joining. p: of the four tests together; adjusted: for the number "
    "of models judged (Holm). false positive: how often a log like this one is called foundational although nobody is "
    "loyal. found: how often it is where that share of the launch cohort is loyal (power)."
)
SIMULATED = "False positive and found are simulated with this log's cohorts and organisations."
LIMITS = f"Not simulated: {'; '.join(NOT_SIMULATED)}."
"""Of the error rates, for those who ask why."""
NUMBERS = ("month", "launch", "others", "p", "adjusted", "false positive")


def print_verdicts(
    console: Console, found: Sequence[Verdict], why: bool = False, names: Mapping[str, str] | None = None
) -> None:
    """The verdicts, a sentence each with what limits it, then their numbers; why: with tests, sizes, robustness checks
    and error rates of each model. names: for people, by model."""
    console.print()
    console.print(Text("Does the launch cohort stand out?", style="bold"))
    for verdict in found:
        print_sentence(console, verdict, (names or {}).get(verdict.model, verdict.model))
    if all(verdict.in_brief for verdict in found):
        console.print(Text(f"\nOf each only the kind is told: {WITHHELD}.", style="dim"))
        return
    if numbered := [verdict for verdict in found if verdict.decision or verdict.rates]:
        _print_numbers(console, numbered, why)
    if why:
        for verdict in found:
            console.print()
            _print_block(console, verdict)
        return
    for verdict in found:
        if searched := _search_words(verdict):
            console.print(Text(f"{verdict.model}: {searched}", style="dim"))
    console.print(Text("\n--why shows the tests, sizes and robustness checks of each model.", style="dim"))


def print_sentence(console: Console, verdict: Verdict, name: str, brief: bool = False) -> None:
    """One verdict as a sentence, and what limits it, indented below; brief: without how sure it is."""
    console.print()
    head = Text(name, style="bold")
    head.append(f": {verdict.headline}", style=STYLES[verdict.classification.kind])
    console.print(head)
    console.print(Padding(Text(verdict.sentence), (0, 0, 0, 2)))
    for text in [text for text in verdict.caveats if not (brief and text == verdict.how_sure)]:
        console.print(Padding(Text(text, style="dim"), (0, 0, 0, 2)))


def _print_numbers(console: Console, found: Sequence[Verdict], why: bool) -> None:
    """A row a verdict, of those that rest on numbers, and what these are."""
    console.print()
    table = plain_table()
    table.add_column("model", overflow="fold", ratio=1)
    for head in (*NUMBERS, f"found {'/'.join(f'{s:.0%}' for s in PLANTED)}"):
        table.add_column(head, justify="right", overflow="fold")
    for verdict in found:
        _add_row(table, verdict)
    console.print(table)
    simulated = SIMULATED if any(verdict.rates for verdict in found) else ""
    said = (LEGEND, simulated, LIMITS if why else "")
    console.print(Text(" ".join(part for part in said if part), style="dim"))


def _add_row(table: Table, verdict: Verdict) -> None:
    sizes = verdict.decision.sizes if verdict.decision else None
    cells = [NONE, NONE, NONE]
    if sizes:
        cells = [str(sizes.age), percent(sizes.own.value), percent(sizes.others.value)]
    rates = verdict.rates
    wrong = percent(rates.false_positive_rate) if rates else NONE
    power = "/".join(percent(rate.value) for rate in rates.power) if rates else NONE
    table.add_row(verdict.model, *cells, p_value(verdict.p), p_value(verdict.holm_p), wrong, power)


def _print_block(console: Console, verdict: Verdict) -> None:
    """All that one verdict rests on."""
    head = Text(f"{verdict.model}: ", style="bold")
    head.append(verdict.headline, style=STYLES[verdict.classification.kind])
    console.print(head)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _lines(verdict):
        table.add_row(name, text)
    console.print(table)


def _lines(verdict: Verdict) -> list[tuple[str, str]]:
    lines = [("because", verdict.classification.because)]
    panel, decision = verdict.panel, verdict.decision
    if panel is not None and panel.launch is not None:
        later = [c for c in panel.tested if c != panel.launch]
        sizes = [int(panel.cohort_sizes[c]) for c in later]
        others = (
            f"{counted(len(later), 'other cohort')} of {span(sizes)} users" if later else "no other cohort"
        )
        unit = "organisations" if panel.has_organisations else "users"
        lines.append(
            (
                "cohorts",
                f"launch {panel.months[panel.launch]:%B %Y}, {counted(int(panel.cohort_sizes[panel.launch]), 'user')}; "
                f"{others}; errors by {unit}",
            )
        )
    if decision is not None:
        for letter, test in decision.found.tests.items():
            said = said_by_test(test)
            if not test.ran:
                lines.append((f"test {letter}", f"{test.name}: {said}"))
                continue
            at = f" at month {test.age}" if test.age else ""
            lines.append(
                (
                    f"test {letter}",
                    f"{test.name}{at}, {counted(test.others, 'other')}: {test.statistic:.2f}, {p_is(test.p)}, {said}",
                )
            )
        lines += _sizes(verdict)
        lines += _robustness_checks(decision)
        controls = verdict.controls
        if controls.judged:
            said = controls_words(controls)
            if math.isfinite(controls.p_excess):
                said += (
                    f"; {controls.above} of {controls.measured} have a launch effect above 0, their median odds ratio "
                    f"is {controls.odds_ratio:.2f} (none on average: {p_is(controls.p_mean)}), and this one "
                    f"exceeds what they foretell with {p_is(controls.p_excess)}"
                )
            lines.append(("controls", said))
    held = verdict.concentration
    if held is not None and (said := always_on_words(held)):
        who = (
            f"; the largest organisation is {percent(held.largest_organisation)}"
            if held.organisations
            else ""
        )
        lines.append(("concentration", f"{said}{who}; Gini of requests {held.volume_gini:.2f}"))
    if verdict.identifiable is not None:
        lines.append(("identified", verdict.identifiable.words))
    if verdict.rates is not None:
        lines += [("false positive", _rate(rate)) for rate in verdict.rates.nulls]
        lines += [("found", _rate(rate)) for rate in verdict.rates.power]
        if verdict.rates.likeness is not None:
            alike = verdict.rates.likeness
            said = f"users of one organisation were simulated as alike as here: correlation {alike:.2f}"
            lines.append(("", said))
        if verdict.rates.cut:
            lines.append(("", f"larger cohorts were simulated with {LARGEST_COHORT:,} users"))
    if searched := _search_words(verdict):
        lines.append(("scan", searched))
    return lines + [("note", note) for note in verdict.notes]


def _search_words(verdict: Verdict) -> str:
    """What the search over all cohorts found, or nothing."""
    scan, panel = verdict.scan, verdict.panel
    if scan is None or scan.top is None or panel is None:
        return ""
    p = scan.adjusted_p[scan.cohorts.index(scan.top)]
    month = f"{panel.months[scan.top]:%B %Y}"
    return f"of {counted(len(scan.cohorts), 'cohort')} {month} stands out most, adjusted {p_is(p)}"


def _robustness_checks(decision: Decision) -> list[tuple[str, str]]:
    """A line a robustness check; cohorts dropped in turn share one."""
    withdrawn = " (withdrawn)" if decision.stands else ""
    lines = [
        ("check", f"{o.about}: {outcome_words(o)}" + (withdrawn if o.withdraws and o.overturns else ""))
        for o in decision.other_outcomes
    ]
    if turns := left_out_in_turn(decision):
        lines.append(("check", turns[0]))
    return lines


def _sizes(verdict: Verdict) -> list[tuple[str, str]]:
    sizes = verdict.decision.sizes if verdict.decision else None
    if sizes is None:
        return [("sizes", NO_SHARED_MONTH)]
    level = {True: "reached", False: "not reached", None: "month 5 was not observed"}[
        verdict.classification.at_level
    ]
    lines = [
        (
            "sizes",
            f"active in month {sizes.age}: {percent_within(sizes.own)} of the launch cohort, "
            f"{percent_within(sizes.others)} of the {sizes.others_cohorts} {others_word(verdict)} "
            f"cohort{'s'[: sizes.others_cohorts > 1]}",
        ),
        (
            "",
            f"difference of the two {points_within(sizes.difference)}, ratio "
            + (number_within(sizes.ratio) if sizes.others.value else NOBODY),
        ),
        (
            "",
            (
                f"{number_within(sizes.active_months)} more active months up to month {sizes.active_months_to}; "
                if sizes.active_months_to
                else ""
            )
            + f"implied extra loyal share {percent_within(sizes.loyal_share)}",
        ),
    ]
    if math.isfinite(sizes.e_value):
        lines.append(("", f"E-value {sizes.e_value:.1f} (near end of the interval {sizes.e_value_low:.1f})"))
    if sizes.plateau_ages:
        early, late = sizes.plateau_ages
        lines.append(
            (
                "",
                f"of the launch cohort, active in month {late} over active in month {early} (plateau): "
                f"{number_within(sizes.plateau)}; the report's level: {level}",
            )
        )
    return lines


def _rate(rate: Rate) -> str:
    low, high = rate.interval
    return (
        f"{rate.population}: {percent(rate.value)} ({percent(low)} to {percent(high)}) of {rate.simulations}"
    )
