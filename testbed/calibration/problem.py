"""The problem that calibration solves: the claims as linear conditions around a simulated world."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from testbed.calibration.linear.setting import Setting
from testbed.calibration.linear_claims import LinearClaim, linear_claims, picks_of
from testbed.calibration.tensor.frame import FORTNIGHT, Frame, main_weeks
from testbed.calibration.tensor.groups import grouped
from testbed.calibration.tensor.reference import Reference
from testbed.calibration.tensor.worlds import Simulated
from testbed.claims.registry import Registry


@dataclass(frozen=True)
class Problem:
    """claims: all that were asked for, those without a linear condition too. reference: the world, in the groups of
    models that the linear ones tell apart."""

    claims: tuple[LinearClaim, ...]
    reference: Reference


def around(
    world: Simulated,
    only: Collection[str] | None = None,
    step: int = FORTNIGHT,
    claims: Registry | None = None,
) -> Problem:
    """The claims, or some by id, around a world. step: weeks of a period. Raises ValueError for a world that does not
    cover the main window."""
    weeks = main_weeks()
    amounts = world.amounts.cut(weeks, tuple(world.facts["model"]))
    totals = tuple(amounts.of["tokens"].sum(axis=(1, 2)))
    found = linear_claims(Setting(weeks, world.facts, totals), only, claims)
    frame = Frame(grouped(world.facts, picks_of(found)), weeks, step)
    return Problem(found, Reference(frame, amounts, world.facts, world.sight))
