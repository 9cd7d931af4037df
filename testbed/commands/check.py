"""`slipper check`: the report's claims, measured on a log and judged; with --seeds, over replicates of a scenario."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments, shipped
from testbed.failure import DONE, BadInput, check_writable
from testbed.terminal.progress import Report, open_display

if TYPE_CHECKING:
    from testbed.claims.frequency import Study
    from testbed.claims.reasons import Reasons
    from testbed.claims.registry import Registry

DESCRIPTION = """\
Measures what the report claims (C01 to C160) on a log, with its uncertainty, and says for each claim whether it holds,
fails, or cannot be told from this log. Works on a run folder and on any log that conforms to the contract. With
--seeds it runs a scenario that many times instead and says how often each claim holds.

Claims have roles. Definitions say how to measure. Inputs are put into a world by its scenario, so passing one proves
little. Emergent claims must come out of the users' choices: they are the score. Totals are given apart. A verdict is
weak where the interval does not settle it. How each claim is measured and when it holds: testbed/claims/claims.yaml.

A log that no simulated run wrote is one history: trends are tested over its weeks. A simulated log is a world whole:
the difference of end and start decides; whether it is more than luck, replicates tell (docs/trend-tests.md)."""

EPILOG = f"""\
examples:
  slipper check outputs/report/RUN-ID
  slipper check outputs/report/RUN-ID --failed --why        what fails, and why
  slipper check outputs/report/RUN-ID --only C117,C118,C119
  slipper check /data/log --section retention --json
  slipper check /data/log --k-anonymity 20 --markdown claims.md   what may leave the building; the rest is withheld
  slipper check report --seeds 10                           ten replicates; goes on where it was interrupted
  slipper check report-small --seeds 20 --set mechanisms.fit=off --markdown docs/no-fit.md

