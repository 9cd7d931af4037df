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
    """Plain types without NaN or infinity, which become None; days become ISO text."""
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
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
