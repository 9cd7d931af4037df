"""The whole command by phase, `slipper run` of two worlds; run: python -m benchmarks.whole

Each turn is a process of its own, after one that compiles; starting Python is not counted. Beside each phase stands how
many bare scans of the same run's log it takes, so that machines can be compared.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from typing import Any

import sim
from benchmarks import tables
from benchmarks.child import run_child
from sim.listing import WORLDS

TARGETS = {"report-small": 15.0, "report": 60.0}
"""Seconds of the whole command on two quiet cores."""
TURNS = 3
FEW_USERS = 300
"""Enough to compile everything."""
PHASES = ("compile", "market", "traffic", "tables", "verdicts", "figures", "page", "whole command")


def measure(users: int | None = None) -> str:
    """The tables of the benchmark, as Markdown. users: instead of those of the worlds."""
    run_child("benchmarks.whole", "report-small", str(FEW_USERS))
    return "\n\n".join(compare(world, users) for world in TARGETS)


def compare(world: str, users: int | None = None, turns: int = TURNS) -> str:
    """One world's table: medians of the turns, with the least and the most."""
    given = [] if users is None else [str(users)]
    found = [run_child("benchmarks.whole", world, *given) for _ in range(turns)]
    lines = [
        f"`{world}`: {found[0]['records']:,} requests, {turns} turns; median (least to most).",
        "",
        "| phase | seconds | bare scans of the log |",
        "|---|---|---|",
    ]
    for phase in PHASES:
        seconds = [turn["seconds"][phase] for turn in found]
        scans = [turn["seconds"][phase] / turn["scan"] for turn in found]
        lines.append(
            f"| {phase} | {statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f}) "
            f"| {statistics.median(scans):.1f} |"
        )
    whole = statistics.median(turn["seconds"]["whole command"] for turn in found)
    answer = statistics.median(turn["answer"] for turn in found)
    lines += [
        "",
        f"The answer was there after {answer:.1f} s. Target: at most {TARGETS[world]:g} s: **{whole:.1f} s**.",
    ]
    return "\n".join(lines)


def turn(world: str, users: int | None = None) -> dict[str, Any]:
    """One run of the command's work, from the scenario to the page, and a bare scan of its log."""
    from analysis import open_log, write_analysis
    from analysis.workers import Workers, cores

    told = []
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with Workers(cores()) as workers:
            run = sim.run(WORLDS / f"{world}.yaml", users=users, out=folder)
            with open_log(run.path) as log:
                results = write_analysis(
                    log, run.path, workers=workers, answer=lambda _: told.append(time.perf_counter() - began)
                )
        whole = time.perf_counter() - began
        scan = tables.scan(str(run.path))
    seconds = dict.fromkeys(PHASES, 0.0) | run.manifest["timings_s"] | results["timings_s"]
    return {
        "records": scan["records"], "scan": scan["seconds"], "answer": told[0],
        "seconds": seconds | {"whole command": whole},
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(turn(sys.argv[1], *map(int, sys.argv[2:]))))
    else:
        print(measure())
