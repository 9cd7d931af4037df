"""Tiny worlds, written as YAML text in which every cause but fit is off: a test switches on the one it looks at."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from sim.agents.spells import Kind, Reason
from sim.randomness import Draws
from sim.scenario import Scenario
from sim.simulation import Agents, run_agents
from sim.world import World, load_world

DAYS = 100
PLAIN = """
title: A plain world
question: What does one cause do?
seed: 7
start: 2025-01-01
end: 2025-04-10
users: 300
catalogue: {use: none}
population:
  growth: 1.0
  initial_share: 1.0
  segments:
    everyone: {share: 1, life_days: 5000, regularity: 1.0, price_sensitivity: 1.0, curiosity: 1.0}
  countries:
    US: {continent: North America, share: 1}
workloads:
  hardness: 0.5
  willingness_to_pay_usd_per_mtok: 10.0
  life_days: 5000
  later_start_days: 1
  requests_per_day: 5.0
  trial_requests_per_day: 2.0
  context_tokens: 1000
  free_share: 0.0
  categories:
    programming: {share: 1, prompt_tokens: 1000, completion_tokens: 100}
mechanisms: {all: off, fit: {match_sd: 0.0}, backlog: on}
search: {look_every_days: 3, trial_days: 4}
"""


def world(text: str, *settings: str, seed: int | None = None, users: int | None = None) -> World:
    """The plain world with the differences of `text` (YAML) and `settings` (`section.key=value`)."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "plain.yaml").write_text(PLAIN)
        file = Path(folder) / "world.yaml"
        file.write_text("extends: plain.yaml\n" + text)
        return load_world(file, settings=settings, seed=seed, users=users)


def play(text: str, *settings: str, seed: int | None = None, users: int | None = None) -> Agents:
    """The same world after its market has run."""
    return run_agents(world(text, *settings, seed=seed, users=users))


def changed(base: World, **updates: object) -> World:
    """The world with other top values of its scenario (`seed` and `users` among them)."""
    scenario: Scenario = base.scenario.model_copy(update=updates)
    return World(scenario, base.catalogue, Draws(scenario.seed), base.name, base.classifier)


def spells(agents: Agents) -> pd.DataFrame:
    """Spells by name: workload, model (slug), kind, start, end, since, reason; by workload and start."""
    table = pd.DataFrame(agents.spells)
    slugs = [m.slug for m in agents.world.catalogue.models]
    table["model"] = [slugs[number] for number in table["model"]]
    table["kind"] = [Kind(number).name for number in table["kind"]]
    table["reason"] = [Reason(number).name for number in table["reason"]]
    return table


def first_trials(agents: Agents) -> pd.DataFrame:
    """The first trial of each workload that tried anything, indexed by workload."""
    table = spells(agents)
    return table[table["kind"] == "TRIAL"].groupby("workload").first()


def requests(agents: Agents) -> pd.DataFrame:
    """Requests by workload, model and day: columns workload, user, model (slug), day, n."""
    traffic = agents.traffic()
    assert traffic.blocks == 1
    slugs = np.array([m.slug for m in agents.world.catalogue.models])
    rows = []
    for week in range(len(traffic.weeks())):
        r = traffic.records(week, 0)
        day = r.day_millis // 86_400_000
        rows.append(
            pd.DataFrame({"workload": r.workload, "user": r.user, "model": slugs[r.model], "day": day})
        )
    table = pd.concat(rows)
    return table.groupby(list(table.columns)).size().rename("n").reset_index()
