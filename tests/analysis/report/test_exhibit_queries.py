"""The queries behind an exhibit are those that its table runs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from analysis.queries.query import Query
from analysis.report.exhibits import EXHIBITS
from analysis.sources.log import NotAvailable
from analysis.sources.opening import open_log


@pytest.fixture(scope="module")
def ran(run_folder):
    """By exhibit, the names of the queries that its table runs where nothing is remembered yet."""
    found: dict[str, set[str]] = {}
    seen: set[str] = set()
    call, expression = Query.__call__, Query.expression

    def called(self: Query[Any], *args: Any, **kwargs: Any) -> Any:
        seen.add(self.name)
        return call(self, *args, **kwargs)

    def built(self: Query[Any], *args: Any, **kwargs: Any) -> Any:
        seen.add(self.name)
        return expression(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, open_log(run_folder) as log:
        patch.setattr(Query, "__call__", called)
        patch.setattr(Query, "expression", built)
        for one in EXHIBITS:
            seen.clear()
            log._results.clear()  # or it would answer from memory
            with suppress(NotAvailable):  # by then the query has run
                one.table(log)
            found[one.id] = set(seen)
    return found


def test_every_exhibit_names_a_query_that_its_table_runs(ran):
    for one in EXHIBITS:
        if ran[one.id]:
            assert one.queries, f"{one.id} runs {sorted(ran[one.id])} and names none of them"
        assert {query.name for query in one.queries} <= ran[one.id], one.id
        assert len(set(one.queries)) == len(one.queries), one.id
