"""The study: fit, leave out, and judge the worlds by their logs on seeds that no fit has seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sim.randomness import replicate_seed
from testbed.claims.frequency import Frequency, Study
from testbed.claims.registry import Entry, Registry
from testbed.experiment import runner
from testbed.experiment.plan import Plan
from testbed.experiment.store import Store
from testbed.failure import BadInput
from testbed.studies import scoreboard
from testbed.studies.cross_validation.folds import Fold, Workshop, sections_of
from testbed.terminal.progress import Display, Report, open_display


@dataclass(frozen=True)
class Found:
    """What the study found. before: of the claims that entered the fit, in the world as it was; fitted: of all claims,
    in the world that was fitted to all; left_out: by section, of its claims that entered, in the world without them."""

    workshop: Workshop
    whole: Fold
    folds: Mapping[str, Fold]
    before: Study
    fitted: Study
    left_out: Mapping[str, Study]

    @property
    def sections(self) -> tuple[str, ...]:
        """Those that were left out in turn."""
        return tuple(self.folds)

    def without(self, entry: Entry) -> Frequency | None:
        """How often a claim holds in the world that was fitted without its section; None where it did not enter."""
        study = self.left_out.get(entry.section)
        return None if study is None else of(study, entry.id)


def of(study: Study, claim: str) -> Frequency | None:
    """A claim's line of a study, None where it was not judged."""
    return next((f for f in study.frequencies if f.entry.id == claim), None)


def only(claims: Registry, ids: Collection[str]) -> Registry:
    """Some claims of a registry."""
    return replace(claims, entries=tuple(entry for entry in claims if entry.id in ids))


def carry_out(
    workshop: Workshop, count: int, users: int, workers: int | None = None, quiet: bool = False
) -> Found:
    """Fit and judge what is not remembered. count: seeds on which each world is judged; users: of a judged world.

    Raises sim.ScenarioError for a scenario that cannot run, BadInput for seeds that were fitted, Failure for a fit or a
    run that failed, KeyboardInterrupt with what is finished remembered."""
    claims = workshop.claims
    check_fresh(workshop, scoreboard.plan(workshop.scenario, count, only(claims, ()), users=users))
    with open_display(quiet=quiet) as show:
        whole = workshop.fold("", lambda part: show(Report("Fitting to all claims", part, 1)))
    sections = sections_of(whole.entered, claims)
    if len(sections) < 2:  # to leave out the only one would leave nothing to fit to
        raise BadInput(
            f"{workshop.scenario}: its fit has claims of {len(sections)} sections; expected two or more"
        )
    with open_display(quiet=quiet) as show:
        folds = {section: _without(workshop, section, place, len(sections), show)
                 for place, section in enumerate(sections)}  # fmt: skip

    entered = only(claims, whole.entered)
    plans: dict[str, tuple[Plan, Registry]] = {}

    def plan(name: str, file: Path, judged: Registry) -> None:
        plans[name] = scoreboard.plan(file, count, judged, users=users), judged

    plan("before", workshop.scenario, entered)
    plan("fitted", whole.world, claims)
    for section, fold in folds.items():
        mine = [entry.id for entry in entered if entry.section == section]
        plan(f"without {section}", fold.world, only(claims, mine))
    store = Store(workshop.folder / "runs")
    by_replicate = zip(*(planned.cells for planned, _ in plans.values()), strict=True)
    runner.run([cell.task for cells in by_replicate for cell in cells], store, workers=workers, quiet=quiet)
    studies = {name: scoreboard.counted(planned, judged, store) for name, (planned, judged) in plans.items()}
    return Found(
        workshop, whole, folds, studies["before"], studies["fitted"],
        {section: studies[f"without {section}"] for section in sections},
    )  # fmt: skip


def _without(workshop: Workshop, section: str, place: int, count: int, show: Display) -> Fold:
    """The fit without a section, told as a part of all of these."""
    phase = "Fitting without each section"
    return workshop.fold(section, lambda part: show(Report(phase, place + part, count)))


def check_fresh(workshop: Workshop, planned: Plan) -> None:
    """Raises BadInput for seeds that are to be judged and were fitted."""
    settings = workshop.settings
    fitted = {replicate_seed(settings.master, number) for number in settings.seeds}
    if shared := fitted & {cell.task.seed for cell in planned.cells}:
        raise BadInput(
            f"--fit-seed {settings.master}: seed {min(shared)} would be fitted and confirm itself; choose another"
        )
