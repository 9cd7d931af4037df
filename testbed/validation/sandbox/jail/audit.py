"""The last fence: Python's own events. It is the only one against files and connections where the kernel has none.

Code that means harm gets past it (by `ctypes`, for one); code that errs does not.
Source: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

_NEVER = ("socket.bind", "socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostby", "subprocess.",
          "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "pty.",
          "resource.setrlimit", "resource.prlimit", "signal.pthread_kill", "webbrowser.")  # fmt: skip
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod",
            "os.chown", "os.utime", "os.setxattr", "shutil.")  # fmt: skip
_LISTS = ("os.listdir", "os.scandir")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def confine(readable: Sequence[str], scratch: str) -> None:
    """Refuse events that reach out of scratch and of what is readable, from now on, for good."""
    real = os.path.realpath
    seen = tuple(real(path) for path in (*readable, scratch, os.devnull))
    made = (real(scratch), os.devnull)

    def inside(path: Any, folders: Sequence[str]) -> bool:
        if isinstance(path, int) or path is None:
            return True
        name = real(os.fsdecode(path))
        return any(name == folder or name.startswith(folder + os.sep) for folder in folders)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not inside(path, made if (flags or 0) & _WRITES else seen):
                raise PermissionError(f"the sandbox keeps '{os.fsdecode(path)}' out of reach")
        elif event.startswith(_NEVER):
            raise PermissionError(f"the sandbox allows no {event}")
        elif event in _LISTS and not inside(arguments[0], seen):
            raise PermissionError(f"the sandbox keeps '{os.fsdecode(arguments[0])}' out of reach")
        elif event.startswith(_CHANGES):
            paths = [one for one in arguments if isinstance(one, str | bytes | os.PathLike)]
            if event != "os.symlink" and not all(inside(path, made) for path in paths):
                raise PermissionError(f"the sandbox allows {event} in its scratch folder only")

    sys.addaudithook(hook)
