"""How loops are compiled: once, kept on disk, without the interpreter's lock, with the division of NumPy.

A kept loop does not notice edits in other files that it calls: after such an edit, clear the cache (`__pycache__`, or
`NUMBA_CACHE_DIR`).
"""

import functools
from collections.abc import Callable
from typing import Any

from numba import njit, vectorize

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""For a loop over arrays."""

within = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
"""For a loop that another one calls for each entry, so that each call costs nothing."""

inlined = njit(inline="always")
"""For a small function that loops call for each entry."""


def elementwise(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a function of numbers that is called with arrays: a universal function of this signature, such as
    "float64(uint64)". It is made on the first call, not on import: that takes half a second, which commands that draw
    nothing need not wait for."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.cache
        def made() -> Any:
            return vectorize([signature], cache=True)(function)  # type: ignore[no-untyped-call]

        @functools.wraps(function)
        def call(*arrays: Any) -> Any:
            return made()(*arrays)

        return call

    return wrap
