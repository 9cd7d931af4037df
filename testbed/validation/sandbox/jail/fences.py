"""All fences around a run, in their order: limits, files, system calls, Python's events."""

from __future__ import annotations

import ctypes
import math
import platform
import resource
import struct
import sys
from collections.abc import Sequence
from typing import Any

from . import audit, landlock, seccomp

ALL = ("limits", "landlock", "seccomp", "audit")
SPARE = 2 << 30  # bytes of addresses that libraries reserve and never use
_CAPSET = {"x86_64": 126, "aarch64": 91}
MB = 1 << 20


def missing() -> list[str]:
    """What is not held back on this machine, in sentences for people."""
    if sys.platform != "linux":
        return [
            f"{platform.system()} has neither Landlock nor seccomp: only Python's own events, time and memory are held"
        ]
    return [said for said in (landlock.missing(), seccomp.missing()) if said]


def confine(wanted: Sequence[str], limits: dict[str, Any], readable: Sequence[str], scratch: str) -> None:
    """Raise the fences that are wanted around this process, as far as this machine has them."""
    if "limits" in wanted:
        _limit(limits)
        _drop_privileges()
    if "landlock" in wanted and sys.platform == "linux" and landlock.version():
        landlock.confine(readable, scratch)
    if "seccomp" in wanted and sys.platform == "linux" and not seccomp.missing():
        seccomp.confine()
    if "audit" in wanted:
        audit.confine(readable, scratch)


def _limit(limits: dict[str, Any]) -> None:
    room, disk = limits["memory_mb"] * MB, limits["disk_mb"] * MB
    size, data = _used()
    for name, most in (
        ("RLIMIT_AS", size + room + SPARE if size else 0),
        ("RLIMIT_DATA", data + room if data else 0),
        ("RLIMIT_CPU", math.ceil(limits["seconds"]) + 2),
        ("RLIMIT_FSIZE", disk),
        ("RLIMIT_NOFILE", 256),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        hard = resource.getrlimit(kind)[1] if kind is not None else 0
        if kind is not None and (most or name == "RLIMIT_CORE"):
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))


def _used() -> tuple[int, int]:
    """Bytes of addresses, and of data, that this process has; 0 where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            found = dict(line.split(":", 1) for line in file)
        return int(found["VmSize"].split()[0]) << 10, int(found["VmData"].split()[0]) << 10
    except (OSError, KeyError):
        return 0, 0


def _drop_privileges() -> None:
    """Give up what root may do, such as raising limits. Nothing happens to another user."""
    number = _CAPSET.get(platform.machine())
    if number is not None and sys.platform == "linux":
        head, none = struct.pack("<Ii", 0x20080522, 0), bytes(24)
        ctypes.CDLL(None).syscall(number, head, none)
