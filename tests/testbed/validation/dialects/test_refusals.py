"""What is said where a query of another dialect asks for what is not translated."""

from __future__ import annotations

import duckdb
import pytest

from testbed.validation.dialects import refusal, translate
from tests.testbed.validation.dialects.conftest import AS_CONTRACT


@pytest.mark.parametrize(("query", "dialect", "said"), [
    ("-- x\nSELECT runningDifference(created_at) FROM generations", "clickhouse",
     "q.sql:2: runningDifference of clickhouse is not translated; write x - lag(x) OVER (ORDER BY ...)"),
    ("SELECT windowFunnel(3)(created_at, byok) FROM generations", "clickhouse",
     "q.sql:1: windowFunnel of clickhouse is not translated; write a join of the first moments of each step"),
    ("SELECT leadInFrame(byok) OVER (ORDER BY created_at) FROM generations", "clickhouse",
     "q.sql:1: leadInFrame of clickhouse is not translated; write lead(x) OVER"),
    ("SELECT nonesuch(created_at)\nFROM generations", "snowflake",
     "q.sql:1: nonesuch of snowflake is not translated; say it in standard SQL"),
    ("SELECT\n  pg_size_pretty(1::bigint), tsrange(1, 2) FROM generations", "postgres",
     "q.sql:2: tsrange of postgres is not translated; say it in standard SQL"),
    ("SELECT to_char(created_at, 'Q') FROM generations", "postgres",
     "q.sql:1: to_char of postgres is not translated in this form; write TO_CHAR(x, 'YYYY-MM-DD')"),
    ("SELECT to_char(3.5, '999.9') FROM generations", "postgres", "CAST(x AS text) of a number"),
    ("SELECT justify_days(created_at - created_at) FROM generations", "postgres", "write the days themselves"),
    ("SELECT TO_CHAR(tokens_prompt, '999') FROM generations", "snowflake", "q.sql:1: TO_CHAR of snowflake is not"),
    ("SELECT DATE_FORMAT(created_at, '%X-%V') FROM generations", "mysql",
     "q.sql:1: DATE_FORMAT of mysql is not translated in this form; write DATE_FORMAT(x, '%x-%v') for ISO weeks"),
    ("SELECT WEEK(created_at, 6) FROM generations", "mysql", "WEEK of mysql is not translated in this form; write"),
    ("SELECT DATEDIFF(week, created_at, created_at) FROM generations", "redshift",
     "DATEDIFF of redshift is not translated in this form; write DATEDIFF(day, DATE_TRUNC('week', a)"),
    ("SELECT trunc(created_at, 'day') FROM generations", "spark", "trunc of spark is not translated in this form"),
    ("SELECT date_format(created_at, 'yyyy-ww') FROM generations", "spark", "q.sql:1: date_format of spark is not"),
    ("SELECT format_datetime(created_at, 'xxxx-ww') FROM generations", "trino",
     "write format_datetime(x, 'yyyy-MM-dd')"),
    ("SELECT EXTRACT(WEEK(TUESDAY) FROM created_at) FROM generations", "bigquery", "write EXTRACT(ISOWEEK FROM x)"),
    ("SELECT pg_lsn_x(1)", "postgres", "--against postgresql://"),
])  # fmt: skip
def test_it_is_one_line_with_place_and_advice(connection, query, dialect, said):
    with pytest.raises(duckdb.Error) as error:
        connection.sql(translate(query, dialect, AS_CONTRACT).text).fetchall()
    line = refusal(str(error.value), "q.sql", query, dialect)
    assert line is not None and said in line and "\n" not in line


def test_other_errors_are_the_engines_own():
    missing = "q.sql: Catalog Error: Table with name nothere does not exist!"
    assert refusal(missing, "q.sql", "SELECT 1 FROM nothere", "snowflake") is None
    unknown = "q.sql: Catalog Error: Scalar Function with name f does not exist!"
    assert refusal(unknown, "q.sql", "SELECT f(1)", "duckdb") is None
