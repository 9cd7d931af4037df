"""How often the verdict is wrong on a log like this one: the same decision on simulated panels of its own sizes.

Without a loyal cohort, the share of panels called foundational is the false-positive rate; with one planted into the
launch cohort, it is the power. The users are those of the log's other cohorts, in organisations of the log's sizes
(see `fitted_null`). `NOT_SIMULATED` lists what the verdict on the log does and the simulated one does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.inference import SIMULATIONS
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, Prior
from analysis.inference.error_rates.fitted_null import LARGEST_COHORT, between_cohorts, fitted_null
from analysis.inference.launch.decision import decide, first_look, may_stand
from analysis.proportions import wilson

PLANTED = (0.10, 0.15, 0.25)  # shares of loyal users whose detection is simulated
LIGHT = (
    60_000  # users times months of a panel that is simulated as often as asked for; larger ones less often
)
LEAST_SIMULATIONS = 40  # of a large panel, for intervals of 15 points at most
BATCH = 20  # simulations of a power between two looks at its interval
NOT_SIMULATED = (
    "the negative controls and the adjustment for the models judged together",
    "the robustness checks of time on the platform, of merged ids and of 30-day months",
    "cohorts before the launch, and a launch late in its month",
    "users of one organisation who came in different months (they are drawn independently)",
    f"cohorts above {LARGEST_COHORT:,} users at their full size",
)
ENOUGH_POWER = 0.8  # power from which "nothing found" says something: Cohen (1988)


@dataclass(frozen=True)
class Rate:
    """How often panels of a population were called foundational, with a 95% Wilson interval."""

    population: str
    loyal: float  # share of loyal users planted: 0 in a null
    called: int
    simulations: int

    @property
    def value(self) -> float:
        """The share."""
        return self.called / self.simulations

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval."""
        low, high = wilson(self.called, self.simulations)
        return float(low), float(high)


@dataclass(frozen=True)
class ErrorRates:
    """The panel of error rates beside a verdict."""

    nulls: tuple[Rate, ...]
    power: tuple[Rate, ...]
    prior: Prior
    between_cohorts: float  # sd of the log dropout shape, from the other cohorts
    cut: bool  # cohorts above LARGEST_COHORT users were simulated at that size
    likeness: float | None = None  # correlation of users of one organisation; None where users are their own

    @property
    def false_positive_rate(self) -> float:
        """The largest rate over the nulls."""
        return max(rate.value for rate in self.nulls)

    def power_at(self, loyal: float) -> float:
        """Power at one of the planted shares, NaN where it was not simulated."""
        return next((rate.value for rate in self.power if rate.loyal == loyal), math.nan)

    @property
    def enough(self) -> bool:
        """Whether a loyal share of a quarter would be found."""
        return self.power_at(max(PLANTED)) >= ENOUGH_POWER


def error_rates(
    panel: Panel,
    rng: np.random.Generator,
    simulations: int = SIMULATIONS,
    planted: Sequence[float] = PLANTED,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ErrorRates:
    """Simulate the decision's error rates (but for `NOT_SIMULATED`) at this panel's cohort sizes and months.

    Raises NoFit. simulations: the most of each population. A large panel is simulated less often
    (`affordable`), and a power only until its interval is short enough (`rate`). planted: of PLANTED, those whose
    power is simulated, the largest among them. Each population has draws of its own, whichever others there are.
    progress: is told before each panel how many were simulated, and of how many; it may raise to end the work.
    """
    null = fitted_null(panel)
    simulations = affordable(null, simulations)
    spread = between_cohorts(panel, null)
    nulls = [null]
    if spread > 0:
        nulls.append(replace(null, name="the same, cohorts vary as the others do", cohort_sd=spread))
    base = nulls[-1]
    loyal = [replace(base, name=f"{share:.0%} loyal at launch", loyal=share) for share in PLANTED]
    wanted = [(i, p) for i, p in enumerate([*nulls, *loyal]) if not p.loyal or p.loyal in planted]
    seed, rates, total = int(rng.integers(2**63)), [], len(wanted)
    for done, (i, population) in enumerate(wanted):

        def begun(panel: int, before: int = done * simulations) -> None:
            progress(before + panel, total * simulations)

        rates.append(rate(population, np.random.default_rng([seed, i]), simulations, begun))
    progress(total * simulations, total * simulations)
    cut = bool((panel.cohort_sizes[panel.tested] > LARGEST_COHORT).any())
    return ErrorRates(tuple(rates[: len(nulls)]), tuple(rates[len(nulls) :]), null.prior, spread, cut,
                      null.likeness if null.organisations else None)  # fmt: skip


def affordable(population: Population, simulations: int) -> int:
    """How often a population is simulated where so many simulations are asked for: its users times months decide."""
    work = sum(population.sizes) * (population.months or len(population.sizes) + 1)
    return max(min(simulations, LEAST_SIMULATIONS), round(simulations * min(1.0, LIGHT / max(work, 1))))


def rate(
    population: Population,
    rng: np.random.Generator,
    simulations: int,
    begun: Callable[[int], None] = lambda panel: None,
) -> Rate:
    """How often the decision calls panels of a population foundational. begun: is told each panel's number, from 0.

    The rate of one with a loyal cohort, a power, takes so many simulations at most: they end once the 95% interval is
    as short as that of a half after all of them. Most powers are near 100% or 0%, where twenty panels say as much as a
    hundred say of a half."""
    short, called, done = _width(simulations / 2, simulations), 0, 0
    while done < simulations:
        begun(done)
        called += is_foundational(population, rng)
        done += 1
        if population.loyal and done % BATCH == 0 and _width(called, done) <= short:
            break
    return Rate(population.name, population.loyal, called, done)


def _width(called: float, simulations: int) -> float:
    """Of Wilson's interval."""
    low, high = wilson(called, simulations)
    return float(high - low)


def is_foundational(population: Population, rng: np.random.Generator) -> bool:
    """Whether the decision calls a drawn panel of the population foundational: as `answers`, the cheap tests first."""
    panel = population.draw(rng)
    return may_stand(panel.cells, 0) and _decided(population, panel, rng) == "foundational"


def answers(population: Population, rng: np.random.Generator, simulations: int) -> Iterator[str]:
    """The decision's answer on each of so many panels."""
    for _ in range(simulations):
        yield _decided(population, population.draw(rng), rng)


def _decided(population: Population, panel: Panel, rng: np.random.Generator) -> str:
    """The decision's answer on a drawn panel. Volumes are drawn where a robustness check needs them."""
    look = first_look(panel, 0)
    if look.stands:
        look = decide(population.with_volumes(panel, rng), 0, thorough=False, base=look)
    return look.answer
