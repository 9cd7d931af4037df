"""How often the verdict is wrong: `python -m testbed.studies.error_rates` measures it on populations with known truth.

It writes docs/error-rates.md. Finished runs are remembered in outputs/error-rates/, so that the same command goes on
after an interruption.

The first table is the reference setting, on which the procedure was chosen; the others are held out: other users, other
numbers of cohorts, several causes together. Then the power by size of the cohorts, and how often the boomerang is found
where there is none and where there is one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.inference.cohorts.populations import Population
from analysis.inference.launch.decision import LEAST_DIFFERENCE
from analysis.inference.launch.four_tests import ALPHA, GUARD_ALPHA, LEAST_FOR_TREND, STRICT_GUARD_ALPHA
from testbed import arguments
from testbed.experiment import runner
from testbed.experiment.store import Store
from testbed.studies import panels
from testbed.studies import returns as return_study
from testbed.studies.ending import again, write
from testbed.studies.panels import PanelRun
from testbed.studies.returns import Comeback
from testbed.studies.sizes import (
    COLUMNS,
    HELD_OUT,
    LATER,
    LAUNCH,
    REFERENCE,
    SHARES,
    Setting,
    families,
)

PROGRAM = "python -m testbed.studies.error_rates"
RUNS = 200
SEED = 20260202  # not a seed of any test
Rates = Callable[[PanelRun], dict[str, float]]
Measured = list[tuple[Population, dict[str, float]]]
Powers = dict[Setting, dict[tuple[int, int], dict[float, float]]]
Returns = dict[tuple[Setting, int], list[tuple[Comeback, dict[str, float]]]]


def study(
    settings: Sequence[Setting], runs: int, seed: int, rates: Rates = PanelRun.rates
) -> dict[Setting, Measured]:
    """Rates of all families in each setting; each family has draws of its own, from the seed, its setting and place.
    rates: gives those of a run (default: measures them here)."""
    return {
        setting: [
            (family, rates(run))
            for family, run in zip(families(setting), panels.tests_of(setting, runs, seed), strict=True)
        ]
        for setting in settings
    }


def powers(settings: Sequence[Setting], runs: int, seed: int, rates: Rates = PanelRun.rates) -> Powers:
    """Power of the verdict by size of cohorts and planted share, in each setting."""
    found: Powers = {}
    for setting in settings:
        run = panels.power_of(setting, runs, seed)
        own = rates(run)
        found[setting] = {
            size: {share: own[panels.power_name(size, share)] for share in SHARES} for size in run.by
        }
    return found


def returns(settings: Sequence[Setting], runs: int, seed: int, rates: Rates = PanelRun.rates) -> Returns:
    """Rates of the boomerang and the naive tests beside it, in each setting and at each size of cohorts."""
    return {
        (setting, users): [
            (family, rates(run))
            for family, run in zip(
                return_study.families(setting, users),
                panels.returns_of(setting, users, runs, seed),
                strict=True,
            )
        ]
        for setting in settings
        for users in return_study.USERS
    }


def carry_out(
    settings: Sequence[Setting],
    held_out: Sequence[Setting],
    runs: int,
    seed: int,
    memory: Path,
    workers: int | None,
) -> Rates:
    """Measure what is not remembered in a folder; returns the rates by run. Raises Failure if a run failed."""
    wanted = [run for setting in settings for run in panels.tests_of(setting, runs, seed)]
    wanted += [panels.power_of(setting, runs, seed) for setting in settings]
    for setting in held_out:
        for users in return_study.USERS:
            wanted += panels.returns_of(setting, users, runs, seed)
    store = Store(memory)
    runner.run(wanted, store, workers=workers)

    def rates(run: PanelRun) -> dict[str, float]:
        record = store.of(run, f"{run.setting.name}, {run.question} {run.place}")
        return {name: float(record["patterns"][name]["value"]) for name in run.names}

    return rates


def table(rows: Measured) -> str:
    """Markdown: a row a family, a column a test, in per cent of panels."""
    lines = [f"| the truth | {' | '.join(COLUMNS)} |", "|---|" + "--:|" * len(COLUMNS)]
    for family, rates in rows:
        cells = [f"{100 * rates[column]:.1f}" for column in COLUMNS]
        cells[-1] = f"**{cells[-1]}**"
        lines.append(f"| {family.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def power_table(found: Powers) -> str:
    """Markdown: a row a setting and size, a column a planted share, in per cent of panels."""
    heads = " | ".join("none" if share == 0 else f"{share:.0%}" for share in SHARES)
    lines = [f"| users | cohorts of | {heads} |", "|---|---|" + "--:|" * len(SHARES)]
    for setting, by_size in found.items():
        for (launch, later), rates in by_size.items():
            cells = " | ".join(f"{100 * rates[share]:.1f}" for share in SHARES)
            lines.append(f"| {setting.name} | {launch:,} / {later:,} | {cells} |")
    return "\n".join(lines)


def return_table(found: Returns) -> str:
    """Markdown: a row a setting, size and family, a column a test, in per cent of panels."""
    columns = return_study.COLUMNS
    lines = [
        f"| users | cohorts of | the truth | {' | '.join(columns)} |",
        "|---|--:|---|" + "--:|" * len(columns),
    ]
    for (setting, users), rows in found.items():
        for family, rates in rows:
            cells = [f"{100 * rates[column]:.1f}" for column in columns]
            cells[-1] = f"**{cells[-1]}**"
            lines.append(f"| {setting.name} | {users:,} | {family.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def worst_return(found: Returns) -> tuple[float, str, float, str]:
    """Largest false-positive rate of the boomerang with where it is, and its least power for the largest planted share
    in the smallest cohorts."""
    rows = [
        (rates["boomerang"], family, f"{family.name}; {setting.name}, cohorts of {users:,}", users)
        for (setting, users), measured in found.items()
        for family, rates in measured
    ]
    false = max((rate, where) for rate, family, where, _ in rows if family.is_null)
    share = max(family.share for _, family, _, _ in rows)
    fewest = min(users for *_, users in rows)
    power = min(
        (rate, where) for rate, family, where, users in rows if family.share == share and users == fewest
    )
    return *false, *power


def worst(found: dict[Setting, Measured]) -> tuple[float, str, float, str]:
    """Largest false-positive rate of the verdict with where it is, and of the robust naive test."""

    def largest(column: str) -> tuple[float, str]:
        return max(
            (rates[column], f"{family.name}; {setting.name}")
            for setting, rows in found.items()
            for family, rates in rows
            if family.is_null
        )

    return *largest("verdict"), *largest("age only, robust")


def least_powers(found: dict[Setting, Measured]) -> str:
    """The least power of the verdict for each planted share, with where it is."""
    rates: dict[str, list[tuple[float, str]]] = {}
    for setting, rows in found.items():
        for family, measured in rows:
            if not family.is_null:
                rates.setdefault(family.name, []).append((measured["verdict"], setting.name))
    least = {name: min(values) for name, values in rates.items()}
    return "; ".join(f"**{rate:.1%}** with {name} ({setting})" for name, (rate, setting) in least.items())


def markdown(found: dict[Setting, Measured], by_size: Powers, back: Returns, runs: int, command: str) -> str:
    """The page."""
    rate, where, naive_rate, naive_where = worst(found)
    false, false_where, power, power_where = worst_return(back)
    half = 196 * (0.05 * 0.95 / runs) ** 0.5
    parts = [
        "# How often the verdict is wrong",
        f"Made by `{command}`: {runs} simulated panels a row, so that a rate of 5% is known to within {half:.1f} "
        "points.\nEvery panel has BG/BB users: each has a chance to be active in a month and a chance to leave after "
        f"one, both\nBeta-distributed. The launch cohort has {LAUNCH:,} users, each later one {LATER:,}. Only in the "
        "last three rows has the launch\ncohort users who never leave: there the numbers are power, elsewhere they are "
        "false positives.",
        f"- Largest false-positive rate of the verdict: **{rate:.1%}** ({where}).\n"
        f"- Of a regression on age with user-robust errors: {naive_rate:.1%} ({naive_where}).\n"
        f"- Least power of the verdict: {least_powers(found)}.\n"
        f"- Largest false-positive rate of the boomerang: **{false:.1%}** ({false_where}).\n"
        f"- Least power of the boomerang for the largest share of returners in the smallest cohorts: **{power:.1%}** "
        f"({power_where}).",
        f"Columns, in per cent of panels: three naive tests at {ALPHA:.0%}; tests A to C at {ALPHA:.0%} and D at "
        f"{GUARD_ALPHA:.0%}, {STRICT_GUARD_ALPHA:.0%} with many cohorts, or {ALPHA:.0%} where the later ones fall "
        f"(0 where fewer\nthan {LEAST_FOR_TREND} later cohorts let it be run); A to D together; and "
        'the verdict "foundational": together, a difference of\n'
        f"{100 * LEAST_DIFFERENCE:.0f} points or more, and no robustness check that withdraws it. A whale is caught by "
        "no test of cohorts: the last\ncolumn falls by the robustness check of always-on accounts, which reads days "
        "and volumes.",
    ]
    for setting, rows in found.items():
        prior = setting.prior
        link = f", correlation {-prior.link:g} between the two" if prior.link else ""
        role = "the procedure was chosen here" if setting == REFERENCE else "held out"
        parts.append(
            f"## {setting.name[:1].upper()}{setting.name[1:]}\n\n{setting.cohorts} cohorts, {setting.months} months; "
            f"activity Beta({prior.a:g}, {prior.b:g}), dropout Beta({prior.c:g}, {prior.d:g}){link}; R(5) of an "
            f"ordinary cohort {rows[0][0].expected(1, 5):.0%}; {role}."
        )
        parts.append(table(rows))
    parts += [
        "## Power by size of the cohorts",
        "How often the verdict is foundational, in per cent of panels, by users of the launch cohort and of each later "
        "one, and by the share\nof the launch cohort that never leaves; with none, these are false positives.",
        power_table(by_size),
        "## Boomerang",
        "Held-out settings, with cohorts of one size. Where users return, they are a share of the third cohort's "
        "lapsed users (never seen\nagain otherwise) and come back in its month "
        f"{return_study.AGE}, for that month, or for good (then active in {return_study.STAYING_ACTIVITY:.0%} of "
        "months).\nColumns, in per cent of panels: three tests on the third cohort alone, at "
        f"{ALPHA:.0%} over its months: the isotonic\nlikelihood-ratio test and McNemar's, which one would reach for "
        "first, and log-convexity, all of which a season can fool; and the\nverdict's boomerang, over all cohorts but "
        "the oldest: a rise of three points, McNemar, and log-convexity beyond older cohorts in the\nsame calendar "
        "months, Holm over all of them. Where users return, it must name their cohort and month.",
        return_table(back),
    ]
    return "\n\n".join(parts) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Run the study and write the page."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--runs", type=arguments.positive_integer, default=RUNS, help=f"panels a row (default: {RUNS})"
    )
    parser.add_argument("--seed", type=arguments.whole_number, default=SEED, help=f"default: {SEED}")
    parser.add_argument("--out", type=Path, default=Path("docs/error-rates.md"), help="the page to write")
    parser.add_argument("--memory", type=Path, default=Path("outputs/error-rates"), help="finished runs")
    arguments.add_workers_option(parser)
    arguments.add_overwrite(parser)
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))
    settings = [REFERENCE, *HELD_OUT]

    def work() -> str:
        rates = carry_out(settings, HELD_OUT, args.runs, args.seed, args.memory, args.workers)
        found = study(settings, args.runs, args.seed, rates)
        by_size = powers(settings, args.runs, args.seed, rates)
        back = returns(HELD_OUT, args.runs, args.seed, rates)
        return markdown(found, by_size, back, args.runs, again(PROGRAM, args, {"runs": RUNS, "seed": SEED}))

    return write(parser.prog, args.out, args.overwrite, work)


if __name__ == "__main__":
    sys.exit(main())
