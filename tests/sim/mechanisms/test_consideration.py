"""Consideration: awareness decides which model is looked at and, in a full market, not whether one looks."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.contract import CATEGORIES
from sim.agents.choice import awareness, view_of
from sim.market import Market
from sim.mechanisms.choice.consideration import Consideration
from tests.laws import FALSE_ALARM, share_p
from tests.worlds import first_trials, play, world

LEGAL = CATEGORIES.index("legal")


def market_of(models: int) -> str:
    """Equal models, of two authors; one look, at which nothing counts but awareness."""
    lines = [
        f"  {'ab'[i % 2]}/m{i}: {{released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 0.8}}\n"
        for i in range(models)
    ]
    look = "look_every_days: 9999, longest_wait_days: 9999"
    search = f"search: {{awareness_floor: 1, awareness_half_life_days: 0.1, {look}}}\n"
    return "models:\n" + "".join(lines) + search


def tries(text: str, *changes: str, users: int = 4000) -> float:
    """Share of workloads that try something at their first look."""
    first = first_trials(play(text, *changes, users=users))
    return float((first["start"] <= 1).sum() / users)


# --- the rule -------------------------------------------------------------------------------------------------------


def test_a_full_market_comes_to_the_size_in_each_category_and_keeps_its_proportions():
    known = np.random.default_rng(1).exponential(1, (30, len(CATEGORIES)))
    limited = Consideration(size=3).considered(known)
    assert limited.sum(axis=0) == pytest.approx(3)
    assert limited / known == pytest.approx(np.broadcast_to(3 / known.sum(axis=0), known.shape))


@pytest.mark.parametrize("models", [0, 1, 2])
def test_a_market_with_room_is_not_touched_at_all(models):
    known = np.full((models, len(CATEGORIES)), 1.4)
    assert (Consideration(size=3).considered(known) == known).all()


def test_each_category_has_its_own_limit():
    known = np.full((4, len(CATEGORIES)), 0.5)
    known[:, LEGAL] = 2
    limited = Consideration(size=4).considered(known)
    assert (np.delete(limited, LEGAL, axis=1) == 0.5).all() and (limited[:, LEGAL] == 1).all()


def test_off_awareness_is_what_it_is():
    known = np.full((9, len(CATEGORIES)), 7.0)
    assert Consideration(enabled=False, size=1).considered(known) is known


# --- in a world -----------------------------------------------------------------------------------------------------

ON, OFF = "mechanisms.consideration={enabled: on, size: 2}", "mechanisms.consideration.enabled=off"


@pytest.mark.parametrize("models", [2, 5, 20])
def test_more_models_are_tried_more_only_without_a_limit(models):
    total = 0.8 * models
    for change, comes_to in ((ON, min(total, 2.0)), (OFF, total)):
        looked = tries(market_of(models), change)
        assert share_p(np.arange(4000) < looked * 4000, comes_to / (1 + comes_to)) > FALSE_ALARM


def test_an_authors_reach_moves_looks_and_does_not_make_more():
    famous = "authors.a.reach={programming: 3}"
    models = market_of(20)
    assert tries(models, ON) == pytest.approx(tries(models, ON, famous), abs=0.03)
    assert tries(models, OFF, famous) > tries(models, OFF) + 0.02
    first = first_trials(play(models, ON, famous, users=4000))
    assert share_p(first["model"].str.startswith("a/"), 3 / 4) > FALSE_ALARM


@pytest.mark.parametrize("switch", [ON, OFF])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_twice_the_reach_is_twice_the_odds_of_being_looked_at_whatever_the_popularity(switch, share):
    popular = ("mechanisms.popularity={enabled: on, weight: 20}", switch)
    odds = []
    for factor in (1, 2):
        made = world(market_of(6), f"authors.a.reach={{legal: {factor}}}", *popular)
        market = Market(made.scenario, made.catalogue)
        next(market.days())
        mine = np.array([model.author == "a" for model in made.catalogue.models])
        market.share_by_category[:] = np.where(mine, share / 3, (1 - share) / 3)[:, None]
        seen = view_of(market, made.scenario, 0).awareness
        odds.append(seen[mine].sum(axis=0) / seen[~mine].sum(axis=0))
    gain = odds[1] / odds[0]
    assert gain[LEGAL] == pytest.approx(2)
    assert np.delete(gain, LEGAL) == pytest.approx(1)


def test_models_that_do_not_answer_take_no_attention():
    text = market_of(8) + "calendar:\n  - {event: outage, date: 2025-01-02, days: 1, model: a/m0}\n"
    made = world(text, ON)
    market = Market(made.scenario, made.catalogue)
    days = market.days()
    for day, answering in ((0, 8), (1, 7), (2, 8)):
        assert next(days) == day
        seen = view_of(market, made.scenario, day).awareness
        assert len(seen) == answering and seen.sum(axis=0) == pytest.approx(2)
        assert awareness(market, made.scenario, day).sum(axis=0) == pytest.approx(0.8 * 8)
