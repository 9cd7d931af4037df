"""From a scenario to the analysis: simulated logs conform, and the glass slipper shows where its cause is on.

The thresholds of the contrast come from 16 seeds of 4,000 users (mean, standard deviation between seeds):
launch minus later retention 0.22, 0.02 with fit; 0.07, 0.03 without; 0.01, 0.04 without fit and rivals' trials;
ratio 1.7, 0.1 with fit. Means over three seeds lie 3.2 to 5 standard errors inside them: one of them fails by chance
for one set of seeds in 900.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import analysis
import sim
from analysis.sources.conformance import is_conforming
from sim.expectation import expected
from testbed.patterns.outcome import of_activity
from tests.sim.traffic_world import shipped

HALF_A_YEAR = ("start=2025-03-01", "end=2025-08-31")
# Shipped scenarios with fewer users, and what makes them shorter. The four that are the report world with one switch
# off (tests/scenarios/test_scenarios.py sees that they are) are one world here, with all four off.
SMALL = {
    "report-small": (600, []),
    "no-fit": (
        300,
        [*HALF_A_YEAR, *(f"mechanisms.{key}=off" for key in ("lock_in", "information", "backlog"))],
    ),
    "one-frontier-model": (300, []),
    "price-cut": (300, []),
    "whale": (300, HALF_A_YEAR),
}


@pytest.mark.parametrize("name", SMALL)
def test_the_log_of_a_shipped_scenario_conforms_to_the_contract(name, tmp_path):
    users, settings = SMALL[name]
    run = sim.run(shipped(name), users=users, settings=settings, out=tmp_path)
    with analysis.open_log(run.path) as log:
        findings = analysis.check_conformance(log)
        assert log.rows == run.manifest["counts"]["generations"] > 1000
        assert (str(log.first_day), str(log.last_day)) == (run.manifest["start"], run.manifest["end"])
    assert is_conforming(findings), findings[findings["violations"] > 0].to_string()
    warned = findings[findings["violations"] > 0]
    assert warned.empty, warned.to_string()
    assert set(findings["table"]) == {"generations", "labels", "models", "days"}


SEEDS = range(1, 4)
MONTHS = (3, 4, 5)


@pytest.fixture(scope="module")
def contrasts() -> pd.DataFrame:
    """Launch cohort of new/frontier against later ones: one row an arm and seed, means over months 3 to 5. Who used
    which model in which month is taken from the simulator; that the log says the same is another test."""
    arms = {
        "fit": [],
        "no fit": ["mechanisms.fit=off"],
        "no fit, no rivals": ["mechanisms.fit=off", "mechanisms.rival_trials=off"],
    }
    rows = []
    for seed in SEEDS:
        for arm, settings in arms.items():
            world = sim.load_world(shipped("one-frontier-model"), seed=seed, users=4000, settings=settings)
            with of_activity(sim.run_agents(world)) as outcome:
                found = analysis.queries.retention.launch_contrast(
                    outcome.log, "new/frontier", months=MONTHS, min_cohort=10
                )
            assert found["launch_cohort"].eq(pd.Timestamp("2025-01-01")).all()
            assert found["launch_users"].min() > 300
            rows.append({"arm": arm, "seed": seed, "difference": found["difference"].mean(),
                         "ratio": found["ratio"].mean(), "launch": found["launch"].mean()})  # fmt: skip
    return pd.DataFrame(rows).set_index(["arm", "seed"])


def test_with_fit_the_launch_cohort_stays(contrasts):
    fit = contrasts.loc["fit"]
    assert fit["difference"].mean() > 0.16
    assert (fit["difference"] > 0.07).all()
    assert fit["ratio"].mean() > 1.5


def test_without_fit_most_of_the_contrast_is_gone(contrasts):
    """What is left without fit is composition: later cohorts hold more embedded users who only look at a rival."""
    lost = contrasts.loc["fit", "difference"] - contrasts.loc["no fit", "difference"]
    assert lost.mean() > 0.07
    assert contrasts.loc["no fit", "difference"].mean() < 0.135


def test_without_fit_and_rivals_trials_all_of_it_is_gone(contrasts):
    assert abs(contrasts.loc["no fit, no rivals", "difference"].mean()) < 0.085
    assert np.isfinite(contrasts.loc["no fit, no rivals", "difference"]).all()


def weekly_requests(*settings: str) -> pd.DataFrame:
    """Requests by Monday (rows) and model (columns) that are expected of the spells: logs of them lie about these."""
    agents = sim.run_agents(sim.load_world(shipped("price-cut"), users=5000, settings=settings))
    found = expected(agents.traffic(), ("week", "model"))
    weeks, models = found.axes["week"], found.axes["model"]
    return pd.DataFrame(found["requests"], pd.DatetimeIndex(weeks), models)


def test_a_price_cut_wins_from_rivals_where_use_hardly_depends_on_price():
    """The header's account of the world. Over eight seeds of 5,000 users: slope across models -0.02 to 0.06, and in
    four weeks an own elasticity of -0.61 to -0.49, cross ones of 0.02 to 0.08, the market's -0.10 to -0.08."""
    cut, kept = weekly_requests(), weekly_requests("calendar=[]")
    before = slice(pd.Timestamp("2025-01-06"), pd.Timestamp("2025-03-24"))
    after = slice(pd.Timestamp("2025-04-07"), pd.Timestamp("2025-04-28"))
    pd.testing.assert_frame_equal(cut.loc[before], kept.loc[before])  # until the cut it is the same world
    use = kept.loc[before].sum()
    price = pd.Series({"cheap/small": 0.5, "one/middle": 2.0, "two/middle": 2.0, "dear/large": 6.0})
    assert abs(np.polyfit(np.log(price), np.log(use[price.index]), 1)[0]) < 0.2
    assert 0.8 < use["one/middle"] / use["two/middle"] < 1.25
    elasticity = np.log(cut.loc[after].sum() / kept.loc[after].sum()) / np.log(0.7)
    assert -0.9 < elasticity["one/middle"] < -0.3
    assert elasticity.drop("one/middle").between(0, 0.2).all()
    whole = np.log(cut.loc[after].sum().sum() / kept.loc[after].sum().sum()) / np.log(0.7)
    assert -0.2 < whole < 0


def test_a_whale_looks_like_many_loyal_users():
    """Its keys are in the launch cohort and stay; what more there is, its popularity has drawn."""
    seen = {}
    for name in ("whale", "report-small"):
        world = sim.load_world(shipped(name), users=3000, settings=HALF_A_YEAR)
        with of_activity(sim.run_agents(world)) as outcome:
            cells = analysis.queries.retention.triangle(outcome.log, "meta-llama/llama-4-maverick")
        seen[name] = cells[(cells["cohort"] == pd.Timestamp("2025-04-01")) & (cells["k"] == 3)].iloc[0]
    assert seen["whale"]["users"] >= seen["report-small"]["users"] + 60
    assert seen["whale"]["active"] >= seen["report-small"]["active"] + 55
    assert seen["whale"]["retention"] > 2 * seen["report-small"]["retention"]
