"""What user code can read: Python, the installed libraries, the system's own, and nothing of the project."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds the project's packages: a checkout, or where libraries are installed."""
OURS = ("testbed", "sim", "analysis", "scenarios", "tests", "outputs", "docs")
SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo", "/etc/localtime",
    "/dev/zero", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
    "/sys/fs/cgroup", "/System/Library", "/usr/share/locale",
)  # fmt: skip


def libraries() -> list[str]:
    """The folders from which user code imports what is installed. Files that add other folders (.pth) do not count."""
    paths = sysconfig.get_paths()
    found = [paths["purelib"], paths["platlib"], *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    return [path for path in dict.fromkeys(found) if os.path.isdir(path)]


def readable() -> list[str]:
    """Files and folders that user code may read."""
    paths = sysconfig.get_paths()
    folders = dict.fromkeys([paths["stdlib"], paths["platstdlib"], *libraries(), *SYSTEM])
    hidden = [copy / name for copy in _copies(folders) for name in OURS]
    found = [path for folder in folders for path in _without(Path(folder), hidden)]
    found += Path(sys.base_prefix, "lib").glob("*.so*")  # libraries beside Python's own, as conda has them
    return list(dict.fromkeys(str(path) for path in found if path.exists()))


def _copies(folders: Iterable[str]) -> list[Path]:
    """Where the project lies: here, and where it is installed among libraries."""
    beside = [Path(folder, name) for folder in folders for name in ("", "site-packages", "dist-packages")]
    return [ROOT, *(path.resolve() for path in beside if (path / "testbed" / "validation").is_dir())]


def _without(folder: Path, hidden: Sequence[Path]) -> Iterator[Path]:
    """The folder, or what is in it where something in it is hidden."""
    real = folder.resolve()
    if any(real.is_relative_to(one) for one in hidden):
        return
    if not any(one.is_relative_to(real) and one.exists() for one in hidden):
        yield folder
        return
    for inside in folder.iterdir():
        yield from _without(inside, hidden)
