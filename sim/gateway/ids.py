"""Opaque ids: a prefix, for requests the second, and 13 letters that spell 64 random bits (Crockford's base 32).

Ids are written by whole words, as packed records of fixed width: eight letters are one 64-bit integer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.compiled import compiled, inlined
from sim.randomness import Draws, Purpose

_CODE = [("first", "<u8"), ("next", "<u4"), ("last", "u1")]
_SECONDS = [("s1", "<u2"), ("s2", "<u2"), ("s3", "<u2"), ("s4", "<u2"), ("s5", "<u2"), ("dash", "u1")]
_PLAIN = np.dtype([("prefix", "<u4"), *_CODE])
_DATED = np.dtype([("prefix", "<u4"), *_SECONDS, *_CODE])
_PAIRS = np.frombuffer("".join(f"{number:02}" for number in range(100)).encode(), dtype="<u2")
_ONES = np.uint64(0x0101_0101_0101_0101)
_HUNDRED, _MILLION = np.uint64(100), np.uint64(1_000_000)


@inlined
def _over(digits: np.uint64, least: int) -> np.uint64:
    """For each of eight bytes below 128: one if it is over `least`, else zero."""
    return ((digits + np.uint64(127 - least) * _ONES) >> np.uint64(7)) & _ONES


@inlined
def _letters(bits: np.uint64) -> np.uint64:
    """The lowest 40 bits as eight letters, least significant five bits first."""
    x = (bits & np.uint64(0xF_FFFF)) | ((bits & np.uint64(0xFF_FFF0_0000)) << np.uint64(12))
    x = (x & np.uint64(0x3FF_0000_03FF)) | ((x & np.uint64(0xF_FC00_000F_FC00)) << np.uint64(6))
    x = (x & np.uint64(0x1F_001F_001F_001F)) | ((x & np.uint64(0x3E0_03E0_03E0_03E0)) << np.uint64(3))
    # 0-9, then a-z without i, l, o and u
    skipped = _over(x, 17) + _over(x, 19) + _over(x, 21) + _over(x, 26)
    return x + np.uint64(48) * _ONES + np.uint64(39) * _over(x, 9) + skipped


@compiled
def _write_codes(out, prefix, codes):  # type: ignore[no-untyped-def]
    for i in range(len(codes)):
        code = codes[i]
        out[i].prefix = prefix
        out[i].first = _letters(code)
        more = _letters(code >> np.uint64(40))
        out[i].next = np.uint32(more & np.uint64(0xFFFF_FFFF))
        out[i].last = np.uint8((more >> np.uint64(32)) & np.uint64(0xFF))


@compiled
def _write_seconds(out, seconds, pairs):  # type: ignore[no-untyped-def]
    """Ten digits and a dash."""
    for i in range(len(seconds)):
        second = np.uint64(seconds[i])
        high, low = second // _MILLION, second % _MILLION
        out[i].s1, out[i].s2 = pairs[high // _HUNDRED], pairs[high % _HUNDRED]
        out[i].s3 = pairs[low // np.uint64(10_000)]
        out[i].s4, out[i].s5 = pairs[low // _HUNDRED % _HUNDRED], pairs[low % _HUNDRED]
        out[i].dash = 45


def id_array(
    prefix: str,
    codes: NDArray[np.uint64],
    seconds: NDArray[np.int64] | None = None,
    new_array: Callable[..., NDArray[Any]] = np.empty,
) -> pa.Array:
    """Opaque ids: `prefix` (four letters), ten digits of Unix `seconds` and a dash if given, 13 letters for `codes`."""
    if len(prefix.encode()) != 4:
        raise ValueError(f"a prefix has four letters, not {prefix!r}")
    n, layout = len(codes), _PLAIN if seconds is None else _DATED
    out, offsets = new_array(n, layout), new_array(n + 1, np.int32)
    _write_codes(out, np.uint32(int.from_bytes(prefix.encode(), "little")), codes)
    if seconds is not None:
        _write_seconds(out, seconds, _PAIRS)
    offsets[:] = np.arange(0, (n + 1) * layout.itemsize, layout.itemsize, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(out)])


def account_codes(draws: Draws, account: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The bits that the ids ("acc-") of these accounts spell."""
    return draws.bits(Purpose.ACCOUNT_ID, account)
