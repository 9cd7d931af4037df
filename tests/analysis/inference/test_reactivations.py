"""Reactivations of users who share organisations: keys that come back together are no independent users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.inference.cohorts.populations import Population
from analysis.inference.curves.reactivations import find_reactivations


def with_returns():
    """A panel, its activity with a quarter of the silent users of the cohort 3 back in month 6, and who they are."""
    panel = Population("none", (800,) * 8).draw(np.random.default_rng(3))
    rng = np.random.default_rng(4)
    silent = np.flatnonzero((panel.cohort == 3) & ~panel.active[:, 6])
    back = rng.choice(silent, len(silent) // 4, replace=False)
    active = panel.active.copy()
    active[back, 6] = True
    return panel, active, back


def test_keys_of_one_organisation_that_come_back_together_are_one_return():
    """A quarter of the silent users of a cohort come back in one month. As users of their own they are a reactivation;
    all as keys of one organisation they are a single event, and none."""
    panel, active, back = with_returns()
    owner = np.arange(panel.users)
    alone = find_reactivations(replace(panel, active=active))
    assert [(j.cohort, j.age) for j in alone if j.confirmed] == [(3, 3)]
    owner[back] = back[0]
    together = find_reactivations(replace(panel, active=active, organisation=owner))
    (reactivation,) = [j for j in together if (j.cohort, j.age) == (3, 3)]
    (before,) = [j for j in alone if (j.cohort, j.age) == (3, 3)]
    assert reactivation.p_rise > 0.05 > before.p_rise
    assert not any(j.confirmed for j in together)


@pytest.mark.parametrize("share", [1.0, 0.99, 0.5])
def test_a_cohort_that_is_one_organisation_has_no_jump_that_can_be_confirmed(share):
    """All that its users do together is one event. The younger cohorts are then judged without it."""
    panel, active, _ = with_returns()
    owner = np.arange(panel.users)
    own = np.flatnonzero(panel.cohort == 3)
    owner[own[: int(share * len(own))]] = own[0]
    assert not any(j.confirmed for j in find_reactivations(replace(panel, active=active, organisation=owner)))
    younger = np.flatnonzero((panel.cohort == 4) & ~active[:, 7])
    active[younger[: len(younger) // 3], 7] = True
    found = find_reactivations(replace(panel, active=active, organisation=owner))
    assert [(j.cohort, j.age) for j in found if j.confirmed] == [(4, 3)]
    assert not [j for j in found if j.cohort == 3]
