"""What holds for all dialects, or tells them apart: where nulls are sorted, division, averages, approximate counts."""

from __future__ import annotations

import pytest

from testbed.validation.dialects import KNOWN_DIALECTS, translate
from testbed.validation.dialects.rules import RULES
from tests.testbed.validation.dialects.conftest import AS_CONTRACT

SMALLEST = ("bigquery", "spark", "databricks", "mysql", "tsql")
LARGEST = ("postgres", "redshift", "snowflake")
LAST = ("clickhouse", "trino", "duckdb")


@pytest.mark.parametrize("dialect", [*SMALLEST, *LARGEST, *LAST])
def test_nulls_are_sorted_as_the_dialect_sorts_them(rows, dialect):
    top = "TOP 1 " if dialect == "tsql" else ""
    limit = "" if dialect == "tsql" else " LIMIT 1"
    for order, first in (("ASC", dialect in SMALLEST), ("DESC", dialect in LARGEST)):
        query = f"SELECT {top}user_id FROM generations ORDER BY user_id {order}{limit}"
        assert (rows(query, dialect) == [(None,)]) is first, (dialect, order)
        numbered = f"SELECT user_id, row_number() OVER (ORDER BY user_id {order}) AS n FROM generations"
        assert ((None, "1") in rows(numbered, dialect)) is first, (dialect, order)


@pytest.mark.parametrize("dialect", ["snowflake", "redshift"])
def test_a_ratio_to_the_sum(rows, dialect):
    query = "SELECT model, RATIO_TO_REPORT(tokens_prompt) OVER (PARTITION BY account_id) FROM generations"
    assert sorted(rows(query, dialect)) == [("x/y", "0.42857142857142855"), ("x/y", "0.5714285714285714"),
                                            ("z/y", "1.0")]  # fmt: skip


def test_an_approximate_count_stays_one():
    for query, dialect in (("SELECT approx_distinct(model) FROM generations", "trino"),
                           ("SELECT uniq(model) FROM generations", "clickhouse"),
                           ("SELECT uniqCombinedIf(model, byok) FROM generations", "clickhouse"),
                           ("SELECT APPROX_COUNT_DISTINCT(model) FROM generations", "tsql")):  # fmt: skip
        assert "APPROX_COUNT_DISTINCT(" in translate(query, dialect, AS_CONTRACT).text


def test_a_cast_to_a_short_text_cuts_it(rows):
    for dialect in ("postgres", "redshift", "tsql", "trino"):
        assert rows("SELECT CAST('2025-01-31' AS varchar(7)) AS x", dialect) == [("2025-01",)]


def test_rules_are_of_known_dialects():
    assert set(RULES) < set(KNOWN_DIALECTS) and "aswritten" not in KNOWN_DIALECTS


@pytest.mark.parametrize(("dialect", "zoned"), [
    ("bigquery", False), ("clickhouse", False), ("trino", False), ("tsql", False),
    ("snowflake", True), ("postgres", True), ("redshift", True), ("spark", True), ("mysql", True),
])  # fmt: skip
def test_sessions_have_a_zone_that_matters(dialect, zoned):
    assert translate("SELECT model FROM generations", dialect, AS_CONTRACT).zoned is zoned
