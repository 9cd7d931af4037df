"""Who joins a model at its launch: those whose work no earlier model solved, and do they stay?

Over-representation alone does not show fit. Work that nothing serves listens to releases, so with fit switched off
(a coin decides each trial) it still comes early; that is attention. What fit adds is that it stays: the second half
compares the members of a launch cohort who could all pay for the model and whose needs it meets.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.numerals import counted
from analysis.report.status import Status
from testbed.truth_checks.claim import LEAST, TruthCheck, untested
from testbed.truth_checks.estimate import Estimate, contrast, odds_ratio
from testbed.truth_checks.truth import Truth

LATER_MONTHS = 2
"""Months after the release month from which joiners count as later ones, as in the analysis."""
STAY_MONTH = 3
"""The month after joining in which staying is judged (the report's month 3)."""
STAY_LEAD = 0.10
"""Least lead of first fits over other members in that month: "far above" (the report's separation; assumed)."""
NAME = "over-represented"
CLAIM = "users whose work no earlier model solved are over-represented in launch cohorts, and stay there"


def over_represented(truth: Truth) -> TruthCheck:
    """Odds of first fit in launch cohorts against later joiners, and the lead of first fits in staying to month 3.

    Holds if the odds ratio's interval lies above 1 and the lead's above `STAY_LEAD`.
    """
    joins = truth.joins()
    joins = joins.assign(first=truth.first_fit[joins["workload"]] == joins["model"], launch=joins["lag"] == 0)
    compared = joins[joins["launch"] | (joins["lag"] >= LATER_MONTHS)]
    by = compared.groupby("model")
    launch, first = by["launch"], by["first"]
    least = np.minimum(launch.transform("sum"), launch.transform("size") - launch.transform("sum"))
    mixed = (first.transform("nunique") > 1) & (least >= LEAST)
    compared = compared[mixed]
    if not len(compared):
        words = (
            f"no model has {LEAST} joiners at launch and {LEAST} from month {LATER_MONTHS} on, and with and without "
            "first fit among them"
        )
        return untested(NAME, CLAIM, 1.0, words)
    found = odds_ratio(
        compared["first"].to_numpy(),
        compared["launch"].to_numpy(),
        compared["model"].to_numpy(),
        truth.user[compared["workload"]],
    )
    shares = compared.groupby("launch")["first"].mean()
    words = (
        f"first fit for {shares[True]:.0%} of launch joiners and {shares[False]:.0%} of later ones, in "
        f"{counted(compared['model'].nunique(), 'model')}; odds ratio {found.value:.2f} "
        f"({found.low:.2f} to {found.high:.2f}); "
    )
    lead, told = _lead(truth, joins[joins["launch"]])
    verdict: Status = "fails"
    if found.low > 1:
        if lead is None or lead.low <= STAY_LEAD < lead.high:
            verdict = "not_testable"
            told += "; whether they stay is not settled"
        elif lead.low > STAY_LEAD:
            verdict = "holds"
        else:
            told += "; that they come early shows that they listen to releases, not that the model fits"
    return TruthCheck(
        NAME, CLAIM, found.value, found.low, found.high, len(compared), 1.0, verdict, words + told
    )


def _lead(truth: Truth, members: pd.DataFrame) -> tuple[Estimate | None, str]:
    """How much more often first fits use the model in month 3 than other members who could pay; None if too few."""
    joined = truth.month(members["day"].to_numpy())
    kept = truth.affordable[members["workload"], members["model"]] & (joined + STAY_MONTH <= truth.last_month)
    members = members.assign(month=joined + STAY_MONTH)[kept]
    by = members.groupby("model")["first"]
    least = np.minimum(by.transform("sum"), by.transform("size") - by.transform("sum"))
    members = members[least >= LEAST]
    if not len(members):
        return None, f"no launch cohort has {LEAST} first fits and {LEAST} others that could pay"
    stays = truth.uses(members["workload"], members["model"], members["month"])
    first = members["first"].to_numpy()
    lead = contrast(stays, first, members["model"].to_numpy(), truth.user[members["workload"]])
    words = (
        f"of those at launch who could pay {stays[first].mean():.0%} of first fits and {stays[~first].mean():.0%} of "
        f"others use it in month {STAY_MONTH}: {100 * lead.value:+.0f} points ({100 * lead.low:+.0f} to "
        f"{100 * lead.high:+.0f}; above {100 * STAY_LEAD:+.0f} asked, assumed)"
    )
    return lead, words
