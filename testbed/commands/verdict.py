"""`slipper verdict`: which models of a log have a launch cohort that stands out, and how often that would be wrong."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.inference import SEED, SIMULATIONS
from analysis.numerals import counted
from analysis.study import SMALL_COHORT
from testbed import arguments
from testbed.failure import DONE, BadInput
from testbed.terminal.progress import Report, open_display

if TYPE_CHECKING:
    from analysis import Log
    from testbed.truth_checks import TruthCheck

DESCRIPTION = """\
Says for each model whether its launch cohort stays longer than the cohorts after it by more than chance, calendar and
age explain, how large the difference is, and what else could make it look so. Beside it: false-positive rate and
power, from simulations that include the floor on the difference and most robustness checks, with the log's own cohort
sizes and organisations.

Not simulated: the negative controls and the adjustment for the models judged together; the robustness checks of time on
the platform, of merged ids and of 30-day months; cohorts before the launch, and a launch late in its month; users of
one organisation who came in different months (drawn independently); cohorts above 2,000 users at their full size.

A cohort stands out if four tests agree: age + period regression (A), prediction from the other cohorts (B), above
each other cohort (C), above their trend (D, with four later cohorts). Then the robustness checks: always-on accounts
left out (told by their volume, or by days without a pause), organisations counted instead of users, 30-day months, each
cohort dropped in turn, and so on. A verdict that they change is called fragile; so is one that does not hold after
adjusting for the models judged, or where most other launch cohorts keep users as well. "No fit" is said of low cohorts
that lie together, where a loyal one would have been found. No verdict says why users stay: a log cannot tell."""

EPILOG = f"""\
examples:
  slipper verdict outputs/report/RUN-ID                         the models of the page, as the page judges them
  slipper verdict /data/log --model acme/new-model --why        one model in full, with its launch cohort's profile
  slipper verdict /data/log --all --simulations 0               every model with enough users, without error rates
  slipper verdict /data/log --alias previews.csv                earlier ids that the models table does not state
  slipper verdict outputs/report/RUN-ID --truth                 and what only the simulator knows
  slipper verdict /data/log --json

FILE of --alias: CSV without a header, two columns: the earlier id, the model that it became. Ids that the log's models
table says were moved to a model at its launch are merged anyway.

