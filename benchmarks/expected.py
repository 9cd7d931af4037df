"""Expected quantities beside the log that they are expected of; run: python -m benchmarks.expected

Both start from the spells of the same world: the expected table by week, model, category and free variant, and all
requests of the log, made and not written. Processor time, in turns.
"""

import statistics
import sys
import time
from collections.abc import Callable

from sim.expectation import expected
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.traffic.blocks import Traffic
from sim.world import load_world

USERS = 20_000
TURNS = 5
DENSE = 10.0
"""How much more volume the denser log has: expected quantities take no longer for it."""


def measure(users: int = USERS, turns: int = TURNS) -> str:
    """The table of the benchmark, as Markdown."""
    lines = [
        f"The report world with {users:,} users, {turns} turns; median seconds of processor time.",
        "",
        "| log | requests | expected table | requests made | expected / made |",
        "|---|---|---|---|---|",
    ]
    for volume in (1.0, DENSE):
        world = load_world(WORLDS / "report.yaml", users=users, settings=[f"traffic.volume={volume:g}"])
        traffic = run_agents(world).traffic()
        requests = made(traffic)  # compiles, as does the next line
        expected(traffic)
        times = [(_seconds(expected, traffic), _seconds(made, traffic)) for _ in range(turns)]
        table, log = (statistics.median(way) for way in zip(*times, strict=True))
        name = "its own volume" if volume == 1.0 else f"{volume:g} times the volume"
        lines.append(f"| {name} | {requests:,} | {table:.3f} s | {log:.3f} s | **{table / log:.2f}** |")
    return "\n".join(lines)


def made(traffic: Traffic) -> int:
    """Make all requests of a log, block by block. Returns their number."""
    return sum(len(traffic.records(*task)) for task in traffic.tasks())


def _seconds(work: Callable[[Traffic], object], traffic: Traffic) -> float:
    began = time.process_time()
    work(traffic)
    return time.process_time() - began


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])))
