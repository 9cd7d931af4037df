"""How often the rules of lessons 2 to 5 and 7 are wrong, over seeds, and that what the lessons advise mends it."""

from __future__ import annotations

import numpy as np
import pytest

from lessons.course import exposure, plateau, small_numbers, sorting
from lessons.experiments.search import search

SEEDS = (1, 2, 3)


def test_a_month_that_is_not_over_raises_the_alarm_and_its_end_calms_it():
    groups = exposure.GROUPS * len(SEEDS)
    early = sum(exposure.fall_alarms(exposure.seen(seed=seed)) for seed in SEEDS)
    whole = sum(exposure.fall_alarms(exposure.seen(last=exposure.WHOLE, seed=seed)) for seed in SEEDS)
    assert early >= 0.95 * groups and whole <= 0.2 * groups, (early, whole)


def test_a_late_launch_looks_loyal_by_calendar_months_and_not_by_days_since_the_first_one():
    groups = exposure.GROUPS * len(SEEDS)
    calendar = sum(exposure.lead_alarms(exposure.seen(last=exposure.WHOLE, seed=seed)) for seed in SEEDS)
    fair = sum(exposure.lead_alarms(exposure.windows(seed=seed)) for seed in SEEDS)
    assert calendar >= 0.4 * groups and fair <= 0.2 * groups, (calendar, fair)


@pytest.mark.parametrize("launch, low, high", [(1, 0.93, 1.07), (15, 1.04, 1.22), (27, 1.12, 1.35)])
def test_the_later_the_launch_the_better_month_1_looks(launch, low, high):
    """Expected for a constant chance to leave: the mean of exp(t/60 days) over the days of joining, which is 1.00, 1.12
    and 1.22 times that of a whole month."""
    found = []
    for seed in SEEDS:
        cells = exposure.cells(exposure.seen(launch, exposure.WHOLE, seed)).query("k == 1")
        found.append(cells["retention"].iloc[0] / cells["retention"].iloc[1:].mean())
    assert low <= sum(found) / len(found) <= high, found


def test_the_best_of_twelve_small_cohorts_leads_by_luck_and_a_second_look_tells():
    rates = {
        size: small_numbers.alarms(small_numbers.Kind(size)) / small_numbers.REPEATS for size in (20, 50, 500)
    }
    assert rates[20] > 0.85 and 0.5 < rates[50] < 0.75 and rates[500] == 0.0
    assert small_numbers.alarms(small_numbers.Kind(50), twice=True) / small_numbers.REPEATS < 0.08
    found = small_numbers.looks(small_numbers.Kind(1000, better=True))
    assert (found.first >= small_numbers.MARGIN).mean() > 0.95 and found.right.all()


def test_sorting_passes_for_loyalty_until_each_kind_is_asked():
    groups = sorting.GROUPS * len(SEEDS)
    told = {
        (loyal, within): sum(
            sorting.alarms(sorting.variant(loyal=loyal), seed, within=within) for seed in SEEDS
        )
        for loyal in (False, True)
        for within in (False, True)
    }
    assert told[False, False] == groups, "the naive reading is always wrong here"
    assert told[False, True] <= 0.1 * groups
    assert told[True, False] == groups and told[True, True] >= 0.9 * groups


def test_more_years_tell_a_plateau_from_slow_decay_and_five_do_not():
    errors = [plateau.error(years) for years in (3, 5, 8, 12)]
    assert errors == sorted(errors, reverse=True)
    assert errors[1] > 0.25 and errors[2] < 0.06 and errors[3] < 0.01
    assert plateau.error(5, 20000) < plateau.error(5, 1000) < plateau.error(5, 200)


def test_curves_that_agree_on_the_years_seen_part_afterwards():
    assert plateau.inside() < 0.02
    low, high = plateau.spread(plateau.FAR)
    assert high - low > 0.15
    low, high = plateau.spread(plateau.LAST)
    assert low < plateau.Customers().share(plateau.LAST) < high


def test_the_best_of_many_looks_passes_for_special_until_it_meets_the_best_of_noise():
    """At a level of 5%, 4 or more alarms in 20 searches have a chance of 2%. The best of users who were dealt out anew
    is as large as the best of worlds that were drawn anew (20 of them: standard error of their median 0.13)."""
    noise = [search(seed=seed) for seed in range(1, 21)]
    assert sum(found.naive > 0 for found in noise) >= 18
    assert sum(found.beyond_noise > 0 for found in noise) <= 3
    drawn = float(np.median([found.z.max() for found in noise]))
    assert float(np.median(noise[0].best_of_noise)) == pytest.approx(drawn, abs=0.35)
    one = [search(truth="one", seed=seed) for seed in range(1, 7)]
    assert all(found.z[0, 0] > found.to_beat for found in one)
