"""The simulation: a scenario becomes a log and the truth behind it.

Modules load on first use: who only looks up a model need not wait for what compiles the simulation's loops.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.config.problems import Problem, ScenarioError
    from sim.gateway.run_folder import RunError
    from sim.progress import Progress
    from sim.runs import Run, StoredRun, run, run_into_store, run_world
    from sim.scenario import Scenario, load_scenario
    from sim.simulation import Agents, run_agents
    from sim.world import World, load_world

__all__ = [
    "Agents",
    "Problem",
    "Progress",
    "Run",
    "RunError",
    "Scenario",
    "ScenarioError",
    "StoredRun",
    "World",
    "load_scenario",
    "load_world",
    "run",
    "run_agents",
    "run_into_store",
    "run_world",
]

_HOMES = {
    "Agents": "simulation",
    "Problem": "config.problems",
    "Progress": "progress",
    "Run": "runs",
    "RunError": "gateway.run_folder",
    "Scenario": "scenario",
    "ScenarioError": "config.problems",
    "StoredRun": "runs",
    "World": "world",
    "load_scenario": "scenario",
    "load_world": "world",
    "run": "runs",
    "run_agents": "simulation",
    "run_into_store": "runs",
    "run_world": "runs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute '{name}'")
    return getattr(import_module(f"sim.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
