"""The nearest tensor that meets requirements, exactly: linear conditions, written anew around each tensor found.

Where a statistic is a mean of quotients whose wholes move, its linear form is right near one tensor only. So the
nearest tokens are found, the conditions are written anew around them, and so on until what is read off the tensor
meets the requirements. Each round also stays near the tensor of the one before (a proximal step: Rockafellar 1976,
SIAM J. Control 14:877), the nearer the more rounds there were, or it would jump to and fro between two wrong linear
forms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from testbed.calibration.linear.requirements import Requirement
from testbed.calibration.solving.conditions import Conditions
from testbed.calibration.solving.programme import Programme
from testbed.calibration.solving.projection import NotReached, project
from testbed.calibration.tensor.cells import Cells, cells_of
from testbed.calibration.tensor.frame import Tensor
from testbed.calibration.tensor.reader import Reader
from testbed.calibration.tensor.reference import Reference

Floats = npt.NDArray[np.float64]
NEARNESS = (0.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0, 7.0, 7.0, 7.0, 7.0)
"""By round, the weight of the tensor found last, that of the start being 1 (assumed)."""
STILL = 0.002
"""Distance between two tensors from which on another round would change nothing."""
EMPTY = 1e-6
"""Tokens of a cell that is on offer and that the start leaves empty, as a part of its period's: without them no
condition could fill it (assumed)."""
SHORT = 1e-3
"""By how many widths a requirement may fall short, where no room was asked for (assumed)."""


class Impossible(Exception):
    """Requirements that cannot all hold. names: those that stand in each other's way."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"these cannot hold together: {', '.join(names)}")
        self.names = tuple(names)


@dataclass(frozen=True)
class Nearest:
    """tensor: the nearest that was found. multipliers: by name, how much the distance would shrink if its conditions
    gave way (nats a width of their bands, summed). slack: by name, the widths of its band by which it holds, below 0
    if it does not quite. rounds: how often the conditions were written."""

    tensor: Tensor
    multipliers: Mapping[str, float]
    slack: Mapping[str, float]
    rounds: int

    @property
    def short(self) -> tuple[str, ...]:
        """What does not quite hold, though its linear form does."""
        return tuple(name for name, slack in self.slack.items() if slack < -SHORT)


def programme_of(
    reference: Reference, requirements: Mapping[str, Requirement], surely: bool = False
) -> Programme:
    """The programme of requirements by their names, written around the reference's tensor. surely: ask of choices what
    is surely enough, not what is necessary."""
    conditions = Conditions(Reader(reference, reference.tensor), cells_of(reference))
    return Programme(conditions, {name: conditions.add(r, surely) for name, r in requirements.items()})


def nearest(
    reference: Reference, asked: Mapping[str, Requirement], wanted: Mapping[str, Requirement] | None = None
) -> Nearest:
    """The tensor nearest to the reference's with which all that is asked holds. wanted: by the same names, what is
    enough for rounds to end; what is asked if None. Raises Impossible, and Unsettled."""
    programme = programme_of(reference, asked, surely=True)
    start = start_of(reference, programme.conditions.cells)
    settled = programme.settle(list(asked), start)
    if settled is None:
        raise Impossible(programme.support(list(asked)))
    owners = programme.owners(settled.rows)
    conditions = programme.conditions.some(settled.rows)
    exact = all(conditions.reader.one_whole(bound) for bound in conditions.bounds)
    tensor, tokens = reference.tensor, start
    enough = asked if wanted is None else wanted
    rounds = 0
    for weight in NEARNESS:
        rounds += 1
        before = tensor
        conditions = conditions.around(Reader(reference, tensor))
        try:
            tokens, prices = _step(conditions, start, tokens, weight)
        except NotReached as reason:
            short = (names for names, mark in zip(owners, reason.short, strict=True) if mark)
            raise Impossible(list(dict.fromkeys(name for names in short for name in names))) from None
        spread = conditions.cells.spread @ tokens
        tensor = reference.tensor.with_shares(spread.reshape(reference.frame.shape))
        reader = Reader(reference, tensor)
        slack = {name: requirement.slack(reader) for name, requirement in enough.items()}
        still = exact or tensor.distance(before) < STILL
        if still and min(slack.values(), default=0.0) >= -SHORT:
            break
    multipliers = dict.fromkeys(asked, 0.0)
    for names, price in zip(owners, prices, strict=True):
        for name in names:
            multipliers[name] += float(price) / len(names)
    return Nearest(tensor, multipliers, slack, rounds)


def start_of(reference: Reference, cells: Cells) -> Floats:
    """The reference's tokens by cell, a trace in those that it leaves empty."""
    into = cells.spread.copy()
    into.data[:] = 1.0
    found = into.T @ reference.tensor.shares.ravel()
    found = np.where(found > 0, found, EMPTY)
    return found / np.bincount(cells.period, found)[cells.period]


def _step(conditions: Conditions, start: Floats, last: Floats, weight: float) -> tuple[Floats, Floats]:
    """The tokens nearest to the start, and with a weight to the last ones, that meet the conditions; and the multiplier
    of each, by its width. Raises NotReached."""
    period = conditions.cells.period
    near = start ** (1 / (1 + weight)) * last ** (weight / (1 + weight))
    near = np.maximum(near, np.finfo(float).tiny)
    near /= np.bincount(period, near)[period]
    found = project(conditions.matrix(), conditions.least, near, period)
    return found.tokens, found.multipliers * (1 + weight) / conditions.scales
