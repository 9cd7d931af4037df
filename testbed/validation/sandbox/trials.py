"""Many texts of one user's code in one contained process: what a search for a mend asks, each time for an answer alone.

A single run has a process of its own (`Box.run`). Here texts that differ in a few words share one, in the same fences,
since to fork takes longer than a query.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from testbed.validation.sandbox import reply
from testbed.validation.sandbox.jail import frames
from testbed.validation.sandbox.process import Box
from testbed.validation.tables import Tables

SECONDS = 1.0
"""Of processor time for one text; an honest one needs some milliseconds."""
ROWS = 5_000
"""Of an answer; the right ones have some hundred."""


def trials(box: Box, texts: Sequence[tuple[str, str, Tables]]) -> Iterator[str]:
    """What becomes of each text, in a session of the zone and on the tables beside it, as JSON: two alike are the same
    answer. Those that fail are empty."""
    left = list(texts)
    while left:
        worlds = list(dict.fromkeys(tables for _, _, tables in left))
        places = {tables: place for place, tables in enumerate(worlds)}
        asked = [(text, zone, places[tables]) for text, zone, tables in left]
        request = box.request(left[0][1]) | {"trials": asked, "code": "", "seconds": SECONDS}
        try:
            _, (lines, *_) = box.sandbox.ask(request, worlds, box.submission.columns, rows=ROWS)
        except (frames.Late, frames.Ended):
            lines = b""
        found = [line.decode(errors="replace") for line in lines.split(b"\n")[:-1]][: len(left)]
        yield from ("" if line.startswith('{"failure"') else line for line in found)
        if len(found) < len(left):
            yield ""  # the one that ended the process
        left = left[len(found) + 1 :]


def answer(box: Box, line: str) -> pd.DataFrame | None:
    """The table of a trial; None where it gave none."""
    try:
        held: dict[str, Any] = json.loads(line)
        if "text" in held:
            return reply.read_csv(str(held["text"]), box.sandbox.limits)[0]
        return reply.table_of(held["columns"])
    except Exception:  # bytes that our side of the jail did not write
        return None
