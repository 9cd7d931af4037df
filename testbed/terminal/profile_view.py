"""The profile of a launch cohort for reading on a terminal: definitions, plateau, returns, shrinkage, a table each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from analysis.inference.cohorts.retention_definitions import DEFINITIONS
from analysis.inference.curves.profile import ACTIVE, MIXED_KINDS, CohortProfile, Plateau, Returns
from analysis.inference.launch.effects import Amount
from analysis.numerals import NONE, counted, number, p_is, p_value, percent, percent_within
from testbed.terminal.console import plain_table

DEFINED = (
    "One log, four curves. Calendar month: active in month k after that of first use (the report's). 30-day windows: "
    "in the k-th 30 days from the user's own first request. On or after: in month k or later; too low near the end. "
    "Every month: in all months up to k. Only the first two can rise. 95% intervals, units: {unit}."
)
RETURNS = (
    "silent: users silent in month k - 1; back: how many of them are active in k; before: share of month k's users "
    "who were silent in some month before; elsewhere: used another model in the silent months, those back against "
    "those not (odds ratio by length of gap, p). Then p, Holm over the months: McNemar (more back than fell silent) "
    "and log-convexity (a bump that skipping and leaving cannot make, but a season can)."
)
SHRUNKEN = (
    "Cohorts taken as draws of one distribution, each pulled to the common mean, small ones more. largest: chance that "
    "the launch cohort's true retention is above that of every other. For display, no test."
)


def print_profile(console: Console, profile: CohortProfile) -> None:
    """The profile below its verdict."""
    console.print()
    head = Text(f"{profile.model}: ", style="bold")
    head.append(
        f"the launch cohort of {profile.cohort:%B %Y}, {counted(profile.users, 'user')}, "
        f"{counted(profile.months, 'month')} on"
    )
    console.print(head)
    _print_definitions(console, profile)
    if profile.plateau:
        _print_plateau(console, profile.plateau)
    if profile.returns:
        _print_returns(console, profile.returns)
    _print_shrunken(console, profile)
    _print_notes(console, profile.notes)


def _print_definitions(console: Console, profile: CohortProfile) -> None:
    frame = profile.definitions
    by_organisation = frame["low_by_organisation"].notna().any()
    suffix, unit = ("_by_organisation", "organisations") if by_organisation else ("", "users")
    _title(console, "Retention under four definitions", DEFINED.format(unit=unit))
    cells = {
        (row["definition"], row["k"]): _share(row["retention"], row["low" + suffix], row["high" + suffix])
        for row in frame.to_dict("records")
    }
    rows = [
        [str(k), *(cells.get((name, k), NONE) for name in DEFINITIONS)] for k in sorted(frame["k"].unique())
    ]
    _print_table(console, ("k", *DEFINITIONS), rows)


def _print_plateau(console: Console, plateau: Plateau) -> None:
    _title(console, "Plateau or slow decay", plateau.words)
    found = plateau.index
    if found is not None and math.isfinite(found.index):
        said = f"plateau index R(5)/R(3): {found.index:.2f}"
        if math.isfinite(found.se):
            said += (
                f" ({found.low:.2f} to {found.high:.2f}); p of at most {found.threshold:g}: "
                f"{p_value(found.p_above)}, of at least {found.threshold:g}: {p_value(found.p_below)}"
            )
        console.print(said)
    if plateau.comparison is not None:
        table = plateau.comparison.table
        ends = [name for name in table.columns if name.startswith("S(")]
        rows = [
            [row["model"] + (" (on the edge)" if row["at_boundary"] else ""), str(row["parameters"]),
             f"{row['log_likelihood']:.1f}", f"{row['delta_aic']:.1f}", *(percent(row[end]) for end in ends)]
            for row in table.to_dict("records")
        ]  # fmt: skip
        console.print()
        _print_table(console, ("dropout model", "par.", "log L", "ΔAIC", *ends), rows)
    console.print()
    console.print(Text(MIXED_KINDS, style="dim"))
    _print_curves(console, plateau)
    if len(plateau.held_out):
        rows = [
            [row["model"], row["of"].replace("month k", f"month {row['k']}"), percent(row['predicted']),
             percent(row['actual']), f"{100 * row['error']:+.1f}"]
            for row in plateau.held_out.to_dict("records")
        ]  # fmt: skip
        console.print()
        _print_table(
            console, ("fitted without the last months", "foretells", "share", "came", "error"), rows, 2
        )
    _print_notes(console, plateau.notes)


def _print_curves(console: Console, plateau: Plateau) -> None:
    """Observed and expected shares: a row a curve, so that each fits a line, the first months of long ones."""
    curves = plateau.curves.head(8)
    names = {
        "active": f"{ACTIVE}: observed",
        "active, BG/BB": "  BG/BB",
        "last activity": "last active then or later",
    }
    rows = [
        [names.get(name, "  " + name.removeprefix("last activity, ")),
         *(percent(value) for value in curves[name])]
        for name in curves.columns
        if name != "k"
    ]  # fmt: skip
    console.print()
    _print_table(console, ("share of the cohort, k =", *map(str, curves["k"])), rows)


def _print_returns(console: Console, returns: Returns) -> None:
    _title(console, "Returns after silence", RETURNS)
    rise = returns.mcnemar.table().set_index("k")
    bump = returns.log_convexity.table().set_index("k")
    away = None if returns.elsewhere is None else returns.elsewhere.set_index("k")
    rows = []
    for row in returns.rates.table().to_dict("records"):
        k = row["k"]
        cells = [
            str(k), f"{row['silent']:,}", f"{row['returned']:,}", _share(row["rate"], row["low"], row["high"]),
            percent(row["silent_before"]),
        ]  # fmt: skip
        if away is not None:
            gap = away.loc[k]
            cells.append(
                f"{percent(gap['returners_share'])} / {percent(gap['others_share'])} "
                f"({number(gap['odds_ratio'])}, {p_value(gap['p'])})"
            )
        cells += [p_value(rise["holm"].get(k, math.nan)), p_value(bump["holm"].get(k, math.nan))]
        rows.append(cells)
    heads = ["k", "silent", "back", "rate", "before"]
    heads += ["elsewhere"] if away is not None else []
    _print_table(console, (*heads, "McNemar", "log-convex"), rows)
    console.print(
        f"isotonic likelihood-ratio test of any rise: {returns.isotonic.statistic:.2f}, "
        f"{p_is(returns.isotonic.p)} (a reference: it hardly ever fires on a falling curve)"
    )
    _print_notes(console, returns.notes)


def _print_shrunken(console: Console, profile: CohortProfile) -> None:
    launch = profile.shrunken_launch
    if launch.empty:
        return
    _title(console, "Beside the other cohorts, shrunken", SHRUNKEN)
    rows = [
        [str(row["k"]), str(row["cohorts"]), percent(row["retention"]),
         _shrunken(row["shrunken"], row["low"], row["high"]), percent(row["probability_largest"])]
        for row in launch.to_dict("records")
    ]  # fmt: skip
    _print_table(console, ("k", "cohorts", "launch R(k)", "shrunken", "largest"), rows)


def _shrunken(value: float, low: float, high: float) -> str:
    """The share with its interval; alone where all cohorts shrink to one value, which has no interval of its own."""
    return percent(value) if percent(low) == percent(high) else _share(value, low, high)


def _title(console: Console, title: str, words: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    console.print(Text(words, style="dim"))


def _print_table(
    console: Console, heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1
) -> None:
    """A plain table; all but the first `left` columns are numbers."""
    table = plain_table()
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_notes(console: Console, notes: Sequence[str]) -> None:
    for note in notes:
        console.print(Text(f"note: {note}", style="dim"))


def _share(value: float, low: float, high: float) -> str:
    return percent_within(Amount(value, low, high))
