"""Standard streams that never make a command fail: closed ones lead nowhere, and what their encoding lacks is spelt."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import TextIO

SPELT = {
    "–": "-", "—": "-", "−": "-", "‑": "-", "→": "->", "←": "<-", "↓": "v", "↑": "^", "×": "x", "·": ".", "•": "*",
    "…": "...", "✓": "ok", "✔": "ok", "✗": "x", "≤": "<=", "≥": ">=", "≈": "~", "±": "+/-", "“": '"', "”": '"',
    "‘": "'", "’": "'", "Δ": "diff", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "─": "-", "━": "=", "│": "|",
}  # fmt: skip
_NAME = "slipper-spelt"


def prepare() -> None:
    """Make the standard streams safe to write to, whatever the environment says of them."""
    for descriptor in range(3):
        with suppress(OSError):
            try:
                os.fstat(descriptor)
            except OSError:  # closed by the caller: the lowest free number is this one
                os.open(os.devnull, os.O_RDWR)
    codecs.register_error(_NAME, _spell)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - stays open
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_NAME)


def abandon() -> None:
    """Let both streams lead nowhere: their reader is gone, and Python would complain again as it ends."""
    for stream in (sys.stdout, sys.stderr):
        _lead_nowhere(stream)


def abandon_full() -> None:
    """Let a stream that cannot be written to lead nowhere: that was said, and Python would say it again as it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _lead_nowhere(stream)


def flush() -> None:
    """Write what is buffered now, so that a failure has a message."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _lead_nowhere(stream: TextIO) -> None:
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _spell(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for a character that an encoding lacks; bytes of a file's name that are no text stay."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    if 0xDC80 <= ord(letter) <= 0xDCFF:
        return bytes([ord(letter) - 0xDC00]), error.start + 1
    return SPELT.get(letter, "?"), error.start + 1
