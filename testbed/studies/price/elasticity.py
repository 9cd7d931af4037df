"""Price elasticities from the paired arms of an experiment.

An arm in which prices are multiplied by a factor shares its luck with the base. So in each replicate the difference of
the logarithms of use, over the logarithm of the factor, is an elasticity: by how many per cent use changes for a price
that is one per cent higher. Its mean over the replicates has Student's t interval for pairs. It is that of the change
as a whole (an arc elasticity).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sim.config.switches import ALL
from testbed.claims.measuring.measured import NAN
from testbed.claims.measuring.uncertainty import mean_interval
from testbed.experiment.arms import BASE, Arm
from testbed.experiment.plan import Plan
from testbed.failure import BadInput
from testbed.patterns.registry import MODEL

PATTERN = "log-requests"


@dataclass(frozen=True)
class Cut:
    """An arm in which prices are multiplied by a factor from a day on. models: whose, as the log names them; `all` for
    those that are listed on the day."""

    arm: str
    models: tuple[str, ...]
    factor: float
    date: dt.date

    @property
    def of_all(self) -> bool:
        """Whether all models change their prices."""
        return self.models == (ALL,)


@dataclass(frozen=True)
class Measure:
    """A pattern that counts requests. model: to whom, None: to all; weeks: of how many."""

    pattern: str
    model: str | None
    weeks: int


@dataclass(frozen=True)
class Elasticity:
    """An elasticity with its interval. pairs: replicates in which both arms can tell."""

    value: float = NAN
    low: float = NAN
    high: float = NAN
    pairs: int = 0


def cuts(plan: Plan) -> list[Cut]:
    """The arms that differ from the base in prices alone, all by one factor. Raises BadInput if there is none."""
    found = [cut for arm in plan.arms if (cut := _cut(plan, arm)) is not None]
    if not found:
        raise BadInput(
            f"{plan.name}: no arm multiplies prices and changes nothing else, so there is no elasticity"
        )
    return found


def _cut(plan: Plan, arm: Arm) -> Cut | None:
    events = [plan.file.factors[factor].event or {} for factor in arm.changed]
    if not events or any(event.get("event") != "price_change" for event in events):
        return None
    factors, dates = ({event.get(key) for event in events} for key in ("factor", "date"))
    (factor, *others), (date, *_) = factors, sorted(map(str, dates))
    if others or not isinstance(factor, int | float) or factor == 1:
        return None
    return Cut(arm.name, tuple(str(e[MODEL]) for e in events), float(factor), dt.date.fromisoformat(date))


def measures(plan: Plan) -> list[Measure]:
    """The patterns that count the requests of one model or of all. Raises BadInput if there is none."""
    found = []
    for pattern in plan.patterns:
        asked = pattern.bound.arguments
        if pattern.bound.pattern.name == PATTERN and not {"author", "open"} & asked.keys():
            found.append(Measure(pattern.name, asked.get(MODEL), int(asked.get("weeks", 4))))
    if not found:
        raise BadInput(f"{plan.name}: no pattern is `{PATTERN}`, so nothing says how much a model is used")
    return found


def elasticities(table: pd.DataFrame, cut: Cut, measure: Measure) -> pd.Series:
    """The elasticity of each replicate in which both arms can tell. table: see `findings.table.tidy`."""
    own = table[table["pattern"] == measure.pattern].pivot(index="replicate", columns="arm", values="value")
    if cut.arm not in own or BASE not in own:
        return pd.Series(dtype="float64")
    return (own[cut.arm] - own[BASE]).dropna() / math.log(cut.factor)


def mean_elasticity(table: pd.DataFrame, pairs: Sequence[tuple[Cut, Measure]]) -> Elasticity:
    """The mean over the replicates of the mean over some cuts, each with what is counted. Only replicates in which all
    can tell; the cuts of one share their luck, so it is the replicates that vary."""
    if not pairs:
        return Elasticity()
    each = [elasticities(table, cut, measure) for cut, measure in pairs]
    values = pd.concat(each, axis=1, join="inner").mean(axis=1)
    return Elasticity(*mean_interval(values.to_numpy()), len(values))
