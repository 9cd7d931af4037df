"""What an experiment can decide, said before it runs: the replicates that its findings need, and the cohorts that its
patterns will find."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.months import month_end
from analysis.numerals import counted
from analysis.proportions import wilson
from testbed.experiment.arms import BASE
from testbed.experiment.finding import least_replicates, replicates_to_tell
from testbed.experiment.plan import Plan, PlannedWorld
from testbed.patterns.registry import MODEL

MIN_COHORT = "min_cohort"
"""The argument of a pattern that names the least size of a cohort that it tests."""

PILOT_USERS = 10_000
"""A world's cohorts are counted with at most so many users, and scaled."""


@dataclass(frozen=True)
class CohortSizes:
    """Expected users of a model's cohorts in a world. launch: of the month of release, None where the world does not
    hold it. later: of the smallest and the largest later month that is whole, None without one. least: users that a
    cohort needs to be tested, None if no pattern says."""

    world: str
    model: str
    month: dt.date | None
    launch: int | None
    later: tuple[int, int] | None
    least: int | None

    @property
    def too_small(self) -> bool:
        """Whether the launch cohort, or every later one, is too small to be tested."""
        if self.least is None:
            return False
        return (self.launch or 0) < self.least or (self.later or (0, 0))[1] < self.least


def comparisons(plan: Plan) -> int:
    """How many tests the findings of the matrix are adjusted for."""
    arms = sum(
        1 for world in plan.worlds for arm in plan.arms if arm.reference and not plan.same_world(world, arm)
    )
    return arms * len(plan.patterns)


def declared_effects(plan: Plan) -> int:
    """How many of those comparisons the file declares to find something, not irrelevant."""
    return sum(
        1
        for pattern in plan.patterns
        for world in plan.worlds
        for arm in plan.arms
        if arm.factor and arm.at_extreme and pattern.expect.get(arm.factor, "irrelevant") != "irrelevant"
        and not plan.same_world(world, arm)
    )  # fmt: skip


def cannot_decide(plan: Plan) -> list[str]:
    """What the replicates are too few for, a sentence each; none if they are enough."""
    told, have, level = [], plan.replicates, plan.file.level
    if tests := comparisons(plan):
        together = replicates_to_tell(level)
        lone = replicates_to_tell(level / tests)
        declared = declared_effects(plan)
        beside = f"at level {level:g}, adjusted for up to {counted(tests, 'comparison')}"
        if have < together:
            told.append(
                f"{_runs(have)} can tell no change: from {together} on if all comparisons agree, from {lone} on for "
                f"one alone ({beside})"
            )
        elif declared and have < (own := replicates_to_tell(level * declared / tests)):
            told.append(
                f"{_runs(have)} cannot tell the changes that the file declares ({declared} of them): from {own} on, "
                f"even if each shows in every run ({beside})"
            )
        elif have < lone:
            told.append(f"{_runs(have)} cannot tell a change that stands alone: from {lone} on ({beside})")
        if have < (calms := least_replicates(level, plan.file.margin)[1]):
            told.append(f"{_runs(have)} can call nothing irrelevant or absent: from {calms} on")
    judged = any(pattern.counts_as_false_positive for pattern in plan.patterns)
    absent = judged and any(world.effect == "absent" for world in plan.worlds)
    if absent and have < (settles := replicates_to_settle(level)):
        told.append(
            f"{_runs(have)} cannot settle that a false-positive rate lies within {level:.0%}: from {settles} on, "
            "without a single hit"
        )
    return told


def replicates_to_settle(level: float) -> int:
    """Least replicates whose 95% interval (Wilson) of a rate without a hit lies within the level."""
    return next(n for n in range(1, 100_000) if float(wilson([0], [n])[1][0]) <= level)


def _runs(number: int) -> str:
    return counted(number, "replicate")


def cohort_sizes(plan: Plan) -> Iterator[CohortSizes]:
    """Expected cohorts of the models that the patterns judge (of those that name none: the models that the world is
    about), by world. Each world's base is played once, with at most `PILOT_USERS` users."""
    for world in plan.worlds:
        yield from _sizes_in(plan, world)


def _sizes_in(plan: Plan, planned: PlannedWorld) -> Iterator[CohortSizes]:
    import numpy as np

    import sim
    from sim.activity import monthly
    from sim.gateway.models import listed_name

    settings, _ = plan.worlds_resolved[planned.name, BASE]
    seed = plan.cells[0].task.seed
    whole = sim.load_world(planned.file, settings=settings, seed=seed, users=plan.cells[0].task.users)
    users = whole.scenario.users
    pilot = min(users, PILOT_USERS)
    world = sim.load_world(planned.file, settings=settings, seed=seed, users=pilot)
    asked = [p.bound.arguments for p in plan.patterns]
    least = [int(arguments[MIN_COHORT]) for arguments in asked if MIN_COHORT in arguments]
    models = list(dict.fromkeys(str(arguments[MODEL]) for arguments in asked if MODEL in arguments))
    models = models or [listed_name(slug) for slug in world.scenario.look_at]
    activity = monthly(sim.run_agents(world))
    released = {listed_name(m.slug): m.released for m in world.catalogue.models}
    for model in models:
        if model not in activity.models:
            continue
        own = activity.model == activity.models.index(model)
        _, first = np.unique(activity.user[own], return_index=True)  # entries of a user are in order of month
        joined = np.bincount(activity.month[own][first], minlength=len(activity.months)) * users / pilot
        sizes = {month: round(float(size)) for month, size in zip(activity.months, joined, strict=True)}
        month = released[model].replace(day=1)
        launch = sizes.get(month) if released[model] >= world.scenario.start else None
        later = [size for at, size in sizes.items() if at > month and month_end(at) <= world.scenario.end]
        yield CohortSizes(planned.name, model, month if launch is not None else None, launch,
                          (min(later), max(later)) if later else None, max(least) if least else None)  # fmt: skip
