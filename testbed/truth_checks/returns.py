"""Who returns to a model: had they used another one meanwhile?"""

from __future__ import annotations

import numpy as np

from analysis.numerals import counted
from analysis.report.status import Status
from testbed.truth_checks.claim import LEAST, TruthCheck, untested
from testbed.truth_checks.estimate import share
from testbed.truth_checks.truth import Truth

NAME = "returners"
CLAIM = "most of those who return to a model used other models meanwhile"


def returners(truth: Truth) -> TruthCheck:
    """Share of returns of a workload to a model, after a calendar month or more without it, that used another one then.

    By workload and not by user: a user with two jobs uses other models anyway. Holds if the interval lies above a half.
    """
    months = truth.used
    gap = months.groupby(["workload", "model"])["month"].diff()
    back = months[gap > 1]
    if len(back) < LEAST:
        words = (
            f"{counted(len(back), 'return')} to a model after a month without it; at least {LEAST} are needed"
        )
        return untested(NAME, CLAIM, 0.5, words, len(back))
    # In the gap the model itself was not used, so any use of the workload then is of another model.
    width = int(months["month"].max()) + 2
    used = np.unique((months["workload"] * width + months["month"]).to_numpy())
    returned = (back["workload"] * width + back["month"]).to_numpy()
    left = returned - gap[gap > 1].to_numpy().astype(np.int64)
    tried = np.searchsorted(used, returned) > np.searchsorted(used, left + 1)
    found = share(tried, truth.user[back["workload"]])
    words = (
        f"in {found.value:.0%} ({found.low:.0%} to {found.high:.0%}) of {counted(len(tried), 'return')} of a workload "
        "after a calendar month or more without the model"
    )
    words += f"; {counted(moved_back(truth), 'move')} back to a home that had been left for another one"
    verdict: Status = "holds" if found.low > 0.5 else "fails"
    return TruthCheck(NAME, CLAIM, found.value, found.low, found.high, len(tried), 0.5, verdict, words)


def moved_back(truth: Truth) -> int:
    """How many times work moved back to a model that it had left for another one after a comparison or an upgrade.

    A trial or a use beside another home is no move, nor is a home that is found again after it was lost.
    """
    tenures = truth.tenures
    moves = tenures[tenures["moved_to"] >= 0]
    left = moves.groupby(["workload", "model"], as_index=False)["end"].min()
    back = moves.merge(
        left, left_on=["workload", "moved_to"], right_on=["workload", "model"], suffixes=("", "_left")
    )
    return int((back["end"] > back["end_left"]).sum())
