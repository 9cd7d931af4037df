"""What user code returned, in plain values: columns with their kinds, as JSON, so that the trusted side reads nothing
else. Any frame will do: pandas, polars, Arrow, a DuckDB relation, a list of rows, a dictionary of columns."""

from __future__ import annotations

import datetime as dt
import inspect
import math
from decimal import Decimal
from numbers import Integral, Number
from typing import Any

import pandas as pd

NO_TABLE = (
    "expected a table: a data frame of pandas or polars, an Arrow table, a DuckDB relation, or a list of rows"
)


class Refused(Exception):
    """There is no answer: which kind of failure, and why, for people."""

    def __init__(self, failure: str, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


def described(value: Any, rows: int, columns: int) -> dict[str, Any]:
    """The answer in plain values. rows, columns: at most so many. Raises Refused."""
    frame, kinds = _frame(value)
    if len(frame) > rows or len(frame.columns) > columns:
        size = f"{len(frame):,} rows and {len(frame.columns):,} columns"
        raise Refused("answer", f"the answer has {size}; expected at most {rows:,} and {columns:,}")
    notes: list[str] = []
    held = [_column(str(name), frame.iloc[:, i], notes) for i, name in enumerate(frame.columns)]
    return {"columns": held, "kinds": kinds, "notes": notes}


def _frame(value: Any) -> tuple[pd.DataFrame, dict[str, str]]:
    """A table of any library as one of pandas, and the kinds of its columns as that library calls them."""
    root, name = type(value).__module__.split(".")[0], type(value).__name__
    if isinstance(value, pd.DataFrame):
        frame = value
    elif isinstance(value, pd.Series):
        frame = value.to_frame(value.name if value.name is not None else "value")
    elif root == "polars" and name in ("DataFrame", "LazyFrame"):
        held = value.collect() if name == "LazyFrame" else value
        return held.to_arrow().to_pandas(), {one: str(kind) for one, kind in held.schema.items()}
    elif (
        root == "pyarrow"
        and hasattr(value, "schema")
        and (hasattr(value, "to_pandas") or hasattr(value, "read_all"))
    ):
        held = value if hasattr(value, "to_pandas") else value.read_all()
        return held.to_pandas(), {one.name: str(one.type) for one in held.schema}
    elif root in ("duckdb", "_duckdb") and hasattr(value, "df"):
        kinds = {str(one[0]): str(one[1]) for one in value.description or ()}
        return value.df(), kinds
    elif isinstance(value, list | dict) and value:
        try:
            frame = pd.DataFrame(value)
        except (ValueError, TypeError):
            raise Refused("answer", f"a {name} came back that is no table; {NO_TABLE}") from None
    elif value is None:
        raise Refused("answer", f"nothing came back (None): is the return missing? {NO_TABLE}")
    elif inspect.isgenerator(value) or inspect.iscoroutine(value):
        raise Refused(
            "answer", f"a {name} came back, which has not run: use return, not yield or async; {NO_TABLE}"
        )
    else:
        raise Refused("answer", f"a {root}.{name} came back; {NO_TABLE}" if root != "builtins"
                      else f"a value of type {name} came back; {NO_TABLE}")  # fmt: skip
    if any(one is not None for one in frame.index.names):  # what was grouped by
        frame = frame.reset_index()
    if isinstance(frame.columns, pd.MultiIndex):
        frame = frame.set_axis(
            ["_".join(str(part) for part in name if part) for name in frame.columns], axis=1
        )
    return frame, {str(one): str(kind) for one, kind in zip(frame.columns, frame.dtypes, strict=True)}


def _column(name: str, series: pd.Series[Any], notes: list[str]) -> dict[str, Any]:
    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if pd.api.types.is_datetime64_any_dtype(series):
        zoned = series.dt.tz is not None
        plain = (series.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else series).astype(
            "datetime64[us]"
        )
        moments = [None if missing else moment for missing, moment in
                   zip(plain.isna(), plain.astype("int64").tolist(), strict=True)]  # fmt: skip
        return {"name": name, "kind": "moment", "zoned": zoned, "values": moments}
    cells = [None if _missing(cell) else cell for cell in series.tolist()]
    lacking = cells.count(None) if pd.api.types.is_float_dtype(series) else 0
    if lacking:
        notes.append(f"{name}: {lacking} of {len(cells)} values are missing or NaN")
    if any(isinstance(cell, float) and math.isinf(cell) for cell in cells):
        notes.append(f"{name}: has infinite values: something is divided by 0")
    kinds = {_kind(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {"whole", "number", "decimal"}:
        kind = "decimal" if "decimal" in kinds else "number" if "number" in kinds else "whole"
    elif len(kinds) > 1 or kinds == {"other"}:
        kind = "text"
        notes.append(f"{name}: holds {' and '.join(sorted({type(c).__name__ for c in cells if c is not None}))}; "
                     "taken as text")  # fmt: skip
    else:
        kind = kinds.pop() if kinds else "text"
    zoned = kind == "instant"
    return {"name": name, "kind": "moment" if zoned else kind, "zoned": zoned,
            "values": [None if cell is None else _WRITE[kind](cell) for cell in cells]}  # fmt: skip


def _missing(cell: Any) -> bool:
    return cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def _kind(cell: Any) -> str:
    if isinstance(cell, bool) or type(cell).__name__ == "bool":
        return "flag"
    if isinstance(cell, str):
        return "text"
    if isinstance(cell, Decimal):
        return "decimal"
    if isinstance(cell, Integral):
        return "whole"
    if isinstance(cell, Number) and not isinstance(cell, complex):
        return "number"
    if isinstance(cell, dt.datetime):
        return "instant" if cell.tzinfo else "moment"
    return "date" if isinstance(cell, dt.date) else "other"


def _microseconds(moment: dt.datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


_WRITE: dict[str, Any] = {
    "flag": bool, "text": str, "whole": int, "number": float, "decimal": str, "moment": _microseconds,
    "instant": _microseconds, "date": lambda day: day.isoformat(),
}  # fmt: skip
