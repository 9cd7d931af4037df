"""Results in plain types, for programs: what is not known is null."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A row a dictionary, in plain types."""
    return [plain(row) for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """Plain types without NaN, infinity or missing values, which become None; days become ISO text."""
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, dict):
        return {str(k): plain(held) for k, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    return finite(value) if isinstance(value, float) else value


def finite(value: float | None) -> float | None:
    """A number, or None where it is not known: NaN, or without bound."""
    return float(value) if value is not None and math.isfinite(value) else None
