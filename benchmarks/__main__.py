"""Runs all benchmarks, or the named ones (python -m benchmarks page tables), and writes benchmarks/results.md.

BENCH=quick leaves out the long ones.
"""

import importlib.metadata
import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from analysis.contract import files
from benchmarks import (
    agents,
    expected,
    experiments,
    imports,
    laboratory,
    long_run,
    page,
    tables,
    traffic,
    warehouses,
    whole,
)

RESULTS = Path(__file__).with_name("results.md")
LIBRARIES = ("numpy", "numba", "pyarrow", "simpy", "duckdb", "pandas")
BENCHMARKS = {
    "whole": ("Whole command: from the scenario to the page", whole),
    "traffic": ("Traffic: records to Parquet", traffic),
    "agents": ("Agents: decisions of two years", agents),
    "expected": ("Expected quantities: beside the log they are expected of", expected),
    "experiments": ("Experiments: replicates saved, and the time of a run", experiments),
    "page": ("Report page: size and opening", page),
    "laboratory": ("Laboratory: from a control to the painted curve", laboratory),
    "imports": ("Import: beside DuckDB's reading of the same file", imports),
    "warehouses": ("Warehouses: every query on three engines", warehouses),
    "long_run": ("Long run: 50 million records", long_run),
    "tables": ("Analysis: all tables from 100 million records", tables),
}
LONG = ("imports", "warehouses", "long_run", "tables")


def machine() -> str:
    """What the numbers were measured on."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    load = f"{os.getloadavg()[0]:.1f} processes ran" if hasattr(os, "getloadavg") else "load unknown"
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}, "
        f"{versions}; before the start {load} on average."
    )


def main(names: Sequence[str] = ()) -> int:
    """Run the named benchmarks, or all; renew their sections of results.md as each is done. Returns 1 if one failed."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"no benchmark {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    quick = os.environ.get("BENCH") == "quick"
    sections = {} if not names else written()
    sections["Benchmarks"] = f"# Benchmarks\n\nWritten by `make bench`. {machine()}"
    print(sections["Benchmarks"], flush=True)
    failed = False
    for name in names or BENCHMARKS:
        title, benchmark = BENCHMARKS[name]
        began = time.monotonic()
        try:
            text = "Left out (BENCH=quick)." if quick and name in LONG else benchmark.measure()
        except Exception as problem:  # the others are measured all the same
            traceback.print_exc()
            text, failed = f"Failed: {type(problem).__name__}.", True
        sections[title] = f"## {title}\n\n{text}"
        print(f"\n{sections[title]}", flush=True)
        print(f"{title}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        order = ["Benchmarks", *(title for title, _ in BENCHMARKS.values())]
        parts = [sections[title] for title in order if title in sections]
        files.write_text(RESULTS, "\n\n".join(parts) + "\n")
    print(f"\nWritten to {RESULTS.parent.name}/{RESULTS.name}")
    return int(failed)


def written() -> dict[str, str]:
    """The sections of results.md by title."""
    parts = re.split(r"\n\n(?=## )", RESULTS.read_text(encoding="utf-8").rstrip())
    return {part.splitlines()[0].lstrip("# "): part for part in parts}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
