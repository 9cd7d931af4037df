"""`slipper compare`: two analysed logs on one page, panel by panel on the same scales, with what differs marked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.numerals import NONE
from testbed import arguments
from testbed.commands import analyze
from testbed.failure import DONE, BadInput, check_writable
from testbed.terminal.progress import open_display

if TYPE_CHECKING:
    import pandas as pd

    from analysis.report.comparison import Analysed

DESCRIPTION = """\
Lays two runs side by side, such as the report world beside a null world: which scenario keys differ, retention cohort
by cohort with an interval of each difference, every figure on the same scales. A run that is not analysed yet is
analysed first. Also takes logs without a manifest, and the folders that `slipper analyze` left beside them."""

EPILOG = f"""\
examples:
  slipper compare outputs/report/RUN-ID outputs/no-fit/RUN-ID
  slipper compare outputs/report/RUN-ID /data/log --out /data/beside
  slipper compare RUN-A warehouse.duckdb --table requests
  slipper compare A B --json | jq .retention

left on disk, in --out (default: outputs/compare/A--B/):
  compare.html                  one page, readable offline
  retention_differences.csv     a row a model, cohort and month
  exhibit_differences.csv       a row an exhibit and series

{arguments.EXIT_STATUSES}"""

MOST_KEYS = 12  # differing scenario keys on the terminal; the page has all
MOST_SERIES = 10
PAGE = "compare.html"
LEFT = (PAGE, "retention_differences.csv", "exhibit_differences.csv")


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "compare", help="two runs -> one page with what differs", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("first", metavar="RUN_A", help="a run folder, the results of an analysis, or a log")
    parser.add_argument("second", metavar="RUN_B", help="the one to set beside it")
    parser.add_argument(
        "--out", metavar="DIR", help="folder for the comparison (default: outputs/compare/A--B)"
    )
    arguments.add_k_anonymity(parser)
    arguments.add_log_options(parser)
    arguments.add_output_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Compares two runs."""
    from analysis import LogError
    from analysis.contract import files
    from testbed.terminal.console import print_warnings_aside

    try:
        analyze.check_one_log(Path(args.first))
        analyze.check_one_log(Path(args.second))
        folders = [_results(where, args.table or "generations") for where in (args.first, args.second)]
        out = Path(args.out) if args.out else Path("outputs/compare") / "--".join(_name(f) for f in folders)
        check_writable(out)
        files.check(out, LEFT, files.read(out))
        with open_display(quiet=args.quiet) as show:
            warnings = [
                warning
                for where, folder in zip((args.first, args.second), folders, strict=True)
                for warning in _analysed(where, folder, show, arguments.log_options(args), args.k_anonymity)
            ]
        print_warnings_aside("compare", warnings)
        result = compare(folders[0], folders[1], out)
    except LogError as error:
        raise BadInput(str(error)) from error
    if args.json:
        print(json.dumps({"page": str(out / PAGE)} | as_json(*result), indent=2))
    elif args.quiet:
        print(out / PAGE)
    else:
        _print(*result, out / PAGE)
    return DONE


Result = tuple["Analysed", "Analysed", "pd.DataFrame", "pd.DataFrame"]


def compare(first: Path, second: Path, out: Path) -> Result:
    """Compares two folders of results and writes the page and its tables into `out`, all of them or none."""
    import pandas as pd

    from analysis.report.comparison import Analysed, exhibit_differences, panel_models, retention_differences
    from analysis.report.exhibits import EXHIBITS
    from analysis.report.pages.compare import render_comparison
    from analysis.report.spreadsheet import write_csv
    from analysis.staging import Staging

    a, b = Analysed.at(first), Analysed.at(second)
    cells = retention_differences(a, b, list(panel_models(a, b)))
    parts = []
    for exhibit in EXHIBITS:
        frames = a.table(exhibit.id), b.table(exhibit.id)
        if frames[0] is not None and frames[1] is not None and exhibit.section != "retention":
            parts.append(exhibit_differences(exhibit, frames[0], frames[1]))
    filled = [part for part in parts if len(part)]
    series = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(_SERIES))
    page = render_comparison(a, b, cells, series, EXHIBITS)

    with Staging(out, LEFT) as staged:
        (staged.path / PAGE).write_text(page, encoding="utf-8")
        write_csv(cells, staged.path / "retention_differences.csv")
        write_csv(series, staged.path / "exhibit_differences.csv")
        staged.publish()
    return a, b, cells, series


_SERIES = ("exhibit", "value", "form", "series", "a", "b", "difference", "ratio", "differs")


def as_json(a: Analysed, b: Analysed, cells: pd.DataFrame, series: pd.DataFrame) -> dict[str, Any]:
    """A comparison for programs."""
    from analysis.json_values import records
    from analysis.report.comparison import scenario_differences, verdict_differences

    differing = scenario_differences(a, b)
    return {
        "a": {"results": str(a.folder), "title": a.title},
        "b": {"results": str(b.folder), "title": b.title},
        "scenario_differences": None if differing is None else records(differing),
        "verdicts": records(verdict_differences(a, b)),
        "retention": records(cells),
        "exhibits": records(series),
    }


