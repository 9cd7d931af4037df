"""The window of a model: does it close once a rival is as able?

A model's window in a category closes with the release of the first other model (its successor aside) that is at least
as able there. It was never open where such a model was there before. Cohorts are users by the calendar month of their
first use of the model; the month in which the window closes is left out, as it has both kinds.

The claim fails, too, where work that is new after the rival still finds the model and stays: a rival that is as able
closes the window only if such work goes to the rival.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerals import counted
from analysis.report.status import Status
from testbed.truth_checks.claim import LEAST, TruthCheck, untested
from testbed.truth_checks.estimate import contrast, share
from testbed.truth_checks.truth import Truth

MONTH, LAST_MONTH = 3, 5
"""The ages in months at which cohorts are compared, and up to which the level of the later ones is judged (report)."""
NO_FIT = 0.15
"""Retention from month 3 on of a model that fits nobody in particular, at most (suggested for the report's panels)."""
NAME = "window"
CLAIM = "cohorts from before a rival was as able stay longer than those after it, which hardly stay at all"


def window_closes(truth: Truth) -> TruthCheck:
    """Mean retention in month 3 of cohorts before the closing month less that of cohorts after it, within models.

    Holds if its interval lies above 0 and that of the later cohorts' retention in month 5 (in the last month from 3 on
    that the world saw) below `NO_FIT`. Retention is use by the truth's spells.
    """
    joins = _cohorts(truth)
    seen = joins[joins["month"] + MONTH <= truth.last_month]
    by = seen.groupby("model")["before"]
    least = np.minimum(by.transform("sum"), by.transform("size") - by.transform("sum"))
    seen = seen[least >= LEAST]
    if not len(seen):
        words = (
            f"no model was joined by {LEAST} users before and {LEAST} after the month in which a rival became as able, "
            f"with {MONTH} months to follow"
        )
        return untested(NAME, CLAIM, 0.0, words)
    before = seen["before"].to_numpy()
    stays = truth.user_uses(seen["user"], seen["model"], seen["month"] + MONTH)
    lead = contrast(stays, before, seen["model"].to_numpy(), seen["user"].to_numpy())
    later = seen[~before]
    end = (later["month"] + LAST_MONTH).clip(upper=truth.last_month)
    level = share(truth.user_uses(later["user"], later["model"], end), later["user"].to_numpy())
    ages = (end - later["month"]).agg(["min", "max"])
    age = f"month {ages['min']}" if ages["min"] == ages["max"] else f"months {ages['min']} to {ages['max']}"
    words = (
        f"in month {MONTH} {stays[before].mean():.0%} of {before.sum():,} who came before and "
        f"{stays[~before].mean():.0%} of {len(later):,} who came after: {100 * lead.value:+.0f} points "
        f"({100 * lead.low:+.0f} to {100 * lead.high:+.0f}), {counted(seen['model'].nunique(), 'model')}; in {age} "
        f"{level.value:.0%} ({level.low:.0%} to {level.high:.0%}) of those after (below {NO_FIT:.0%} asked, assumed)"
    )
    verdict: Status = "fails"
    if lead.low > 0 and level.high < NO_FIT:
        verdict = "holds"
    elif lead.low > 0 and level.low < NO_FIT:
        verdict, words = "not_testable", words + "; too few to tell whether these hardly stay"
    elif lead.low > 0:
        words += "; those after stay less, but stay"
    else:
        words += "; those before are not shown to stay longer"
    return TruthCheck(NAME, CLAIM, lead.value, lead.low, lead.high, len(seen), 0.0, verdict, words)


def _cohorts(truth: Truth) -> pd.DataFrame:
    """Users by model with its window open at first: user, model, month, before (the closing month, not after it)."""
    joins = truth.joins().sort_values("day", kind="stable")
    joins = joins.assign(user=truth.user[joins["workload"]], month=truth.month(joins["day"].to_numpy()))
    # The workload with which a user came says in which category rivals count.
    joins = joins.drop_duplicates(["user", "model"])
    model, category = joins["model"].to_numpy(), truth.category[joins["workload"]]
    closes = _closing_day(truth)[model, category]
    opened = truth.released[model] < closes
    closing = truth.month(closes)
    joins = joins.assign(before=joins["month"] < closing)[opened & (joins["month"] != closing)]
    return joins[["user", "model", "month", "before"]]


def _closing_day(truth: Truth) -> NDArray[np.int64]:
    """By model and category, the release of the first other model at least as able; long after the end if none."""
    out = np.full(truth.ability.shape, 10 * truth.days, dtype=np.int64)
    for model in range(len(truth.names)):
        rivals = np.arange(len(truth.names))
        rivals = rivals[(rivals != model) & (rivals != truth.successor[model])]
        as_able = truth.ability[rivals] >= truth.ability[model]
        some = as_able.any(axis=0)
        if len(rivals):
            out[model, some] = truth.released[rivals[as_able.argmax(axis=0)]][some]
    return out
