"""The agents alone, without a log: decisions and agent-days a second, and how long a variant of a world takes.

Run: python -m benchmarks.agents, or python -m benchmarks.agents variants for the second part.

An agent is a workload, and its days are those between its start and its end within the two years of the report world. A
decision is one choice among models (to try, to try a rival, or to wait). A variant is what a laboratory waits for at
each move of a control: the scenario is read with a switch changed, its agents run in one rehearsal, and their activity
is made; processor time, once warm.
"""

import json
import statistics
import sys
import time
from itertools import pairwise

import numpy as np

from benchmarks.child import peak_memory, run_child
from sim.activity import monthly
from sim.rehearsal import Rehearsal
from sim.runs import compile_loops
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import load_world

FEW, MANY = 100_000, 1_000_000
TURNS = {FEW: 3, MANY: 1}
"""Repetitions: the large world takes a minute, and its time varies little."""

VARIANT_USERS, VARIANT_TURNS = 20_000, 9
VARIANT_MS = 120.0
SWITCHES = ("lock_in", "backlog", "rival_trials")
"""Mechanisms that are switched off, one a turn: none of them changes who comes with what work."""


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
              f"**{ratio:.1f}**; in under 4 GB: **{peak:.2f} GB**.", "", variants()]  # fmt: skip
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


def variants(users: int = VARIANT_USERS, turns: int = VARIANT_TURNS) -> str:
    """The table of the parts of a variant, as Markdown."""
    compile_loops()
    rehearsal = Rehearsal()
    variant(rehearsal, users, "fit")  # compiles the rest, and makes the users
    runs = [variant(rehearsal, users, SWITCHES[turn % len(SWITCHES)]) for turn in range(turns)]
    parts = dict(zip(("scenario", "agents", "activity"), zip(*runs, strict=True), strict=True))
    parts["together"] = tuple(map(sum, runs))
    whole = statistics.median(parts["together"])
    return "\n".join([
        f"`one-frontier-model` with {users:,} users and one switch off, {turns} turns; ms of processor time.",
        "",
        "| part | median | from | to |",
        "|---|---|---|---|",
        *(f"| {name} | {statistics.median(ms):.0f} | {min(ms):.0f} | {max(ms):.0f} |" for name, ms in parts.items()),
        "",
        f"Target: at most {VARIANT_MS:g} ms; measured / target: **{whole / VARIANT_MS:.2f}**.",
    ])  # fmt: skip


def variant(rehearsal: Rehearsal, users: int, switch: str) -> tuple[float, float, float]:
    """Milliseconds for the scenario, the agents and the activity of the world without one mechanism."""
    moments = [time.process_time()]
    world = load_world(WORLDS / "one-frontier-model.yaml", users=users, settings=[f"mechanisms.{switch}=off"])
    moments.append(time.process_time())
    agents = rehearsal.agents(world)
    moments.append(time.process_time())
    monthly(agents)
    moments.append(time.process_time())
    scenario, market, activity = (1e3 * (after - before) for before, after in pairwise(moments))
    return scenario, market, activity


if __name__ == "__main__":
    if sys.argv[1:] == ["variants"]:
        print(variants())
    elif len(sys.argv) > 1:
        print(json.dumps(run_once(int(sys.argv[1]))))
    else:
        print(measure())
