"""Runs one measurement in a process of its own, so that its peak memory is its own."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any


def run_child(module: str, *arguments: str) -> dict[str, Any]:
    """What `python -m MODULE ARGUMENTS` prints as JSON on its last line; its messages pass through."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def peak_memory() -> float:
    """The most memory that this process has held, in GB."""
    status = Path("/proc/self/status")
    if (
        status.is_file()
    ):  # elsewhere, and in getrusage, a child's peak can be that of the process which started it
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
