"""What the runs of an experiment with price cuts say: elasticities by model and window, and the slope across models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sim
from sim.catalogue import Catalogue, PricePoint
from testbed.claims.measuring.uncertainty import mean_interval
from testbed.experiment import runner
from testbed.experiment.arms import BASE
from testbed.experiment.findings import table as tables
from testbed.experiment.plan import Plan, of_scenario
from testbed.experiment.store import Store
from testbed.studies.price.elasticity import Cut, Elasticity, Measure, cuts, mean_elasticity, measures

SLOPE = "C142"
"""The claim on the slope across models."""


@dataclass(frozen=True)
class Results:
    """table: see `findings.table.tidy`; slopes: the answers on C142 of the base's logs, by replicate; versions: of the
    code that made the runs."""

    plan: Plan
    table: pd.DataFrame
    slopes: Sequence[Mapping[str, Any]]
    versions: tuple[str, ...] = ()

    @cached_property
    def cuts(self) -> list[Cut]:
        """All cuts."""
        return cuts(self.plan)

    @cached_property
    def measures(self) -> list[Measure]:
        """All that is counted."""
        return measures(self.plan)

    @cached_property
    def alone(self) -> list[Cut]:
        """Cuts of one model whose requests are counted."""
        asked = {measure.model for measure in self.measures}
        return [cut for cut in self.cuts if len(cut.models) == 1 and cut.models[0] in asked]

    @cached_property
    def weeks(self) -> tuple[int, int]:
        """Lengths of the shortest window and of the longest."""
        lengths = [measure.weeks for measure in self.measures]
        return min(lengths), max(lengths)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The models of the world."""
        world = self.plan.worlds[0]
        return sim.load_world(world.file, settings=_settings(self.plan)).catalogue

    def mean(self, pairs: Iterable[tuple[Cut, str | None]], weeks: int) -> Elasticity:
        """The mean elasticity over pairs of a cut and a model whose use is counted (None: all models together)."""
        asked = {measure.model: measure for measure in self.measures if measure.weeks == weeks}
        return mean_elasticity(self.table, [(cut, asked[model]) for cut, model in pairs if model in asked])

    def own(self, cut: Cut, weeks: int) -> Elasticity:
        """The mean own elasticity of the models that a cut makes cheaper; if those are all, of the ones counted."""
        counted = (m.model for m in self.measures if m.model is not None and m.weeks == weeks)
        return self.mean([(cut, model) for model in (counted if cut.of_all else cut.models)], weeks)

    def share(self, model: str, weeks: int) -> float:
        """A model's share of all requests of the base, mean over the replicates; NaN where one is not counted."""
        names = {measure.model: measure.pattern for measure in self.measures if measure.weeks == weeks}
        if model not in names or None not in names:
            return math.nan
        base = self.table[self.table["arm"] == BASE].pivot(
            index="replicate", columns="pattern", values="value"
        )
        return float(np.exp(base[names[model]] - base[names[None]]).mean())

    def rival(self, model: str) -> str | None:
        """The model beside which this one is made cheaper in another arm."""
        pairs = (cut.models for cut in self.cuts if len(cut.models) == 2 and model in cut.models)
        return next((other for pair in pairs for other in pair if other != model), None)

    def name(self, model: str) -> str:
        """A model's name for people."""
        return self.catalogue[model].facts.name if model in self.catalogue else model

    def price(self, cut: Cut) -> PricePoint:
        """The list price of a model that a cut makes cheaper, on its day, without the cut."""
        return self.catalogue.price_on(cut.models[0], cut.date)

    def slope(self) -> Elasticity:
        """The slope across models, mean over the base's worlds with Student's t interval."""
        values = [answer["value"] for answer in self.slopes if answer["value"] is not None]
        return Elasticity(*mean_interval(values), len(values))

    @property
    def slope_holds(self) -> int:
        """In how many worlds the claim on the slope holds."""
        return sum(answer["holds"] is True for answer in self.slopes)


def _settings(plan: Plan) -> tuple[str, ...]:
    """What the base sets."""
    return plan.worlds_resolved[plan.worlds[0].name, BASE][0]


def carry_out(plan: Plan, memory: Path, workers: int | None = None, quiet: bool = False) -> Results:
    """Run what is not remembered in a folder: all arms' activities, and the base's whole logs. Raises BadInput, before
    any run, for an experiment that holds no elasticity, Failure if a run failed, files.Foreign if a file that is no
    record lies in the place of one."""
    cuts(plan), measures(plan)
    across = of_scenario(
        plan.worlds[0].file, [SLOPE], replicates=plan.replicates, seed=plan.seed, users=plan.users,
        settings=_settings(plan),
    )  # fmt: skip
    tasks = [cell.task for cell in (*plan.cells, *across.cells)]
    store = Store(memory)
    runner.run(tasks, store, workers=workers, quiet=quiet)
    records = {task.key: store.of(task) for task in tasks}
    return Results(
        plan,
        tables.tidy(plan, records),
        [records[cell.task.key]["patterns"][SLOPE] for cell in across.cells],
        tuple(sorted({record["version"] for record in records.values()})),
    )
