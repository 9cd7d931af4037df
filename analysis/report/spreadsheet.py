"""CSV for people, who open it in a spreadsheet: text never becomes a formula there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula, or skips before one (OWASP, CSV injection)."""


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without its index. Text that starts like a formula gets a quote (') in front, in cells and
    in the head; numbers, dates and missing values are as they are. The Parquet beside it keeps the raw text."""
    safe = frame.rename(columns=quoted)
    for place, kind in enumerate(frame.dtypes):
        if kind.kind == "O" or isinstance(kind, (pd.StringDtype, pd.CategoricalDtype)):
            column = frame.iloc[:, place].astype(object)
            safe.isetitem(place, column.map(quoted, na_action="ignore").to_numpy())
    safe.to_csv(path, index=False)


def quoted(cell: Any) -> Any:
    """A cell as it is written: text that starts like a formula has a quote in front; lines in it end with a newline,
    since a bare carriage return would end the row."""
    if not isinstance(cell, str):
        return cell
    safe = f"'{cell}" if cell.startswith(FORMULA) else cell
    return safe.replace("\r\n", "\n").replace("\r", "\n")
