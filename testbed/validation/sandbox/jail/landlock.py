"""Which files jailed code may open: rules of the kernel (Landlock), by raw system calls.

Source: https://docs.kernel.org/userspace-api/landlock.html, structures as in <linux/landlock.h>.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every machine
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_FIRST = (1 << 13) - 1  # what the first version knows: opening, making and removing of any kind
_SINCE = {2: 1 << 13, 3: _TRUNCATE, 5: 1 << 15}  # renaming across folders, truncation, ioctl on devices
_TCP, _SCOPES = 0b11, 0b11  # since 4: binding, connecting; since 6: abstract sockets, signals
_NO_NEW_PRIVS = 38  # of prctl
OWN = ("/proc/self/cgroup",)
"""What a process may read of itself: DuckDB asks there how much memory it has, and crashes where it is refused."""
_READING = _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_NO_DEVICES = ~((1 << 6) | (1 << 9) | (1 << 10) | (1 << 11))  # devices, sockets and pipes are never made


def version() -> int:
    """The version of Landlock that the kernel has, 0 for none."""
    return max(0, _libc().syscall(_CREATE, None, ctypes.c_size_t(0), 1))


def missing() -> str:
    """What is not kept from user code here, empty where everything is."""
    found = version()
    if not found:
        return "files are not kept from user code: the kernel has no Landlock"
    if found < 3:
        return "the kernel's Landlock is an early one: it knows neither truncation nor connections"
    return ""


def confine(readable: Iterable[str], scratch: str) -> None:
    """Let this process read these files and folders, and write in scratch, from now on and for good. Raises OSError."""
    libc, found = _libc(), version()
    handled = _FIRST | sum(right for since, right in _SINCE.items() if found >= since)
    rights = [handled, _TCP if found >= 4 else 0, _SCOPES if found >= 6 else 0]
    size = 8 * (1 + (found >= 4) + (found >= 6))
    rules = libc.syscall(_CREATE, struct.pack("<3Q", *rights)[:size], ctypes.c_size_t(size), 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    for path in (*readable, *OWN):
        _allow(rules, path, _READING & handled)
    _allow(rules, os.devnull, (_READ_FILE | _WRITE_FILE) & handled)
    _allow(rules, scratch, handled & _NO_DEVICES & ~_EXECUTE)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(_RESTRICT, rules, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    """Add a rule: what may be done with a file, or in a folder. Nothing where there is none."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        rule = struct.pack("<Qi", rights if folder else rights & _OF_FILES, fd)
        if _libc().syscall(_ADD, rules, 1, rule, 0):
            raise OSError(ctypes.get_errno(), "landlock_add_rule", path)
    finally:
        os.close(fd)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
