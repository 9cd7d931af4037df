"""The contraction: parameters move to where the claims would hold if tokens answered as the logit says.

In the manner of Berry, Levinsohn & Pakes (1995, Econometrica 63:841): a share that is too small by a factor gets its
mean utility raised by the logarithm of that factor, until the world's shares agree. Reach is a factor on awareness,
whose logarithm is that mean utility. The shares to agree with are not given, as with them, but asked for by bands: of
all points at which the claims would hold the step goes to the likeliest under a prior around what the scenario and
the catalogue say, so that what no claim informs stays (ridge, or a normal prior)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, minimize

from testbed.calibration.fit.parameters import Parameters, Space
from testbed.calibration.fit.response import Response
from testbed.calibration.fit.shortfall import Shortfall
from testbed.calibration.linear.requirements import Bound, Every, Requirement, Some
from testbed.calibration.tensor.frame import Tensor
from testbed.calibration.tensor.reader import Reader
from testbed.calibration.tensor.reference import Reference

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """Standard deviations of the logarithms of factors, by kind (assumed): an author is heard of twice or half as
    much in a category as the catalogue says, a model half as much again, and so on. weight: what a bound that falls
    short by one width of its band costs, where a parameter at one standard deviation costs 1."""

    author: float = 0.7
    model: float = 0.4
    own: float = 0.3
    demand: float = 0.4
    growth: float = 0.2
    weight: float = 10000.0

    def scales(self, space: Space) -> Parameters:
        """By parameter; 0 in categories without work, whose parameters do not move."""
        there = space.demanded.astype(float)
        return Parameters(
            np.broadcast_to(self.author * there, (len(space.authors), len(there))),
            np.full(len(space.models), self.model),
            np.broadcast_to(self.own * there, (len(space.models), len(there))),
            there[:, None] * np.array([self.demand, self.growth]),
        )


DEFAULT = Prior()
NEARNESS = 1.0
"""Weight of the nearness to the parameters of the world that answers, that of the nearness to the prior's centre
being 1 (a proximal step, assumed): of several points that are likely alike, steps keep to one."""
FARTHEST = 4.0
"""Most that a parameter moves, in standard deviations of its prior (assumed): what needs more, such as a model that is
heard of eighty times as much as the catalogue says, is something that no factor explains, and is left unmet."""
ROUNDS, ITERATIONS = 4, 80
"""How often the parts of choices are chosen anew, and steps of the optimiser for each (assumed)."""


@dataclass(frozen=True)
class Likeliest:
    """at: the parameters; tensor: the market that they would make, if tokens answered as the logit says; short: by how
    many widths bounds would still fall short, in all."""

    at: Parameters
    tensor: Tensor
    short: float


def likeliest(
    response: Response, reference: Reference, asked: Sequence[Requirement], prior: Prior = DEFAULT
) -> Likeliest:
    """The likeliest parameters with which all that is asked would hold, near those of the world that answers."""
    at = response.present
    scale, origin = prior.scales(response.space).vector, at.vector
    start = np.divide(origin, scale, out=np.zeros_like(origin), where=scale > 0)

    def value(z: Floats, shortfall: Shortfall) -> tuple[float, Floats]:
        answer = response.at(at.with_vector(z * scale))
        short, slope = shortfall(answer.tensor.shares)
        away = z - start
        found = 0.5 * float(z @ z + NEARNESS * away @ away) + prior.weight * short
        slope_of_z = response.gradient(answer, slope).vector * scale
        return found, z + NEARNESS * away + prior.weight * slope_of_z

    z = start
    for _ in range(ROUNDS):
        read = Reader(reference, response.at(at.with_vector(z * scale)).tensor)
        shortfall = Shortfall(reference, [b for each in asked for b in decisive(each, read)])
        z = minimize(
            value, z, args=(shortfall,), jac=True, method="L-BFGS-B", bounds=Bounds(-FARTHEST, FARTHEST),
            options={"maxiter": ITERATIONS},
        ).x  # fmt: skip
    found = at.with_vector(z * scale)
    tensor = response.at(found).tensor
    read = Reader(reference, tensor)
    return Likeliest(found, tensor, sum(max(-requirement.slack(read), 0.0) for requirement in asked))


def stepped(at: Parameters, to: Parameters, damping: float) -> Parameters:
    """The parameters after a step that goes part of the way."""
    return at.with_vector(at.vector + damping * (to.vector - at.vector))


def decisive(requirement: Requirement, read: Reader) -> Iterator[Bound]:
    """The bounds that make a requirement hold: of each choice the parts that come nearest to holding."""
    if isinstance(requirement, Bound):
        yield requirement
    elif isinstance(requirement, Every):
        for part in requirement.of:
            yield from decisive(part, read)
    else:
        yield from _chosen(requirement, read)


def _chosen(requirement: Some, read: Reader) -> Iterator[Bound]:
    order = sorted(range(len(requirement.of)), key=lambda n: -requirement.of[n].slack(read))
    reached = 0.0
    for number in order:
        yield from decisive(requirement.of[number], read)
        reached += requirement.weights[number]
        if reached >= requirement.enough - 1e-9:
            return
