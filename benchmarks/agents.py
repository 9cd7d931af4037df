"""Decisions and agent-days a second of the agents alone, without a log; run: python -m benchmarks.agents

An agent is a workload, and its days are those between its start and its end within the two years of the report world. A
decision is one choice among models (to try, to try a rival, or to wait).
"""

import json
import statistics
import sys
import time

import numpy as np

from benchmarks.child import peak_memory, run_child
from sim.runs import compile_loops
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import load_world

FEW, MANY = 100_000, 1_000_000
TURNS = {FEW: 3, MANY: 1}
"""Repetitions: the large world takes a minute, and its time varies little."""


def measure(few: int = FEW, many: int = MANY) -> str:
    """The table of the benchmark, as Markdown."""
    lines = [
        "| users | agents | seconds | decisions/s | agent-days/s | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    seconds = {}
    for users in (few, many):
        runs = [run_child("benchmarks.agents", str(users)) for _ in range(TURNS.get(users, 1))]
        seconds[users] = statistics.median(run["seconds"] for run in runs)
        run, peak = runs[0], max(run["peak_gb"] for run in runs)
        pace = {name: run[name] / seconds[users] / 1e6 for name in ("decisions", "days")}
        lines.append(
            f"| {users:,} | {run['agents']:,} | {seconds[users]:.1f} | {pace['decisions']:.2f} M | "
            f"{pace['days']:.1f} M | {peak:.2f} GB |"
        )
    ratio = seconds[many] / seconds[few]
    lines += ["", f"Targets: {many / few:g} times the users in at most {1.5 * many / few:g} times the time: "
              f"**{ratio:.1f}**; in under 4 GB: **{peak:.2f} GB**."]  # fmt: skip
    return "\n".join(lines)


def run_once(users: int) -> dict[str, float]:
    """One run of the agents: population, market and search."""
    compile_loops()
    world = load_world(WORLDS / "report.yaml", users=users)
    began = time.perf_counter()
    agents = run_agents(world)
    seconds = time.perf_counter() - began
    work = agents.workloads
    days = np.minimum(work.end, world.scenario.days).astype(np.int64) - np.maximum(work.start, 0)
    return {
        "seconds": seconds,
        "agents": len(work),
        "decisions": agents.decisions,
        "days": int(np.maximum(days, 0).sum()),
        "peak_gb": peak_memory(),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run_once(int(sys.argv[1]))))
    else:
        print(measure())
