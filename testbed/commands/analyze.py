"""`slipper analyze`: any conforming log becomes tables, figures and a report; no simulator is involved."""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE, FAILED, BadInput, check_writable
from testbed.terminal.progress import Report, open_display

if TYPE_CHECKING:
    from analysis import Log
    from analysis.disclosure.account import Account
    from analysis.workers import Workers
    from testbed.terminal.summary import Findings

DESCRIPTION = """\
Analyses a request log: token volume and shares, retention by cohort, lengths, costs, categories, regions. Works on any
log that conforms to the contract (slipper schema log): a run folder, Parquet files, a DuckDB file, or where it
lies: object storage, PostgreSQL, Spark (docs/warehouses.md)."""

EPILOG = f"""\
examples:
  slipper analyze outputs/report/RUN-ID
  slipper analyze /data/log --out /data/findings
  slipper analyze warehouse.duckdb --table requests
  slipper analyze 'postgresql://me@localhost/gateway?table=logs.requests'    the password: PGPASSWORD or ~/.pgpass
  slipper analyze /data/log --model acme/new-model --model openai/gpt-4o-mini
  slipper analyze /data/log --k-anonymity 20      results that may leave the building
  slipper analyze /data/log --check-log           is this log sound? violations with counts and examples
  slipper analyze /data/log --sql                 the SQL of every query, to run elsewhere

left on disk (in the run folder, else in --out, else beside the log in LOG-analysis/, with --table LOG-NAME-analysis/):
  tables/        results as CSV and Parquet (in CSV, text that would start a formula has a ' in front)
  figures/       with --figures: pictures as SVG and PNG
  report.html    one page with all of it, readable offline
  --check-log and --sql leave nothing.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "analyze", help="log -> tables, figures, report", description=DESCRIPTION, epilog=EPILOG
    )
    arguments.add_log(parser)
    parser.add_argument("--model", dest="models", action="append", metavar="AUTHOR/SLUG", help="show retention of "
                        "this model; repeatable (default: those that the run's scenario asks about or adds, of "
                        "another log the largest, and the report's)")  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", help="folder for the results of a log that is not a run folder"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--check-log", action="store_true", help="check the log against the contract instead"
    )
    instead.add_argument("--sql", action="store_true", help="print the SQL of every query instead")
    arguments.add_figures_option(parser)
    arguments.add_log_options(parser)
    arguments.add_scope_options(parser, exhibits=True)
    arguments.add_anyway(parser)
    arguments.add_k_anonymity(parser)
    arguments.add_output_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


@dataclass(frozen=True)
class Result:
    """What an analysis left."""

    findings: Findings
    extent: str  # how many requests, from when to when
    seconds: float
    answer_seconds: float  # until the answer was known
    phases: Mapping[str, float]  # seconds of "tables", "verdicts", "figures" and "page"
    warnings: tuple[str, ...] = ()  # of the log; where small cells are withheld, what is
    withheld: Account | None = None


def execute(args: argparse.Namespace) -> int:
    """Analyses a log (the answer comes as soon as it is known), checks it against the contract, or prints SQL."""
    from analysis import LogError
    from analysis.sources.runs import is_run
    from analysis.workers import Workers, cores
    from testbed.commands.import_log import no_log
    from testbed.commands.inspect_log import look_first
    from testbed.terminal import summary
    from testbed.terminal.console import open_console, print_warnings, print_warnings_aside

    if args.k_anonymity and args.check_log:
        raise BadInput(
            "--check-log shows single rows of the log: leave out --k-anonymity, or see slipper inspect"
        )
    try:
        check_one_log(Path(args.log))
        if args.check_log:
            return _check_log(args)
        if args.sql:
            return _print_sql(args)
        folder = results_folder(args.log, args.out, args.table or "generations")
        check_writable(folder)
        inspection = look_first(args, args.log)
        inspection = inspection.named() if args.k_anonymity else inspection
        with Workers(cores(), draws=args.figures) as workers, open_display(quiet=args.quiet) as show:

            def answer(findings: Findings) -> None:
                if not (args.json or args.quiet):
                    show.let(lambda: summary.print_answer(open_console(), findings))

            result = analyse(
                args.log,
                folder,
                show,
                arguments.log_options(args),
                args.models,
                answered=answer,
                workers=workers,
                stills=args.figures,
                inspected=inspection.sentences(),
                k_anonymity=args.k_anonymity,
            )
    except LogError as error:
        raise no_log(error, args.log) from error
    if args.json:
        told = {"log": args.log, "results": str(folder), "inspection": inspection.as_json()}
        print(json.dumps(told | as_json(result), indent=2))
    elif args.quiet:
        print_warnings_aside("analyze", result.warnings)
        print(folder)
    else:
        console = open_console()
        summary.print_log(console, args.log, result.extent)
        print_warnings(console, result.warnings)
        summary.print_findings(console, result.findings)
        summary.print_files(console, folder, {"analysis": result.seconds})
        if result.withheld is None and not is_run(Path(args.log)):
            console.print(
                "They show small cells. To pass results on: --k-anonymity 20, and --out (docs/privacy.md)"
            )
    return DONE


def analyse(
    where: str | Path,
    folder: Path,
    show: Callable[[Any], None],
    options: Mapping[str, Any] | None = None,
    models: Sequence[str] | None = None,
    answered: Callable[[Findings], None] = lambda findings: None,
    workers: Workers | None = None,
    stills: bool = False,
    inspected: Mapping[str, tuple[str, ...]] | None = None,
    k_anonymity: int = 0,
) -> Result:
    """Analyses the log at `where` and writes the results into `folder`. Raises LogError.

    options: of `analysis.open_log`. answered: called with the findings as soon as they are known, before the
    figures. workers, stills, k_anonymity: see `write_analysis`. inspected: what an inspection found, for the page.
    """
    began = time.monotonic()
    show(Report("analysis", 0, 0))
    from analysis import open_log, write_analysis
    from analysis.report.pages import claim_verdicts
    from testbed.terminal.summary import Findings, days_of, extent_of

    known_after = 0.0

    def answer(known: dict[str, Any]) -> None:
        nonlocal known_after
        answered(Findings.of(known))
        known_after = time.monotonic() - began

    digest = None
    if (folder / claim_verdicts.FILE).is_file():
        from testbed.claims.registry import registry

        digest = registry().digest
    with _collector_paused(), open_log(where, **(options or {})) as log:
        _check_models(log, models)
        results = write_analysis(
            log, folder, progress=lambda _, done, total: show(Report("analysis", done, total)), models=models,
            registry_digest=digest, workers=workers, stills=stills, answer=answer, findings=inspected,
            k_anonymity=k_anonymity,
        )  # fmt: skip
        findings = Findings.of(results)
        extent = extent_of(log)
        warnings, withheld = log.warnings, results["withheld"]
        if withheld is not None:  # warnings tell of single rows, and the extent counts them all
            extent = days_of(log)
            warnings = tuple(line for lines in withheld.sentences().values() for line in lines)
    seconds = time.monotonic() - began
    return Result(findings, extent, seconds, known_after, results["timings_s"], warnings, withheld)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No search for circular garbage inside: an analysis leaves little, and the search takes a tenth of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_models(log: Log, models: Sequence[str] | None) -> None:
    """Raises BadInput for a model that the log never saw."""
    from analysis.queries import usage

    if models:
        known = usage.by_model(log)["model"].tolist()
        for model in models:
            arguments.check_model(model, known)


def as_json(result: Result) -> dict[str, Any]:
    """An analysis for programs."""
    return ({} if result.withheld is None else {"k_anonymity": result.withheld.as_json()}) | {
        "warnings": list(result.warnings),
        "summary": result.findings.as_json(),
        "analysis_s": round(result.seconds, 3),
        "answer_s": round(result.answer_seconds, 3),
        "analysis_timings_s": dict(result.phases),
    }


def _check_log(args: argparse.Namespace) -> int:
    """Prints the violations of the contract; fails if one of them is an error."""
    from analysis import check_conformance, open_log
    from analysis.json_values import records
    from analysis.sources.conformance import is_conforming
    from testbed.terminal import summary
    from testbed.terminal.console import open_console

    with open_log(args.log, **arguments.log_options(args), check=False) as log:
        checks = check_conformance(log)
    conforms = is_conforming(checks)
    if args.json:
        broken = records(checks[checks["violations"] > 0])
        print(
            json.dumps(
                {"log": args.log, "conforms": conforms, "checks": len(checks), "violations": broken}, indent=2
            )
        )
    elif not args.quiet:
        summary.print_violations(open_console(), args.log, checks)
    return DONE if conforms else FAILED


def check_one_log(path: Path) -> None:
    """Raises BadInput for a folder of runs, which would be read as one log."""
    from analysis import LogError
    from analysis.sources import runs

    try:
        runs.refuse_several(path)
    except LogError as error:
        raise BadInput(str(error)) from error


def results_folder(where: str, out: str | None, table: str = "generations") -> Path:
    """Where the results of a log go: into a run folder, else into `out`, else beside the log. Raises BadInput.

    Tables of one DuckDB file or server other than the usual one have a folder each, so that none passes for another.
    Beside a server is the current folder.
    """
    from analysis.sources.runs import own_run
    from analysis.sources.warehouses import result_names

    named = result_names.name_of(where, table)
    if named is not None:
        return Path(out or f"{named}-analysis")
    path = Path(where)
    run = own_run(path)
    if run is not None:
        if out is not None:
            raise BadInput(f"{where}: the results of a run stay in its folder; leave out --out")
        return run
    if out is not None:
        return Path(out)
    fixed = path
    while any(mark in fixed.name for mark in "*?["):  # a glob: beside the folder that it searches
        fixed = fixed.parent
    name = fixed.absolute().name if table == "generations" else f"{fixed.absolute().name}-{table}"
    return fixed.absolute().parent / f"{name}-analysis"


def _print_sql(args: argparse.Namespace) -> int:
    """Prints the SQL of every query."""
    from analysis import NotAvailable, all_queries, open_log

    with open_log(args.log, **arguments.log_options(args)) as log:
        texts: dict[str, str] = {}
        for name, query in all_queries().items():
            try:
                texts[name] = query.sql(log)
            except NotAvailable as error:
                texts[name] = f"-- {error}"
    if args.json:
        print(json.dumps(texts, indent=2))
    else:
        print("\n\n".join(f"-- {name}\n{text};" for name, text in texts.items()))
    return DONE
