"""Verdicts for reading on a terminal: one table for all models, and a block a model with what the verdict rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.inference.calibration import LARGEST_COHORT
from analysis.inference.challenges import DROPPED
from analysis.inference.decision import Decision
from analysis.inference.effects import Amount
from analysis.inference.error_rates import NOT_SIMULATED, PLANTED, Rate
from analysis.inference.verdict import Verdict, outcome_words

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
    "R: share of the launch cohort, and of the later ones, active in month k. p: of the tests together; Holm: for "
    "the number of models. wrong: how often a log like this one, without any loyal cohort, is called foundational. "
    "power: how often with that share of loyal users at launch. Both are simulated with this log's cohorts and "
    f"organisations, but without {'; '.join(NOT_SIMULATED)}."
)


def print_verdicts(console: Console, found: Sequence[Verdict], why: bool = False) -> None:
    """The verdicts; why: with tests, sizes, challenges and error rates of each model."""
    console.print()
    console.print(Text("Does the launch cohort stand out?", style="bold"))
    console.print(Text(LEGEND, style="dim"))
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("model and verdict", overflow="fold", ratio=1)
    for head in ("k", "R", "later", "p", "Holm", "wrong", f"power {'/'.join(f'{s:.0%}' for s in PLANTED)}"):
        table.add_column(head, justify="right", no_wrap=True)
    for verdict in found:
        _add_row(table, verdict)
    console.print(table)
    if why:
        for verdict in found:
            console.print()
            _print_block(console, verdict)
        return
    console.print()
    for verdict in found:
        console.print(Text(f"{verdict.model}: {verdict.classification.because}", style="dim"))
        if searched := _search_words(verdict):
            console.print(Text(f"{verdict.model}: {searched}", style="dim"))
    console.print(Text("\n--why shows the tests, sizes and challenges of each model.", style="dim"))


def _add_row(table: Table, verdict: Verdict) -> None:
    words = Text(verdict.model, style="bold")
    words.append("\n  " + verdict.headline, style=STYLES[verdict.classification.kind])
    sizes = verdict.decision.sizes if verdict.decision else None
    cells = ["–", "–", "–"]
    if sizes:
        cells = [str(sizes.age), f"{sizes.own.value:.0%}", f"{sizes.others.value:.0%}"]
    rates = verdict.rates
    wrong = f"{rates.false_positive_rate:.1%}" if rates else "–"
    power = " / ".join(f"{rate.value:.0%}" for rate in rates.power) if rates else "–"
    table.add_row(words, *cells, written_p(verdict.p), written_p(verdict.holm_p), wrong, power)


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
            f"{len(later)} other cohorts of {min(sizes):,} to {max(sizes):,}" if later else "no other cohort"
        )
        unit = "organisations" if panel.has_organisations else "users"
        lines.append(
            (
                "cohorts",
                f"launch {panel.months[panel.launch]:%B %Y}, {int(panel.cohort_sizes[panel.launch]):,} users; "
                f"{others}; errors by {unit}",
            )
        )
    if decision is not None:
        for letter, test in decision.found.tests.items():
            if not test.ran:
                lines.append((f"test {letter}", f"{test.name}: not run, {test.why}"))
                continue
            at = f" at month {test.age}" if test.age else ""
            level = test.slack * decision.found.alpha
            said = (
                f"rejects at {level:.0%}"
                if test.rejects(decision.found.alpha)
                else f"does not at {level:.0%}"
            )
            lines.append(
                (
                    f"test {letter}",
                    f"{test.name}{at}, {test.others} others: {test.statistic:.2f}, p = {written_p(test.p)}, {said}",
                )
            )
        lines += _sizes(verdict)
        lines += _challenges(decision)
        controls = verdict.controls
        if controls.judged:
            said = f"{controls.stand_out} of {controls.judged} other models' launch cohorts stand out, too"
            if math.isfinite(controls.p_excess):
                said += (
                    f"; {controls.above} of {controls.measured} have a launch effect above 0, their median odds ratio "
                    f"is {controls.odds_ratio:.2f} (none on average: p = {written_p(controls.p_mean)}), and this one "
                    f"exceeds what they foretell with p = {written_p(controls.p_excess)}"
                )
            lines.append(("controls", said))
    if verdict.concentration is not None and math.isfinite(verdict.concentration.always_on_share):
        held = verdict.concentration
        share = f"{held.always_on_share:.0%} of the {held.retained:,} users retained at month {held.age}"
        who = f"; the largest organisation is {held.largest_organisation:.0%}" if held.organisations else ""
        lines.append(
            ("concentration", f"always-on accounts are {share}{who}; Gini of requests {held.volume_gini:.2f}")
        )
    if verdict.identifiable is not None:
        lines.append(("identified", verdict.identifiable.words))
    if verdict.rates is not None:
        lines += [("wrong", _rate(rate)) for rate in verdict.rates.nulls]
        lines += [("power", _rate(rate)) for rate in verdict.rates.power]
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
    return f"of {len(scan.cohorts)} cohorts {month} stands out most, adjusted p = {written_p(p)}"


def _challenges(decision: Decision) -> list[tuple[str, str]]:
    """A line a challenge; cohorts dropped in turn share one."""
    withdrawn = " (withdrawn)" if decision.stands else ""
    lines = [
        ("challenge", f"{o.about}: {outcome_words(o)}" + (withdrawn if o.withdraws and o.flips else ""))
        for o in decision.outcomes
        if not o.name.startswith(DROPPED)
    ]
    dropped = [o for o in decision.outcomes if o.name.startswith(DROPPED)]
    if dropped:
        flips = [o.name.removeprefix(DROPPED).strip() for o in dropped if o.flips]
        untold = sum(o.flips is None for o in dropped)
        said = f"flips without {', '.join(flips)}" if flips else "holds"
        if untold:
            said += f"; {untold} of {len(dropped)} cannot be judged"
        lines.append(("challenge", f"each other cohort left out in turn: {said}"))
    return lines


def _sizes(verdict: Verdict) -> list[tuple[str, str]]:
    sizes = verdict.decision.sizes if verdict.decision else None
    if sizes is None:
        return [("sizes", "no other cohort shares a month with the launch cohort")]
    level = {True: "reached", False: "not reached", None: "month 5 was not observed"}[
        verdict.classification.at_level
    ]
    lines = [
        (
            "sizes",
            f"month {sizes.age}: {_percent(sizes.own)} against {_percent(sizes.others)} in {sizes.others_cohorts} "
            "later cohorts",
        ),
        ("", f"difference {_percent(sizes.difference, ' points')}, ratio {_number(sizes.ratio)}"),
        (
            "",
            f"{_number(sizes.active_months)} more active months to month {sizes.active_months_to}; implied extra loyal "
            f"share {_percent(sizes.loyal_share)}",
        ),
    ]
    if math.isfinite(sizes.e_value):
        lines.append(("", f"E-value {sizes.e_value:.1f} (near end of the interval {sizes.e_value_low:.1f})"))
    if sizes.plateau_ages:
        early, late = sizes.plateau_ages
        lines.append(
            ("", f"plateau R({late})/R({early}) {_number(sizes.plateau)}; the report's level: {level}")
        )
    return lines


def _rate(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.population}: {rate.value:.1%} ({low:.1%} to {high:.1%}) of {rate.simulations}"


def _percent(amount: Amount, unit: str = "%") -> str:
    value, low, high = (100 * x for x in (amount.value, amount.low, amount.high))
    return f"{value:.1f}{unit} ({low:.1f} to {high:.1f})"


def _number(amount: Amount) -> str:
    return f"{amount.value:.2f} ({amount.low:.2f} to {amount.high:.2f})"


def written_p(p: float) -> str:
    """A p-value for people."""
    if not math.isfinite(p):
        return "–"
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0")
