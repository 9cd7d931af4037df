"""A launch cohort of a lesson's world: how long it stays beside the cohorts after it, and what the verdict says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.decision import Decision, decide
from lessons.frame.worlds import Played, play

LEAST = 100
"""Users of a cohort that is compared; lessons' worlds are small (assumed)."""
LATEST = 6
"""Months that are drawn: few cohorts of a lesson's world live to see more."""


@dataclass(frozen=True, eq=False)
class Launch:
    """One model's launch cohort in one world."""

    played: Played
    panel: Panel

    @cached_property
    def decision(self) -> Decision:
        """What the project's verdict finds: four tests, a least size, and the checks that withdraw it."""
        return decide(self.panel, thorough=False)

    @property
    def stands_out(self) -> bool:
        """Whether the verdict calls the launch cohort special."""
        return self.decision.answer == "foundational"

    @property
    def users(self) -> int:
        """Users of the launch cohort."""
        return int(self.panel.cohort_sizes[0])

    def own(self, k: int) -> float:
        """R(k) of the launch cohort, 0 to 1."""
        return float(self.panel.ages(0)[:, k].mean())

    def later(self, k: int) -> float:
        """R(k) of the later cohorts that have lived so long, all users together; NaN without any."""
        panel = self.panel
        rows = [panel.ages(c)[:, k] for c in panel.tested if 0 < c < len(panel.months) - k]
        return float(np.concatenate(rows).mean()) if rows else float("nan")

    def lead(self, k: int = 5) -> float:
        """By how many percentage points the launch cohort leads the later ones in month k."""
        return 100 * (self.own(k) - self.later(k))

    def curves(self) -> pd.DataFrame:
        """Both retention curves: columns k, retention, name."""
        months = range(min(LATEST, len(self.panel.months) - 1) + 1)
        own = [(k, self.own(k) if k else 1.0, "launch month") for k in months]
        later = [(k, self.later(k) if k else 1.0, "later months") for k in months]
        return pd.DataFrame([*own, *later], columns=["k", "retention", "name"]).dropna()


@lru_cache(maxsize=64)
def launch(world: str, model: str, settings: tuple[str, ...] = (), seed: int = 1) -> Launch:
    """The launch cohort of a model in a shipped world, such as "lessons/glass-slipper"; see `play`."""
    played = play(world, settings, seed=seed)
    panel = played.panel(model, min_cohort=LEAST)
    if panel.launch:  # months before the launch hold nobody
        panel = from_launch(panel)
    return Launch(played, panel)


def from_launch(panel: Panel) -> Panel:
    """The panel with the launch month as its first."""
    at = panel.launch or 0
    return replace(
        panel, months=panel.months[at:], cohort=panel.cohort - at, active=panel.active[:, at:], launch=0,
        requests=None if panel.requests is None else panel.requests[:, at:], rewindowed=None,
    )  # fmt: skip


def beside(curves: Mapping[str, Launch]) -> pd.DataFrame:
    """Curves of several worlds on one picture: the names of the worlds stand behind those of the lines."""
    parts = []
    for world, one in curves.items():
        frame = one.curves()
        parts.append(frame.assign(name=frame["name"] + ", " + world))
    return pd.concat(parts, ignore_index=True)
