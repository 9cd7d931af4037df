"""Error rates: the size study's golden numbers, the verdict on held-out populations, and the rates beside a verdict.

Every simulation has a fixed seed that was not used while the procedure was chosen.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, Prior, month_range, null_families, planted
from analysis.inference.error_rates.fitted_null import (
    LARGEST_COHORT,
    NoFit,
    between_cohorts,
    fitted_null,
    likeness,
)
from analysis.inference.error_rates.rates import (
    BATCH,
    NOT_SIMULATED,
    answers,
    error_rates,
    is_foundational,
    rate,
)
from analysis.inference.launch import naive
from analysis.inference.launch.decision import decide
from analysis.inference.launch.four_tests import launch_tests
from analysis.inference.verdict.judging import judge
from testbed.commands import verdict as verdict_command
from testbed.studies.sizes import HELD_OUT, Setting, families, measure
from testbed.terminal import verdict_view

RUNS, RUNS_OF_TABLE = 100, 300
PANELS = 40  # of a family that was held out
SIZES = (1500,) + (500,) * 6
NULLS = null_families(SIZES, months=8)
# Rejection rates: two proportions at month 3; age only, model and robust errors; A; B; C; A and B and C. None: the
# table's setting is not stated closely enough (the age that B looks at under a shock, the whales' activity).
GOLDEN = [
    (NULLS[0], (0.028, 0.155, 0.043, 0.045, 0.003, 0.000, 0.000)),
    (NULLS[1], (1.0, 1.0, 1.0, 0.015, None, 0.048, 0.007)),
    (NULLS[3], (0.310, 0.385, 0.345, 0.350, 0.050, 0.048, 0.033)),
    (NULLS[7], (0.998, 1.0, 1.0, 0.998, None, None, 0.613)),
    (planted(SIZES, 0.05, months=8), (None, None, None, None, None, None, 0.06)),
    (planted(SIZES, 0.10, months=8), (None, None, None, None, None, None, 0.72)),
    (planted(SIZES, 0.15, months=8), (None, None, None, None, None, None, 0.99)),
    (planted(SIZES, 0.25, months=8), (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)),
]


@pytest.mark.parametrize(("family", "expected"), GOLDEN, ids=lambda value: getattr(value, "name", ""))
def test_size_table_golden(family, expected):
    """Within three points, and the noise of 100 runs here and 300 of the table (two standard errors of the difference:
    at a rate of one half 15 points in all)."""
    rng = np.random.default_rng(7)
    found = np.zeros(7)
    for _ in range(RUNS):
        cells = family.draw(rng).cells
        tests = launch_tests(cells, 0).tests
        abc = [tests[letter].rejects() for letter in "ABC"]
        found += [
            naive.two_proportions(cells, 0).rejects(),
            naive.age_only(cells, 0, robust=False).rejects(),
            naive.age_only(cells, 0, robust=True).rejects(),
            *abc,
            all(abc),
        ]
    for share, wanted in zip(found / RUNS, expected, strict=True):
        if wanted is not None:
            noise = math.sqrt(wanted * (1 - wanted) * (1 / RUNS + 1 / RUNS_OF_TABLE))
            assert abs(share - wanted) <= 0.03 + 2 * noise, found / RUNS


def rate_of(family, runs, seed):
    called = sum(a == "foundational" for a in answers(family, np.random.default_rng(seed), runs))
    return called / runs


HELD = [
    (setting, family)
    for setting in (HELD_OUT[0], HELD_OUT[2])
    for family in families(setting)
    if family.name in (
        "cohorts vary", "gradual decline", "whale: 8% always-on accounts", "calendar shock and gradual decline",
        "cohorts vary, short first month", "cohorts vary twice as much", "steep decline",
    )
]  # fmt: skip


@pytest.mark.parametrize(("setting", "family"), HELD, ids=lambda value: value.name)
def test_false_alarms_on_held_out_nulls(setting, family):
    """At most 5%: with 40 runs a rate of 5% gives more than 5 alarms in one case of 70."""
    assert alarms(setting, family.name) <= 5 / PANELS


@pytest.mark.parametrize("setting", [HELD_OUT[0], HELD_OUT[2]], ids=lambda value: value.name)
def test_false_alarms_on_held_out_nulls_together(setting):
    """At most 5% of 280 panels of the seven families, without any allowance: five of 40 in each would be 12%. A rate of
    10% passes once in 500 times, one of 7.5% once in 15."""
    rates = [alarms(setting, family.name) for one, family in HELD if one is setting]
    assert len(rates) == 7
    assert np.mean(rates) <= 0.05, rates


@cache
def alarms(setting, name):
    """Share of the panels called foundational."""
    family = next(f for one, f in HELD if one is setting and f.name == name)
    return rate_of(family, PANELS, 90210)


@pytest.mark.parametrize("setting", [HELD_OUT[0], HELD_OUT[2]], ids=lambda value: value.name)
def test_power_on_held_out_users(setting):
    """At least 80% at a loyal share of 15% and 95% at 25%, less two standard errors of 40 runs."""
    for share, least in ((0.15, 0.8 - 0.126), (0.25, 0.95 - 0.069)):
        assert rate_of(planted(setting.sizes, share, setting.prior, setting.months), PANELS, 4711) >= least


def test_naive_tests_are_wrong_where_the_verdict_is_not():
    setting = Setting("shock", Prior(1.0, 1.0, 1.0, 2.0), 7, 8)
    shock = next(f for f in families(setting) if f.name.startswith("calendar shock at"))
    rates = measure(shock, np.random.default_rng(31), 40)
    assert rates["age only, robust"] > 0.9
    assert rates["verdict"] <= 0.05


def test_the_fitted_null_has_the_panels_retention():
    prior = Prior(1.2, 1.8, 0.9, 2.4)
    truth = Population("truth", (3000,) * 7, prior, 8)
    panel = truth.draw(np.random.default_rng(12))
    null = fitted_null(panel)
    for k in (1, 3, 5):
        assert null.expected(0, k) == pytest.approx(truth.expected(0, k), abs=0.015)
    assert null.sizes == (LARGEST_COHORT,) * 7
    assert all(abs(f - 1) < 0.15 for f in null.period.values())


def test_the_fitted_null_leaves_a_loyal_launch_cohort_out():
    panel = planted((3000,) + (1500,) * 6, 0.4, months=8).draw(np.random.default_rng(13))
    null = fitted_null(panel)
    assert null.expected(0, 5) == pytest.approx(Population("x", (1,)).expected(0, 5), abs=0.03)


def test_calendar_effects_and_the_spread_between_cohorts_are_fitted():
    family = Population("truth", (4000,) * 8, months=9, period={4: 0.5}, cohort_sd=0.4)
    panel = family.draw(np.random.default_rng(14))
    null = fitted_null(panel)
    assert null.period[4] < 0.7
    assert 0.15 < between_cohorts(panel, null) < 0.9
    alike = Population("alike", (4000,) * 8, months=9).draw(np.random.default_rng(15))
    assert between_cohorts(alike, fitted_null(alike)) < 0.12


def test_too_little_to_fit_says_so():
    panel = Population("one", (50, 50), months=3).draw(np.random.default_rng(1))
    with pytest.raises(NoFit):
        fitted_null(panel)


def test_error_rates_are_low_for_nulls_and_grow_with_the_loyal_share():
    panel = replace(planted(SIZES, 0.2, months=8).draw(np.random.default_rng(21)), min_cohort=100)
    rates = error_rates(panel, np.random.default_rng(22), 60)
    assert rates.false_positive_rate <= 0.1
    power = [rate.value for rate in rates.power]
    assert power == sorted(power)
    assert rates.power_at(0.25) >= 0.9
    assert rates.enough
    told = []
    again = error_rates(panel, np.random.default_rng(22), 10)
    once = error_rates(panel, np.random.default_rng(22), 10, progress=lambda *step: told.append(step))
    assert again == once
    simulated = sum(rate.simulations for rate in (*once.nulls, *once.power))
    assert len(told) == simulated + 1 and told == sorted(told)  # before each panel, and at the end
    assert told[0][0] == 0 and told[-1][0] == told[-1][1]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    loyal=st.sampled_from([0.0, 0.05, 0.1, 0.2]),
    sizes=st.lists(st.integers(60, 500), min_size=2, max_size=8),
    pairs=st.booleans(),
)
def test_the_cheap_tests_first_give_the_answer_of_all_tests(seed, loyal, sizes, pairs):
    groups = tuple((2,) * (n // 2) + (1,) * (n % 2) for n in sizes) if pairs else ()
    family = Population("p", tuple(sizes), loyal=loyal, cohort_sd=0.3, organisations=groups, likeness=0.4)
    clear = next(answers(family, np.random.default_rng(seed), 1))
    assert is_foundational(family, np.random.default_rng(seed)) == (clear == "foundational")


def test_a_power_near_one_is_simulated_less_often_than_one_in_the_middle():
    sure = rate(planted(SIZES, 0.4, months=8), np.random.default_rng(61), 200)
    assert (sure.called, sure.simulations) == (2 * BATCH, 2 * BATCH)
    half = rate(planted((700,) + (250,) * 6, 0.13, months=8), np.random.default_rng(62), 100)
    assert 0.2 < half.value < 0.8
    assert half.simulations > 80
    for found in (sure, half):  # as short as that of a half after all of them
        low, high = found.interval
        assert high - low <= 0.193
    few = rate(planted(SIZES, 0.4, months=8), np.random.default_rng(63), 30)
    assert (few.called, few.simulations) == (BATCH, BATCH)  # few are asked for: few tell a half as well


def test_small_cohorts_have_too_little_power_and_say_so():
    panel = planted((120,) + (60,) * 5, 0.2).draw(np.random.default_rng(23))
    assert not error_rates(panel, np.random.default_rng(24), 40).enough


def test_users_of_one_organisation_are_as_alike_as_stated_and_each_as_before():
    groups = ((25,) * 80, (5,) * 400, (1,) * 2000)
    family = Population("o", (2000,) * 3, months=6, organisations=groups, likeness=0.4)
    panel = family.draw(np.random.default_rng(41))
    assert likeness(panel.cells, [0, 1]) == pytest.approx(0.4, abs=0.08)
    assert panel.counted("user").share == pytest.approx(
        [family.expected(int(c), int(k)) for c, k in zip(panel.cells.cohort, panel.cells.age, strict=True)],
        abs=0.08,
    )
    alone = replace(family, likeness=0.0).draw(np.random.default_rng(42))
    assert likeness(alone.cells, [0, 1]) < 0.03
    assert likeness(panel.cells, [2]) == 0.0  # no pairs


def test_a_cut_cohort_keeps_its_mix_of_organisations():
    groups = ((100,) * 20 + (1,) * 2000, (100,) * 20 + (1,) * 2000, (10,) * 50)
    panel = Population("o", (4000, 4000, 500), months=5, organisations=groups).draw(np.random.default_rng(43))
    null = fitted_null(panel)
    assert sum(null.organisations[1]) == null.sizes[1] == pytest.approx(LARGEST_COHORT, rel=0.1)
    assert sum(s for s in null.organisations[1] if s == 100) == pytest.approx(null.sizes[1] / 2, rel=0.15)
    assert null.organisations[2] == (10,) * 50


def keyed(rng, loyal, keys=25, sizes=SIZES):
    """Users are keys of organisations: one life, activity and loyalty an organisation, months of each key its own."""
    each = np.array(sizes) // keys
    cohort = np.repeat(np.arange(len(each)), each)
    prior = Prior()
    p, theta = rng.beta(prior.a, prior.b, len(cohort)), rng.beta(prior.c, prior.d, len(cohort))
    stays = np.arange(len(cohort)) < round(loyal * each[0])
    p[stays], theta[stays] = 0.9, 0.0
    life = rng.geometric(np.maximum(theta, 1e-9))
    owner = np.repeat(np.arange(len(cohort)), keys)
    months = len(sizes) + 1
    age = np.arange(months) - cohort[owner][:, None]
    active = (rng.random(age.shape) < p[owner][:, None]) & (age <= life[owner][:, None]) & (age > 0)
    return Panel("k", month_range(months), cohort[owner], active | (age == 0), organisation=owner)


def test_the_power_shown_is_that_of_the_logs_organisations():
    """25 keys an organisation: 25% loyal are found in a few of 100 panels. Of users who were independent three quarters
    would be. Shown within 15 points of the truth (40 and 100 panels: four standard errors)."""
    truth = [
        decide(replace(keyed(np.random.default_rng([51, i]), 0.25), min_cohort=1), thorough=False).answer
        for i in range(100)
    ]
    real = sum(answer == "foundational" for answer in truth) / len(truth)
    shown = [
        error_rates(
            replace(keyed(np.random.default_rng([52, i]), 0.25), min_cohort=1), np.random.default_rng(i), 40
        )
        for i in range(3)
    ]
    assert real < 0.2
    for rates in shown:
        assert abs(rates.power_at(0.25) - real) <= 0.15
        assert rates.likeness > 0.3 and not rates.enough


def test_what_is_not_simulated_is_told_with_the_rates():
    panel = planted((300,) + (200,) * 5, 0.3).draw(np.random.default_rng(61))
    told = judge(panel, np.random.default_rng(62), simulations=10).as_json()["error_rates"]
    assert told["not_simulated"] == list(NOT_SIMULATED)
    assert all(part in verdict_view.LIMITS for part in NOT_SIMULATED)
    assert not any(part in verdict_view.LEGEND for part in NOT_SIMULATED)  # but with --why
    described = " ".join(verdict_command.DESCRIPTION.split())
    for words in ("the negative controls and the adjustment for the models judged together", "time on the platform, of "
                  "merged ids and of 30-day months", "cohorts before the launch, and a launch late in its month",
                  f"cohorts above {LARGEST_COHORT:,} users"):  # fmt: skip
        assert words in described
        assert any(words in part for part in NOT_SIMULATED)
