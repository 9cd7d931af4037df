"""A function of the user's own tests, asked in this process: it is their code in theirs, and is not contained."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from testbed.validation.columns import InputColumns
from testbed.validation.sandbox import Limits, Outcome, reply
from testbed.validation.sandbox.jail import code
from testbed.validation.sandbox.jail import tables as jail_tables
from testbed.validation.sandbox.jail.answer import Refused, described
from testbed.validation.sandbox.request import tables_of
from testbed.validation.tables import Tables

SHOWN = 300  # characters of a message


class OwnFunction:
    """A function that is given the log as it asks for it, by the names and annotations of its parameters. model: what
    it gets where it takes a model."""

    def __init__(
        self, function: Callable[..., Any], model: str | None = None, columns: InputColumns | None = None
    ) -> None:
        self.function, self.model, self.columns = function, model, columns or InputColumns()
        self.name = getattr(function, "__qualname__", repr(function))

    def run(self, tables: Tables, zone: str = "UTC") -> Outcome:
        """What it answers on these tables, in a process of this zone. An error of the function's is an outcome."""
        limits, began = Limits(), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="slipper-") as scratch, _in_zone(zone):
            given = self._given(tables, zone, scratch, limits)
            try:
                held = getattr(self.function, "__globals__", {})
                value = self.function(**code.arguments(self.function, given, held))
                found = described(value, limits.rows, limits.columns)
            except Refused as refused:
                return Outcome(failure="answer", reason=f"{self.name}: {refused}")
            except Exception as error:
                return Outcome(
                    failure="error", reason=f"{self.name}: {type(error).__name__}: {error}"[:SHOWN]
                )
        return Outcome(reply.table_of(found["columns"]), kinds=found["kinds"], notes=tuple(found["notes"]),
                       seconds=time.monotonic() - began)  # fmt: skip

    def _given(self, tables: Tables, zone: str, scratch: str, limits: Limits) -> jail_tables.Tables:
        request, blobs = tables_of(tables, self.columns)
        request |= {"model": self.model, "zone": zone, "limits": asdict(limits)}
        return jail_tables.Tables(request, blobs, scratch)


@contextmanager
def _in_zone(zone: str) -> Iterator[None]:
    """This process in a time zone, and in its own again."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
