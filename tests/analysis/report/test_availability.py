"""Which exhibits a log can carry: told by its columns, before any table is made."""

from __future__ import annotations

from analysis.report.availability import availability
from analysis.report.exhibits import EXHIBITS
from analysis.sources.opening import open_log
from tests.analysis.in_memory import opened
from tests.analysis.rich_log import rich


def test_what_a_log_lacks_is_told_beside_what_it_cannot_carry():
    made = rich(rows=300, users=40)
    with opened(made.generations, made.labels, made.models) as log:
        whole = availability(log)
        assert not whole.lacking and len(whole.carried) == sum(not one.of_study for one in EXHIBITS)
        with open_log(
            log.stored.drop("country"), labels=False, models=log.models
        ) as other:  # side tables as Ibis tables
            less = availability(other)
    assert less.lacking["country"] == ("Tokens by country",) and "Tokens by country" in whole.carried
    assert {"labels", "country"} == less.lacking.keys()
    assert sorted(less.carried + less.lacking["labels"] + less.lacking["country"]) == sorted(whole.carried)
