"""Panels of simulated users as runs of the engine: many panels of one population are a run, whose answers are rates.

No world is simulated: users have chances to be active and to leave, and that is all. So a run is no run of a scenario,
but it is carried out, remembered and taken up again like one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from testbed.claims.registry import digest_of
from testbed.experiment.runs import Tell, key_of, neither
from testbed.patterns.registry import method_digest
from testbed.studies import returns, sizes
from testbed.studies.sizes import SHARES, Setting

Question = Literal["tests", "power", "returns"]


@dataclass(frozen=True)
class PanelRun:
    """Panels of one population. question: how often each test of a launch cohort finds it special (tests), how often
    the verdict does by size and planted share (power), how often a return is found (returns). place: of the family
    among those of the setting; users: of each cohort (returns). by: users of the launch and of each later cohort
    (power). runs: panels of each population. seed: of all draws; each run has draws of its own."""

    question: Question
    setting: Setting
    runs: int
    seed: int
    place: int = 0
    users: int = 0
    by: tuple[tuple[int, int], ...] = ()
    version: str = ""  # of the code that measures

    @property
    def key(self) -> str:
        """See Job."""
        return key_of(repr(self))

    @property
    def names(self) -> tuple[str, ...]:
        """See Job."""
        if self.question == "power":
            return tuple(power_name(size, share) for size in self.by for share in SHARES)
        return sizes.COLUMNS if self.question == "tests" else returns.COLUMNS

    def answers(self, tell: Tell) -> dict[str, Any]:
        """See Job: a rate has a value and holds neither way."""
        return {name: neither(rate, f"share of {self.runs} panels") for name, rate in self.rates().items()}

    def rates(self) -> dict[str, float]:
        """Share of panels by name."""
        name = self.setting.name.encode()
        if self.question == "tests":
            family = sizes.families(self.setting)[self.place]
            return sizes.measure(family, np.random.default_rng([self.seed, *name, self.place]), self.runs)
        if self.question == "returns":
            comeback = returns.families(self.setting, self.users)[self.place]
            rng = np.random.default_rng([self.seed, *name, self.users, self.place])
            return returns.measure(comeback, rng, self.runs)
        rng = np.random.default_rng([self.seed, *name, len(self.by), len(SHARES)])
        found = sizes.power_by_size(self.setting, rng, self.runs, self.by)
        return {
            power_name(size, share): rate
            for size, by_share in found.items()
            for share, rate in by_share.items()
        }


def power_name(size: tuple[int, int], share: float) -> str:
    """Name of the rate of a size of cohorts and a planted share."""
    return f"{size[0]}/{size[1]} with {share:g}"


@cache
def version() -> str:
    """Hash of the code that measures: another version may measure otherwise."""
    here = Path(__file__).parent
    files = {name: here / name for name in ("panels.py", "returns.py", "sizes.py")}
    return key_of(method_digest() + digest_of(files))


def tests_of(setting: Setting, runs: int, seed: int) -> list[PanelRun]:
    """A run for each family of `sizes.families`."""
    families = sizes.families(setting)
    return [
        PanelRun("tests", setting, runs, seed, place, version=version()) for place in range(len(families))
    ]


def power_of(setting: Setting, runs: int, seed: int) -> PanelRun:
    """The run on power by size, at `sizes.SIZES`."""
    return PanelRun("power", setting, runs, seed, by=tuple(sizes.SIZES), version=version())


def returns_of(setting: Setting, users: int, runs: int, seed: int) -> list[PanelRun]:
    """A run for each family of `returns.families`."""
    families = returns.families(setting, users)
    return [
        PanelRun("returns", setting, runs, seed, place, users, version=version())
        for place in range(len(families))
    ]
