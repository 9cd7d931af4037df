"""Resurrection jumps of users who share organisations: keys that come back together are no independent users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.inference.jumps import resurrections
from analysis.inference.populations import Population


def test_keys_of_one_organisation_that_come_back_together_are_one_return():
    """A quarter of the silent users of a cohort come back in one month. As users of their own they are a jump; all as
    keys of one organisation they are a single event, and none."""
    panel = Population("none", (800,) * 8).draw(np.random.default_rng(3))
    rng = np.random.default_rng(4)
    silent = np.flatnonzero((panel.cohort == 3) & ~panel.active[:, 6])
    back = rng.choice(silent, len(silent) // 4, replace=False)
    active = panel.active.copy()
    active[back, 6] = True
    owner = np.arange(panel.users)
    alone = resurrections(replace(panel, active=active))
    assert [(j.cohort, j.age) for j in alone if j.confirmed] == [(3, 3)]
    owner[back] = back[0]
    together = resurrections(replace(panel, active=active, organisation=owner))
    (jump,) = [j for j in together if (j.cohort, j.age) == (3, 3)]
    (before,) = [j for j in alone if (j.cohort, j.age) == (3, 3)]
    assert jump.p_rise > 0.05 > before.p_rise
    assert not any(j.confirmed for j in together)
