"""How loops are compiled: once, kept on disk, without the interpreter's lock, with the division of NumPy.

A kept loop does not notice edits in other files that it calls: after such an edit, clear the cache (`__pycache__`, or
`NUMBA_CACHE_DIR`).
"""

from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""For a loop over arrays."""

inlined = njit(inline="always")
"""For a small function that loops call for each entry."""
