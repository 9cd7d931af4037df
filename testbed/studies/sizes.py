"""How often each test is wrong on populations whose truth is known: naive tests, the four tests, the decision.

rates = measure(planted([1500] + [500] * 6, loyal=0.15), np.random.default_rng(1), runs=200)
rates["verdict"]          # how often the launch cohort was called foundational: here, the power
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.inference.cohorts.populations import Population, Prior, null_families, planted
from analysis.inference.error_rates.rates import answers
from analysis.inference.launch import naive
from analysis.inference.launch.decision import decide, first_look

COLUMNS = ("two proportions", "age only", "age only, robust", "A", "B", "C", "D", "together", "verdict")
LAUNCH, LATER = (
    1500,
    500,
)  # users of the launch cohort and of each later one: the sizes that targets are stated at


@dataclass(frozen=True)
class Setting:
    """A market shape on which all families are measured: the users' prior, how many cohorts, how many months."""

    name: str
    prior: Prior
    cohorts: int
    months: int
    launch: int = LAUNCH
    later: int = LATER

    @property
    def sizes(self) -> tuple[int, ...]:
        """Users of each cohort."""
        return (self.launch, *[self.later] * (self.cohorts - 1))


SIZES = ((200, 200), (1500, 500), (5000, 2000))  # users of the launch cohort and of each later one
SHARES = (0.0, 0.05, 0.10, 0.15, 0.25)  # of loyal users at launch; 0: false positives
REFERENCE = Setting("reference", Prior(), 7, 8)
# Settings and families on which nothing was chosen: other users, other numbers of cohorts, causes together.
HELD_OUT = (
    Setting("fickle users, nine cohorts", Prior(0.8, 1.6, 1.5, 1.5), 9, 10),
    Setting("active users stay longer, eleven cohorts", Prior(1.2, 1.8, 1.1, 3.4, link=0.5), 11, 12),
    Setting("two kinds of users, six cohorts", Prior(0.5, 0.5, 0.6, 0.9), 6, 7),
    Setting("steady users, five cohorts", Prior(3.0, 2.0, 0.7, 2.5), 5, 8),
)


def families(setting: Setting) -> list[Population]:
    """The nulls of `populations`, nulls with two causes together, and three planted loyal shares."""
    nulls = null_families(setting.sizes, setting.prior, setting.months)
    base = nulls[0]
    late = dict.fromkeys(range(3, setting.months), 0.7)
    nulls += [
        replace(base, name="calendar shock and gradual decline", period=late, drift=0.08),
        replace(base, name="cohorts vary, short first month", cohort_sd=0.25, short_days=7.5),
        replace(base, name="cohorts vary twice as much", cohort_sd=0.5),
        replace(base, name="steep decline", drift=0.2),
        replace(base, name="decline that slows down", drift=0.5, slowing=True),
    ]
    shares = (planted(setting.sizes, share, setting.prior, setting.months) for share in (0.10, 0.15, 0.25))
    return [*nulls, *shares]


def measure(population: Population, rng: np.random.Generator, runs: int) -> dict[str, float]:
    """Share of panels on which each test of `COLUMNS` finds the launch cohort special.

    "together": A, B, C and, where it can be run, D; "verdict": called foundational, after the floor on the difference
    and the robustness checks. A test that cannot be run on the panel finds nothing.
    """
    found = np.array([list(_each(population, rng)) for _ in range(runs)], dtype=np.float64)
    return dict(zip(COLUMNS, found.mean(axis=0).tolist(), strict=True))


def _each(population: Population, rng: np.random.Generator) -> Iterator[bool]:
    panel = population.draw(rng)
    cells = panel.cells
    yield naive.two_proportions(cells, 0).rejects()
    yield naive.age_only(cells, 0, robust=False).rejects()
    yield naive.age_only(cells, 0, robust=True).rejects()
    decision = first_look(panel, 0)
    if decision.stands:  # only then the robustness checks, which need volumes, can change the answer
        decision = decide(population.with_volumes(panel, rng), 0, thorough=False)
    for letter in "ABCD":
        yield decision.found.tests[letter].rejects()
    yield decision.found.stands_out
    yield decision.answer == "foundational"


def power_by_size(
    setting: Setting, rng: np.random.Generator, runs: int, sizes: Sequence[tuple[int, int]] = ()
) -> dict[tuple[int, int], dict[float, float]]:
    """Share of panels called foundational, by users of the launch and of each later cohort and by planted share of
    loyal users; at share 0 these are false positives. sizes: those of SIZES unless given."""
    found = {}
    for launch, later in sizes or SIZES:
        shape = replace(setting, launch=launch, later=later).sizes
        found[launch, later] = {
            share: _called(planted(shape, share, setting.prior, setting.months), rng, runs)
            for share in SHARES
        }
    return found


def _called(population: Population, rng: np.random.Generator, runs: int) -> float:
    return sum(answer == "foundational" for answer in answers(population, rng, runs)) / runs
