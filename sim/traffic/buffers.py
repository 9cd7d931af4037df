"""Memory that the blocks of a log use one after another."""

import weakref
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Memory:
    """Makes arrays in memory that is used again when nobody holds them any more.

    An allocator returns arrays of this size to the system, and then the first touch of each new page costs as much as a
    good part of the work on it. Threads may share one Memory.
    """

    def __init__(self) -> None:
        self._free: defaultdict[int, list[NDArray[np.uint8]]] = defaultdict(list)

    def array(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """An array of n values without content."""
        dtype = np.dtype(dtype)
        size = n * dtype.itemsize
        free = self._free[(max(size, 1) - 1).bit_length()]
        try:
            memory = free.pop()
        except IndexError:
            memory = np.empty(1 << (max(size, 1) - 1).bit_length(), dtype=np.uint8)
        # All views have `whole` as their base, also those in Arrow's buffers; when the last one goes, it goes.
        whole = np.frombuffer(memory.data, dtype=np.uint8)
        weakref.finalize(whole, free.append, memory).atexit = False
        return whole[:size].view(dtype)

    def __reduce__(self) -> tuple[type["Memory"], tuple[()]]:
        """Another process begins without memory."""
        return Memory, ()

    def clear(self) -> None:
        """Give back the memory that nobody holds."""
        for free in self._free.values():
            free.clear()
