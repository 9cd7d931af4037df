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


THREE = [("0",), ("1",), ("2",)]
FORMS = [
    ("clickhouse", "SELECT arrayJoin(range(0, 3)) AS k", THREE),
    ("clickhouse", "SELECT number FROM numbers(3)", THREE),
    ("clickhouse", "SELECT n.number FROM numbers(1, 2) AS n", THREE[1:]),
    ("clickhouse", "SELECT k FROM (SELECT 1 AS a) ARRAY JOIN range(3) AS k", THREE),
    (
        "clickhouse",
        "WITH (SELECT max(tokens_prompt) FROM generations) AS most, toDate('2025-01-01') AS d "
        "SELECT most, count() FROM generations WHERE toDate(created_at) >= d",
        [("8", "2")],
    ),
    (
        "clickhouse",
        "SELECT toStartOfMonth(created_at) AS m, count() AS n FROM generations WHERE m > '2024-12-01' GROUP BY m",
        [("2025-01-01", "2")],
    ),
    ("clickhouse", "WITH 1 AS a, a + 1 AS b SELECT b, (SELECT a + b)", [("2", "3")]),
    ("clickhouse", "SELECT round(2.5), round(3.5)", [("2.0", "4.0")]),  # halves to the even neighbour
    ("bigquery", "SELECT k FROM UNNEST(GENERATE_ARRAY(0, 2)) AS k", THREE),
    (
        "bigquery",
        "SELECT ARRAY_AGG(model ORDER BY created_at LIMIT 1)[OFFSET(0)] FROM generations",
        [("x/y",)],
    ),
    ("bigquery", "SELECT FORMAT('%04d-%02d', 2025, 1)", [("2025-01",)]),
    ("snowflake", "SELECT SEQ4() AS k FROM TABLE(GENERATOR(ROWCOUNT => 3))", THREE),
    (
        "snowflake",
        "WITH n AS (SELECT 0 AS k UNION ALL SELECT k + 1 FROM n WHERE k < 2) SELECT k FROM n",
        THREE,
    ),
    ("spark", "SELECT id FROM range(3)", THREE),
    ("spark", "SELECT k FROM (SELECT 1 AS a) LATERAL VIEW explode(sequence(0, 2)) AS k", THREE),
    ("spark", "SELECT lpad(month(created_at), 2, '0') FROM generations WHERE byok", [("01",), ("01",)]),
    ("trino", "SELECT k FROM UNNEST(sequence(0, 2)) AS t(k)", THREE),
    ("trino", "SELECT format('%d-%02d', 2025, 1)", [("2025-01",)]),
    ("tsql", "SELECT CAST(1 AS float) / 3", [("0.3333333333333333",)]),
    ("redshift", "SELECT TRUNC(MAX(created_at AT TIME ZONE 'UTC')) FROM generations", [("2025-01-31",)]),
    ("tsql", "SELECT value FROM GENERATE_SERIES(0, 2)", THREE),
    ("tsql", "WITH n AS (SELECT 0 AS k UNION ALL SELECT k + 1 FROM n WHERE k < 2) SELECT k FROM n", THREE),
    (
        "tsql",
        "SELECT model, x.k FROM generations CROSS APPLY (SELECT 1 AS k WHERE byok = 1) x ORDER BY 1",
        [("x/y", "1"), ("z/y", "1")],
    ),
    ("tsql", "SELECT COUNT(*) FROM generations OUTER APPLY (SELECT 1 AS k WHERE byok = 1) x", [("3",)]),
    ("postgres", "SELECT k FROM generate_series(0, 2) AS k", THREE),
    ("postgres", "SELECT k FROM unnest(ARRAY[0, 1, 2]) AS k", THREE),
    ("postgres", "SELECT g.k FROM generate_series(0, 2) AS g(k)", THREE),
]


@pytest.mark.parametrize(("dialect", "query", "given"), FORMS)
def test_forms_of_queries(rows, dialect, query, given):
    assert rows(query, dialect) == given


ALIAS = "SELECT substr(model, 2) AS model, count(*) AS n FROM generations GROUP BY model ORDER BY 2"


@pytest.mark.parametrize("dialect", ["bigquery", "clickhouse"])
def test_a_name_in_group_by_is_the_alias_before_the_column(rows, dialect):
    assert rows(ALIAS, dialect) == [("/y", "3")]


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "spark", "trino"])
def test_elsewhere_it_is_the_column(rows, dialect):
    assert rows(ALIAS, dialect) == [("/y", "1"), ("/y", "2")]


def test_in_clickhouse_it_is_the_alias_in_where_too(rows):
    shortened = "SELECT substr(model, 2) AS model FROM generations WHERE model = '/y' LIMIT 1"
    assert rows(shortened, "clickhouse") == [("/y",)] and rows(shortened, "bigquery") == []
    others = "(SELECT max(user_id) FROM generations WHERE model = 'x/y')"  # in here it is a column again
    inside = f"SELECT substr(model, 2) AS model FROM generations WHERE user_id IN {others}"
    assert rows(inside, "clickhouse") == [("/y",)]
    chained = "toStartOfMonth(created_at) AS m, toYear(m) AS y"
    counted = f"SELECT {chained}, count() FROM generations GROUP BY y, m ORDER BY m"
    assert rows(counted, "clickhouse") == [("2024-12-01", "2024", "1"), ("2025-01-01", "2025", "2")]


DIVISIONS = {
    "postgres": [
        ("(date '2025-01-11' - date '2025-01-01') / 7", "1"),
        ("(created_at::date - date '2024-12-02') / 7", "4"),
        ("extract(month from created_at AT TIME ZONE 'UTC') / 5", "2.4"),  # numeric
        ("length(model) / 2", "1"),
        ("count(*) over () / 2", "0"),
        ("tokens_prompt::numeric / 2", "1.5"),
    ],
    "redshift": [
        ("DATEDIFF(day, '2025-01-01'::date, '2025-01-11'::date) / 7", "1"),
        ("MONTHS_BETWEEN('2025-02-28'::date, '2025-01-31'::date) / 2", "0.5"),
    ],
    "trino": [
        ("date_diff('day', date '2025-01-01', date '2025-01-11') / 7", "1"),
        ("extract(month from created_at) / 5", "2"),
        ("day_of_week(created_at) / 4", "0"),
    ],
    "tsql": [
        ("DATEDIFF(day, '2025-01-01', '2025-01-11') / 7", "1"),
        ("DATEDIFF(week, '2025-01-01', '2025-01-11') / 2", "0"),
        ("DATEPART(month, created_at) / 5", "2"),
        ("LEN(model) / 2.0", "1.5"),
    ],
}


@pytest.mark.parametrize("dialect", DIVISIONS)
def test_divisions_of_whole_numbers(differing, dialect):
    cases = [(expression, "turn", given) for expression, given in DIVISIONS[dialect]]
    assert differing(cases, dialect) == {}


def test_rules_are_of_known_dialects():
    assert set(RULES) < set(KNOWN_DIALECTS) and "aswritten" not in KNOWN_DIALECTS


@pytest.mark.parametrize(("dialect", "zoned"), [
    ("bigquery", False), ("clickhouse", False), ("trino", False), ("tsql", False),
    ("snowflake", True), ("postgres", True), ("redshift", True), ("spark", True), ("mysql", True),
])  # fmt: skip
def test_sessions_have_a_zone_that_matters(dialect, zoned):
    assert translate("SELECT model FROM generations", dialect, AS_CONTRACT).zoned is zoned
