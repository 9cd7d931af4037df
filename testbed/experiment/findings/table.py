"""The tidy table of an experiment: one row a run and pattern."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.report.spreadsheet import write_csv
from testbed.experiment.plan import Plan
from testbed.experiment.runs import Record

FIRST = ("experiment", "world", "effect", "arm")
LAST = (
    "replicate",
    "seed",
    "pattern",
    "status",
    "holds",
    "value",
    "why",
    "directions",
    "seconds",
    "key",
    "trace",
)


def tidy(plan: Plan, records: Mapping[str, Record]) -> pd.DataFrame:
    """The table. Columns: experiment, world, effect (absent, present or empty), arm, a column `factor.NAME` with the
    level of each factor (empty: as the world has it), replicate, seed, pattern, status (ok, not_testable, failed),
    holds (missing where it cannot be told), value, why, directions (how those of a claim were tested and on what
    numbers, as JSON, in the order of its conditions; empty for others), seconds (of the whole run), key, trace (the
    traceback of what failed, else empty). Runs that are not finished have no row; failed ones do."""
    rows = []
    for cell in plan.cells:
        record = records.get(cell.task.key)
        if record is None:
            continue
        common = {
            "experiment": plan.name, "world": cell.world.name, "effect": cell.world.effect or "", "arm": cell.arm.name,
            **{f"factor.{name}": plan.level_of(cell.arm, name) for name in plan.factors},
            "replicate": cell.replicate, "seed": cell.task.seed,
        }  # fmt: skip
        for pattern in plan.patterns:
            answer = record["patterns"].get(pattern.name)
            if answer is None:
                continue
            rows.append(common | {
                "pattern": pattern.name, "status": answer["status"], "holds": answer["holds"], "value": answer["value"],
                "why": answer["why"], "directions": _directions(answer.get("line", {})),
                "seconds": record["seconds"], "key": cell.task.key,
                "trace": answer.get("trace") or record.get("trace") or "" if answer["status"] == "failed" else "",
            })  # fmt: skip
    columns = [*FIRST, *(f"factor.{name}" for name in plan.factors), *LAST]
    frame = pd.DataFrame(rows, columns=columns)
    kinds = {
        "replicate": "int64",
        "seed": "int64",
        "holds": "boolean",
        "value": "float64",
        "seconds": "float64",
    }
    return frame.astype(kinds)


def _directions(line: Mapping[str, Any]) -> str:
    tests = [condition.get("test") for condition in line.get("parts") or [line]]
    return json.dumps(tests) if any(tests) else ""


def write(frame: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the table as CSV and as Parquet."""
    csv, parquet = folder / "runs.csv", folder / "runs.parquet"
    write_csv(frame, csv)
    frame.to_parquet(parquet, index=False)
    return [csv, parquet]
