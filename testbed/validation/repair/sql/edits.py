"""All small edits of a query, the near ones first: each node by every edit of its kind."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.validation.columns import InputColumns
from testbed.validation.repair.form import Edit, in_order
from testbed.validation.repair.sql import conditions, shapes, values
from testbed.validation.repair.sql.conditions import Query
from testbed.validation.repair.sql.places import placed
from testbed.validation.repair.vocabulary import Subject


def query_edits(text: str, dialect: str, subject: Subject, names: InputColumns) -> list[Edit]:
    """The edits of a query of this dialect; none of a text that cannot be read as one."""
    return in_order(text, _edits(text, dialect, subject, names))


def _edits(text: str, dialect: str, subject: Subject, names: InputColumns) -> Iterator[Edit]:
    read = placed(text, dialect)
    if read is None:
        return
    query = Query(read, subject, names)
    for edits in (conditions.edits, values.edits, shapes.edits):
        yield from edits(query)
