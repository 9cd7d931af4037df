"""The command `slipper run` of two worlds, as a user starts it; run: python -m benchmarks.whole [--check] [--users N]

Each turn is the command itself, in a process of its own and with --fresh, from the start of Python to its end; one that
compiles goes before. What each phase takes is the command's own account. Beside it stands how many bare scans of the
same run's log that is, so that machines can be compared.

The targets are for a quiet machine with two cores: other work beside makes every number larger. --check ends with
status 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks import tables
from sim.scenario.shipped import WORLDS

TARGETS = {"report-small": 15.0, "report": 60.0}
"""Seconds of the whole command on two quiet cores, once compiled."""
TURNS = 3
FEW_USERS = 300
"""Enough to compile everything."""
REST = "starting Python, opening the log, the rest"


@dataclass(frozen=True)
class Turn:
    """One run of the command: requests in its log; seconds in all, until the answer, of each phase, and of a bare scan
    of the log."""

    records: int
    whole: float
    answer: float
    phases: dict[str, float]
    scan: float


@dataclass(frozen=True)
class Measured:
    """All turns of one world."""

    world: str
    turns: Sequence[Turn]

    @cached_property
    def middle(self) -> Turn:
        """The turn of median length (of an even number the longer one)."""
        return sorted(self.turns, key=lambda turn: turn.whole)[len(self.turns) // 2]

    @property
    def in_time(self) -> bool:
        """Whether the target is met."""
        return self.middle.whole <= TARGETS[self.world]

    @property
    def text(self) -> str:
        """The table of the world, as Markdown: the phases add up to the whole."""
        shown = self.middle
        lines = [
            f"`slipper run {self.world} --fresh`: {shown.records:,} requests, {len(self.turns)} turns; the turn of "
            "median length.",
            "",
            "| phase | seconds | bare scans of the log |",
            "|---|---|---|",
        ]
        for phase, seconds in shown.phases.items():
            lines.append(f"| {phase} | {seconds:.1f} | {seconds / shown.scan:.1f} |")
        all_s = [turn.whole for turn in self.turns]
        lines += [
            f"| whole command | {shown.whole:.1f} ({min(all_s):.1f} to {max(all_s):.1f}) "
            f"| {shown.whole / shown.scan:.1f} |",
            "",
            f"The answer was there after {statistics.median(turn.answer for turn in self.turns):.1f} s. Target on a "
            f"quiet machine with two cores: at most {TARGETS[self.world]:g} s: **{shown.whole:.1f} s"
            f"{'' if self.in_time else ', missed'}**.",
        ]
        return "\n".join(lines)


def measure(users: int | None = None) -> str:
    """The tables of the benchmark, as Markdown. users: instead of those of the worlds."""
    return "\n\n".join(found.text for found in measured(users))


def measured(users: int | None = None, turns: int = TURNS) -> list[Measured]:
    """All worlds, after a run that compiles."""
    turn("report-small", FEW_USERS)
    return [Measured(world, [turn(world, users) for _ in range(turns)]) for world in TARGETS]


def turn(world: str, users: int | None = None) -> Turn:
    """Run the command, and scan its log."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "testbed.cli",
            "run",
            str(WORLDS / f"{world}.yaml"),
            "--fresh",
            "--json",
        ]
        command += ["--out", folder, *([] if users is None else ["--users", str(users)])]
        began = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        whole = time.perf_counter() - began
        told = json.loads(done.stdout)
        scan = tables.scan(told["run"])
    phases = {**told["timings_s"], **told["analysis_timings_s"]}
    phases[REST] = whole - sum(phases.values())
    answer = whole - told["analysis_s"] + told["answer_s"]
    return Turn(scan["records"], whole, answer, phases, scan["seconds"])


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; with --check the status says whether the targets are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="status 1 where a world takes longer than its target"
    )
    parser.add_argument("--users", type=int, help="instead of those of the worlds")
    args = parser.parse_args(argv)
    found = measured(args.users)
    print("\n\n".join(one.text for one in found))
    return int(args.check and not all(one.in_time for one in found))


if __name__ == "__main__":
    sys.exit(main())
