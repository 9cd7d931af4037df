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
    """What a query of a dialect gives in sessions of some zones, as text: midnights as dates, no offset."""

    def ask(query, dialect, zones=("UTC",)):
        found, given = translate(query, dialect, AS_CONTRACT), []
        try:
            for zone in zones:
                connection.execute(f"SET TimeZone = '{zone if found.zoned else 'UTC'}'")
                asked = connection.sql(f"SELECT COLUMNS(*)::VARCHAR FROM ({found.text})").fetchall()
                given.append([tuple(_plain(value) for value in row) for row in asked])
        finally:
            connection.execute("SET TimeZone = 'UTC'")
        return given if len(zones) > 1 else given[0]

    return ask


@pytest.fixture
def differing(rows):
    """Of cases (expression, request or `*` for all, value, and the value in a session in the east where it is another):
    those with another value, as {expression: (is, should be)}. All of a request are asked at once, for speed."""

    def ask(cases, dialect):
        wrong = {}
        for row in dict.fromkeys(case[1] for case in cases):
            of_row = [case for case in cases if case[1] == row]
            try:
                given = _asked(rows, [case[0] for case in of_row], dialect, row)
            except Exception:  # one of them does not run: which one?
                given = [_one(rows, case[0], dialect, row) for case in of_row]
            for case, found in zip(of_row, given, strict=True):
                if found != (case[2], case[-1]):
                    wrong[case[0]] = (found, (case[2], case[-1]))
        return wrong

    return ask


def _asked(rows, expressions, dialect, row):
    only = "" if row == "*" else f" WHERE generation_id = '{row}'"
    selected = ", ".join(f"{one} AS x{i}" for i, one in enumerate(expressions))
    (utc,), (east,) = rows(f"SELECT {selected} FROM generations{only}", dialect, ("UTC", EAST))
    return list(zip(utc, east, strict=True))


def _one(rows, expression, dialect, row):
    try:
        return _asked(rows, [expression], dialect, row)[0]
    except Exception as error:
        return str(error).splitlines()[0]


def _plain(value):
    if value is None:
        return None
    return re.sub(r"( 00:00:00)?$", "", re.sub(r"(:\d\d)[+-]\d\d(:\d\d)?$", r"\1", value))
