"""A whole run of 50 million records, and the most memory that it held; run: python -m benchmarks.long_run

The report world with 1.1 million users: agents, log, labels and truth, in a temporary folder that is removed.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import sim
from benchmarks.child import peak_memory, run_child
from sim.scenario.shipped import WORLDS

USERS = 1_100_000
DISK_GB = 4.0
"""Measured: 3.1 GB, with a margin."""


def measure(users: int = USERS) -> str:
    """The table of the benchmark, as Markdown."""
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free / 1e9
    print(
        f"needs {DISK_GB:g} GB in the temporary folder for a few minutes; {free:.0f} GB are free",
        file=sys.stderr,
    )
    if free < DISK_GB:
        return f"Not run: {free:.1f} GB of disk are free, {DISK_GB:g} GB are needed."
    run = run_child("benchmarks.long_run", str(users))
    return "\n".join([
        "| users | records | labels | seconds | of these traffic | disk | peak memory |",
        "|---|---|---|---|---|---|---|",
        f"| {users:,} | {run['records']:,} | {run['labels']:,} | {run['seconds']:.0f} | {run['traffic_s']:.0f} "
        f"| {run['disk_gb']:.2f} GB | {run['peak_gb']:.2f} GB |",
        "",
        f"Target: 50 million records in under 3 GB: **{run['peak_gb']:.2f} GB**.",
    ])  # fmt: skip


def run_once(users: int) -> dict[str, float]:
    """One complete run, with as many workers as there are cores."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        run = sim.run(WORLDS / "report.yaml", users=users, out=folder)
        seconds = time.perf_counter() - began
        size = sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file())
    return {
        "records": run.manifest["counts"]["generations"],
        "labels": run.manifest["counts"]["labels"],
        "seconds": seconds,
        "traffic_s": run.manifest["timings_s"]["traffic"],
        "disk_gb": size / 1e9,
        "peak_gb": peak_memory(),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run_once(int(sys.argv[1]))))
    else:
        print(measure())
