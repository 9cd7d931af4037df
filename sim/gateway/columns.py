"""How arrays become columns of Arrow tables, and how Parquet files are packed."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

EPOCH = dt.date(1970, 1, 1)
"""Where Arrow counts days and milliseconds from."""
COMPRESSION = {"compression": "zstd", "compression_level": 1}


def coded(
    codes: NDArray[Any], names: Sequence[str] | pa.Array, null: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Dictionary-encoded strings; `null` marks missing ones."""
    values = names if isinstance(names, pa.Array) else pa.array(list(names), pa.string())
    return pa.DictionaryArray.from_arrays(integers(codes.astype(np.int32, copy=False), null), values)


def integers(values: NDArray[np.int32], null: NDArray[np.bool_] | None) -> pa.Array:
    """Integers; `null` marks missing ones."""
    bits = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(pa.int32(), len(values), [bits, pa.py_buffer(values)])
