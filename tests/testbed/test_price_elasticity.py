"""Elasticities from paired arms: the arithmetic on made tables, the logit's closed form from simulated worlds, and how
often the interval is wrong."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sim.activity import monthly
from sim.simulation import run_agents
from sim.world import load_world
from testbed.claims.measuring.uncertainty import mean_interval
from testbed.experiment import reading
from testbed.failure import BadInput
from testbed.studies.price import known
from testbed.studies.price.elasticity import Cut, Measure, cuts, elasticities, mean_elasticity, measures
from tests.testbed import price_world
from tests.testbed.experiment.made import write
from tests.testbed.price_world import FACTOR, PRICES, WEIGHT


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The runs of the tiny experiment."""
    return price_world.played(tmp_path_factory.mktemp("cuts"))


def table(values: dict[str, list[float | None]]) -> pd.DataFrame:
    """Use of one model by arm and replicate, as a tidy table of logarithms."""
    rows = [
        {"arm": arm, "replicate": number, "pattern": "use", "value": None if use is None else math.log(use)}
        for arm, uses in values.items()
        for number, use in enumerate(uses)
    ]
    return pd.DataFrame(rows).astype({"value": "float64"})


HALF = Cut("half", ("a/b",), 0.5, pd.Timestamp("2025-01-01").date())
USE = Measure("use", "a/b", 4)


def test_an_elasticity_is_the_paired_difference_of_logs_over_the_log_of_the_factor():
    """Use doubles at half the price: -1; it grows by a factor of 4: -2. Without use in an arm a replicate is out."""
    made = table({"base": [10, 100, 7, None], "half": [20, 400, None, 5]})
    assert elasticities(made, HALF, USE).tolist() == pytest.approx([-1, -2])
    one = mean_elasticity(made, [(HALF, USE)])
    reach = 12.706 * 0.5  # Student's t for one degree of freedom, and the standard error of -1 and -2
    assert (one.value, one.low, one.high) == pytest.approx((-1.5, -1.5 - reach, -1.5 + reach), rel=1e-4)
    assert one.pairs == 2


def test_a_mean_over_cuts_varies_over_replicates_alone():
    """Two cuts with opposite luck in each replicate: their mean is the same in all, and certain."""
    other = Cut("other", ("a/b",), 0.5, HALF.date)
    made = table({"base": [10, 10], "half": [20, 40], "other": [40, 20]})
    one = mean_elasticity(made, [(HALF, USE), (other, USE)])
    assert one.pairs == 2
    assert [one.value, one.high - one.low] == pytest.approx([-1.5, 0])


def test_what_no_run_tells_is_no_number():
    made = table({"base": [10.0], "half": [20.0]})
    one = mean_elasticity(made, [(HALF, USE)])
    assert one.value == pytest.approx(-1) and math.isnan(one.low) and one.pairs == 1
    assert (
        mean_elasticity(made, []).pairs == mean_elasticity(table({"base": [1.0]}), [(HALF, USE)]).pairs == 0
    )


def test_cuts_are_the_arms_that_differ_in_prices_alone(tmp_path):
    """Not those with two factors, with another cause, or with a stated price."""
    head, _, tail = price_world.CUTS.partition("arms:")
    text = (
        head
        + """\
  late: {event: {event: price_change, date: 2025-02-01, model: small/model, prompt: 1, completion: 1}}
  known: {switch: mechanisms.popularity}
arms:
  listed:
    two factors: {small: on, all: on}
    another cause: {small: on, known: off}
    a stated price: {late: on}
    two cheaper: {large: on, middling: on}
"""
        + tail[tail.index("patterns:") :]
    )
    plan = reading.load(price_world.write(tmp_path, text))
    (cut,) = cuts(plan)
    assert (cut.arm, cut.models, cut.factor) == ("two cheaper", ("middling/model", "large/model"), FACTOR)
    assert [m.model for m in measures(plan)] == [*(f"{name}/model" for name in PRICES), None]


def test_an_experiment_without_prices_or_without_use_is_told(tmp_path):
    plan = reading.load(write(tmp_path))
    with pytest.raises(BadInput, match="tiny: no arm multiplies prices"):
        cuts(plan)
    with pytest.raises(BadInput, match="tiny: no pattern is `log-requests`"):
        measures(plan)