The same log, options and seed give the same verdicts. A model that does not stand out is a result, not an error: the
status is 0. Nothing is written.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "verdict",
        help="log -> does a launch cohort stand out, and how sure is that",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    arguments.add_log(parser)
    which = parser.add_argument_group("which models")
    which.add_argument("--model", dest="models", action="append", metavar="AUTHOR/SLUG", help="judge this model; "
                       "repeatable (default: those that the run's scenario asks about or adds, of another log the "
                       "largest, and the report's)")  # fmt: skip
    which.add_argument("--all", action="store_true", help="judge every model with enough users; they are each other's "
                       "negative controls")  # fmt: skip
    which.add_argument(
        "--alias",
        metavar="FILE",
        help="further earlier ids of models, for the robustness check that merges them",
    )
    how = parser.add_argument_group("how")
    how.add_argument("--min-cohort", type=arguments.positive_integer, default=SMALL_COHORT, metavar="N", help=
                     f"smallest cohort judged (default: {SMALL_COHORT} users, shares to within 7 points)")  # fmt: skip
    how.add_argument("--simulations", type=arguments.whole_number, default=SIMULATIONS, metavar="N", help="the most "
                     f"simulated panels for each error rate (default: {SIMULATIONS}; 0: none, else 40 or more); "
                     "large cohorts get fewer, and power stops early once its interval is short enough")  # fmt: skip
    how.add_argument("--seed", type=arguments.whole_number, default=SEED, metavar="N", help="of the simulations "
                     f"(default: {SEED})")  # fmt: skip
    how.add_argument("--scan", action="store_true", help="look at every cohort, not only the launch, with p-values "
                     "adjusted for the search")  # fmt: skip
    parser.add_argument(
        "--why",
        action="store_true",
        help="tests, sizes, robustness checks and error rates of each model, and the profile of "
        "its launch cohort: four definitions of retention, plateau, returns, shrinkage",
    )
    parser.add_argument("--truth", action="store_true", help="after the verdicts, what the truth of a simulated run "
                        "says of the report's story: no log holds this")  # fmt: skip
    arguments.add_log_options(parser)
    arguments.add_scope_options(parser)
    arguments.add_anyway(parser)
    arguments.add_k_anonymity(parser)
    arguments.add_output_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Judges the models of a log."""
    import numpy as np

    from analysis import LogError, open_log
    from analysis.disclosure.suppression import check_size
    from analysis.inference.cohorts.models import control_models
    from analysis.inference.curves.profile import profile_of
    from analysis.inference.error_rates.rates import LEAST_SIMULATIONS
    from analysis.inference.verdict.judging import verdicts
    from analysis.queries import usage
    from analysis.report.looked_at import panels_of
    from analysis.report.status import WORDS
    from testbed.commands.analyze import check_one_log
    from testbed.commands.import_log import no_log
    from testbed.commands.inspect_log import look_first
    from testbed.terminal import profile_view, summary, truth_view, verdict_view
    from testbed.terminal.console import open_console, print_warnings, print_warnings_aside

    if args.all and args.models:
        raise BadInput("--all judges every model: leave out --model, or --all")
    if args.scan and not args.simulations:
        raise BadInput(
            "--scan simulates what the largest of many cohorts is by chance: give --simulations, too"
        )
    if args.k_anonymity and (args.why or args.truth or args.scan):
        raise BadInput("--why, --truth and --scan tell of few users: leave them out, or --k-anonymity")
    if 0 < args.simulations < LEAST_SIMULATIONS:
        raise BadInput(
            f"--simulations {args.simulations} say next to nothing of an error rate: give {LEAST_SIMULATIONS} or more, "
            "for rates to within about 15 points, or 0 for none"
        )
    least = max(args.min_cohort, args.k_anonymity)
    aliases = _aliases(Path(args.alias)) if args.alias else []
    check_one_log(Path(args.log))
    truth = (
        _truth(Path(args.log)) if args.truth else None
    )  # before the simulations: bad input is told at once
    try:
        inspection = look_first(args, args.log)
        with (
            open_display(quiet=args.quiet) as show,
            open_log(args.log, **arguments.log_options(args)) as log,
        ):
            show(Report("Reading the log", 0, 0))
            if args.k_anonymity:
                check_size(log, args.k_anonymity)
            models = _models(log, args, aliases, least)
            idle = _idle(log, aliases, models)
            others = len(usage.by_model(log)) - len(models)
            order = {model: i for i, model in enumerate(models)}

            def progress(model: str, done: int, total: int) -> None:
                show(
                    Report(
                        "Simulating error rates" if args.simulations else "Judging",
                        order[model] + done / max(total, 1),
                        len(models),
                    )
                )

            found = verdicts(
                log, models, np.random.default_rng(args.seed), aliases={a.earlier: a.model for a in aliases},
                simulations=args.simulations, min_cohort=least, least=args.k_anonymity, search=args.scan,
                progress=progress, controls=control_models(log, least, args.k_anonymity),
            )  # fmt: skip
            why = args.why or (args.models is not None and len(found) == 1 and not args.k_anonymity)
            accounts = (
                [profile_of(v.panel, log) for v in found] if why and (args.json or not args.quiet) else []
            )
            names = {panel.model: panel.name for panel in panels_of(log, models)}
            extent = summary.extent_of(log)
            warnings = log.warnings
            if args.k_anonymity:
                found, inspection = [one.brief() for one in found], inspection.named()
                extent, warnings = summary.days_of(log), ()
    except LogError as error:
        raise no_log(error, args.log) from error
    for note in idle:
        print(f"slipper verdict: {note}", file=sys.stderr)
    if args.json:
        told = [v.as_json() for v in found]
        for one, profile in zip(told, accounts, strict=False):  # none without --why
            one["cohort_profile"] = profile.as_json() if profile else None
        content = {"log": args.log, "seed": args.seed, "warnings": list(warnings), "verdicts": told}
        content["inspection"] = inspection.as_json()
        if truth is not None:
            checks, content["planted"] = truth
            content["truth"] = [truth_view.as_json(check) for check in checks]
        print(json.dumps(content, indent=2))
    elif args.quiet:
        print_warnings_aside("verdict", warnings)
        for judged in found:
            print(f"{judged.model}\t{judged.headline}")
        for check in truth[0] if truth else ():
            print(f"truth: {check.name}\t{WORDS[check.verdict]}")
    else:
        console = open_console()
        summary.print_log(console, args.log, extent)
        print_warnings(console, warnings)
        verdict_view.print_verdicts(console, found, why=why, names=names)
        if others > 0 and not args.models and not args.all:
            rest = f"Not judged: {counted(others, 'other model')} of this log; --model NAME or --all asks about them"
            console.print(rest, style="dim", highlight=False, markup=False)
        for profile in filter(None, accounts):
            profile_view.print_profile(console, profile)
        if truth is not None:
            truth_view.print_truth(console, *truth)
    return DONE


def _truth(path: Path) -> tuple[list[TruthCheck], str]:
    """The checks on a run's truth, and what was planted. Raises BadInput for a log that is no run's or has no truth."""
    from analysis.sources.runs import own_run
    from testbed import truth_checks

    folder = own_run(path)
    if folder is None or not (folder / "truth").is_dir():
        raise BadInput(
            f"{path}: --truth needs the folder of a simulated run, with manifest.json and truth/, as `slipper run` "
            "writes it; a real log holds no truth. Leave out --truth"
        )
    return truth_checks.check(folder), truth_checks.planted(folder)


def _models(log: Log, args: argparse.Namespace, aliases: list[_Alias], least: int) -> list[str]:
    """Models to judge. least: users of a cohort. Raises BadInput for one that the log never saw."""
    from analysis.inference.cohorts.models import models_to_judge
    from analysis.queries import usage
    from analysis.report import looked_at

    known = usage.by_model(log)["model"].tolist()
    for place, model in (
        *(("", name) for name in args.models or ()),
        *((f"{a.place}: ", a.model) for a in aliases),
    ):
        arguments.check_model(model, known, place)
    if args.models:
        return list(dict.fromkeys(args.models))
    if not args.all:
        return looked_at.models_shown(log)
    found = models_to_judge(log, least)
    if not found:
        raise BadInput(f"{args.log}: no model can be judged: {_nobody(log, args, least)}")
    return found


def _nobody(log: Log, args: argparse.Namespace, least: int) -> str:
    """Why no model of a log has a launch cohort that can be judged: of how many which is true."""
    from analysis.queries import retention

    lower = "lower --k-anonymity" if least > args.min_cohort else "lower --min-cohort"
    counts = retention.first_months(log)
    users = counts.groupby("model")["users"].max()
    large = users.index[users >= least]
    if not len(large):
        return (
            f"the largest cohort has {counted(int(users.max()), 'user')} ({users.idxmax()}), and {least:,} are needed; "
            f"{lower}"
        )
    launches = retention.launches_of(log, [str(model) for model in large])
    lacking = sum(launch.month is None for launch in launches.values())
    if lacking == len(large):
        most = str(users.idxmax())
        return (
            f"of none of the {counted(len(large), 'model')} with a cohort of {least:,} users does the log show the "
            f"launch. {most}: {launches[most].why}"
        )
    return (
        f"of {counted(len(large) - lacking, 'model')} the log shows the launch, and none has a launch cohort of "
        f"{least:,} users and two later ones; {lower}, or name a --model to see what is missing"
    )


class _Alias(NamedTuple):
    earlier: str
    model: str  # that it became
    place: str  # FILE:LINE


def _aliases(path: Path) -> list[_Alias]:
    """The aliases of a CSV file. Raises BadInput."""
    found: dict[str, _Alias] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: cannot be read ({error})") from error
    for line, row in enumerate(rows, start=1):
        if not row:
            continue
        place, names = f"{path}:{line}", [part.strip() for part in row]
        if len(names) != 2 or not all(names):
            raise BadInput(
                f"{place}: expected two columns, the earlier id and the model that it became, such as "
                "acme/one-preview,acme/one"
            )
        earlier, model = names
        if earlier in found:
            raise BadInput(
                f"{place}: '{earlier}' became '{found[earlier].model}' already ({found[earlier].place})"
            )
        found[earlier] = _Alias(earlier, model, place)
        while model in found and model != earlier:
            model = found[model].model
        if model == earlier:
            raise BadInput(f"{place}: '{earlier}' would become itself")
    if not found:
        raise BadInput(f"{path}:1: no alias in the file; leave out --alias")
    return list(found.values())


def _idle(log: Log, aliases: list[_Alias], models: list[str]) -> list[str]:
    """Which aliases change nothing, and why."""
    from analysis.queries import usage

    known = set(usage.by_model(log)["model"]) if aliases else set()
    notes = []
    for alias in aliases:
        if alias.earlier not in known:
            why = f"the log has no requests to '{alias.earlier}'{arguments.hint(alias.earlier, known)}"
        elif alias.model not in models:
            why = f"'{alias.model}' is not judged"
        else:
            continue
        notes.append(f"{alias.place}: nothing is merged, as {why}")
    return notes
