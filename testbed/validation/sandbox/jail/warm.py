"""The warm process: libraries are loaded once; each run is a fork of it, so that no run can leave anything behind.

It runs no code of the user's: requests come on standard input, outcomes go to standard output.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
from typing import Any

import duckdb
import pandas as pd
import pyarrow.dataset as ds  # DuckDB asks for it when it is first given a table
import pyarrow.parquet as pq

from . import fences, frames, tables
from .run import RESULT, run
from .watch import Watch

WARM = ("scipy", "statsmodels", "sklearn", "matplotlib", "numpy", "pandas", "pyarrow")
"""Libraries that are loaded before the fork if the user's code names them. No others: an import is code, too.
polars is none of them, since it starts a thread, which a fork does not have."""


def serve(scratch: str, readable: list[str]) -> None:
    """Answer requests until nobody asks any more."""
    # DuckDB's own session has threads, for which a fork would wait for ever when it lets the session go
    duckdb.set_default_connection(duckdb.connect(config={"threads": 1}))
    tables.prepare()
    frames.send(1, {"missing": fences.missing(), "loaded": [pd.__name__, pq.__name__, ds.__name__]})
    while True:
        try:
            request, blobs = frames.receive(0)
        except frames.Ended:
            return
        for name in request.get("imports", ()):
            if name.split(".")[0] in WARM:
                try:
                    importlib.import_module(name)
                except Exception:  # the user's code will meet it, and be told
                    continue
        gc.freeze()
        head, held = _forked(request, blobs, scratch, readable)
        frames.send(1, head, held)


def _forked(
    request: dict[str, Any], blobs: list[bytes], scratch: str, readable: list[str]
) -> tuple[dict[str, Any], list[bytes]]:
    own = tempfile.mkdtemp(prefix="run-", dir=scratch)
    pipes = [os.pipe() for _ in range(3)]
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            _die_with_parent()
            _wire([writing for _, writing in pipes])
            run(request, blobs, own, readable)
        finally:
            os._exit(70)
    for _, writing in pipes:
        os.close(writing)
    try:
        answer, out, err = (reading for reading, _ in pipes)
        return Watch(pid, (answer, out, err), request["limits"], own).until_it_ends()
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _wire(writing: list[int]) -> None:
    """Give a forked process its descriptors, and close all others: 0 nothing, 1 and 2 what it prints, 3 its answer."""
    high = [os.dup2(fd, 100 + i) for i, fd in enumerate([os.open(os.devnull, os.O_RDONLY), *writing])]
    for fd, place in zip(high, (0, RESULT, 1, 2), strict=True):
        os.dup2(fd, place)
    os.closerange(RESULT + 1, 1024)


def _die_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
