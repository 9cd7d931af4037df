"""Memory of the log's columns."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray


def new_array(n: int, dtype: DTypeLike) -> NDArray[Any]:
    """An array of n values without content, in Arrow's memory pool.

    The pool keeps freed memory for the next block; malloc returns arrays of this size to the system, and the faults of
    fresh pages would then cost as much as the values.
    """
    return np.frombuffer(pa.allocate_buffer(n * np.dtype(dtype).itemsize), dtype=dtype)
