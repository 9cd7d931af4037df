"""Who comes at a launch: enthusiasts, keys that are always on, or users who stay for the model; and checks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.naive import two_proportions
from analysis.inference.verdict.controls import Controls, compare
from lessons.experiments.launch import Launch, launch
from lessons.experiments.same_users import WITHOUT, SameUsers
from lessons.frame.worlds import play

ORDINARY, WITH_KEYS = "lessons/four-launches", "lessons/always-on-keys"
FOCAL, OTHERS = "new/focal", ("new/other-1", "new/other-2", "new/other-3")
ENTHUSIASTS = (
    "population.segments.first-comer.life_days={exponential: {mean: 250}}",
    "population.segments.first-comer.regularity={uniform: {low: 0.5, high: 0.95}}",
)  # as in early-adopters.yaml
LOYAL = ("planted_loyalty={model: new/focal, cohort: launch, loyal_share: 0.25}",)
AGE = 3
"""The month that is compared: all four launches reach it with several later cohorts."""
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Crowd:
    """The launch of new/focal and, beside it, three other launches of the same market. who: settings that say who comes
    first."""

    focal: Launch
    others: tuple[Launch, ...]
    who: tuple[str, ...]
    seed: int

    @cached_property
    def by_account(self) -> Panel:
        """new/focal's panel with a company counted once, however many keys it has."""
        return self.focal.panel.by_organisation()

    @property
    def lead(self) -> float:
        """Points by which the launch month leads in month 3, users counted."""
        return self.focal.lead(AGE)

    @property
    def lead_by_account(self) -> float:
        """The same with accounts counted."""
        return Launch(self.focal.played, self.by_account).lead(AGE)

    @property
    def usual_lead(self) -> float:
        """The middle one of the other launches' leads, points."""
        return float(np.median([one.lead(AGE) for one in self.others]))

    @property
    def p_naive(self) -> float:
        """The naive test: launch month against all later users, two proportions."""
        return two_proportions(self.focal.panel.counted("user"), 0, AGE).p

    @property
    def p_by_account(self) -> float:
        """The same test with accounts counted."""
        return two_proportions(self.by_account.counted("user"), 0, AGE).p

    @cached_property
    def controls(self) -> Controls:
        """What the other launches say of this one: negative controls."""
        beside = [(one.decision.found, one.stands_out) for one in self.others]
        return compare(self.focal.decision.found, beside)

    @cached_property
    def same_users(self) -> SameUsers:
        """The same users in the market without new/focal. Nobody sets up a key there, and nobody is loyal to it."""
        return SameUsers(self.focal.played, play(ORDINARY, (*self.who, *WITHOUT), seed=self.seed), FOCAL)

    @property
    def survives(self) -> bool:
        """Whether the launch month stands out strictly, with accounts counted, and beside other launches."""
        return self.focal.stands_out and self.p_by_account <= LEVEL and not self.controls.explain


@lru_cache(maxsize=64)
def crowd(enthusiasts: bool = False, keys: bool = False, loyal: bool = False, seed: int = 1) -> Crowd:
    """The market in which these come at the launch."""
    world = WITH_KEYS if keys else ORDINARY
    who = ENTHUSIASTS if enthusiasts else ()
    settings = (*who, *(LOYAL if loyal else ()))
    focal, *others = (launch(world, model, settings, seed) for model in (FOCAL, *OTHERS))
    return Crowd(focal, tuple(others), who, seed)
