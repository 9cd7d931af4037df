"""Activity retention under the four definitions that tools use, each under its own name, with intervals.

One log gives four curves, and only two of them can rise:

calendar month   active in calendar month c + k (UTC). The report's; "on" month k. Gaps are allowed, so it can rise.
30-day windows   active in the k-th window of 30 times 24 hours from the user's own first request: Mixpanel's months.
                 Amplitude's are 30 days, too, but counted in whole calendar days. Gaps are allowed.
on or after      active in calendar month c + k or later: unbounded, in some tools "rolling". Never rises. It is the
                 last activity that counts, so cells near the end of the log are too low.
every month      active in every month up to c + k: what GA4's cohort exploration calls "rolling". Never rises. Not
                 known after a month that the log does not cover.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from analysis.inference.cohorts.cells import Cells
from analysis.inference.cohorts.panel import Panel
from analysis.proportions import wilson

Definition = Literal["calendar month", "30-day windows", "on or after", "every month"]
DEFINITIONS: tuple[Definition, ...] = ("calendar month", "30-day windows", "on or after", "every month")
COLUMNS = (
    "definition", "model", "cohort", "k", "users", "active", "retention", "low", "high",
    "low_by_organisation", "high_by_organisation",
)  # fmt: skip


def retention_by(definition: Definition, panel: Panel) -> pd.DataFrame:
    """Retention of every tested cohort under one definition, with the definition's name on every row.

    One row a cohort (first day of its month) and k >= 1: users, active, retention, low and high (95%, Wilson, users are
    the units) and the same by organisation (Wilson with the effective number of users; missing where the log has
    no organisations). "30-day windows" needs `panel.rewindowed` (ValueError without).
    """
    counted = _counted_as(definition, panel)
    cells = counted.counted("user")
    low, high = wilson(cells.count, cells.size)
    org_low, org_high = np.full(len(low), math.nan), np.full(len(low), math.nan)
    if counted.has_organisations:
        effective = _effective(counted.counted("organisation"))
        org_low, org_high = wilson(cells.share * effective, effective)
    frame = pd.DataFrame(
        {
            "definition": definition,
            "model": panel.model,
            "cohort": pd.to_datetime([counted.months[c] for c in cells.cohort]).astype("datetime64[us]"),
            "k": cells.age,
            "users": cells.size.astype(np.int64),
            "active": cells.count.astype(np.int64),
            "retention": cells.share,
            "low": low,
            "high": high,
            "low_by_organisation": org_low,
            "high_by_organisation": org_high,
        }
    )
    return frame[list(COLUMNS)]


def all_definitions(panel: Panel) -> pd.DataFrame:
    """`retention_by` under every definition that the panel allows, one below the other."""
    usable: Iterable[Definition] = (
        d for d in DEFINITIONS if d != "30-day windows" or panel.rewindowed is not None
    )
    return pd.concat([retention_by(d, panel) for d in usable], ignore_index=True)


def _counted_as(definition: Definition, panel: Panel) -> Panel:
    """The panel in which "active" means what the definition says."""
    from dataclasses import replace

    if definition == "calendar month":
        return panel
    if definition == "30-day windows":
        if panel.rewindowed is None:
            raise ValueError(
                "30-day windows need days: this panel was made from months alone (panel.rewindowed is None)"
            )
        return panel.rewindowed
    months = np.arange(panel.active.shape[1])
    if definition == "on or after":
        reached = np.where(panel.active, months, -1).max(axis=1)
        active = (months <= reached[:, None]) & (months >= panel.cohort[:, None])
    else:
        silent = ~panel.active & (months > panel.cohort[:, None])
        active = (np.cumsum(silent, axis=1) == 0) & (months >= panel.cohort[:, None])
        if panel.known is not None:
            begun = months >= np.arange(len(months))[:, None]
            return replace(
                panel, active=active, known=np.logical_and.accumulate(panel.known | ~begun, axis=1) & begun
            )
    return replace(panel, active=active)


def _effective(cells: Cells) -> np.ndarray:
    """Independent users that would give each share its variance between organisations."""
    return np.asarray(cells.size / cells.design_effect)
