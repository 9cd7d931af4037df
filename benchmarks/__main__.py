"""Runs all benchmarks and writes benchmarks/results.md; BENCH=quick leaves out the two long ones."""

import importlib.metadata
import os
import platform
import sys
import time
from pathlib import Path

from benchmarks import agents, experiments, long_run, page, tables, traffic, whole

RESULTS = Path(__file__).with_name("results.md")
LIBRARIES = ("numpy", "numba", "pyarrow", "simpy", "duckdb", "pandas")
BENCHMARKS = {
    "Whole command: from the scenario to the page": whole,
    "Traffic: records to Parquet": traffic,
    "Agents: decisions of two years": agents,
    "Experiments: replicates saved, and the time of a run": experiments,
    "Report page: size and opening": page,
    "Long run: 50 million records": long_run,
    "Analysis: all tables from 100 million records": tables,
}


def machine() -> str:
    """What the numbers were measured on."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    load = f"{os.getloadavg()[0]:.1f} processes ran" if hasattr(os, "getloadavg") else "load unknown"
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}, "
        f"{versions}; before the start {load} on average."
    )


def main() -> None:
    """Print each benchmark's table when it is done; write them all at the end."""
    quick = os.environ.get("BENCH") == "quick"
    parts = [f"# Benchmarks\n\nWritten by `make bench`. {machine()}"]
    print(parts[0], flush=True)
    for title, benchmark in BENCHMARKS.items():
        if quick and benchmark in (long_run, tables):
            parts.append(f"## {title}\n\nLeft out (BENCH=quick).")
        else:
            began = time.monotonic()
            parts.append(f"## {title}\n\n{benchmark.measure()}")
            print(f"{title}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        print("\n" + parts[-1], flush=True)
    RESULTS.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"\nWritten to {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()
