"""The numbers behind the answers, of patterns that have several: a table a run and number, and its summary by arm."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pandas as pd

from analysis.numerals import NONE
from testbed.claims.amounts import spread
from testbed.claims.measuring.measured import Unit
from testbed.experiment.plan import Plan
from testbed.experiment.runs import Record
from testbed.markdown import heading, row

COLUMNS = ["experiment", "world", "arm", "replicate", "seed", "pattern", "number", "value", "unit"]
ABOUT = "Mean over the replicates, in brackets the smallest and the largest. A dash: no run has this number."


def numbers(plan: Plan, records: Mapping[str, Record]) -> pd.DataFrame:
    """One row a run, pattern and number. Columns: experiment, world, arm, replicate, seed, pattern, number (its name),
    value (missing where the run has none), unit."""
    rows = [
        {
            "experiment": plan.name, "world": cell.world.name, "arm": cell.arm.name, "replicate": cell.replicate,
            "seed": cell.task.seed, "pattern": pattern.name, "number": name, **number,
        }
        for cell in plan.cells
        for pattern in plan.patterns
        for name, number in _answer(records, cell.task.key, pattern.name).get("numbers", {}).items()
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"replicate": "int64", "seed": "int64", "value": "float64"})


def _answer(records: Mapping[str, Record], key: str, pattern: str) -> dict[str, Any]:
    record = records.get(key)
    return {} if record is None else record["patterns"].get(pattern, {})


def markdown(plan: Plan, frame: pd.DataFrame) -> list[str]:
    """The lines of a page: for each arm the mean of each number over the replicates, with the smallest and the
    largest; a dash where no run has one. Empty if no pattern has numbers."""
    if frame.empty:
        return []
    shown = [pattern for pattern in plan.patterns if pattern.name in set(frame["pattern"])]
    lines = ["", "## The numbers", "", ABOUT, ""]
    for asked in dict.fromkeys(pattern.bound.pattern for pattern in shown):
        lines.append(f"- {asked.name}: {asked.about}.")
    for world in plan.worlds:
        for arm in plan.arms:
            own = frame[(frame["world"] == world.name) & (frame["arm"] == arm.name)]
            if own.empty:
                continue
            lines += ["", f"### {arm.name if len(plan.worlds) == 1 else f'{world.name}: {arm.name}'}"]
            for asked, alike in groupby(shown, lambda pattern: pattern.bound.pattern):
                lines += ["", *_table(asked.name, own, [pattern.name for pattern in alike])]
    return lines


def _table(first: str, own: pd.DataFrame, names: list[str]) -> list[str]:
    """A row a pattern, a column a number; first: heads the patterns."""
    rows = {name: own[own["pattern"] == name] for name in names}
    units = dict(zip(own["number"], own["unit"], strict=True))
    columns = list(dict.fromkeys(number for frame in rows.values() for number in frame["number"]))
    heads = [f"{column}, points" if units[column] == "points" else column for column in columns]
    lines = heading(first, *heads)
    for name, frame in rows.items():
        lines.append(row(name, *(_over(frame[frame["number"] == column]) for column in columns)))
    return lines


def _over(rows: pd.DataFrame) -> str:
    """Mean (smallest to largest) of a number over the replicates."""
    values = rows["value"].dropna()
    if values.empty:
        return NONE
    unit: Unit = rows["unit"].iloc[0]
    signed = unit == "points" and values.min() < 0
    return spread(values.tolist(), unit, signed, bare=True)
