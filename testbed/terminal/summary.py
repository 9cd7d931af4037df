"""What a run shows, for reading on a terminal: census, retention by cohort, launch contrast, shares by openness, files.

Nothing is computed here but what the narrow rows leave out: the mean of later cohorts, weighted by users.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from testbed.terminal.console import head, plain_table
from testbed.terminal.progress import duration

if TYPE_CHECKING:
    import pandas as pd

    from analysis.inference.verdict.verdict import Verdict
    from analysis.sources.log import Log

FEW_GAPS = 6  # so many are listed on the terminal, more are counted
MAX_COHORTS = 8  # rows of one small triangle; the rest is one row with their mean

LEFT_ON_DISK = {
    "report.html": "start here: all results on one page",
    "tables": "the results as CSV and Parquet",
    "figures": "the pictures as SVG and PNG",
    "log": "one row a request",
    "labels": "content labels of a sample",
    "models.parquet": "the public catalogue",
    "truth": "what no real log holds: needs, fits, spells",
    "manifest.json": "the resolved scenario, seed, versions, timings",
}


@dataclass(frozen=True)
class Findings:
    """What the summary says of a log; frames are those of the analysis (see its docstrings)."""

    names: dict[str, str]  # name for people by model, in the order of showing
    launches: dict[str, dt.date | None]  # month of the launch cohort, as its first day
    triangles: pd.DataFrame  # retention.triangles of those models
    contrast: pd.DataFrame  # retention.launch_contrast of those models
    shares: pd.DataFrame | None  # openness.share_summary
    gaps: list[str]  # what this log cannot say, and why
    shares_over: str = "in the study's main window"  # of which weeks the shares are
    withheld: bool = False  # small cells are not shown
    answer: tuple[Verdict, ...] = ()  # on the models that the question is about, else on all

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Self:
        """The findings in what `analysis.write_analysis` returns."""
        from analysis.report.looked_at import answered

        panels = results["panels"]
        about = answered([panel["model"] for panel in panels], results["asked"])
        return cls(
            {panel["model"]: panel["name"] for panel in panels},
            {panel["model"]: panel["launch_cohort"] for panel in panels},
            results["triangles"],
            results["launch_contrast"],
            results["shares"],
            results["gaps"],
            results["shares_over"],
            results["withheld"] is not None,
            tuple(v for v in results["judged"] if v.model in about),
        )

    def as_json(self) -> dict[str, Any]:
        """The findings as plain records."""
        from analysis.json_values import records

        return {
            "answer": [
                {"model": v.model, "headline": v.headline, "sentence": v.sentence, "caveats": v.caveats}
                for v in self.answer
            ],
            "retention": records(self.triangles[self.triangles["observed"]]),
            "launch_contrast": records(self.contrast),
            "shares_by_openness": None if self.shares is None else records(self.shares),
            "not_available": self.gaps,
        }


def print_question(console: Console, manifest: Mapping[str, Any]) -> None:
    """What a run asks: its title and question."""
    head(console, str(manifest["title"]))
    if manifest.get("question"):
        console.print(Text(str(manifest["question"]).strip(), style="italic"))


def print_answer(console: Console, findings: Findings) -> None:
    """What the log answers: a sentence a model that the question is about, and how sure the first one is."""
    from analysis.report.looked_at import first_sure
    from testbed.terminal.verdict_view import print_sentence

    told = []
    for verdict in findings.answer:
        name = findings.names.get(verdict.model, verdict.model)
        print_sentence(console, verdict, name, brief=True)
        told.append((name, verdict.how_sure))
    if sure := first_sure(told):
        console.print()
        console.print(Text(sure, style="dim"))


def print_census(console: Console, manifest: Mapping[str, Any]) -> None:
    """Who is in the market of a run."""
    head(console, "Who is in this market")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in manifest["census"]:
        table.add_row(Text(label), Text(value))
    console.print(table)


def extent_of(log: Log) -> str:
    """How many requests a log has, from when to when."""
    from analysis.numerals import counted

    asked = f"; only rows {log.scope.words}, as asked" if log.scope.cut else ""
    return f"{counted(log.rows, 'request')}, {days_of(log)}{asked}"


def days_of(log: Log) -> str:
    """From when to when a log goes."""
    return f"{log.first_day} to {log.last_day} (UTC)"


def print_log(console: Console, name: str, extent: str) -> None:
    """What was analysed, for a log that no run made."""
    head(console, name)
    console.print(Text(extent))


def print_violations(console: Console, name: str, checks: pd.DataFrame) -> None:
    """Where a log breaks the contract: each violated check with its count, share of rows and examples."""
    from analysis.numerals import counted
    from testbed.terminal.console import head

    broken = checks[checks["violations"] > 0]
    absent = broken["check"].eq("column present") & broken["severity"].eq("warning")
    without = [f"{row.table}.{row.column}" for row in broken[absent].itertuples()]
    broken = broken[~absent]
    many = f"{len(broken)} of {counted(len(checks), 'check')} violated"
    head(console, f"{name}: {'no violations' if broken.empty else many}")
    for row in broken.to_dict("records"):
        where = f"{row['table']}.{row['column']}" if row["column"] else row["table"]
        style = "bold red" if row["severity"] == "error" else "yellow"
        share = f" ({100 * row['violations'] / row['rows']:.3g}%)" if row["rows"] else ""
        found = f"  {where}: {row['check']}: {row['violations']:,}{share}"
        console.print(Text.assemble((row["severity"], style), found))
        console.print(Text(f"  {row['explanation']}", style="dim"))
        if row["examples"]:
            console.print(Text(f"  for example: {row['examples']}", style="dim"))
    if without:
        said = (
            f"without {counted(len(without), 'optional column')}; analyses that need them are not available: "
        )
        console.print(Text(said + ", ".join(without), style="dim"))


def print_findings(console: Console, findings: Findings) -> None:
    """Retention by cohort, launch contrast and shares by openness."""
    if findings.names:
        _print_triangles(console, findings)
        _print_contrast(console, findings)
    if findings.shares is not None and len(findings.shares):
        _print_shares(console, findings.shares, findings.shares_over)
    _print_gaps(console, findings.gaps)


def _print_gaps(console: Console, gaps: Sequence[str]) -> None:
    """What could not be shown: each if they are few, else how many and where the page says why."""
    if len(gaps) > FEW_GAPS:
        names = ", ".join(gap.partition(":")[0] for gap in gaps[:FEW_GAPS])
        said = f"{len(gaps)} figures and tables ({names}, ...); the page says why at each, and under Gaps"
        console.print(Text(f"Not shown: {said}", style="yellow"))
        return
    for gap in gaps:
        console.print(Text(f"Not shown: {gap.replace(': not available: ', ': ')}", style="yellow"))


def print_files(console: Console, folder: Path, timings: Mapping[str, float], reused: bool = False) -> None:
    """Where the files are, how big they are and how long each phase took."""
    head(console, "Files")
    console.print(
        Text(f"{folder}{'  (complete already: not simulated again)' if reused else ''}"), soft_wrap=True
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for name, meaning in LEFT_ON_DISK.items():
        path = folder / name
        if path.exists():
            shown = f"  {name}/" if path.is_dir() else f"  {name}"
            table.add_row(
                Text(shown, style="bold" if name == "report.html" else ""), _size(path), Text(meaning)
            )
    console.print(table)
    if timings:
        parts = ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in timings.items())
        total = f"{duration(sum(timings.values()))}: " if len(timings) > 1 else ""
        console.print(Text(f"{total}{parts}", style="dim"))


def _print_triangles(console: Console, findings: Findings) -> None:
    from analysis.queries.cohorts.launches import MARKS
    from analysis.study import SMALL_COHORT
    from testbed.terminal.console import head

    head(
        console,
        "Who comes back",
        "% of the users who joined a model in a month and are active 1, 2, ... months later",
    )
    later = findings.triangles[(findings.triangles["k"] > 0) & findings.triangles["observed"]]
    shown = {model: name for model, name in findings.names.items() if (later["model"] == model).any()}
    if without := [name for model, name in findings.names.items() if model not in shown]:
        console.print(Text(f"No month after the first to show: {', '.join(without)}", style="dim"))
    if not shown:
        return
    per_row = max(1, (console.width + 1) // 39)
    width = (console.width + 1) // per_row - 1
    ages = max(1, (width - 16) // 4)
    blocks = [_triangle(findings, model, name, ages, width, _star(console)) for model, name in shown.items()]
    for start in range(0, len(blocks), per_row):
        row = Table.grid(padding=(0, 1, 0, 0))
        for _ in blocks[start : start + per_row]:
            row.add_column(width=width)
        row.add_row(*blocks[start : start + per_row])
        console.print(row)
    marks = [f"{_star(console)} launch month", f"( ) fewer than {SMALL_COHORT} users", "~ month not complete"]
    if findings.withheld:
        marks.append("empty: withheld, or not over yet")
    marks += [f"{sign} {said}" for column, (sign, said) in MARKS.items() if findings.triangles[column].any()]
    console.print(Text("   ".join(marks), style="dim"))


def _triangle(findings: Findings, model: str, name: str, ages: int, width: int, star: str) -> RenderableType:
    """The first cohorts of one model at the first `ages` months, and the mean of the rest, in `width` columns.

    Of the rest, cohorts that may hold others than newcomers are left out.
    """
    from analysis.queries.cohorts.launches import mark

    cells = findings.triangles[findings.triangles["model"] == model]
    table = Table(
        box=None, padding=(0, 1, 0, 0), pad_edge=False, width=width, title=Text(name, style="bold"),
        title_justify="left", header_style="dim",
    )  # fmt: skip
    table.add_column("joined", width=8, no_wrap=True)
    table.add_column("n", width=7, justify="right", no_wrap=True)
    for age in range(1, ages + 1):
        table.add_column(str(age), width=3, justify="right", no_wrap=True)
    rows: dict[Any, dict[int, dict[Any, Any]]] = {}  # records by cohort and age
    for record in cells.sort_values(["cohort", "k"]).to_dict("records"):
        rows.setdefault(record["cohort"], {})[record["k"]] = record
    cohorts = list(rows)
    shown = cohorts if len(cohorts) <= MAX_COHORTS else cohorts[: MAX_COHORTS - 1]
    for cohort in shown:
        first = rows[cohort][0]
        launch = cohort.date() == findings.launches[model]
        sign = star if launch else mark(first)
        count = f"({first['users']:,})" if first["small"] else f"{first['users']:,} "
        values = [_cell(rows[cohort].get(age)) for age in range(1, ages + 1)]
        style = "dim" if first["small"] else "bold" if launch else ""
        table.add_row(f"{cohort:%Y-%m}{sign}", count, *values, style=style)
    later = [cohort for cohort in cohorts[len(shown) :] if not mark(rows[cohort][0])]
    rest = [row for cohort in later for row in rows[cohort].values()]
    if rest:
        users = sum(row["users"] for row in rest if row["k"] == 0)
        pooled = [
            _pooled([row for row in rest if row["k"] == age and row["complete"]])
            for age in range(1, ages + 1)
        ]
        table.add_row(f"+{len(later)} later", f"{users:,} ", *pooled, style="italic")
    table.add_row("")
    return table


def _cell(record: dict[Any, Any] | None) -> str:
    if record is None or not record["observed"]:
        return ""
    percent = f"{100 * record['retention']:.0f}"
    return percent if record["complete"] else f"~{percent}"


def _pooled(records: list[dict[Any, Any]]) -> str:
    """Share of all members of several cohorts that are active at one age, in percent."""
    users = sum(record["users"] for record in records)
    return f"{100 * sum(record['active'] for record in records) / users:.0f}" if users else ""


def _print_contrast(console: Console, findings: Findings) -> None:
    head(
        console,
        "Launch cohorts against later ones",
        "% active at month 3, 4, 5; later: two or more months after",
    )
    table = plain_table()
    table.add_column("model", no_wrap=True)
    table.add_column("launch", no_wrap=True)
    for heading in ("n", "launch cohort", "later cohorts", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    left_out = []
    for model, part in findings.contrast.groupby("model", sort=False):
        both = part[part["launch"].notna() & part["later"].notna()]
        if both.empty:
            left_out.append(findings.names[str(model)])
            continue
        launch, later = both["launch"].mean(), both["later"].mean()
        table.add_row(
            findings.names[str(model)],
            f"{part['launch_cohort'].iloc[0]:%Y-%m}",
            f"{part['launch_users'].max():,}",
            _percents(part["launch"]),
            _percents(part["later"]),
            Text(f"{launch / later:.1f}x", style="bold") if later > 0 else "",
        )
    if table.row_count:
        console.print(table)
    if left_out:
        why = "too few users, or too few complete months"
        console.print(Text(f"Not compared ({why}): {', '.join(left_out)}", style="dim"))


def _print_shares(console: Console, shares: pd.DataFrame, over: str) -> None:
    from analysis.report.charts.palette import SOURCE_NAMES
    from testbed.terminal.console import head, plain_table

    head(
        console,
        "Whose tokens",
        f"% of all tokens by week, {over}; start and end: four weeks each",
    )
    table = plain_table()
    table.add_column("models", no_wrap=True)
    for heading in ("start", "mean", "end", "lowest", "highest"):
        table.add_column(heading, justify="right")
    for row in shares.to_dict("records"):
        values = (row[key] for key in ("first", "mean", "last", "low", "high"))
        table.add_row(SOURCE_NAMES[row["source_type"]], *(f"{100 * value:.1f}" for value in values))
    console.print(table)


def _percents(values: pd.Series) -> str:
    return " ".join("  -" if value != value else f"{100 * value:3.0f}" for value in values)


def _star(console: Console) -> str:
    return "★" if console.encoding.lower().startswith("utf") else "*"


def _size(path: Path) -> str:
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    count = sum(file.stat().st_size for file in files)
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"
