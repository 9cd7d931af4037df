"""What is made once: in a session, however many workers it has, or in a worker."""

from __future__ import annotations

import fcntl
import functools
import os
import pickle
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

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


def kept(function: Callable[..., T], key: Callable[..., Hashable]) -> Callable[..., T]:
    """A function that is called once for each key of its arguments. It has the name of the one that it stands for, by
    which other processes are sent that one."""
    found: dict[Hashable, T] = {}

    @functools.wraps(function)
    def remembered(*args: Any) -> T:
        at = key(*args)
        if at not in found:
            found[at] = function(*args)
        return found[at]

    return remembered
