"""The simulation: a scenario becomes a log and the truth behind it."""

from sim.config.problems import Problem, ScenarioError
from sim.scenario import Scenario, load_scenario
from sim.world import Agents, Progress, Run, World, load_world, run, run_agents, run_world

__all__ = [
    "Agents",
    "Problem",
    "Progress",
    "Run",
    "Scenario",
    "ScenarioError",
    "World",
    "load_scenario",
    "load_world",
    "run",
    "run_agents",
    "run_world",
]
