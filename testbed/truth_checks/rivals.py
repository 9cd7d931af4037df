"""What a better rival does to the users of a model: those for whom it was the first fit, and the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.report.status import Status
from testbed.truth_checks.claim import LEAST, TruthCheck, untested
from testbed.truth_checks.estimate import change
from testbed.truth_checks.truth import Truth

MONTH_DAYS = 30
MONTHS_AROUND = 3
"""Months of 30 days before and after a rival's release that the event study compares (assumed)."""
NO_JUMP = 0.02
"""A monthly exit hazard that rises by less does not jump: 2 points, some 6% of users in three months (assumed)."""
NAME = "stay"
CLAIM = (
    "a better rival does not make those leave for whom the model was the first fit, even where others leave"
)


def stay_when_rivals_come(truth: Truth) -> TruthCheck:
    """Event study of the monthly hazard of moving to another model, after against before the release of the first
    usable rival that is more able in the workload's category; only homes that were begun by that release.

    Holds if the first fits' jump lies below `NO_JUMP` and that of the others above 0, or below `NO_JUMP` too: then
    nobody leaves, and the words say so. Fails if first fits' exits rise and are not shown to rise by less than that.
    """
    panel = exits(truth)
    sizes = panel.groupby(["first", "after"])["exit"].agg(["size", "mean"])
    if len(sizes) < 4 or sizes["size"].min() < LEAST:
        words = (
            f"fewer than {LEAST} workload-months of first fits or of others within {MONTHS_AROUND} months before or "
            "after a better rival's release"
        )
        return untested(NAME, CLAIM, NO_JUMP, words, len(panel))
    own, others = (
        change(rows["exit"].to_numpy(), rows["after"].to_numpy(), rows["user"].to_numpy())
        for rows in (panel[panel["first"]], panel[~panel["first"]])
    )
    rate = {key: 100 * sizes["mean"][key] for key in sizes.index}
    words = (
        f"monthly exits to another model before and after: first fit {rate[True, False]:.1f}% and "
        f"{rate[True, True]:.1f}%, {100 * own.value:+.1f} points ({100 * own.low:+.1f} to {100 * own.high:+.1f}; below "
        f"{100 * NO_JUMP:+.0f} asked, assumed); others {rate[False, False]:.1f}% and {rate[False, True]:.1f}%, "
        f"{100 * others.value:+.1f} points ({100 * others.low:+.1f} to {100 * others.high:+.1f}); {MONTHS_AROUND} "
        "months on each side; "
    )
    verdict: Status
    if own.high >= NO_JUMP:
        verdict = "fails" if own.low > 0 else "not_testable"
        words += "first fits leave too" if own.low > 0 else "too few to tell whether first fits stay"
    elif others.low > 0:
        verdict, words = "holds", words + "first fits stay, others leave"
    elif others.high < NO_JUMP:
        verdict, words = (
            "holds",
            words + "first fits stay, and so do the others: the rival makes nobody leave",
        )
    else:
        verdict, words = "not_testable", words + "first fits stay; too few to tell whether others leave"
    return TruthCheck(NAME, CLAIM, own.value, own.low, own.high, len(panel), NO_JUMP, verdict, words)


def exits(truth: Truth) -> pd.DataFrame:
    """Workload-months at risk around the rival's release: exit, first (fit), after (the release), user."""
    tenures = truth.tenures
    workload, model, begin, end, moved_to = (
        tenures[name].to_numpy() for name in ("workload", "model", "begin", "end", "moved_to")
    )
    # Who goes on within the line of the model has not left it for a rival.
    left = (moved_to >= 0) & ~_same_line(truth, model, moved_to)
    rival = _rival_day(truth, workload, model)
    parts = []
    for period in range(-MONTHS_AROUND, MONTHS_AROUND):
        opens = rival + MONTH_DAYS * period
        # Who came after the rival chose with it in sight: that is no test of staying.
        at_risk = (begin <= np.minimum(opens, rival)) & (end > opens) & (opens + MONTH_DAYS <= truth.days)
        parts.append(
            pd.DataFrame({
                "exit": (left & (end <= opens + MONTH_DAYS))[at_risk],
                "first": (truth.first_fit[workload] == model)[at_risk],
                "after": period >= 0,
                "user": truth.user[workload][at_risk],
            })
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _same_line(
    truth: Truth, one: NDArray[np.int64] | np.int64, other: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether models are of one product line."""
    return np.asarray((truth.line[one] == truth.line[other]) & (truth.line[one] >= 0))


def _rival_day(truth: Truth, workload: NDArray[np.int64], model: NDArray[np.int64]) -> NDArray[np.int64]:
    """The release of the first later model that a workload could use and that is more able than its home; `days` and
    more if none comes. A home's successor and later models of its line are no rivals.
    """
    out = np.full(len(model), 10 * truth.days, dtype=np.int64)
    for home in np.unique(model):
        rows = np.flatnonzero(model == home)
        category = truth.category[workload[rows]]
        rivals = np.flatnonzero(truth.released > truth.released[home])
        rivals = rivals[(rivals != truth.successor[home]) & ~_same_line(truth, home, rivals)]
        if not len(rivals):
            continue
        better = truth.ability[home, category][:, None] < truth.ability[np.ix_(rivals, category)].T
        better &= truth.usable[np.ix_(workload[rows], rivals)]
        some = better.any(axis=1)
        out[rows[some]] = truth.released[rivals[better[some].argmax(axis=1)]]
    return out
