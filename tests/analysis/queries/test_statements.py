"""SQL of every query for warehouses: right on DuckDB and PostgreSQL, read back in the dialect that it is written in."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import pytest
import sqlglot
from sqlglot import exp

from analysis.queries import query
from analysis.queries.statements import DIALECTS, NeedsDays, Tables, statement
from analysis.sources.errors import LogError
from analysis.sources.scope import Scope

QUERIES = query.all_queries()
DAYS = Scope(dt.date(2025, 1, 1), dt.date(2025, 8, 31))
TABLES = Tables("ours.gateway.Requests", "ours.gateway.labels", "ours.gateway.models")
UNUSED = ("session_id", "generation_time_ms", "streamed")  # columns that no query asks for


def read_back(name: str, dialect: str, scope: Scope = DAYS) -> exp.Expr:
    """The statement as sqlglot reads it, which is one that gives rows and names no other tables than ours."""
    text = statement(QUERIES[name], dialect, TABLES, scope)
    (found,) = sqlglot.parse(text, read=dialect)
    assert isinstance(found, exp.Query) and not list(found.find_all(exp.Command))
    steps = {cte.alias for cte in found.ctes}
    own = [table for table in found.find_all(exp.Table) if table.name and table.name not in steps]
    assert {".".join(part.name for part in table.parts) for table in own if table.db} <= {
        "ours.gateway.Requests", "ours.gateway.labels", "ours.gateway.models",
    }  # fmt: skip
    assert any(table.db for table in own)
    assert not re.findall(r"\bt\d+\b", text)  # aliases that nobody can read
    assert not [column for column in UNUSED if column in text]
    return found


@pytest.mark.parametrize(
    ("name", "dialect"), list(zip(sorted(QUERIES)[::3], itertools.cycle(DIALECTS), strict=False))
)
def test_a_statement_can_be_read_back(name, dialect):
    read_back(name, dialect)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_can_be_read_back_in_every_dialect(dialect):
    for name in QUERIES:
        read_back(name, dialect)


def test_each_dialect_has_its_own_monday():
    text = {dialect: statement(QUERIES["usage.weekly"], dialect, TABLES) for dialect in DIALECTS}
    assert "WEEK(MONDAY)" in text["bigquery"] and "`ours`.`gateway`.`Requests`" in text["bigquery"]
    assert "PREVIOUS_DAY(" in text["snowflake"] and 'ours.gateway."Requests"' in text["snowflake"]
    assert "toMonday(toTimeZone(" in text["clickhouse"]
    for dialect in ("postgres", "duckdb", "spark", "databricks"):
        assert "DATE_TRUNC('week', " in text[dialect]


def test_numbers_divide_as_floats_in_each_dialect():
    for dialect in DIALECTS:
        found = read_back("usage.weekly", dialect)
        divided = [node for node in found.find_all(exp.Div, exp.SafeDivide, exp.Anonymous, exp.Func)
                   if isinstance(node, exp.Div) or "DIVIDE" in f"{node.key} {node.name}".upper()]  # fmt: skip
        assert len(divided) >= 4
        for node in divided:
            first = node.this if isinstance(node.this, exp.Expr) else node.expressions[0]
            assert isinstance(first, exp.Cast) and first.to.is_type("double", "float", "nullable"), (
                first.sql()
            )


def test_queries_of_cohorts_need_to_know_the_days():
    for name in ("retention.cohort_activity", "activity_retention.every_month"):
        with pytest.raises(NeedsDays):
            statement(QUERIES[name], "duckdb")
        with pytest.raises(NeedsDays):
            statement(QUERIES[name], "duckdb", scope=Scope(first=DAYS.first))
    text = statement(QUERIES["activity_retention.every_month"], "snowflake", scope=DAYS)
    assert "DATE_FROM_PARTS(2025, 8, 1)" in text  # the last month that is whole


def test_parameters_and_names_are_taken():
    text = statement(
        QUERIES["activity_retention.calendar_month"], "bigquery", Tables("log"), DAYS,
        {"models": ["openai/gpt-4o-mini"], "min_cohort": 30},
    )  # fmt: skip
    assert "= 'openai/gpt-4o-mini'" in text or "('openai/gpt-4o-mini')" in text
    assert ">= 30" in text and "FROM `log`" in text
    with pytest.raises(LogError, match=r"'a\.b\.c\.d': expected TABLE, SCHEMA\.TABLE"):
        statement(QUERIES["usage.weekly"], "duckdb", Tables("a.b.c.d"))


def test_a_statement_is_the_same_each_time():
    for name in ("cost.list_price", "retention.cohort_activity"):
        assert len({statement(QUERIES[name], "snowflake", TABLES, DAYS) for _ in range(2)}) == 1
