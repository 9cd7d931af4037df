"""Quantiles of a scenario's distributions, and of the normal one to full precision, for compiled loops.

`sim.settings.distributions` says what they are.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled, inlined
from sim.settings.distributions import FAMILIES, LARGEST_U, SMALLEST_U, Distribution

NORMAL, LOGNORMAL, EXPONENTIAL, UNIFORM, CONSTANT = (FAMILIES.index(name) for name in (
    "normal", "lognormal", "exponential", "uniform", "constant",
))  # fmt: skip

# Coefficients of the rational approximations (Moshier, Cephes: ndtri), the highest power first: between exp(-2) and
# 1 - exp(-2), in the tails, and far out in them.
_TAIL = 0.13533528323661269189
_ROOT_TAU = 2.50662827463100050242
_P0 = (-5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1, 1.39312609387279679503e1,
       -1.23916583867381258016e0)  # fmt: skip
_Q0 = (1.0, 1.95448858338141759834e0, 4.67627912898881538453e0, 8.63602421390890590575e1, -2.25462687854119370527e2,
       2.00260212380060660359e2, -8.20372256168333339912e1, 1.59056225126211695515e1,
       -1.18331621121330003142e0)  # fmt: skip
_P1 = (4.05544892305962419923e0, 3.15251094599893866154e1, 5.71628192246421288162e1, 4.40805073893200834700e1,
       1.46849561928858024014e1, 2.18663306850790267539e0, -1.40256079171354495875e-1, -3.50424626827848203418e-2,
       -8.57456785154685413611e-4)  # fmt: skip
_Q1 = (1.0, 1.57799883256466749731e1, 4.53907635128879210584e1, 4.13172038254672030440e1, 1.50425385692907503408e1,
       2.50464946208309415979e0, -1.42182922854787788574e-1, -3.80806407691578277194e-2,
       -9.33259480895457427372e-4)  # fmt: skip
_P2 = (3.23774891776946035970e0, 6.91522889068984211695e0, 3.93881025292474443415e0, 1.33303460815807542389e0,
       2.01485389549179081538e-1, 1.23716634817820021358e-2, 3.01581553508235416007e-4, 2.65806974686737550832e-6,
       6.23974539184983293730e-9)  # fmt: skip
_Q2 = (1.0, 6.02427039364742014255e0, 3.67983563856160859403e0, 1.37702099489081330271e0, 2.16236993594496635890e-1,
       1.34204006088543189037e-2, 3.28014464682127739104e-4, 2.89247864745380683936e-6,
       6.79019408009981274425e-9)  # fmt: skip


@inlined
def _polynomial(x, coefficients):  # type: ignore[no-untyped-def]
    value = coefficients[0]
    for k in range(1, len(coefficients)):
        value = value * x + coefficients[k]
    return value


@compiled
def normal_score(p):  # type: ignore[no-untyped-def]
    """Inverse of the normal distribution function at p in (0, 1), as `scipy.special.ndtri` gives it."""
    upper = p > 1.0 - _TAIL
    y = 1.0 - p if upper else p
    if y > _TAIL:
        y -= 0.5
        square = y * y
        return (y + y * (square * _polynomial(square, _P0) / _polynomial(square, _Q0))) * _ROOT_TAU
    x = math.sqrt(-2.0 * math.log(y))
    z = 1.0 / x
    if x < 8.0:
        correction = z * _polynomial(z, _P1) / _polynomial(z, _Q1)
    else:
        correction = z * _polynomial(z, _P2) / _polynomial(z, _Q2)
    x = x - math.log(x) / x - correction
    return x if upper else -x


def curve_of(distribution: Distribution) -> NDArray[np.float64]:
    """A distribution in seven numbers, for `quantile`: the place of its family in FAMILIES, its parameters in the order
    in which the scenario states them, the probabilities between which it is truncated, and its bounds."""
    name, parameters, probabilities, bounds = distribution.in_numbers
    return np.array([FAMILIES.index(name), *parameters, *probabilities, *bounds])


@compiled
def quantile(curve, u):  # type: ignore[no-untyped-def]
    """The quantile of a curve at u in (0, 1): see `Distribution.quantile`."""
    family, first, second = curve[0], curve[1], curve[2]
    u = min(max(u, SMALLEST_U), LARGEST_U)
    if family == CONSTANT:
        return first
    if family == UNIFORM:
        return first + (second - first) * u
    u = min(max(curve[3] + u * (curve[4] - curve[3]), SMALLEST_U), LARGEST_U)
    if family == EXPONENTIAL:
        value = -first * math.log1p(-u)
    elif family == NORMAL:
        value = first + second * normal_score(u)
    else:
        value = first * math.exp(second * normal_score(u))
    return min(max(value, curve[5]), curve[6])