def _results(where: str, table: str) -> Path:
    """The folder with the results of a run or log, whether they are there yet or not."""
    from analysis.report.comparison import is_analysed

    return Path(where) if is_analysed(Path(where)) else analyze.results_folder(where, None, table)


def _analysed(where: str, folder: Path, show: Any, options: dict[str, Any], least: int) -> list[str]:
    """Analyses a log that has no results yet; returns its warnings. Raises BadInput for results that show cells of
    fewer users than `least`."""
    from analysis.report.comparison import Analysed, is_analysed

    if not is_analysed(folder):
        check_writable(folder)
        result = analyze.analyse(where, folder, show, options, k_anonymity=least)
        return [f"{where}: {warning}" for warning in result.warnings]
    if Analysed.at(folder).least < least:
        raise BadInput(
            f"{where}: its results show cells of fewer than {least} users; run `slipper analyze {where} --k-anonymity "
            f"{least}` first"
        )
    return []


def _name(folder: Path) -> str:
    """What a folder of results is called: scenario and run id of a run, else its name."""
    from analysis.contract.files import MANIFEST

    absolute = folder.absolute()
    return f"{absolute.parent.name}-{absolute.name}" if (folder / MANIFEST).is_file() else absolute.name


# --- printing


def _print(a: Analysed, b: Analysed, cells: pd.DataFrame, series: pd.DataFrame, page: Path) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from analysis.report.comparison import scenario_differences, verdict_differences
    from analysis.report.pages.cells import written
    from analysis.report.pages.compare import launch_summary, ordered_models, verdict_words
    from testbed.terminal import summary
    from testbed.terminal.console import head, open_console

    console = open_console()
    summary.print_log(console, f"A  {a.title}", str(a.folder))
    summary.print_log(console, f"B  {b.title}", str(b.folder))

    found = verdict_differences(a, b)
    if len(found):
        head(
            console,
            "Does the launch cohort stand out?",
            "in brackets: share of active users of the launch cohort minus that of the cohorts compared with it",
        )
        for row in found.to_dict("records"):
            console.print(Text(f"{row['model']}{_alike(row)}", style="bold" if row["differs"] else ""))
            for letter in "AB":
                console.print(Padding(Text(f"{letter}  {verdict_words(row, letter.lower())}"), (0, 0, 0, 2)))

    differing = scenario_differences(a, b)
    head(console, "What differs between the scenarios")
    if differing is None:
        console.print(Text("not known: a log without a manifest"))
    elif differing.empty:
        console.print(Text("nothing"))
    else:
        for row in differing.head(MOST_KEYS).to_dict("records"):
            console.print(Text(f"{row['key']}: {row['a'] or NONE} → {row['b'] or NONE}"))
        if len(differing) > MOST_KEYS:
            console.print(Text(f"and {len(differing) - MOST_KEYS} more keys", style="dim"))

    head(console, "Retention", "cells (cohort and month) whose difference has a 95% interval without 0")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for model, (launch, _) in ordered_models(a, b, cells).items():
        own = cells[cells["model"] == model]
        said = launch_summary(own, None if launch != launch else launch)
        table.add_row(
            Text(model, style="bold"), Text(f"{int(own['differs'].sum())} of {len(own)}"), Text(said)
        )
    console.print(table)

    apart = series[series["differs"].fillna(False).astype(bool)]
    head(console, "Series", "means of the last four weeks, where the weeks of A and B do not overlap")
    if apart.empty:
        console.print(Text("none differs"))
    ranked = apart.assign(size=_size(apart)).sort_values("size", ascending=False).head(MOST_SERIES)
    table = Table.grid(padding=(0, 2))
    for side in ("left", "left", "right", "right"):
        table.add_column(justify=side, no_wrap=side == "right")
    for row in ranked.to_dict("records"):
        values = [
            Text(f"{letter} {written(row[key], row['form'])}") for letter, key in (("A", "a"), ("B", "b"))
        ]
        table.add_row(Text(row["exhibit"], style="bold"), Text(f"{row['series']} ({row['value']})"), *values)
    console.print(table)
    console.print(Text(f"\n{page}"), soft_wrap=True)


def _alike(row: Mapping[Any, Any]) -> str:
    """How far the verdicts on a model agree, to stand behind its name."""
    if row["differs"]:
        return ""
    return " (the same in both)" if row["headline_a"] == row["headline_b"] else " (the same kind in both)"


def _size(series: pd.DataFrame) -> pd.Series:
    """How far apart two values are, by their ratio, whichever is larger."""
    import numpy as np

    ratio = series["ratio"].astype("float64").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(np.log(ratio))
    return series["difference"].astype("float64").abs().where(~np.isfinite(size), size)
