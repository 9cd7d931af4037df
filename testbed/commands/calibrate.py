"""`slipper calibrate`: fits the reach of models and the demand of a scenario to the report's calibration claims."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments, shipped
from testbed.failure import DONE, BadInput, check_writable
from testbed.terminal.progress import Report, open_display

if TYPE_CHECKING:
    from testbed.calibration.fit.calibration import Calibration
    from testbed.claims.frequency import Study

DESCRIPTION = """\
Fits a scenario to the claims of the report that calibration may use (`calibration: true` in testbed/claims/claims.yaml;
retention and all that is for validation are never looked at). First it looks for the nearest market in which these
claims hold together; claims that stand in each other's way are named, and the fewest are given up. Then it moves how
much is heard of each author and model, by category, and how demand grows, until the tokens that the world is expected
to bring are those of that market; the last steps with all users of the scenario.

It works on expected tokens, in closed form, over a few seeds that share their luck from step to step; no log is made.
With --confirm the calibrated world is then run at full size on seeds that were not fitted, and judged by its logs."""

EPILOG = f"""\
examples:
  slipper calibrate report-base --world scenarios/mine.yaml --markdown mine.md
  slipper calibrate report-base --world scenarios/mine.yaml --markdown mine.md --confirm 20
  slipper calibrate report-base --claims C12,C13,C14 --steps 5      with some of the claims; no world is written
  slipper calibrate report-base --without openness                  with those of all sections but one

