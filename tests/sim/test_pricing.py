"""One rule of what tokens cost: bills, the price that agents see, and the price that the truth checks see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contract import CATEGORIES
from sim import pricing
from sim.market import Market
from sim.pricing import COMPLETION, PROMPT, Usage
from testbed.truth_checks import truth
from tests.sim.test_market import COST, world

POSITIVE = st.floats(0.001, 1e6)


@given(
    prompt=POSITIVE, share=st.floats(0, 1), completion=POSITIVE, prices=st.tuples(*[st.floats(0, 100)] * 3)
)
def test_a_bill_adds_up_the_three_kinds_of_tokens(prompt, share, completion, prices):
    cached = share * prompt
    paid = pricing.charge(prompt, cached, completion, *prices)
    by_hand = (1 - share) * prompt * prices[0] + cached * prices[1] + completion * prices[2]
    assert paid == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    assert pricing.charge(2 * prompt, 2 * cached, 2 * completion, *prices) == pytest.approx(2 * paid)


def test_truth_checks_see_the_price_that_agents_see():
    """At its release, whatever a model's reasoning: thinking is billed, and counts as tokens."""
    w = world(COST, "models.c/thinker.open_weights=on")  # such a model thinks longer
    market = Market(w.scenario, w.catalogue)
    next(iter(market.days()))  # all four are released before the first day
    models = pd.DataFrame(
        {
            "reasoning": [model.facts.reasoning for model in w.catalogue.models],
            "open_weights": [model.facts.open_weights for model in w.catalogue.models],
            "released": pd.Timestamp(w.scenario.start),
            "free_windows": [[]] * 4,
            "prices": [
                [{
                    "from": pd.Timestamp(w.scenario.start), "prompt_usd_per_mtok": row[PROMPT],
                    "completion_usd_per_mtok": row[COMPLETION], "cached_usd_per_mtok": row[pricing.CACHED],
                }]
                for row in market.price
            ],
        }
    )  # fmt: skip
    price, free = truth._prices(models, w.scenario)
    used = [CATEGORIES.index(name) for name in w.scenario.workloads.categories]
    np.testing.assert_allclose(price[:, used], market.effective_price[:, used], rtol=1e-12)
    assert len(set(models["reasoning"])) == 3 and not free.any()
    assert (price[0, used] != price[2, used]).any()  # thinking changes the mix


def test_a_model_that_thinks_costs_its_extra_tokens():
    usage = Usage(world(COST).scenario, ["none", "always"], [False, False])
    listed = np.array([[0.0, 10.0, 0.0]] * 2)
    plain, thinker = usage.effective_price(listed, 0)
    assert (thinker[usage.used] > plain[usage.used]).all()
