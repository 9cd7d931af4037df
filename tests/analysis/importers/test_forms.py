"""What holds of every importer of the folder, and of the round from a log to an export and back."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from analysis import contract
from analysis.importers import importers
from analysis.importing import finish_reasons
from analysis.importing.format import Form, Importer
from analysis.importing.recognition import recognise
from analysis.importing.rules import MOST_WHOLE, text
from analysis.importing.source import look
from tests.analysis.importers.exports import COLUMNS, imported, put, request, table

FORMS = [(one.name, form) for one in importers().values() for form in one.forms]


def smallest(folder: Path, form: Form) -> Path:
    """A file that has a form's marks and nothing else."""
    if form.kind == "table":
        return put(folder, ",".join(form.marks) + "\n", "marks.csv")
    return put(
        folder,
        json.dumps(holding([mark.replace("[0]", ".0").split(".") for mark in form.marks])),
        "marks.jsonl",
    )


def holding(paths: list[list[str]]) -> Any:
    """JSON with a text at each path; 0 is the first of a list."""
    if not all(paths):
        return "1"
    inner = {step: holding([path[1:] for path in paths if path[0] == step]) for step, *_ in paths}
    return [inner["0"]] if "0" in inner else inner


@pytest.mark.parametrize(("name", "form"), FORMS, ids=lambda value: getattr(value, "name", value))
def test_a_file_with_a_forms_marks_is_of_that_form_alone(tmp_path, name, form):
    file = look(smallest(tmp_path, form))
    if form.refused:
        from analysis import LogError

        with pytest.raises(LogError, match=r"^[^\n]+$") as error:
            recognise(importers(), [file])
        assert form.refused in str(error.value)
        return
    found, (of,) = recognise(importers(), [file])
    assert (found.name, of) == (name, form)


def test_each_importer_is_found_under_the_name_of_its_file():
    folder = Path(importers.__wrapped__.__code__.co_filename).parent
    assert list(importers()) == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert all(one.title and one.forms for one in importers().values())


def test_finish_reasons_are_those_of_the_contract():
    assert set(finish_reasons.WORDS.values()) == set(contract.FINISH_REASONS)
    assert all(word == word.lower() for word in finish_reasons.WORDS)


VENDORS = {
    "stop": ["end_turn", "STOP", "COMPLETE", "completed", "eos"],
    "length": ["max_tokens", "MAX_TOKENS", "max_output_tokens", "incomplete", "model_length"],
    "tool_calls": ["tool_use", "tool-calls", "function_call", "TOOL_CALL"],
    "content_filter": [
        "SAFETY",
        "content-filter",
        "refusal",
        "guardrail_intervened",
        "IMAGE_SAFETY",
        "ERROR_TOXIC",
    ],
    "error": ["MALFORMED_FUNCTION_CALL", "failed", "insufficient_system_resource", "UNEXPECTED_TOOL_CALL"],
    None: ["OTHER", "unknown", "my-own"],
}


def test_vendors_words_for_the_end_of_a_response_are_the_contracts(tmp_path):
    words = [(reason, word) for reason, said in VENDORS.items() for word in said]
    rows = [request(n, finish_reason_normalized=word) for n, (_, word) in enumerate(words)]
    account, log = imported(tmp_path, table(rows))
    assert log["finish_reason"].to_pylist() == [reason for reason, _ in words]
    assert [note.rows for note in account.odd] == [len(VENDORS[None])]


def test_a_form_without_what_every_log_has_is_no_form():
    with pytest.raises(ValueError, match="no rule for cost_total, created_at"):
        Importer("x", "X", (Form("f", ("id",), {"generation_id": text("id"), "model": text("m")}),))
    with pytest.raises(ValueError, match="no fields of the contract: coins"):
        Form("f", ("id",), {"coins": text("id")})


# --- the round: a log is exported by hand, and comes back as it was ------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=12)
TOKENS = st.integers(0, MOST_WHOLE)
MOMENTS = st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2025, 12, 31)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=dt.UTC)
)


@st.composite
def generations(draw):
    """A row of a log, with the fields that OpenRouter's export has."""
    prompt, completion = draw(TOKENS), draw(TOKENS)
    reason = draw(st.sampled_from([*contract.FINISH_REASONS, None]))
    return {
        "created_at": draw(MOMENTS), "user_id": draw(NAMES), "account_id": draw(st.none() | NAMES),
        "app_name": draw(st.none() | NAMES),
        "model_permaslug": draw(st.sampled_from(["own/model", 'a,b/"c"', "x;y"])),
        "variant": draw(st.none() | st.sampled_from(contract.VARIANTS)), "tokens_prompt": prompt,
        "tokens_completion": completion, "tokens_reasoning": draw(st.none() | st.integers(0, completion)),
        "tokens_cached": draw(st.none() | st.integers(0, prompt)),
        "cost_total": draw(st.floats(0, 1e6, allow_subnormal=False)), "finish_reason": reason,
        "streamed": draw(st.none() | st.booleans()), "cancelled": draw(st.none() | st.booleans()),
        "time_to_first_token_ms": draw(st.none() | TOKENS), "generation_time_ms": draw(st.none() | TOKENS),
    }  # fmt: skip


def exported(number: int, row: dict) -> dict:
    """A row of a log as a row of the activity export."""
    words = {True: "true", False: "false", None: ""}
    return row | {
        "generation_id": f"gen-{number:03d}", "created_at": row["created_at"].strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "user": row["user_id"], "api_key_name": row["account_id"], "cost_total": repr(row["cost_total"]),
        "finish_reason_normalized": row["finish_reason"], "streamed": words[row["streamed"]],
        "cancelled": words[row["cancelled"]],
    }  # fmt: skip


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(generations(), min_size=1, max_size=40), turned=st.booleans())
def test_a_log_that_was_exported_comes_back_as_it_was(tmp_path, rows, turned):
    content = table([exported(n, row) for n, row in enumerate(rows)], COLUMNS[::-1] if turned else COLUMNS)
    account, log = imported(tmp_path, content)
    assert (account.written, account.left_out, account.odd) == (len(rows), (), ())
    back = {row["generation_id"]: row for row in log.to_pylist()}
    for number, row in enumerate(rows):
        found = back[f"gen-{number:03d}"]
        assert {name: found[name] for name in row} == row
        assert found["model"] == row["model_permaslug"]
        assert found["tool_called"] == (row["finish_reason"] and row["finish_reason"] == "tool_calls")
