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
