"""Which claims can hold together: the integer programme over all of them, and what stands in each other's way.

The fewest claims that must fail are found through conflicts (implicit hitting sets: Reiter 1987, Artificial
Intelligence 32:57; Davies & Bacchus 2011, CP): an integer programme with a binary variable for each claim drops as
few as it takes to break all conflicts known so far; if the rest still cannot hold together, an irreducible conflict
among them is added, found by leaving out one condition after another (deletion filter: Chinneck & Dravnieks 1991,
ORSA J. Computing 3:157). What is named so is a contradiction, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from testbed.calibration.linear_claims import LinearClaim, LinearPart, Rate
from testbed.calibration.solving.nearest import Impossible, Nearest, nearest, programme_of, start_of
from testbed.calibration.solving.programme import Programme, Unsettled
from testbed.calibration.tensor.reference import Reference

WITNESS_ROOMS = (0.05, 0.01, 0.0)
"""Room inside the bands of the tensor that shows that claims can hold, as much of these as there is (assumed)."""
PREFERENCE = 1e-3
"""How much more it costs to drop a claim that calibration may use, so that of equally many the others are dropped
(assumed)."""


@dataclass(frozen=True)
class Conflict:
    """Conditions that cannot all hold, though they can without any one of them."""

    parts: tuple[LinearPart, ...]

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims that they belong to."""
        return tuple(dict.fromkeys(part.claim for part in self.parts))

    @property
    def given(self) -> tuple[Rate, ...]:
        """What of the world it rests on, which the tensor takes as given: without any it is one between claims
        alone."""
        return tuple(sorted({part.set_by for part in self.parts if part.set_by is not None}))

    def __str__(self) -> str:
        words = " and ".join(part.name for part in self.parts)
        given = f", given the world's {' and '.join(self.given)}" if self.given else ""
        return f"{words} cannot hold{' together' if len(self.parts) > 1 else ''}{given}"


@dataclass(frozen=True)
class Feasibility:
    """asked: the claims with a linear condition. failed: the fewest of them that must be given up. conflicts: why; each
    has a failed claim in it. witness: the tensor nearest to the world's in which all others hold, read exactly;
    None where only their linear form was shown to hold."""

    asked: tuple[str, ...]
    failed: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    witness: Nearest | None

    @property
    def held(self) -> tuple[str, ...]:
        """The claims that can hold together."""
        return tuple(claim for claim in self.asked if claim not in self.failed)


def asked_of(claims: Collection[LinearClaim]) -> dict[str, LinearPart]:
    """The linear parts of claims by name."""
    return {part.name: part for claim in claims for part in claim.linear_parts}


def feasibility(claims: Collection[LinearClaim], reference: Reference) -> Feasibility:
    """Which of the claims can hold together, as linear conditions around a world. Raises Unsettled."""
    parts = asked_of(claims)
    ids = tuple(dict.fromkeys(part.claim for part in parts.values()))
    wanted = {claim.id for claim in claims if claim.entry.claim.calibration}
    programme = programme_of(reference, {name: part.exactly for name, part in parts.items()})
    start = start_of(reference, programme.conditions.cells)
    conflicts: list[Conflict] = []
    while True:
        failed = fewest([conflict.claims for conflict in conflicts], ids, wanted)
        kept = [name for name, part in parts.items() if part.claim not in failed]
        if programme.settle(kept, start) is not None:
            break
        conflicts.append(Conflict(tuple(parts[name] for name in irreducible(programme, kept))))
    witness = _witness(reference, [parts[name] for name in kept])
    return Feasibility(ids, failed, tuple(conflicts), witness)


def together(claims: Collection[LinearClaim], reference: Reference) -> bool:
    """Whether all of the claims can hold together: the first question of `feasibility`, alone. Raises Unsettled."""
    parts = {name: part.exactly for name, part in asked_of(claims).items()}
    programme = programme_of(reference, parts)
    return programme.settle(list(parts), start_of(reference, programme.conditions.cells)) is not None


def fewest(
    conflicts: Sequence[Collection[str]], claims: Sequence[str], wanted: Collection[str] = ()
) -> tuple[str, ...]:
    """The fewest claims that leave no conflict whole; of equally many, those that are not wanted."""
    if not conflicts:
        return ()
    cost = np.array([1.0 + PREFERENCE * (claim in wanted) for claim in claims])
    rows = np.array([[claim in conflict for claim in claims] for conflict in conflicts], dtype=float)
    found = milp(
        cost,
        constraints=LinearConstraint(rows, lb=1.0),
        integrality=np.ones(len(claims), dtype=np.int64),
        bounds=Bounds(0, 1),
    )
    assert found.x is not None, "to drop every claim breaks every conflict"
    return tuple(claim for claim, drop in zip(claims, found.x, strict=True) if drop > 0.5)


def irreducible(programme: Programme, names: Sequence[str]) -> list[str]:
    """Some of the names, which cannot hold together, that still cannot but could without any one of them."""
    left = programme.support(names)
    size = len(left) // 2
    while size:
        at = 0
        while at < len(left):
            rest = left[:at] + left[at + size :]
            if programme.settle(rest) is None:
                left = rest
            else:
                at += size
        size //= 2
    return left


def _witness(reference: Reference, parts: Sequence[LinearPart]) -> Nearest | None:
    """The nearest tensor in which all parts hold, with as much room as there is."""
    exactly = {part.name: part.exactly for part in parts}
    for room in WITNESS_ROOMS:
        try:
            found = nearest(reference, {part.name: part.requirement(room) for part in parts}, exactly)
        except (Impossible, Unsettled):
            continue
        if not found.short:
            return found
    return None
