"""What is made once a session, however many workers it has: the first who needs it makes it, the others read it."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
VALIDATION_WORLDS = "validation-worlds"
"""The folder, in the shared one, in which the simulated worlds of the validation are remembered."""


def shared(factory: pytest.TempPathFactory) -> Path:
    """The session's own folder, which all of its workers see."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make(folder)` returned, for the first worker that asked. It is pickled beside its folder, both in the
    session's own folder: no other session and no earlier state of the code can have made it."""
    base = shared(factory)
    folder, kept = base / f"once-{name}", base / f"once-{name}.pickle"
    with (base / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            folder.mkdir()
            kept.write_bytes(pickle.dumps(make(folder)))
    found: T = pickle.loads(kept.read_bytes())
    return found
