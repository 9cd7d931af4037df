"""Experiment files over a tiny world, and tables with known answers."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from testbed.claims import verdict
from testbed.experiment.plan import Plan

TINY = """\
title: A tiny experiment
question: Does it run?
base: one-frontier-model.yaml
users: 3000
replicates: 3
set: {start: 2024-12-01, end: 2025-06-30}
factors:
  fit: {switch: mechanisms.fit}
  lock_in: {key: mechanisms.lock_in.strength, base: 1.5, levels: [0, 3]}
arms: {designs: [one_at_a_time]}
patterns:
  launch: {is: launch-cohort-stands-out, with: {model: new/frontier, k: 3}, \
expect: {fit: necessary, lock_in: irrelevant}}
  kept: {is: cohort-retention, with: {model: new/frontier, k: 4, at_least: 0.2}}
"""


def write(folder: Path, text: str = TINY, name: str = "tiny.yaml") -> Path:
    """An experiment file."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def table(
    plan: Plan,
    holds: dict[tuple[str, str, str], str],
    values: dict | None = None,
    changes: dict | None = None,
) -> pd.DataFrame:
    """A tidy table: by world, arm and pattern a text with a letter a replicate: y holds, n does not, - cannot be told,
    f failed, a blank is not there. changes: of a claim with a direction up, the number that it is judged by."""
    rows = []
    for (world, arm, pattern), letters in holds.items():
        for number, letter in enumerate(letters):
            if letter == " ":
                continue
            status = {"-": "not_testable", "f": "failed"}.get(letter, "ok")
            change = (changes or {}).get((world, arm, pattern))
            tests = [verdict.Tested("world", change[number], "points", up=True).as_data()] if change else []
            value = (values or {}).get((world, arm, pattern), [None] * len(letters))[number]
            rows.append({
                "experiment": plan.name, "world": world, "effect": "", "arm": arm, "replicate": number, "seed": number,
                "pattern": pattern, "status": status, "holds": {"y": True, "n": False}.get(letter), "value": value,
                "why": "made", "directions": json.dumps(tests) if tests else "", "seconds": 0.1,
                "key": f"{world}{arm}{number}",
            })  # fmt: skip
    return pd.DataFrame(rows).astype({"holds": "boolean", "value": "float64"})
