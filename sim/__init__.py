"""The simulation: a scenario becomes a log and the truth behind it."""

from sim.config.problems import Problem, ScenarioError
from sim.gateway.run_folder import RunError
from sim.progress import Progress
from sim.runs import Run, run, run_world
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
    "World",
    "load_scenario",
    "load_world",
    "run",
    "run_agents",
    "run_world",
]
