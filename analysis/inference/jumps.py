"""Resurrection jumps: cohorts that come back after silence, by more than chance, habit or the calendar explains.

A jump of cohort c at age k needs: a rise of at least three points after a fall; more users who come back than who
fall silent (paired: McNemar, exact); and a bend that no mix of users who skip months and leave for good can show
(their curves are log-convex), beyond the bend that older cohorts show in the same calendar months. Both p-values are
adjusted for all cells looked at (Holm). The oldest cohort has no older one beside it and is not judged.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.inference.classification import EARLIEST_JUMP, RETURNERS, RISE, Jump
from analysis.inference.multiplicity import adjusted
from analysis.inference.panel import Cells, Floats, Panel


def resurrections(panel: Panel) -> tuple[Jump, ...]:
    """Candidate jumps of all cohorts but the oldest, with their p-values; `Jump.confirmed` says which hold."""
    from scipy import stats

    cells = panel.cells
    index = {(int(c), int(k)): i for i, (c, k) in enumerate(zip(cells.cohort, cells.age, strict=True))}
    looked_at: list[Jump] = []
    for cohort in cells.cohorts[1:]:
        activity = panel.ages(cohort)
        for k in range(EARLIEST_JUMP, activity.shape[1] - 1):
            back = int((~activity[:, k - 1] & activity[:, k]).sum())
            gone = int((activity[:, k - 1] & ~activity[:, k]).sum())
            rise = float(stats.binom.sf(back - 1, back + gone, 0.5)) if back + gone else 1.0
            before, after = (float(cells.share[index[cohort, age]]) for age in (k - 1, k))
            silent = (~activity[:, 1:k]).any(axis=1)
            actives = int(activity[:, k].sum())
            returners = float((silent & activity[:, k]).sum() / actives) if actives else 0.0
            shape = _bend_beyond_older(cells, index, cohort, k)
            looked_at.append(Jump(cohort, k, before, after, returners, rise, shape))
    if not any(_is_candidate(j, cells, index) for j in looked_at):
        return ()
    rises, shapes = (
        adjusted(p, "holm") for p in ([j.p_rise for j in looked_at], [j.p_shape for j in looked_at])
    )
    return tuple(
        Jump(j.cohort, j.age, j.before, j.after, j.returners, p_rise, p_shape)
        for j, p_rise, p_shape in zip(looked_at, rises, shapes, strict=True)
        if _is_candidate(j, cells, index) and math.isfinite(p_shape)
    )


def _is_candidate(jump: Jump, cells: Cells, index: dict[tuple[int, int], int]) -> bool:
    """A rise of three points after a fall, with a quarter of the actives back from silence."""
    first = float(cells.share[index[jump.cohort, 1]])
    earlier = float(cells.share[index[jump.cohort, jump.age - 2]]) if jump.age >= 3 else 1.0
    fell = jump.before < first or jump.before < earlier
    return jump.after - jump.before >= RISE and fell and jump.returners >= RETURNERS


def _bend_beyond_older(cells: Cells, index: dict[tuple[int, int], int], cohort: int, k: int) -> float:
    """p-value that ln R bends down at (cohort, k) by more than older cohorts do in the same months; NaN without any.

    Older cohorts bend less by nature, so that the comparison errs towards finding nothing.
    """
    from scipy import stats

    own = _bend(cells, [index[cohort, k + step] for step in (-1, 0, 1)])
    others = [
        bend
        for c in cells.cohorts
        if c < cohort
        and (bend := _bend(cells, [index[c, cohort + k - c + step] for step in (-1, 0, 1)])) is not None
    ]
    if own is None or not others:
        return math.nan
    weights = np.array([1 / variance for _, variance in others])
    mean = float(weights @ [bend for bend, _ in others] / weights.sum())
    return float(stats.norm.cdf((own[0] - mean) / math.sqrt(own[1] + 1 / weights.sum())))


def _bend(cells: Cells, at: list[int]) -> tuple[float, float] | None:
    """ln R(k-1) - 2 ln R(k) + ln R(k+1) and its variance from the same users; None where nobody was active."""
    r: Floats = cells.share[at]
    if (r <= 0).any():
        return None
    slope = np.array([1.0, -2.0, 1.0]) / r
    variance = float(slope @ cells.covariance[np.ix_(at, at)] @ slope)
    return (float(np.log(r) @ [1.0, -2.0, 1.0]), variance) if variance > 0 else None