def test_the_logits_elasticities_are_recovered(found):
    """Own and cross: at most two of nine intervals at 95% miss the closed form (three or more would in one experiment
    of a hundred), no own one does, and none is off by more than 0.06, four standard errors or more."""
    missed = []
    for cut in found.alone:
        cheaper = cut.models[0].partition("/")[0]
        own, cross = known.logit_elasticities(price_world.shares()[cheaper], WEIGHT, FACTOR)
        for name in PRICES:
            one, truth = found.mean([(cut, f"{name}/model")], 4), own if name == cheaper else cross
            assert one.pairs == 4 and abs(one.value - truth) < 0.06, (cheaper, name, truth, one)
            if not one.low <= truth <= one.high:
                missed.append((cheaper, name))
        assert found.mean([(cut, None)], 4).value == pytest.approx(
            0, abs=1e-9
        )  # everybody chose a model anyway
    assert len(missed) <= 2 and not [names for names in missed if names[0] == names[1]], missed


def test_near_the_old_price_the_closed_form_is_the_weight_times_the_others_share():
    both = known.logit_elasticities(0.2, 0.7, 0.9999)
    assert list(both) == pytest.approx([-0.7 * 0.8, 0.7 * 0.2], abs=1e-4)


def test_the_closed_form_is_that_of_the_shares():
    prices, worth = [1.0, 2.0, 5.0], [0.3, 0.0, 1.0]
    before = known.logit_shares(prices, worth, 0.7)
    after = known.logit_shares([1.0, 2.0 * 0.6, 5.0], worth, 0.7)
    changes = np.log(np.divide(after, before)) / math.log(0.6)
    own, cross = known.logit_elasticities(before[1], 0.7, 0.6)
    assert changes.tolist() == pytest.approx([cross, own, cross])


def test_if_all_become_cheaper_nobody_has_a_reason_to_change(found):
    (every,) = [cut for cut in found.cuts if cut.of_all]
    assert found.own(every, 4).value == pytest.approx(0, abs=1e-9)
    (pair,) = [cut for cut in found.cuts if len(cut.models) == 2]
    assert found.own(pair, 4).high < 0 and found.own(pair, 4).value > found.own(found.alone[0], 4).value


def test_in_made_outcomes_the_interval_is_wrong_as_often_as_it_says():
    """Within three standard errors of 5% of 600 experiments, where prices act and where they do not."""
    (rates,) = known.errors(-0.9, 0.7, (100,), (6,), 600)
    reach = 3 * math.sqrt(0.05 * 0.95 / 600)
    assert abs(rates.missed - 0.05) <= reach and abs(rates.false - 0.05) <= reach
    values = known.made(np.random.default_rng(3), -0.9, 400, 0.7, (1000, 5))
    assert values.mean() == pytest.approx(-0.9, abs=0.01) and values.shape == (1000, 5)


@pytest.mark.slow
def test_in_simulated_worlds_the_interval_is_wrong_as_often_as_it_says(tmp_path):
    """40 experiments of 5 replicates: a rate of 5% gives at most 6 misses in 997 of 1,000 such tests."""
    price_world.write(tmp_path)
    event = f"{{event: price_change, date: 2025-01-06, model: large/model, factor: {FACTOR}}}"
    use = np.empty((2, 40, 5))
    for arm, settings in enumerate(([], [f"calendar.+={event}"])):
        for number in range(200):
            world = load_world(tmp_path / "market.yaml", settings=settings, seed=number, users=500)
            activity = monthly(run_agents(world))
            model = activity.models.index("large/model")
            use[arm][divmod(number, 5)] = activity.weekly[4:8, model].sum()
    truth, _ = known.logit_elasticities(price_world.shares()["large"], WEIGHT, FACTOR)
    values = np.log(use[1] / use[0]) / math.log(FACTOR)
    intervals = [mean_interval(row) for row in values]
    assert sum(not low <= truth <= high for _, low, high in intervals) <= 6
    assert values.mean() == pytest.approx(truth, abs=4 * values.std() / math.sqrt(200))
