"""Reads numbers off what a world is expected to bring, week by week: nothing is to be solved, so no tensor is needed.

Which numbers there are follows from the scenario as it is; a parameter moves their values alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.world import World, load_world
from testbed.calibration.globals.published import Published, published
from testbed.calibration.globals.whole_log import whole_log
from testbed.calibration.linear.readings import Amount, Reading
from testbed.calibration.linear.setting import Setting
from testbed.calibration.linear_claims import linear_claims
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.frame import main_weeks
from testbed.calibration.tensor.reader import LEAST_WHOLE
from testbed.calibration.tensor.sight import Sight
from testbed.calibration.tensor.worlds import facts_of_world
from testbed.claims.registry import registry

Floats = npt.NDArray[np.float64]
WHOLE_LOG = "log "
"""Before the names of numbers of the whole log."""


@dataclass(frozen=True)
class Instrument:
    """What is read. facts: of the models, as `tensor.worlds.facts_of` has them; authors: told apart in the
    whole log."""

    facts: pd.DataFrame
    sight: Sight
    authors: tuple[str, ...]

    @cached_property
    def published(self) -> tuple[Published, ...]:
        """The numbers of the calibration claims."""
        weeks = main_weeks()
        totals = (1.0,) * len(weeks)  # only trends in all tokens use these
        setting = Setting(weeks, self.facts, totals)
        wanted = {entry.id for entry in registry() if entry.claim.calibration}
        return published(linear_claims(setting, wanted))

    def numbers(self, amounts: Amounts) -> dict[str, float]:
        """All numbers of a world by name: published ones, and with `WHOLE_LOG` before them those of the whole log. NaN
        where nothing tells one. Raises ValueError for a world that does not cover the main window."""
        read = Weekly(self, amounts.cut(main_weeks(), tuple(self.facts["model"])))
        found = {one.name: one.value(read) for one in self.published}
        log = whole_log(amounts, self.authors)
        return found | {f"{WHOLE_LOG}{name}": value for name, value in log.items()}


@dataclass
class Weekly:
    """The value of a reading on amounts by week, model and category: `Read`. amounts: of the main window's weeks, and
    of the models of the facts in their order."""

    instrument: Instrument
    amounts: Amounts
    _known: dict[Amount, Floats] = field(default_factory=dict)

    def __call__(self, reading: Reading) -> float:
        """The value; a share of nothing is 0."""
        found = reading.constant
        for weight, ratio in reading.terms:
            part = self._sum(ratio.part, ratio.weeks)
            if ratio.whole is not None:
                least = LEAST_WHOLE * self._sum(Amount("tokens"), ratio.weeks)
                part /= max(self._sum(ratio.whole, ratio.weeks), least)
            found += weight * part
        return found

    def _sum(self, amount: Amount, weeks: Sequence[int]) -> float:
        if amount not in self._known:
            facts = self.instrument.facts.assign(tokens=0)
            meant = np.ones(len(facts), dtype=bool)
            for pick in amount.picks:
                meant &= pick.of(facts).to_numpy(dtype=bool)
            by_category = self.amounts.of[amount.quantity][:, meant].sum(axis=1)
            self._known[amount] = by_category @ self.instrument.sight.weights(amount.seen)
        return float(self._known[amount][list(weeks)].sum())


def instrument_of(world: World, authors: tuple[str, ...]) -> Instrument:
    """The instrument for a world. Raises ValueError for one without a classifier."""
    return Instrument(facts_of_world(world), sight.of_world(world), authors)


@cache
def instrument_for(scenario: Path, authors: tuple[str, ...]) -> Instrument:
    """The instrument for a scenario as it is: once a process."""
    return instrument_of(load_world(scenario), authors)
