"""Whether this machine has room for a world: said, and refused where it has not, before anything is simulated."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.failure import BadInput, nearest_folder

if TYPE_CHECKING:
    from sim.estimate import Estimate


def free_disk(folder: Path) -> int:
    """Free bytes where `folder` is or would be."""
    return shutil.disk_usage(nearest_folder(folder)).free


def free_memory() -> int | None:
    """Bytes of memory that can be had without swapping; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def check(found: Estimate, out: Path, anyway: bool) -> None:
    """Raises BadInput if the estimate exceeds what is free, unless `anyway`."""
    short = []
    if found.disk > (disk := free_disk(out)):
        short.append(f"{disk / 1e9:,.1f} GB are free on the disk of {out}")
    memory = free_memory()
    if memory is not None and found.memory > memory:
        short.append(f"{memory / 1e9:,.1f} GB of memory are free")
    if short and not anyway:
        raise BadInput(
            f"this world is too large for this machine: {found.sentence()}; {' and '.join(short)}. "
            "Give fewer --users, less traffic.volume or another --out; --anyway tries it all the same"
        )
