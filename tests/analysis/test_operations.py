"""Days, weeks and months of moments in UTC: exact at their edges, and written in each dialect's own words."""

from __future__ import annotations

import datetime as dt

import ibis
import pyarrow as pa
import pytest

from analysis import vocabulary as v
from analysis.queries.query import written

EDGES = [  # moment, its week and its month
    ("2025-03-02T23:59:59.999999", "2025-02-24", "2025-03-01"),  # a Sunday
    ("2025-03-03T00:00:00.000000", "2025-03-03", "2025-03-01"),  # a Monday
    ("2025-03-09T10:30:00.000000", "2025-03-03", "2025-03-01"),  # an hour that Los Angeles skips
    ("2024-12-31T23:59:59.999999", "2024-12-30", "2024-12-01"),
    ("2025-01-01T00:00:00.000000", "2024-12-30", "2025-01-01"),
]
TABLE = ibis.table({"created_at": "timestamp('UTC')"}, name="generations")
DIALECTS = ("duckdb", "postgres", "bigquery", "snowflake", "clickhouse", "databricks")
WEEKS = {
    "duckdb": """CAST(DATE_TRUNC('week', MAKE_TIMESTAMP(EPOCH_US("t0"."created_at"))) AS DATE)""",
    "postgres": """CAST(DATE_TRUNC('week', "t0"."created_at" AT TIME ZONE 'UTC') AS DATE)""",
    "bigquery": "DATE_TRUNC(DATE(`t0`.`created_at`, 'UTC'), WEEK(MONDAY))",
    "snowflake": """PREVIOUS_DAY(CAST(CONVERT_TIMEZONE('UTC', "t0"."created_at") AS DATE) + 1, 'mo')""",
    "clickhouse": """toMonday(toTimeZone("t0"."created_at", 'UTC'))""",
    "databricks": "CAST(DATE_TRUNC('week', TO_UTC_TIMESTAMP(`t0`.`created_at`, CURRENT_TIMEZONE())) AS DATE)",
}


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kathmandu"])
def test_edges_of_weeks_and_months(zone):
    connection = ibis.duckdb.connect()
    moments = [dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC) for moment, *_ in EDGES]
    connection.con.register("given", pa.table({"created_at": pa.array(moments, pa.timestamp("us", "UTC"))}))
    connection.con.execute("create table generations as select * from given")
    connection.con.execute(f"set timezone = '{zone}'")
    at = TABLE.created_at
    asked = TABLE.select(
        day=v.day(at), week=v.week(at), month=v.month(at), of_month=v.day_of_month(at),
        number=v.month_number(at, dt.date(2024, 1, 1)), us=v.microseconds(at), s=v.seconds(at),
    )  # fmt: skip
    found = connection.con.sql(written(asked, "duckdb")).fetchall()
    for moment, (_, week, month), row in zip(moments, EDGES, found, strict=True):
        day, first = moment.date(), dt.date.fromisoformat(month)
        since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        assert row == (
            day, dt.date.fromisoformat(week), first, day.day, 12 * (first.year - 2024) + first.month - 1,
            since // dt.timedelta(microseconds=1), pytest.approx(since.total_seconds(), abs=1e-6),
        )  # fmt: skip
    connection.disconnect()


def test_periods_count_to_the_microsecond():
    connection = ibis.duckdb.connect()
    asked = ibis.memtable(
        {"a": ["2025-01-01 12:00:00.9Z"], "b": ["2025-01-31 12:00:00.8Z"], "c": ["2025-01-31 12:00:00.9Z"]}
    )
    a, b, c = (asked[name].cast("timestamp('UTC')") for name in "abc")
    found = connection.to_pyarrow(asked.select(just_under=v.periods(b, a, 30), just=v.periods(c, a, 30)))
    assert found.to_pylist() == [{"just_under": 0, "just": 1}]
    connection.disconnect()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_weeks_begin_on_a_utc_monday_in_each_dialect(dialect):
    sql = written(TABLE.select(week=v.week(TABLE.created_at)), dialect)
    assert (
        " ".join(sql.split()).replace("( ", "(").replace(" )", ")").startswith(f"SELECT {WEEKS[dialect]} AS")
    )


def test_a_timestamp_without_a_zone_is_taken_for_utc():
    plain = ibis.table({"at": "timestamp"}, name="t")
    sql = written(plain.select(day=v.day(plain["at"]), week=v.week(plain["at"])), "duckdb")
    assert "EPOCH" not in sql and "CAST" in sql
