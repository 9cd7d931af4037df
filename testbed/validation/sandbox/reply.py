"""What came back from the sandbox, as an outcome. Nothing in it is trusted: it is read as plain values, or refused."""

from __future__ import annotations

import csv
import io
import json
import signal
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pandas as pd

from testbed.validation.sandbox.outcome import PATIENCE, Failure, Limits, Outcome

SHOWN = 2_000  # characters of what was printed
PRINTED_NO_TABLE = (
    "it printed no table: a script prints its answer as CSV, such as print(table.to_csv(index=False))"
)


def outcome(head: dict[str, Any], blobs: Sequence[bytes], limits: Limits, file: str) -> Outcome:
    """The outcome of a run. head: how it ended, by those who watched it; blobs: its answer, and what it printed."""
    answer, printed, complained = blobs
    said = (printed + complained).decode(errors="replace")[:SHOWN]
    seconds = float(head["seconds"])
    if head["stopped"]:
        return Outcome(failure=head["stopped"], reason=f"{file}: {_excess(head['stopped'], limits)}", printed=said,
                       seconds=seconds)  # fmt: skip
    try:
        held = json.loads(answer) if answer else None
        if held is None and not (printed.strip() and head["status"] == 0):
            failure, reason = _ended(head["status"])
            return Outcome(failure=failure, reason=f"{file}: {reason}", printed=said, seconds=seconds)
        if held is None or held.get("printed"):
            table, notes = read_csv(printed.decode(errors="replace"), limits)
            kinds = {str(name): str(kind) for name, kind in table.dtypes.items()}
        elif "failure" in held:
            failure = held["failure"] if held["failure"] in get_args(Failure) else "error"
            return Outcome(failure=failure, reason=str(held["reason"]), printed=said, seconds=seconds)
        else:
            table, notes = table_of(held["columns"]), tuple(str(note) for note in held["notes"])
            kinds = {str(name): str(kind) for name, kind in held["kinds"].items()}
    except NoTable as error:
        return Outcome(failure="answer", reason=f"{file}: {error}", printed=said, seconds=seconds)
    except Exception:  # bytes that our side of the jail did not write
        return Outcome(
            failure="answer", reason=f"{file}: what came back is no answer", printed=said, seconds=seconds
        )
    return Outcome(table, None, "", kinds, notes, said, seconds)


class NoTable(Exception):
    """What was printed is no table; the message says why."""


def _excess(stopped: str, limits: Limits) -> str:
    return {
        "time": f"not done after {limits.seconds:g} seconds of work, or {PATIENCE * limits.seconds:g} by the clock",
        "memory": f"used more than {limits.memory_mb:,} MB of memory",
        "output": f"printed more than {limits.printed_kb:,} KB",
        "threads": f"started more than {limits.threads} threads",
        "disk": f"wrote more than {limits.disk_mb:,} MB, or thousands of files",
    }[stopped]


def _ended(status: int) -> tuple[Failure, str]:
    if status >= 0:
        return "exit", f"it ended its process with status {status} instead of giving an answer"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if name == "SIGXCPU":
        return "time", "used up its processor time"
    return "crash", f"it crashed ({name})" + (
        ", perhaps for want of memory" if name in ("SIGABRT", "SIGKILL") else ""
    )


def table_of(columns: list[dict[str, Any]]) -> pd.DataFrame:
    """A table from its columns in plain values, as `described` on the other side makes them."""
    frame = pd.DataFrame({i: _series(column) for i, column in enumerate(columns)})
    return frame.set_axis([str(column["name"]) for column in columns], axis=1)


def _series(column: dict[str, Any]) -> pd.Series[Any]:
    values, kind = column["values"], column["kind"]
    match kind:
        case "moment":
            return pd.Series(pd.to_datetime(values, unit="us", utc=bool(column["zoned"])), dtype=None)
        case "date":
            return pd.Series([None if v is None else date.fromisoformat(v) for v in values], dtype=object)
        case "decimal":
            return pd.Series([None if v is None else Decimal(v) for v in values], dtype=object)
        case "number":
            return pd.Series([None if v is None else float(v) for v in values], dtype="float64")
        case "whole" if None in values:
            return pd.Series([None if v is None else float(v) for v in values], dtype="float64")
        case "whole":
            small = all(-(1 << 63) <= v < 1 << 63 for v in values)
            return pd.Series([int(v) for v in values], dtype="int64" if small else object)
        case "flag":
            return pd.Series([None if v is None else bool(v) for v in values], dtype=object)
        case _:
            return pd.Series([None if v is None else str(v) for v in values], dtype=object)


def read_csv(text: str, limits: Limits) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table that a script printed, and notes. Lines around it are left out: it is the longest run of lines of
    equally many fields. Raises NoTable."""
    lines = [row for row in csv.reader(io.StringIO(text.strip())) if row]
    runs: list[list[list[str]]] = []
    for row in lines:
        if runs and len(runs[-1][0]) == len(row):
            runs[-1].append(row)
        else:
            runs.append([row])
    wide = [run for run in runs if len(run[0]) > 1] or (runs if len(runs) == 1 else [])
    if not wide or (len(wide[0]) == 1 and len(wide[0][0]) == 1):
        raise NoTable(PRINTED_NO_TABLE)
    head, *rows = max(wide, key=len)
    if len(head) == 1 and any("  " in row[0].strip() for row in (head, *rows)):  # a frame as it is shown
        raise NoTable(PRINTED_NO_TABLE)
    if len(rows) > limits.rows or len(head) > limits.columns:
        raise NoTable(f"the answer has {len(rows):,} rows; expected at most {limits.rows:,}")
    left = len(lines) - len(rows) - 1
    notes = (f"{left} other printed lines are left out",) if left else ()
    frame = pd.DataFrame(
        {i: _typed([row[i] for row in rows]) for i in range(len(head))}, index=range(len(rows))
    )
    return frame.set_axis([name.strip() or f"column {i + 1}" for i, name in enumerate(head)], axis=1), notes


def _typed(cells: list[str]) -> pd.Series[Any]:
    held = [cell.strip() for cell in cells]
    known = [cell for cell in held if cell not in ("", "NULL", "None", "nan", "NaN", "NaT", "<NA>")]
    gone = [None if cell in ("", "NULL", "None", "nan", "NaN", "NaT", "<NA>") else cell for cell in held]
    if known and all(cell in ("True", "False", "true", "false") for cell in known):
        return pd.Series([None if cell is None else cell in ("True", "true") for cell in gone], dtype=object)
    for kind in (int, float):
        try:
            numbers = [None if cell is None else kind(cell) for cell in gone]
        except ValueError:
            continue
        return pd.Series(
            numbers, dtype="float64" if kind is float or None in gone else object
        ).infer_objects()
    return pd.Series(gone, dtype=object)
