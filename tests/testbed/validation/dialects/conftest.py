"""Values of expressions in other dialects: on three requests whose moments tell calendars apart, in two zones."""

from __future__ import annotations

import re

import duckdb
import pytest

from testbed.validation.columns import InputColumns
from testbed.validation.dialects import translate

AS_CONTRACT = InputColumns()
ROWS = """
CREATE TABLE generations (generation_id VARCHAR, created_at TIMESTAMPTZ, user_id VARCHAR, account_id VARCHAR,
  model VARCHAR, tokens_prompt INTEGER, tokens_completion INTEGER, byok BOOLEAN, finish_reason VARCHAR);
CREATE TABLE labels (generation_id VARCHAR, category VARCHAR);
INSERT INTO generations VALUES
  ('turn', '2024-12-31 23:30:00+00', NULL, 'a', 'x/y', 3, 4, false, 'stop'),  -- a Tuesday, in week 1 of 2025
  ('sunday', '2025-01-05 23:30:00+00', 'u', 'a', 'x/y', 4, 0, true, NULL),
  ('end', '2025-01-31 12:00:00+00', '', 'b', 'z/y', 8, 2, true, 'stop');  -- a Friday
INSERT INTO labels VALUES ('turn', 'roleplay');
"""
EAST = "Asia/Tokyo"
"""There `turn` is Wednesday 2025-01-01 08:30, `sunday` Monday 2025-01-06 08:30, `end` 2025-01-31 21:00."""


@pytest.fixture(scope="session")
def connection():
    with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": "false"}) as made:
        made.execute("SET TimeZone = 'UTC'")
        made.execute(ROWS)
        yield made


@pytest.fixture
def rows(connection):
    """What a query of a dialect gives in a session of a zone, as text: midnights as dates, no offset."""

    def ask(query, dialect, zone="UTC"):
        found = translate(query, dialect, AS_CONTRACT)
        connection.execute(f"SET TimeZone = '{zone if found.zoned else 'UTC'}'")
        try:
            given = connection.sql(f"SELECT COLUMNS(*)::VARCHAR FROM ({found.text})").fetchall()
        finally:
            connection.execute("SET TimeZone = 'UTC'")
        return [tuple(_plain(value) for value in row) for row in given]

    return ask


@pytest.fixture
def value(rows):
    """The value of an expression on one request, or over all of them (`*`)."""

    def ask(expression, dialect, row, zone="UTC"):
        only = "" if row == "*" else f" WHERE generation_id = '{row}'"
        ((found,),) = rows(f"SELECT {expression} AS x FROM generations{only}", dialect, zone)
        return found

    return ask


def _plain(value):
    if value is None:
        return None
    return re.sub(r"( 00:00:00)?$", "", re.sub(r"(:\d\d)[+-]\d\d(:\d\d)?$", r"\1", value))
