"""Memory of the log's blocks: used again when nobody holds it, and never before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from sim.traffic.buffers import Memory


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_arrays_have_the_size_and_type_that_were_asked_for():
    memory = Memory()
    for n in (0, 1, 7, 1000, 1025):
        for dtype in (np.bool_, np.int16, np.float64, np.dtype([("a", np.int32), ("b", np.uint8)])):
            array = memory.array(n, dtype)
            assert (len(array), array.dtype) == (n, np.dtype(dtype))
            array[:] = np.zeros(n, dtype)


def test_memory_is_used_again_when_nobody_holds_it():
    memory = Memory()
    array = memory.array(1000, np.int32)
    at = address(array)
    del array
    again = memory.array(900, np.float32)  # another type, and a size of the same class
    assert address(again) == at


def test_what_somebody_holds_is_not_used_again():
    memory = Memory()
    array = memory.array(1000, np.int32)
    array[:] = np.arange(1000)
    view, column = array[10:20], pa.array(array[500:600])
    table = pa.table({"values": column})
    del array, column
    for _ in range(4):
        memory.array(1000, np.int32)[:] = -1
    assert view.tolist() == list(range(10, 20))
    assert table["values"].to_pylist() == list(range(500, 600))


def test_a_cleared_memory_gives_back_what_nobody_holds_and_goes_on():
    memory = Memory()
    held = memory.array(100, np.int64)
    held[:] = 7
    memory.array(1000, np.int64)[:] = 1
    memory.clear()
    assert sum(map(len, memory._free.values())) == 0
    assert (held == 7).all()
    assert len(memory.array(1000, np.int64)) == 1000


def test_threads_never_share_an_array():
    memory = Memory()

    def fill(number: int) -> bool:
        arrays = [memory.array(500, np.int64) for _ in range(8)]
        for k, array in enumerate(arrays):
            array[:] = 10 * number + k
        return all((array == 10 * number + k).all() for k, array in enumerate(arrays))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(fill, range(400)))
