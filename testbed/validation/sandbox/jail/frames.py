"""Messages on a pipe: a head of JSON, then blobs. Both sides use it, and neither trusts the other with a pickle."""

from __future__ import annotations

import json
import os
import select
import struct
import time
from collections.abc import Sequence
from typing import Any

Message = tuple[dict[str, Any], list[bytes]]
_LENGTH = struct.Struct("<Q")


class Ended(Exception):
    """The other side has gone."""


class Late(Exception):
    """The other side did not answer in time."""


def send(fd: int, head: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Write a message. Raises Ended."""
    text = json.dumps(head | {"blobs": [len(blob) for blob in blobs]}).encode()
    try:
        for part in (_LENGTH.pack(len(text)), text, *blobs):
            view = memoryview(part)
            while view:
                view = view[os.write(fd, view) :]
    except OSError:
        raise Ended from None


def receive(fd: int, seconds: float | None = None) -> Message:
    """Read a message; seconds: for how long to wait for the whole of it. Raises Ended or Late."""
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_read(fd, _LENGTH.size, deadline))
    head: dict[str, Any] = json.loads(_read(fd, length, deadline))
    return head, [_read(fd, size, deadline) for size in head.pop("blobs")]


def _read(fd: int, size: int, deadline: float | None) -> bytes:
    parts, left = [], size
    while left:
        if deadline is not None and not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise Late
        part = os.read(fd, min(left, 1 << 20))
        if not part:
            raise Ended
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
