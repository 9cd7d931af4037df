"""A simulated world as a tensor needs it: its amounts, the facts of its models, and what its classifier sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import pandas as pd
import pyarrow as pa

from analysis.queries import openness
from sim.expectation import expected
from sim.gateway.models import models_table
from sim.market import Market
from sim.simulation import Agents
from sim.world import World
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.amounts import AXES, Amounts, Windows, of_expected, together
from testbed.calibration.tensor.sight import Sight

LASTING = "free_variant"
"""The kind of free window that is no launch access."""


@dataclass(frozen=True)
class Simulated:
    """amounts: expected ones, by all weeks of the world. facts: of the models table, as `measuring.tables.facts` has
    them, with prices and retirements. sight: of the classifier."""

    amounts: Amounts
    facts: pd.DataFrame
    sight: Sight


def simulated(worlds: Sequence[Agents]) -> Simulated:
    """One world after its market has run, or several seeds of a scenario together."""
    first = worlds[0].world
    seen = sight.of_world(first)
    return Simulated(
        together([amounts_of(agents) for agents in worlds]), _facts(first, worlds[0].market), seen
    )


def amounts_of(agents: Agents) -> Amounts:
    """What the log of a world is expected to hold, whose market has run."""
    return of_expected(expected(agents.traffic(), AXES), launches_of(_facts(agents.world, agents.market)))


def facts_of_world(world: World) -> pd.DataFrame:
    """The facts of the models of a world that has not run: its market goes its way without agents, for what they do
    changes no fact."""
    market = Market(world.scenario, world.catalogue)
    for _ in market.days():
        pass
    return _facts(world, market)


def _facts(world: World, market: Market) -> pd.DataFrame:
    return facts_of(models_table(world.catalogue, world.scenario, market))


def facts_of(models: pa.Table) -> pd.DataFrame:
    """The facts of a models table (schema of the contract), each listed id once."""
    table = ibis.memtable(models)
    frame = table.mutate(source=openness.source_type(table)).to_pandas()
    frame["released"] = pd.to_datetime(frame["released"])
    columns = ["model", "author", "source", "open_weights", "origin", "released", "retired", "size_class",
               "reasoning_optimised", "prices", "free_windows"]  # fmt: skip
    return frame[columns].drop_duplicates("model", ignore_index=True)


def launches_of(facts: pd.DataFrame) -> Windows:
    """When each reasoning model was free to try at its launch, as figure 11 leaves it out."""
    rows = facts[facts["reasoning_optimised"].fillna(False).astype(bool)]
    return {
        str(model): [(w["from"], w["to"]) for w in windows if w["kind"] != LASTING]
        for model, windows in zip(rows["model"], rows["free_windows"], strict=True)
        if windows is not None
    }
