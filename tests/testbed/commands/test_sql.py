"""`slipper sql`: a list of the queries, the SQL of one, and what is wrong with a command line that asks for it."""

from __future__ import annotations

import json

import pytest

from analysis.queries import statements
from analysis.queries.query import all_queries
from testbed.commands.reference import sql
from tests.command_line import slipper

DAYS = ("--from", "2025-01-01", "--to", "2025-12-31")


def test_the_queries_are_listed_in_a_line_each(capsys):
    status, out, err = slipper(capsys, "sql")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in lines[:-2]] == sorted(all_queries())
    assert all(len(line.split()) > 2 for line in lines[:-2])
    listed = json.loads(slipper(capsys, "sql", "--json")[1])
    assert listed["usage.weekly"] == "Volume and mean lengths by week"


def test_the_sql_of_a_query_is_printed_for_a_warehouse(capsys):
    status, out, err = slipper(
        capsys, "sql", "usage.weekly", "--dialect", "bigquery", "--generations", "ours.gateway.requests"
    )
    assert (status, err) == (0, "")
    assert out.startswith("-- usage.weekly: Volume and mean lengths by week\nWITH step_1 AS (")
    assert "FROM `ours`.`gateway`.`requests`" in out and out.endswith(";\n")


def test_the_options_of_cohorts_are_taken(capsys):
    cohorts = ("--model", "a/b", "--model", "c/d", "--min-cohort", "30")
    _, out, _ = slipper(capsys, "sql", "activity_retention.every_month", "--json", *DAYS, *cohorts)
    text = json.loads(out)["sql"]
    assert "IN ('a/b', 'c/d')" in text and ">= 30" in text and "MAKE_TIMESTAMPTZ(2026, 1, 1" in text


WRONG = [
    (("usage.wekly",), "no query 'usage.wekly', did you mean 'usage.weekly'?; slipper sql lists them"),
    (("usage.weekly", "--dialect", "snowfake"), "unknown dialect 'snowfake', did you mean 'snowflake'?"),
    (("retention.first_months",), "state the first and the last one, such as --from 2025-01-01 --to 2025-12-31"),
    (("usage.weekly", "--model", "a/b"), "--model: usage.weekly takes no such option"),
    (("usage.weekly", "--labels", "a.b.c.d"), "'a.b.c.d': expected TABLE, SCHEMA.TABLE or CATALOG.SCHEMA.TABLE"),
    (("usage.weekly", "--from", "2025-02-01", "--to", "2025-01-01"), "no day lies from 2025-02-01 to 2025-01-01"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "message"), WRONG, ids=[" ".join(argv) for argv, _ in WRONG])
def test_what_is_wrong_is_said(capsys, argv, message):
    status, out, err = slipper(capsys, "sql", *argv)
    assert (status, out) == (2, "") and message in err and "Traceback" not in err


def test_the_dialects_are_those_that_are_written():
    assert sql.DIALECTS == statements.DIALECTS  # said twice, so that --help need not load the analysis
