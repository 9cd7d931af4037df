"""Values that no world can have are refused, each at its place."""

import pytest

import sim
from sim.scenario.shipped import WORLDS

IMPOSSIBLE = {
    "workloads.categories.programming.share=-1": "at least 0",
    "population.countries.US.share=-3": "at least 0",
    "workloads.categories.programming.needs_tools=3": "at most 1",
    "traffic.season=-1": "at least 0",
    "traffic.season={logistic: {start: 1, end: -1, midpoint: 2025-06-01, width_days: 90}}": "at least 0",
    "workloads.categories.legal.volume=0": "above 0",
    "population.activity=-0.5": "at least 0",
    "traffic.tool_call_share=7": "at most 1",
    "traffic.tools_offered_share.programming=1.1": "at most 1",
    "traffic.reasoning_completion_factor=-0.1": "at least 0",
    "population.growth=0": "above 0",
    "workloads.categories.programming.prompt_tokens=-5": "above 0",
    "workloads.categories.legal.completion_tokens=0": "above 0",
    "workloads.requests_per_day={normal: {mean: -5, sd: 1}}": "truncate it",
    "population.segments.hobbyist.regularity={uniform: {low: 0.5, high: 1.5}}": "at most 1",
    "observation.confidence={normal: {mean: 0.8, sd: 0.1}}": "at most 1",
    "search.trial_days={uniform: {low: -1, high: 5}}": "at least 0",
    "population.segments.hobbyist.workloads=0.3": "between 1 and 4",
    "traffic.cancelled_share=0.99": "together exceed 1",
    "population.growth=.nan": "finite",
}


@pytest.mark.parametrize(("setting", "said"), IMPOSSIBLE.items())
def test_an_impossible_value_is_refused_at_its_key(setting: str, said: str) -> None:
    with pytest.raises(sim.ScenarioError) as refused:
        sim.load_world(WORLDS / "report-small.yaml", settings=[setting])
    key = setting.partition("=")[0]
    (problem,) = refused.value.problems
    assert problem.path == key and said in problem.message + problem.hint
    assert (problem.file, problem.line) == ("--set", 1)


@pytest.mark.parametrize("group", ["population.segments", "population.countries", "workloads.categories"])
def test_somebody_has_weight_on_every_date(group: str) -> None:
    names = sim.load_scenario(WORLDS / "report-small.yaml")
    for part in group.split("."):
        names = getattr(names, part)
    nobody = [f'{group}."{name}".share={{2024-06-01: 1, 2025-06-01: 0}}' for name in names]
    with pytest.raises(sim.ScenarioError, match="2025-06-01"):
        sim.load_world(WORLDS / "report-small.yaml", settings=nobody)
    sim.load_world(WORLDS / "report-small.yaml", settings=nobody[1:])