left on disk:
  OUT/calibrations/SCENARIO/*.json, *.npz   each finished evaluation, so that the same command goes on
  OUT/calibrations/SCENARIO/worlds/*.yaml   the world of each step
  OUT/checks/WORLD/*.json                   with --confirm: the verdicts of each replicate
  the FILE of --world                       the calibrated world, which extends the scenario
  the FILE of --markdown                    the page of the fit

{arguments.EXIT_STATUSES}"""

USERS, SEEDS, STEPS, FINAL_STEPS, MASTER = 40_000, 3, 16, 5, 1000


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "calibrate",
        help="scenario -> the world near it in which the report's levels hold",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="a scenario file, or the name of a shipped one")
    what = parser.add_argument_group("what is fitted")
    what.add_argument("--claims", metavar="C12,C13", help="to these calibration claims (default: all)")
    what.add_argument("--without", metavar="SECTION", help="leave out the claims of a section, to see whether they "
                      "hold all the same: platform, openness, agentic, categories, cost")  # fmt: skip
    arguments.add_users_option(what, f"{USERS:,}, also of larger worlds", USERS)
    what.add_argument("--seeds", type=arguments.positive_integer, default=SEEDS, metavar="N",
                      help=f"replicates that every evaluation adds up (default: {SEEDS})")  # fmt: skip
    what.add_argument("--seed", type=arguments.whole_number, default=MASTER, metavar="N",
                      help=f"master seed of the fit (default: {MASTER})")  # fmt: skip
    what.add_argument("--steps", type=arguments.positive_integer, default=STEPS, metavar="N",
                      help=f"how many (default: {STEPS})")  # fmt: skip
    what.add_argument("--final-steps", type=arguments.whole_number, default=FINAL_STEPS, metavar="N",
                      help=f"and then with all users of the scenario (default: {FINAL_STEPS})")  # fmt: skip
    how = parser.add_argument_group("how it is run")
    how.add_argument("--confirm", type=arguments.positive_integer, metavar="N",
                     help="judge the calibrated world on N fresh seeds at full size (with --world)")  # fmt: skip
    arguments.add_workers_option(how, "replicates at a time")
    how.add_argument(
        "--out", default="outputs", metavar="DIR", help="folder for what is remembered (default: outputs)"
    )
    how.add_argument("--world", metavar="FILE", help="write the calibrated world to this scenario file")
    how.add_argument(
        "--title", metavar="TEXT", help="title of the calibrated world (default: the scenario's, calibrated)"
    )
    how.add_argument("--markdown", metavar="FILE", help="write the page of the fit, too")
    arguments.add_output_options(parser)
    arguments.add_overwrite(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Fits a world."""
    import sim
    from analysis.contract import files
    from testbed.calibration.fit import calibration
    from testbed.calibration.fit.fitting import Settings

    scenario, out = shipped.find(args.scenario), Path(args.out)
    if args.confirm and args.world is None:
        raise BadInput("--confirm judges the world that is written: give --world FILE, too")
    claims = _claims(args)
    check_writable(out / "calibrations")
    for name in (args.world, args.markdown):
        if name is not None:
            check_writable(Path(name).parent)
            files.check_page(Path(name), args.overwrite)
    if args.world is not None and Path(args.world).resolve() == scenario.resolve():
        raise BadInput(f"--world {args.world}: this is the scenario that is fitted; name another file")
    settings = Settings(
        args.users, args.steps, tuple(range(args.seeds)), args.seed, args.workers, args.final_steps
    )
    evaluations = args.steps + 1 + args.final_steps
    display = open_display(quiet=args.quiet)
    try:
        with display as show:
            found = calibration.calibrate(
                scenario, claims, settings, out / "calibrations" / scenario.stem,
                lambda step: show(Report("Fitting", step.number + 1, evaluations)),
            )  # fmt: skip
    except sim.ScenarioError as error:
        raise BadInput(str(error)) from error
    command = _command(args)
    title = args.title or f"{found.scenario.title}, calibrated"
    if args.world is not None:
        text = calibration.world_text(found, title, scenario, Path(args.world), command)
        files.write_page(Path(args.world), text, args.overwrite)
    study = _confirmed(args, found.seeds, out) if args.confirm else None
    if args.markdown is not None:
        from testbed.calibration.fit.page import page

        files.write_page(Path(args.markdown), page(found.story(title, command, study)), args.overwrite)
    _print(args, found, study)
    return DONE


def _claims(args: argparse.Namespace) -> set[str]:
    """The calibration claims that are asked for. Raises BadInput."""
    from testbed.claims.registry import registry

    known = registry()
    allowed = {entry.id: entry for entry in known if entry.claim.calibration}
    wanted = set(allowed)
    if args.claims is not None:
        wanted = {name.strip().upper() for name in args.claims.split(",") if name.strip()}
        for name in sorted(wanted - set(allowed)):
            if name in known.ids():
                raise BadInput(
                    f"{name} is for validation: calibration may not use it (testbed/claims/claims.yaml)"
                )
            raise BadInput(f"no claim '{name}'{arguments.hint(name, allowed)}; such as --claims C12,C13")
    if args.without is not None:
        if args.without not in known.titles:
            near = arguments.hint(args.without, known.titles)
            raise BadInput(f"no section '{args.without}'{near}; there are: {', '.join(known.titles)}")
        wanted -= {name for name in wanted if allowed[name].section == args.without}
    if not wanted:
        raise BadInput("no claim is left to fit the world to")
    return wanted


def _confirmed(args: argparse.Namespace, fitted: Sequence[int], out: Path) -> Study:
    """The calibrated world's claims on fresh seeds."""
    from testbed.claims.registry import registry
    from testbed.studies import scoreboard

    study = scoreboard.study(
        Path(args.world), args.confirm, registry(), out=out, workers=args.workers, quiet=args.quiet
    )
    if shared := set(fitted) & set(study.seeds):
        raise BadInput(
            f"--seed {args.seed}: seed {min(shared)} was fitted and would confirm itself; choose another"
        )
    return study


def _command(args: argparse.Namespace) -> str:
    """The command line, without what does not change what is written."""
    words = arguments.command_line(args, ["calibrate", args.scenario], ["claims", "without"], settings=False)
    for option, usual in (("users", USERS), ("seeds", SEEDS), ("seed", MASTER), ("steps", STEPS),
                          ("final-steps", FINAL_STEPS)):  # fmt: skip
        if (given := getattr(args, option.replace("-", "_"))) != usual:
            words += [f"--{option}", str(given)]
    for option in ("world", "title", "markdown", "confirm"):
        if getattr(args, option) is not None:
            words += [f"--{option}", str(getattr(args, option))]
    return shlex.join(words)


def _print(args: argparse.Namespace, found: Calibration, study: Study | None) -> None:
    best = found.fit.best
    if args.json:
        steps = [
            {"step": step.number, "distance": step.distance, "by_author": step.by_author, "met": step.met,
             "asked": len(step.slack), "moved": step.parameters.moved, "effective": step.parameters.effective}
            for step in found.fit.steps
        ]  # fmt: skip
        told = {"world": args.world, "page": args.markdown, "best": best.number, "steps": steps,
                "conditions": best.slack, "given_up": [str(conflict) for conflict in found.given_up],
                "confirmed": study.as_json() if study is not None else None}  # fmt: skip
        print(json.dumps(told, indent=2))
        return
    if args.quiet:
        for name in (args.world, args.markdown):
            if name is not None:
                print(name)
        return
    for conflict in found.given_up:
        print(f"given up: {conflict}")
    for step in found.fit.steps:
        to_go, asked = 100 * step.distance, len(step.slack)
        print(f"step {step.number:>3}: {to_go:5.1f} points to go, {step.met} of {asked} conditions hold")
    moved, effective = best.parameters.moved, best.parameters.effective
    print(f"best: step {best.number}; {moved:,} parameters moved, {effective:.0f} effective")
    if failing := [name for name, slack in best.slack.items() if slack < 0]:
        print(f"not reached: {', '.join(failing)}")
    if study is not None:
        held = [f for f in study.frequencies if f.entry.claim.calibration and f.testable]
        from testbed.claims.frequency import GOAL

        often = sum((f.counted or 0.0) >= GOAL for f in held)
        print(
            f"{often} of {len(held)} calibration claims hold in {GOAL:.0%} of {len(study.seeds)} fresh seeds"
        )
    for name in (args.world, args.markdown):
        if name is not None:
            print(name)