left on disk:
  RUN/verdicts.json           all verdicts of a run folder, with the registry's digest; its report.html shows them, too
                              (not with --section, --only or --k-anonymity; nothing for a log that is no run folder)
  OUT/checks/SCENARIO/*.json  with --seeds: the verdicts of each finished replicate, so that the same command goes on;
                              the replicates' logs are deleted (--keep: they stay in OUT/SCENARIO/RUN-ID/)
  FILE                        with --markdown: the scoreboard as a page

The seed of replicate i follows from the master seed (--seed, else the scenario's) and i alone.
A claim that fails is a result, not an error: the status is 0.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "check",
        help="log or scenario -> which claims of the report hold",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument("target", metavar="LOG_OR_SCENARIO", help="a run folder, Parquet files, a DuckDB file, "
                        "postgresql://... or spark:TABLE; with --seeds a scenario file, or the name of a "
                        "shipped one")  # fmt: skip
    which = parser.add_argument_group("which claims to show")
    which.add_argument("--section", metavar="NAME", help="of one section: platform, openness, agentic, categories, "
                       "geography, retention, cost or discussion")  # fmt: skip
    which.add_argument("--only", metavar="C12,C13", help="these claims")
    which.add_argument(
        "--failed", action="store_true", help="those that fail (with --seeds: that fail at least once)"
    )
    which.add_argument(
        "--why", action="store_true", help="the reason of each verdict, the registry's note, and why a claim fails in "
        "the report world, as far as that is known"
    )  # fmt: skip
    over = parser.add_argument_group("replicates of a scenario")
    over.add_argument(
        "--seeds", type=arguments.positive_integer, metavar="N", help="run N replicates and judge each"
    )
    arguments.add_world_options(over, seed="master seed")
    over.add_argument(
        "--out", metavar="DIR", help="folder for what is remembered and kept (default: outputs)"
    )
    arguments.add_workers_option(over, "replicates at a time")
    over.add_argument("--keep", action="store_true", help="keep the replicates' run folders")
    arguments.add_log_options(parser)
    arguments.add_scope_options(parser)
    arguments.add_anyway(parser)
    arguments.add_k_anonymity(parser)
    arguments.add_output_options(parser)
    parser.add_argument("--markdown", metavar="FILE", help="write the scoreboard as a Markdown page, too")
    arguments.add_overwrite(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Judges a log, or replicates."""
    from testbed.claims.registry import registry

    wanted = _selection(args, registry())
    if args.markdown:
        from analysis.contract import files

        check_writable(Path(args.markdown).parent)
        files.check_page(Path(args.markdown), args.overwrite)
    if args.seeds:
        of_a_log = (
            args.table,
            args.models_from,
            args.labels_from,
            args.from_day,
            args.to_day,
            args.study_window,
        )
        if args.anyway or args.k_anonymity or any(value is not None for value in of_a_log):
            raise BadInput(
                "--table, --models, --labels, --from, --to, --study-window, --anyway, --k-anonymity are about a log; "
                "with --seeds the target is a scenario: leave them out"
            )
        return _check_scenario(args, registry(), wanted)
    for option in ("seed", "users", "settings", "out", "workers", "keep"):
        if getattr(args, option) not in (None, [], False):
            name = "--set" if option == "settings" else f"--{option}"
            raise BadInput(f"{name} is for replicates of a scenario: give --seeds, too")
    return _check_log(args, registry(), wanted)


def _selection(args: argparse.Namespace, claims: Registry) -> set[str] | None:
    """Ids asked for, None for all. Raises BadInput."""
    wanted: set[str] | None = None
    if args.section is not None:
        if args.section not in claims.titles:
            near = arguments.hint(args.section, claims.titles)
            raise BadInput(f"no section '{args.section}'{near}; there are: {', '.join(claims.titles)}")
        wanted = {entry.id for entry in claims if entry.section == args.section}
    if args.only is not None:
        named = [name.strip().upper() for name in args.only.split(",") if name.strip()]
        known = claims.ids()
        unknown = [name for name in named if name not in known]
        if unknown or not named:
            what = (
                f"no claim '{unknown[0]}'{arguments.hint(unknown[0], known)}"
                if unknown
                else "--only names no claim"
            )
            raise BadInput(f"{what}; claims are {known[0]} to {known[-1]}, such as --only C12,C117")
        wanted = set(named) if wanted is None else wanted & set(named)
        if not wanted:
            raise BadInput(f"none of {', '.join(named)} is in the section '{args.section}'")
    return wanted


def _check_log(args: argparse.Namespace, claims: Registry, wanted: set[str] | None) -> int:
    from analysis import LogError, open_log
    from analysis.report import withholding
    from analysis.report.pages import claim_verdicts
    from analysis.sources.runs import own_run
    from testbed.claims import scoreboard
    from testbed.claims.reasons import reasons
    from testbed.commands.analyze import check_one_log
    from testbed.commands.import_log import no_log
    from testbed.commands.inspect_log import look_first
    from testbed.terminal import scoreboard_page, scoreboard_view
    from testbed.terminal.console import open_console, print_warnings, print_warnings_aside

    if args.target.endswith((".yaml", ".yml")) or (
        not Path(args.target).exists() and _is_scenario(args.target)
    ):
        raise BadInput(
            f"{args.target}: this is a scenario; check replicates of it with --seeds 10, or run it first"
        )
    check_one_log(Path(args.target))
    run = own_run(Path(args.target))
    try:
        inspection = look_first(args, args.target)
        with (
            open_display(quiet=args.quiet) as show,
            open_log(args.target, **arguments.log_options(args)) as log,
        ):
            with withholding.shown(log, args.k_anonymity) as (safe, account):
                board = scoreboard.score(
                    safe,
                    wanted,
                    claims,
                    progress=lambda done, total: show(Report("Judging the claims", done, total)),
                    account=account,
                )
            warnings = () if account else log.warnings
            inspection = inspection.named() if account else inspection
    except LogError as error:
        raise no_log(error, args.target) from error
    every = wanted is None and not args.k_anonymity
    kept = run / claim_verdicts.FILE if run is not None and every else None
    try:
        if run is not None and kept is not None:
            check_writable(run)
            claim_verdicts.keep(run, board.as_json())
    except (BadInput, OSError) as error:  # the board was measured and can be shown all the same
        print(f"slipper check: the verdicts are not kept: {error}", file=sys.stderr)
        kept = None
    shown = [judged for judged in board.judged if not args.failed or judged.verdict.status == "fails"]
    if args.markdown:
        page = scoreboard_page.scoreboard_markdown(board, shown, _command(args))
        mark = f"\n{inspection.mark}\n" if inspection.mark else ""
        _write_page(args, page + mark)
    if args.json:
        _print_json(
            {"warnings": list(warnings), "inspection": inspection.as_json()} | board.as_json(),
            {judged.entry.id for judged in shown},
        )
    elif args.quiet:
        print_warnings_aside("check", warnings)
        if kept is not None:
            print(kept)
    else:
        console = open_console()
        print_warnings(console, warnings)
        known = None if run is None else reasons().about(_scenario_of(run))
        why = args.why or args.only is not None
        scoreboard_view.print_scoreboard(console, board, shown, why=why, known=known)
        if kept is not None:
            console.print(f"\n{kept}", soft_wrap=True, style="dim")
    return DONE


def _check_scenario(args: argparse.Namespace, claims: Registry, wanted: set[str] | None) -> int:
    from testbed.claims.reasons import reasons
    from testbed.studies import scoreboard
    from testbed.terminal import scoreboard_page, scoreboard_view
    from testbed.terminal.console import open_console

    scenario = shipped.find(args.target)
    out = Path(args.out or "outputs")
    check_writable(out)

    import sim

    try:
        study = scoreboard.study(
            scenario, args.seeds, claims, master=args.seed, users=args.users, settings=args.settings, out=out,
            keep=args.keep, workers=args.workers, quiet=args.quiet,
        )  # fmt: skip
    except sim.ScenarioError as error:
        raise BadInput(str(error)) from error
    own = scenario.resolve() in shipped.worlds().values()
    known = reasons().about(study.scenario, args.settings) if own else None
    shown = [f for f in study.frequencies if wanted is None or f.entry.id in wanted]
    if args.failed:
        shown = [f for f in shown if f.counted is not None and f.counted < 1]
    if args.markdown:
        _write_page(args, scoreboard_page.study_markdown(study, shown, _command(args), known))
    if args.json:
        _print_json(study.as_json() | _explained(study, known), {f.entry.id for f in shown})
    elif args.quiet:
        print(out / "checks" / study.scenario)
    else:
        console = open_console()
        why = args.why or args.only is not None
        scoreboard_view.print_study(console, study, shown, why=why, known=known)
    return DONE


def _explained(study: Study, known: Reasons | None) -> dict[str, Any]:
    """As data: how near the world is to its goals, and why claims fail that do, where it is known."""
    from testbed.claims import goals

    contradictory = () if known is None else known.contradictory
    failing = [] if known is None else [f.entry.id for f in study.frequencies if goals.fails(f)]
    return {
        "goals": {one.side: one.as_json() for one in goals.reached(study.frequencies, contradictory)},
        "why": {claim: known.line(claim) for claim in failing if known is not None},
    }


def _scenario_of(run: Path) -> str:
    """The name of the shipped scenario that a run folder is of, whatever its seed and users; empty where it is of
    another one, or of one with keys changed."""
    import sim
    from analysis.sources.runs import read_manifest

    told = read_manifest(run)
    name = "" if told is None else str(told[0].get("scenario", ""))
    if told is None or not shipped.is_name(name):
        return ""
    there, here = told[0].get("resolved"), sim.load_scenario(shipped.find(name))
    resolved = here.model_dump(mode="json", by_alias=True)
    same = isinstance(there, dict) and all(
        there.get(key) == value for key, value in resolved.items() if key not in ("seed", "users")
    )
    return name if same else ""


def _print_json(data: dict[str, Any], ids: set[str]) -> None:
    """The data with those claims only."""
    claims = [record for record in data["claims"] if record["id"] in ids]
    print(json.dumps(data | {"claims": claims}, indent=2))


def _is_scenario(target: str) -> bool:
    return shipped.is_name(target)


def _command(args: argparse.Namespace) -> str:
    """The command line that made a page, without what does not change it."""
    words = arguments.command_line(
        args, ["check", args.target], ["seeds", "seed", "users", "section", "only"]
    )
    if args.failed:
        words.append("--failed")
    if args.k_anonymity:
        words += ["--k-anonymity", str(args.k_anonymity)]
    return shlex.join(words)


def _write_page(args: argparse.Namespace, text: str) -> None:
    from analysis.contract import files

    files.write_page(Path(args.markdown), text, args.overwrite)
