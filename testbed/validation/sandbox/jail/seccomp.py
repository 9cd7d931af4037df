"""Which system calls jailed code may make: a filter of the kernel (seccomp), made by hand so that nothing is needed.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html; instructions as in <linux/bpf_common.h>.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from .syscalls import CONDITIONAL, MACHINES, allowed

PR_SET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_SET_SECCOMP, MODE_FILTER = 38, 21, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE = 0, 4  # offsets in struct seccomp_data
_X32 = 0x40000000
_THREAD = 0x00010000  # CLONE_THREAD
_NAMES = (15, 16)  # prctl: PR_SET_NAME, PR_GET_NAME
_TERMINAL = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # ioctl: ask for a terminal, its size, bytes; close on exec
_FILES = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)  # fcntl: no signals to others (F_SETOWN)

Instruction = tuple[int, int, int, int]


def missing() -> str:
    """Why there is no filter here, empty where there is one."""
    machine = platform.machine()
    if machine not in MACHINES:
        return f"system calls are not filtered: no table for {machine}"
    if ctypes.CDLL(None, use_errno=True).prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        return "system calls are not filtered: the kernel has no seccomp"
    return ""


def confine() -> None:
    """Filter the calls of this process from now on, for good. Raises OSError."""
    code = program(platform.machine(), os.getpid())
    held = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *one) for one in code))
    head = struct.pack("@HP", len(code), ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, head, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def program(machine: str, pid: int) -> list[Instruction]:
    """The filter: what is not allowed fails with EPERM."""
    place, own = MACHINES[machine]
    code: list[Instruction] = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, own), (_RETURN, 0, 0, _KILL),
                               (_LOAD, 0, 0, _NUMBER)]  # fmt: skip
    if machine == "x86_64":
        code += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for name, numbers in CONDITIONAL.items():
        then = _condition(name, pid)
        code += [(_EQUAL, 0, len(then), numbers[place]), *then]
    for number in allowed(machine):
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    return [*code, _refuse(errno.EPERM)]


def _condition(name: str, pid: int) -> list[Instruction]:
    match name:
        case "clone":  # threads, no processes
            return [_argument(0), (_ANY_BIT, 0, 1, _THREAD), (_RETURN, 0, 0, _ALLOW), _refuse(errno.EPERM)]
        case (
            "clone3"
        ):  # its flags lie in memory, where no filter sees them: the C library falls back on clone
            return [_refuse(errno.ENOSYS)]
        case "kill" | "tgkill":  # itself, to abort
            return _one_of(0, (pid,))
        case "prlimit64":  # reading its limits, not setting them
            return [_argument(2), (_EQUAL, 0, 3, 0), _argument(2, high=True), (_EQUAL, 0, 1, 0),
                    (_RETURN, 0, 0, _ALLOW), _refuse(errno.EPERM)]  # fmt: skip
        case "prctl":
            return _one_of(0, _NAMES)
        case "ioctl":
            return _one_of(1, _TERMINAL)
        case _:
            return _one_of(1, _FILES)


def _one_of(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    code = [_argument(argument)]
    for value in values:
        code += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*code, _refuse(errno.EPERM)]


def _argument(number: int, high: bool = False) -> Instruction:
    return _LOAD, 0, 0, 16 + 8 * number + 4 * high


def _refuse(number: int) -> Instruction:
    return _RETURN, 0, 0, _REFUSE | number
