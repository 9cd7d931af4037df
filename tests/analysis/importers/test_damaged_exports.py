"""Every form that can be written, damaged: what is lost is listed with its place, and every other request comes in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from analysis import LogError, contract
from analysis.exporting.records import batch_query, folded, header
from analysis.importers import importers, opentelemetry
from analysis.importing.run import import_log
from tests.analysis.importers.exports import models, put, written

FORMS = [(name, one) for name, importer in importers().items() for one in importer.exports]
JSON = [pair for pair in FORMS if pair[1].form.kind == "json"]
TABLES = [pair for pair in FORMS if pair[1].form.kind == "table"]
REQUESTS = 6


def called(value: Any) -> str:
    return value if isinstance(value, str) else value.name


def row(number: int) -> dict[str, Any]:
    return {
        "generation_id": f"gen-{number}", "created_at": dt.datetime(2025, 11, 3, number, tzinfo=dt.UTC),
        "user_id": "usér-1", "model": "openai/gpt-4o", "tokens_prompt": 100 + number, "tokens_completion": 10,
        "cost_total": 0.001 * number, "session_id": f"ses-{number // 3}", "app_name": "Coder", "country": "DE",
    }  # fmt: skip


def lines_of(export) -> list[bytes]:
    """The lines of an export of a few requests; of OpenTelemetry a batch has one span."""
    rows = pa.Table.from_pylist(
        [row(n) for n in range(REQUESTS)], schema=contract.arrow_schema("generations")
    )
    rows = rows.append_column("written_name", rows["model"])
    with duckdb.connect() as engine:
        engine.register("batch", rows)
        engine.execute("SET TimeZone = 'UTC'")
        texts = [
            text
            for (text,) in engine.execute(
                batch_query(export, frozenset(rows.column_names), "batch")
            ).fetchall()
        ]
    texts = list(folded(export, iter(texts))) if export.fold else texts
    return [text.encode() for text in ([header(export)] if export.form.kind == "table" else []) + texts]


def imported(folder, export, content: bytes, name: str):
    """The account and the tokens of the log; every row that is not in it is accounted for."""
    lacks = export.lacks()
    account = import_log(
        put(folder, content, name), folder / "log", importers(), models(),
        user="somebody" if "user_id" in lacks else None, list_prices="cost_total" in lacks,
    )  # fmt: skip
    assert account.read == account.written + sum(note.rows for note in account.left_out)
    return account, sorted(written(folder / "log")["tokens_prompt"].to_pylist())


def lost(account) -> dict[str, set[int]]:
    """The lines of what was left out, by why; but records that never are requests."""
    return {
        note.why: {
            int(place.partition(": ")[0].rpartition(":")[2].rpartition(" ")[2]) for place in note.examples
        }
        for note in account.left_out
        if "of type session_meta" not in note.why and "of type turn_context" not in note.why
    }


@pytest.fixture(autouse=True)
def a_span_a_batch(monkeypatch):
    monkeypatch.setattr(opentelemetry, "_SPANS", 1)


@pytest.mark.parametrize(("name", "export"), JSON, ids=called)
def test_records_that_are_none_are_listed_with_their_lines(tmp_path, name, export):
    lines = lines_of(export)
    other = b'{"another": "format", "of": [1, 2]}'
    spoilt = lines[-1].replace(b"o", b"\xff", 1)
    damaged = [*lines[:-2], b"}{ no JSON", b"[1, 2]", other, spoilt, b"", lines[-2], lines[-1][:-9]]
    account, tokens = imported(tmp_path, export, b"\n".join(damaged), "export.jsonl")
    assert tokens == [100 + n for n in range(REQUESTS - 1)]
    at = len(lines) - 2
    found = lost(account)
    assert found.pop("no JSON object (cut off?)") == {at + 1, at + 2, len(damaged)}
    assert found.pop("not UTF-8") == {at + 4}
    assert list(found.values()) == [
        {at + 3}
    ]  # of another format: each importer says in its own words what it is not


@pytest.mark.parametrize(("name", "export"), JSON, ids=called)
def test_an_array_that_is_cut_off_is_refused_with_its_record(tmp_path, name, export):
    lines = lines_of(export)
    with pytest.raises(LogError, match=r"export\.json.* record/value \d+: unexpected end of data"):
        imported(tmp_path, export, b"[\n" + b",\n".join(lines)[:-9], "export.json")
    assert not list(tmp_path.glob("log/*"))


@pytest.mark.parametrize(("name", "export"), TABLES, ids=called)
def test_rows_that_are_none_are_listed_with_their_lines(tmp_path, name, export):
    lines = lines_of(export)
    spoilt = lines[-1].replace("é".encode(), b"\xff")
    more = [b'{"another": "format"}', lines[0], *lines[1:3], spoilt, lines[-1].rpartition(b",")[0]]
    account, tokens = imported(tmp_path, export, b"\n".join([*lines, *more]), "export.csv")
    assert tokens == [100 + n for n in range(REQUESTS)]
    end = len(lines)
    found = lost(account)
    assert found.pop("fewer columns than the header (cut off?)") == {end + 1, end + 6}
    assert found.pop("not UTF-8") == {end + 5}
    assert found.pop("a copy of another row") == {end + 3, end + 4}
    assert list(found.values()) == [{end + 2}]  # a header in the middle: no moment, no type


def test_records_of_another_form_of_the_same_gateway_are_listed(tmp_path):
    """Mixed exports in one file: it is read in the form that knows most of its first records' places."""
    exports = {one.name: one for one in importers()["openrouter"].exports}
    generation, response = lines_of(exports["generation"]), lines_of(exports["response"])
    mixed = b"\n".join([*generation[:3], *response[3:]])
    account, tokens = imported(tmp_path, exports["response"], mixed, "mixed.jsonl")
    assert tokens == [103, 104, 105]
    assert lost(account) == {"generation_id is empty": {1, 2, 3}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "export"), [pair for pair in JSON if pair[1].name in ("response", "genai")], ids=called
)
def test_a_line_that_is_longer_than_the_engine_reads_is_a_record(tmp_path, name, export):
    lines = lines_of(export)
    lines[2] = lines[2][:-1] + b', "pad": "' + b"x" * 17_000_000 + b'"}'
    account, tokens = imported(tmp_path, export, b"\n".join(lines), "export.jsonl")
    assert tokens == [100 + n for n in range(REQUESTS)]
    assert lost(account) == {}
