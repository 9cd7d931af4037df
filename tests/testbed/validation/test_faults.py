"""Faults of data: each is in its log, and what a query makes of it is said rightly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pandas as pd
import pytest

from analysis import contract
from sim.gateway.faults import FAULTS
from testbed.validation.asking import NoAnswer
from testbed.validation.examples import by_sql
from testbed.validation.faults.__main__ import PAGE, page
from testbed.validation.faults.logs import FAULTY_LOGS, clean_log, with_faults
from testbed.validation.faults.survival import FATES, Survival, survival
from testbed.validation.questions import questions
from testbed.validation.tables import Tables

LOGS = {log.name: log for log in FAULTY_LOGS}
TOP_ONCE = """
WITH once AS (SELECT DISTINCT * FROM generations), own AS (
  SELECT coalesce(models.model, once.model) AS model, tokens_prompt + tokens_completion AS tokens
  FROM once LEFT JOIN models ON once.model IN (models.model_permaslug, split_part(models.model, '/', 2))
)
SELECT model, sum(tokens) AS tokens FROM own GROUP BY model ORDER BY tokens DESC, model LIMIT 10
"""


@dataclass(frozen=True)
class Refusal:
    reason: str


@cache
def asked(question: str, text: str = "", model: str | None = None) -> Survival:
    """What faults do to a query, by default to the question's own example."""
    known = questions()[question]
    text = text or known.example("sql", model or clean_log().model)
    return survival(lambda tables, zone: by_sql(text, tables.named, zone), known, model)


def fates(found: Survival) -> dict[str, str]:
    return {one.fault: one.fate for one in found.faults}


def test_the_clean_log_has_no_fault():
    tables = clean_log().tables
    assert 300 < tables.generations.num_rows < 1000 and tables.labels.num_rows > 100
    for name in tables.generations.schema.names:
        column = tables.generations.column(name)
        assert column.null_count == 0 or name == "tools_offered", name
    assert len(set(tables.generations["generation_id"].to_pylist())) == tables.generations.num_rows
    assert len(set(tables.generations["provider_name"].to_pylist())) == 6


def test_every_fault_of_the_catalogue_is_planted_in_some_log():
    assert {log.fault for log in FAULTY_LOGS} == set(FAULTS)


@pytest.mark.parametrize("name", LOGS)
def test_a_faulty_log_differs_from_the_clean_one_in_the_columns_of_the_contract(name):
    clean, world = clean_log().tables, LOGS[name].of(clean_log())
    made = world.tables
    assert made.generations.schema.names == contract.arrow_schema("generations").names
    assert made.generations.schema.types == contract.arrow_schema("generations").types
    before, after = ([tuple(row.values()) for row in tables.requests] for tables in (clean, made))
    assert after != before and made.models.equals(clean.models)
    assert (sorted(map(repr, after)) == sorted(map(repr, before))) == (name == "late rows")
    held = {row["generation_id"] for row in made.requests}
    assert made.label_rows == [row for row in clean.label_rows if row["generation_id"] in held]
    again = with_faults(clean, {LOGS[name].fault: dict(LOGS[name].settings)})
    assert again.generations.equals(made.generations)


def test_the_page_says_what_each_fault_does_to_each_question():
    """Else run `python -m testbed.validation.faults`."""
    assert PAGE.read_text(encoding="utf-8") == page()


# --- what becomes of a query ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["cohort_sizes", "top_models", "tool_share", "spend_region"])
def test_a_right_query_survives_what_changes_no_answer_and_errs_on_the_rest(question):
    """The examples read a log as their question defines it, and no further."""
    found = asked(question)
    assert found.clean.verdict == "exact" and len(found.faults) == len(FAULTY_LOGS)
    for one in found.faults:
        assert (one.fate == "survives") == (one.effect == "none"), one
        assert bool(one.mend) == (one.effect == "mendable") and bool(one.why) == (one.fate != "survives")
    assert fates(found)["late rows"] == "survives" and fates(found)["missing days"] == "wrong without a word"


def test_who_counts_an_id_once_and_knows_aliases_survives_more():
    plain, careful = fates(asked("top_models")), fates(asked("top_models", TOP_ONCE))
    mended = {"exact duplicates", "dated aliases", "bare aliases"}
    assert {fault for fault in plain if plain[fault] != careful[fault]} == mended
    assert {plain[fault] for fault in mended} == {"wrong without a word"}
    assert {careful[fault] for fault in mended} == {"survives"}
    by_fault = {one.fault: one for one in asked("top_models", TOP_ONCE).faults}
    assert by_fault["exact duplicates"].should_survive and not by_fault["retries"].should_survive


def test_a_query_that_checks_its_log_refuses():
    text = questions()["top_models"].example("sql")

    def ask(tables: Tables, zone: str) -> pd.DataFrame | NoAnswer:
        if min(tables.generations["tokens_prompt"].to_pylist()) < 0:
            return Refusal("a count is below zero")
        return by_sql(text, tables.named, zone)

    found = survival(ask, questions()["top_models"])
    (one,) = (one for one in found.faults if one.fate == "refuses")
    assert (one.fault, one.why, one.effect) == ("negative counts", "a count is below zero", "lost")
    lines = found.text.splitlines()
    assert len(lines) == len(FAULTY_LOGS)
    order = [next(i for i, fate in enumerate(FATES) if f"  {fate}" in line) for line in lines]
    assert order == sorted(order) and set(order) == {0, 1, 2}
    told = {line.split("  ")[1]: line for line in lines}
    assert told["exact duplicates"].endswith("count each generation_id once")
    assert told["missing days"].endswith("nobody can tell from the log")
    (row,) = (row for row in found.json()["faults"] if row["fate"] == "refuses")
    assert row["fault"] == "negative counts" and row["should_survive"] is False


def test_no_fault_is_tried_on_a_query_that_errs_without_one():
    wrong = "SELECT 'acme/nova' AS model, 1 AS tokens"
    found = asked("top_models", wrong)
    assert found.clean.verdict == "wrong" and not found.faults and "No fault of data was tried" in found.text
    failed = survival(lambda tables, zone: Refusal("no such table"), questions()["top_models"])
    assert failed.clean.verdict == "could not run" and failed.clean.why == "no such table"
    shapeless = survival(lambda tables, zone: pd.DataFrame({"x": [1]}), questions()["top_models"])
    assert shapeless.clean.verdict == "wrong" and not shapeless.faults
    unknown = survival(
        lambda tables, zone: pytest.fail("asked"), replace(questions()["top_models"], oracle=None)
    )
    assert not unknown.faults and "has no oracle" in unknown.text


def test_a_query_may_call_the_model_by_its_own_id():
    assert fates(asked("cohort_sizes", model="own/model")) == fates(asked("cohort_sizes"))
