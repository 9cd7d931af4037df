"""Where a fit goes: the likeliest parameters with which the calibration claims would hold, with room."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sim.world import World
from testbed.calibration.feasibility import asked_of
from testbed.calibration.fit.contraction import DEFAULT, Likeliest, Prior, likeliest
from testbed.calibration.fit.multipliers import Multipliers
from testbed.calibration.fit.parameters import Parameters, Space
from testbed.calibration.fit.response import Response
from testbed.calibration.problem import Problem, around
from testbed.calibration.target import ROOM
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.frame import Tensor
from testbed.calibration.tensor.reader import Reader
from testbed.calibration.tensor.worlds import Simulated, facts_of_world
from testbed.claims.registry import registry


@dataclass(frozen=True)
class Aim:
    """Where a step goes. now: the world's tensor. slack: of the conditions of the claims, by name, the widths of its
    band by which each holds on the expected amounts, below 0 if it does not. to: where it goes."""

    now: Tensor
    slack: Mapping[str, float]
    to: Likeliest


class Aiming:
    """Aims of one world's fit. claims: ids of the calibration claims that may be used (default: all); room: part of a
    band's width by which the fit keeps from its edges. Raises ValueError for a claim that calibration may not use."""

    def __init__(
        self, world: World, claims: Collection[str] | None = None, room: float = ROOM, prior: Prior = DEFAULT
    ) -> None:
        allowed = {entry.id for entry in registry() if entry.claim.calibration}
        if claims is not None and (barred := sorted(set(claims) - allowed)):
            raise ValueError(f"{barred[0]} is for validation, or no claim: calibration may not use it")
        self.claims = tuple(sorted(allowed if claims is None else claims))
        self.room, self.prior = room, prior
        self.sight, self.facts = sight.of_world(world), facts_of_world(world)

    def problem(self, amounts: Amounts) -> Problem:
        """The claims as linear conditions around expected amounts."""
        return around(Simulated(amounts, self.facts, self.sight), self.claims)

    def __call__(self, amounts: Amounts, space: Space, at: Parameters, multipliers: Multipliers) -> Aim:
        """The aim from what the world at some parameters is expected to bring. multipliers: learn how conditions hold
        there, and say with how much room each is asked for."""
        problem = self.problem(amounts)
        reference = problem.reference
        frame = reference.frame
        read = Reader(reference, reference.tensor)
        parts = asked_of(problem.claims)
        slack = {name: part.exactly.slack(read) for name, part in parts.items()}
        multipliers.learn(slack)
        cut = amounts.cut(frame.weeks, space.listed).of
        tokens, fixed = frame.by_period(cut["tokens"]), frame.by_period(cut["account_tokens"])
        to = likeliest(
            Response(space, frame, at, tokens, fixed, reference.totals), reference,
            [part.requirement(multipliers.room(name)) for name, part in parts.items()], self.prior,
        )  # fmt: skip
        return Aim(reference.tensor, slack, to)
