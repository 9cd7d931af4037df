"""The study: Morris over all parameters, then Sobol over those with the largest effects. The rule is stated before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from testbed.failure import BadInput
from testbed.studies.sensitivity import design, indices
from testbed.studies.sensitivity.evaluation import Evaluation, Outcome, points_of
from testbed.studies.sensitivity.indices import Effects, Indices, Values
from testbed.studies.sensitivity.inputs import Input

LEAST_KEPT = 2
DESIGN_SEED = 1
"""From which both designs are drawn."""


@dataclass(frozen=True)
class Size:
    """How much is run. trajectories: of Morris; repeated: how many of them are run with one seed more, to see what luck
    does; kept: parameters that go on to Sobol; points: blocks of Sobol; seeds: at every point."""

    trajectories: int = 10
    repeated: int = 1
    kept: int = 8
    points: int = 32
    seeds: int = 1

    def runs(self, parameters: int) -> int:
        """How many runs that is, with those of the world as it is."""
        walked = parameters + 1
        base = self.seeds + (self.repeated > 0)
        morris = walked * (self.trajectories * self.seeds + self.repeated)
        return base + morris + self.points * design.block_length(min(self.kept, parameters)) * self.seeds


@dataclass(frozen=True)
class Found:
    """What the runs say. kept: the parameters that went on to Sobol, by their places. base: outcomes of the world as it
    is, seeds x outcomes; screened and sampled: those of the trajectories' points and of the blocks', as
    `Evaluation` gives them. In shares a parameter is its place among the kept."""

    size: Size
    inputs: Sequence[Input]
    outcomes: Sequence[Outcome]
    kept: tuple[int, ...]
    base: Values
    screened: Values
    sampled: Values
    noise: Values
    effects: Effects
    shares: Indices


def carry_out(inputs: Sequence[Input], evaluate: Evaluation, size: Size) -> Found:
    """Run what is not remembered, and judge. Raises BadInput for a size that cannot be, Failure if a run failed."""
    check(size, len(inputs))
    rows = design.trajectories(len(inputs), size.trajectories, DESIGN_SEED)
    further = size.repeated * (len(inputs) + 1)
    base = evaluate([()], size.seeds, min(further, 1))[:, 0]
    screened = evaluate(points_of(inputs, rows), size.seeds, further)
    noise = indices.luck(rows, screened)
    effects = indices.screening(rows, screened, size.seeds, noise)
    kept = tuple(int(place) for place in indices.ranked(effects).index[: size.kept])
    chosen = [inputs[place] for place in kept]
    rows = design.blocks(len(kept), size.points, DESIGN_SEED)
    sampled = evaluate(points_of(chosen, rows), size.seeds)
    shares = indices.shares(rows, sampled, size.seeds, noise[list(kept)])
    return Found(size, inputs, evaluate.outcomes, kept, base, screened, sampled, noise, effects, shares)


def check(size: Size, parameters: int) -> None:
    """Raises BadInput for a size that cannot be, before anything is run."""
    if parameters < LEAST_KEPT or size.kept < LEAST_KEPT:
        raise BadInput(f"{min(parameters, size.kept)} parameters: expected at least {LEAST_KEPT}")
    if size.repeated > size.trajectories:
        raise BadInput(
            f"{size.repeated} trajectories to repeat: expected at most {size.trajectories}, as many as there are"
        )
    design.check(size.trajectories, size.points)


def named(found: Found) -> dict[str, pd.DataFrame]:
    """Both tables with the names of outcomes and the keys of parameters: morris, sobol."""
    kept = [found.inputs[place] for place in found.kept]
    tables = {"morris": (found.effects, found.inputs), "sobol": (found.shares, kept)}
    return {
        name: frame.assign(
            outcome=[found.outcomes[place].name for place in frame["outcome"]],
            parameter=[inputs[place].key for place in frame["parameter"]],
        )
        for name, (frame, inputs) in tables.items()
    }
