"""Gaps: a table without a row is stated as not available, never shown as if it were a result."""

from __future__ import annotations

import pandas as pd

from analysis.sources.log import NotAvailable


def held(frame: pd.DataFrame, what: str, why: str) -> pd.DataFrame:
    """The frame, or NotAvailable(what, why) if it has no rows."""
    if frame.empty:
        raise NotAvailable(what, why)
    return frame
