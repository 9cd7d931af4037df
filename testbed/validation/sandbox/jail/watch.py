"""Watches a run from outside: time, memory, threads, output, disk; and ends it, whatever it does."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import Any

HERTZ = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = 0.02  # seconds between two looks
MB = 1 << 20
LARGEST = 64 << 20  # bytes of an answer
MOST_FILES = 5_000


class Watch:
    """A run's process and its three pipes: the answer, what it prints, what it complains of."""

    def __init__(self, pid: int, pipes: tuple[int, int, int], limits: dict[str, Any], scratch: str) -> None:
        self.pid, self.pipes, self.limits, self.scratch = pid, pipes, limits, scratch
        self.held = {fd: bytearray() for fd in pipes}
        self.open = set(pipes)
        self.base = _resident(os.getpid())
        self.began = time.monotonic()
        self.counted = self.began
        self.stopped = ""

    def until_it_ends(self) -> tuple[dict[str, Any], list[bytes]]:
        """How the run ended: `stopped` says by which limit, `status` is that of the process (negative: a signal)."""
        poll = select.poll()
        for fd in self.pipes:
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLIN | select.POLLHUP)
        if hasattr(os, "pidfd_open"):
            pidfd = os.pidfd_open(self.pid)
            poll.register(pidfd, select.POLLIN)
        looked, status = 0.0, None
        while status is None:
            for fd, _ in poll.poll(TICK * 1000):
                if fd in self.held and not self._read(fd):
                    poll.unregister(fd)
            now = time.monotonic()
            if now - looked >= TICK and not self.stopped:
                looked = now
                self._stop(self._excess(now))
            ended, found = os.waitpid(self.pid, os.WNOHANG)
            status = os.waitstatus_to_exitcode(found) if ended else None
        for fd in list(self.open):
            self._read(fd)
        self._end()
        for fd in (*self.pipes, *([pidfd] if hasattr(os, "pidfd_open") else [])):
            os.close(fd)
        head = {"stopped": self.stopped, "status": status, "seconds": time.monotonic() - self.began}
        return head, [bytes(self.held[fd]) for fd in self.pipes]

    def _stop(self, why: str) -> None:
        if why and not self.stopped:
            self.stopped = why
            self._end()

    def _read(self, fd: int) -> bool:
        """Read what is there; whether more can come."""
        most = LARGEST if fd == self.pipes[0] else self.limits["printed_kb"] << 10
        while True:
            try:
                part = os.read(fd, 1 << 16)
            except BlockingIOError:
                return True
            if not part:
                self.open.discard(fd)
                return False
            self.held[fd] += part
            if len(self.held[fd]) > most:
                self._stop("output")
            if self.stopped:
                del self.held[fd][most:]
                return True

    def _excess(self, now: float) -> str:
        """The limit that the run is beyond, empty for none."""
        if now - self.began > self.limits["clock"] or _worked(self.pid) > self.limits["seconds"]:
            return "time"
        if _resident(self.pid) - self.base > self.limits["memory_mb"] * MB:
            return "memory"
        if _threads(self.pid) > self.limits["threads"]:
            return "threads"
        if now - self.counted < 10 * TICK:
            return ""
        self.counted = now
        return "disk" if _written(self.scratch) > self.limits["disk_mb"] * MB else ""

    def _end(self) -> None:
        """Kill the process and what it may have left in its group."""
        for kill, target in ((os.killpg, self.pid), (os.kill, self.pid)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(target, signal.SIGKILL)


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _worked(pid: int) -> float:
    """Seconds of processor time."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / HERTZ
    except (OSError, IndexError):
        return 0.0


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _written(folder: str) -> int:
    """Bytes in a folder; too many files count as too many bytes."""
    total = count = 0
    for where, _, names in os.walk(folder):
        for name in names:
            count += 1
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue
        if count > MOST_FILES:
            return 1 << 60
    return total
