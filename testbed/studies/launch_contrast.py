"""The launch contrast over seeds: do launch cohorts stay longer than later ones, with and without each cause?

`python -m testbed.studies.launch_contrast` runs worlds over seeds, measures each log with `analysis.queries.retention`,
and writes docs/launch-contrast.md. Finished runs are remembered in outputs/launch-contrast/, so it resumes after an
interruption.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import analysis
import sim
from analysis import study
from analysis.contract import files
from analysis.queries import retention
from analysis.report.sheet import write_csv
from sim.catalogue.overrides import WORLDS
from testbed import arguments
from testbed.failure import BAD_INPUT

MONTHS = (3, 4, 5)
MIN_COHORT = 100
FRONTIER = ("anthropic/claude-sonnet-4", "google/gemini-2.5-pro", "openai/gpt-4o-mini")
FLAT = ("meta-llama/llama-4-maverick", "google/gemini-2.0-flash-001")
NAMES = {panel.model: panel.name for panel in study.REPORT_PANELS}


@dataclass(frozen=True)
class Arm:
    """A world to run: a scenario with settings."""

    title: str
    scenario: str
    settings: tuple[str, ...] = ()


CORE = (
    Arm("The report world", "report.yaml"),
    Arm("Fit off", "no-fit.yaml"),
    Arm("Fit and migration off", "no-fit.yaml", ("mechanisms.migration=off",)),
)
CAUSES = (
    Arm("Migration off", "report.yaml", ("mechanisms.migration=off",)),
    Arm("Backlog off", "no-backlog.yaml"),
    Arm("Lock-in off", "no-lock-in.yaml"),
    Arm("Information off", "uninformed.yaml"),
)


def measure(arm: Arm, seed: int, users: int | None, memory: Path) -> pd.DataFrame:
    """Contrasts of all models in one run; one row a model and month."""
    scenario = WORLDS / arm.scenario
    world = sim.load_world(scenario, settings=arm.settings, seed=seed, users=users)
    known = memory / f"{world.name}-{world.run_id}.csv"
    if known.exists():
        return pd.read_csv(known)
    with tempfile.TemporaryDirectory(prefix="launch-contrast-") as out:
        run = sim.run(scenario, settings=arm.settings, seed=seed, users=users, out=out)
        with analysis.open_log(run.path) as log:
            found = pd.concat(
                [
                    retention.launch_contrast(log, model, months=MONTHS, min_cohort=MIN_COHORT)
                    for model in (*FRONTIER, *FLAT)
                ]
            )
    with files.replacement(known) as part:
        write_csv(found, part)
    return found


def _cell(values: pd.Series, form: str) -> str:
    """Mean and range over seeds."""
    values = values.dropna()
    if values.empty:
        return "–"
    return f"{form} ({form} to {form})".format(values.mean(), values.min(), values.max())


def contrast_table(found: pd.DataFrame) -> str:
    """Markdown: launch cohort, later cohorts and their ratio, months 3 to 5; mean and range over seeds."""
    further = {"ratio": ("ratio", 1, "{:.2f}"), "difference, points": ("difference", 100, "{:.0f}")}
    return _table(found, FRONTIER, further)


def spread_table(found: pd.DataFrame) -> str:
    """Markdown: how far apart the cohorts of the models without a foundational cohort lie."""
    return _table(found, FLAT, {"largest minus smallest cohort, points": ("spread", 100, "{:.0f}")})


def _table(found: pd.DataFrame, models: tuple[str, ...], further: dict[str, tuple[str, int, str]]) -> str:
    """A row a model and month: launch and later cohorts, then further columns (heading: column, factor, format)."""
    columns = {
        "launch cohort": ("launch", 100, "{:.0f}%"),
        "later cohorts": ("later", 100, "{:.0f}%"),
    } | further
    lines = ["| " + " | ".join(["model", "month", *columns]) + " |", "|" + "---|" * (2 + len(columns))]
    for model in models:
        for k in MONTHS:
            rows = found[(found["model"] == model) & (found["k"] == k)]
            cells = [_cell(factor * rows[column], form) for column, factor, form in columns.values()]
            lines.append("| " + " | ".join([NAMES[model], str(k), *cells]) + " |")
    return "\n".join(lines)


def document(results: list[tuple[Arm, pd.DataFrame]], command: str, seeds: int) -> str:
    """The page: one section for each arm."""
    parts = [
        "# The launch contrast, over seeds",
        f"Made by `{command}`: {seeds} seeds, the mean and in brackets\nthe smallest and largest of them. "
        "Every number is measured on the log by\n"
        "`analysis.queries.retention.launch_contrast`; the truth tables are not read.",
        "*Launch cohort*: users whose first request to the model falls in the calendar month of its release. *Later\n"
        f"cohorts*: the unweighted mean over cohorts of at least {MIN_COHORT} users that start two or more months\n"
        "later. A dash: no such cohort has a complete month of that age before the world ends (30 November 2025).",
    ]
    for arm, found in results:
        setting = "".join(f" --set {s}" for s in arm.settings)
        parts.append(f"## {arm.title}\n\n`slipper run scenarios/{arm.scenario}{setting}`")
        parts += [contrast_table(found), spread_table(found)]
    return "\n\n".join(parts) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Run the study and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m testbed.studies.launch_contrast", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1 to N (default: 5)")
    parser.add_argument(
        "--causes", action="store_true", help="every cause off in turn, not fit and migration alone"
    )
    parser.add_argument("--users", type=int, help="other than the scenario's")
    parser.add_argument("--out", type=Path, default=Path("docs/launch-contrast.md"), help="the page to write")
    parser.add_argument("--memory", type=Path, default=Path("outputs/launch-contrast"), help="finished runs")
    arguments.add_overwrite(parser)
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))
    try:
        files.check_page(args.out, args.overwrite)
    except files.Foreign as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return BAD_INPUT
    arms = CORE + CAUSES if args.causes else CORE
    found: dict[Arm, list[pd.DataFrame]] = {arm: [] for arm in arms}
    try:
        for seed in range(1, args.seeds + 1):
            for arm in arms:
                print(f"seed {seed} of {args.seeds}: {arm.title}", file=sys.stderr, flush=True)
                found[arm].append(measure(arm, seed, args.users, args.memory).assign(seed=seed))
    except KeyboardInterrupt:
        print("Interrupted; finished runs are kept, the same command goes on.", file=sys.stderr)
        return 130
    command = "python -m testbed.studies.launch_contrast" + (
        f" --seeds {args.seeds}" if args.seeds != 5 else ""
    )
    command += " --causes" if args.causes else ""
    command += f" --users {args.users}" if args.users else ""
    results = [(arm, pd.concat(frames)) for arm, frames in found.items()]
    files.write_page(args.out, document(results, command, args.seeds), args.overwrite)
    print(args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
