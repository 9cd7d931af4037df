"""Rows of a log on their way into a file: an Arrow table of the contract with whose each row is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim.compiled import compiled
from sim.randomness import mix

_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@compiled
def _hash(text, offsets, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        h = _FNV_OFFSET
        for j in range(offsets[i], offsets[i + 1]):
            h = (h ^ np.uint64(text[j])) * _FNV_PRIME
        out[i] = mix(h)


def entities(strings: pa.Array) -> NDArray[np.uint64]:
    """A number for each string, dictionary-encoded or not, by which its draws are keyed (FNV-1a, mixed). A missing one
    has the number of the empty string."""
    if pa.types.is_dictionary(strings.type):
        names = entities(strings.dictionary)
        none = entities(pa.array([""]))
        codes = strings.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
        return np.concatenate([names, none])[codes]
    plain = strings.cast(pa.string()).fill_null("")
    _, offsets, text = plain.buffers()
    ends = np.frombuffer(offsets, np.int32, len(plain) + 1, plain.offset * 4)
    out = np.empty(len(plain), np.uint64)
    _hash(np.frombuffer(text or b"\0", np.uint8), ends, out)
    return out


@dataclass(frozen=True)
class Rows:
    """Rows of a log. request, user: entities of the request and of the user as they were before any fault, so that
    one fault changes no draw of another. late_ms: how long after the request a row is written."""

    table: pa.Table
    request: NDArray[np.uint64]
    user: NDArray[np.uint64]
    late_ms: NDArray[np.int64]

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """The rows of a table without faults."""
        request, user = (entities(_whole(table, name)) for name in ("generation_id", "user_id"))
        return cls(table, request, user, np.zeros(len(table), np.int64))

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Rows:
        """Rows of these numbers, or those that are marked, in this order."""
        at = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Rows(self.table.take(pa.array(at)), self.request[at], self.user[at], self.late_ms[at])

    def followed_by(self, others: Rows) -> Rows:
        """These rows, then others of the same columns."""
        return Rows(
            pa.concat_tables([self.table, others.table]),
            np.concatenate([self.request, others.request]),
            np.concatenate([self.user, others.user]),
            np.concatenate([self.late_ms, others.late_ms]),
        )

    def column(self, name: str) -> pa.Array:
        """A column as one array."""
        return _whole(self.table, name)

    def strings(self, name: str) -> pa.Array:
        """A column of text, not encoded."""
        column = _whole(self.table, name)
        return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column

    @property
    def created_ms(self) -> NDArray[np.int64]:
        """What `created_at` says, in milliseconds since 1970."""
        return np.asarray(self.column("created_at").cast(pa.int64()).to_numpy(zero_copy_only=False))

    def created(self, at: NDArray[np.int64]) -> Rows:
        """The same with other moments, in milliseconds since 1970."""
        return self.changed("created_at", pa.array(at).cast(self.table.schema.field("created_at").type))

    def changed(self, name: str, values: pa.Array) -> Rows:
        """The same with other values of a column, encoded as they were."""
        place = self.table.schema.get_field_index(name)
        field = self.table.schema.field(place)
        if pa.types.is_dictionary(field.type):
            values = values.dictionary_encode()
        return replace(self, table=self.table.set_column(place, field, values))

    def changed_where(self, hit: NDArray[np.bool_], name: str, values: pa.Array) -> Rows:
        """The same with other values of a column of text in the rows that are marked. values: one for each row."""
        return self.changed(name, pc.if_else(pa.array(hit), values, self.strings(name)))

    def without(self, hit: NDArray[np.bool_], name: str) -> Rows:
        """The same with a column missing in the rows that are marked; the column may be missing from then on."""
        place = self.table.schema.get_field_index(name)
        field = self.table.schema.field(place).with_nullable(True)
        column = self.column(name)
        values = pc.if_else(pa.array(hit), pa.scalar(None, column.type), column)
        return replace(self, table=self.table.set_column(place, field, values))


def _whole(table: pa.Table, name: str) -> pa.Array:
    return table.column(name).combine_chunks()
