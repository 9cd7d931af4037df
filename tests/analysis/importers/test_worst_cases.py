"""What is wrong is refused with its place, or listed and counted: read = written + left out, in every case."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest

from analysis import LogError
from analysis.importers import importers
from analysis.importing.format import Form, Importer
from analysis.importing.rules import amount, moment, text, whole
from analysis.importing.run import import_log
from tests.analysis.importers.exports import COLUMNS, imported, models, put, request, table, written

ROWS = [request(number) for number in range(30)]


def reasons(account):
    """How many rows were left out for each reason."""
    assert account.read == account.written + sum(note.rows for note in account.left_out)
    return {note.why: note.rows for note in account.left_out}


WRONG = (
    ({"cost_total": "-0.5"}, "cost_total is not an amount"),
    ({"cost_total": "nan"}, "cost_total is not an amount"),
    ({"cost_total": ""}, "cost_total is empty"),
    ({"tokens_prompt": "-1"}, "tokens_prompt is not a whole number"),
    ({"tokens_prompt": "12.5"}, "tokens_prompt is not a whole number"),
    ({"tokens_completion": "3000000000"}, "tokens_completion is not a whole number"),
    ({"tokens_cached": 10**6}, "tokens_cached above tokens_prompt"),
    ({"tokens_reasoning": 10**6}, "tokens_reasoning above tokens_completion"),
    ({"created_at": "2025-02-30 00:00:00"}, "created_at is not a date with a time of day"),
    ({"created_at": "2025-11-30"}, "created_at is not a date with a time of day"),
    ({"created_at": "1970-01-01 00:00:00"}, "created_at is not a date with a time of day"),
    ({"generation_id": " "}, "generation_id is empty"),
    ({"model_permaslug": ""}, "model is empty"),
    ({"user": "", "api_key_name": ""}, "user_id is empty"),
)
"""What makes a row none of a log, and what is said."""


def test_rows_that_are_none_of_a_log_are_listed_with_their_lines(tmp_path):
    rows = [row for good, (changes, _) in zip(ROWS, WRONG, strict=False) for row in (good, good | changes)]
    account, log = imported(tmp_path, table(rows))
    reasons(account)
    places = {place.partition(": ")[0]: note.why for note in account.left_out for place in note.examples}
    for number, (_, why) in enumerate(WRONG):
        assert places.pop(f"{tmp_path / 'export.csv'}:{2 * number + 3}").startswith(why)
    assert places == {}
    assert log["generation_id"].to_pylist() == [row["generation_id"] for row in ROWS[: len(WRONG)]]


def test_values_that_may_be_missing_are_null_and_listed(tmp_path):
    odd = {"streamed": "maybe", "finish_reason_normalized": "weird", "generation_time_ms": "-4"}
    account, log = imported(
        tmp_path, table([ROWS[0], *(ROWS[n] | {name: odd[name]} for n, name in enumerate(odd, 1))])
    )
    assert (account.written, reasons(account)) == (4, {})
    found = {note.why.partition(" ")[0]: (note.rows, note.examples) for note in account.odd}
    for line, (name, value) in enumerate(odd.items(), 3):
        field = name.removesuffix("_normalized")
        assert found.pop(field) == (1, (f"{tmp_path / 'export.csv'}:{line}: '{value}'",))
        assert log[field][line - 2].as_py() is None
    assert found == {}


@pytest.mark.parametrize("byte", [b"\xff", b"\xc3\xa9"], ids=["not UTF-8", "UTF-8"])
def test_lines_that_are_no_rows_are_found_by_their_line_beside_blank_and_folded_ones(tmp_path, byte):
    lines = table([ROWS[0] | {"app_name": "two\nlines"}, *ROWS[1:8]]).splitlines()
    lines[4] = lines[4].rpartition(",")[0]
    lines[6] += ",more"
    lines.insert(3, "")
    content = "\n".join(lines).encode().replace(b"key-a", b"key-" + byte, 1)
    account, log = imported(tmp_path, content + b"\ngen-cut,2025-11")
    bad = byte == b"\xff"
    assert reasons(account) == {
        "fewer columns than the header (cut off?)": 2,
        "more columns than the header": 1,
    } | ({"not UTF-8": 1} if bad else {})
    shown = sorted(int(place.rpartition(":")[2]) for note in account.left_out for place in note.examples)
    assert shown == [2, 6, 8, 12][not bad :]
    assert len(log) == 6 - bad


def test_copies_of_rows_come_in_once_and_ids_that_were_used_again_as_they_are(tmp_path):
    again = ROWS[3] | {"tokens_prompt": 999}
    put(tmp_path, table(ROWS[:20]), "in/a.csv")
    put(tmp_path, table([*ROWS[10:], again]), "in/deep/b.csv.gz")
    put(tmp_path, "notes", "in/notes.txt")
    (tmp_path / "in/deep/b.csv.gz").write_bytes(gzip.compress((tmp_path / "in/deep/b.csv.gz").read_bytes()))
    account = import_log(tmp_path / "in", tmp_path / "log", importers(), models())
    assert reasons(account) == {"a copy of another row": 10}
    assert account.written == len(written(tmp_path / "log")) == 31
    assert sum(one.rows for one in account.ids) == 31
    assert account.not_read == (str(tmp_path / "in/notes.txt"),)
    assert "deep/b.csv.gz:2" in account.left_out[0].examples[0]


REFUSED = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\n", "the file is empty"),
    "header only": (table([]).encode(), "It has no rows"),
    "no good row": (
        table([ROWS[0] | {"cost_total": "x"}]).encode(),
        r"no row .*cost_total is not an amount.*:2: 'x'",
    ),
    "utf-16": (table(ROWS).encode("utf-16"), "UTF-16.*iconv"),
    "utf-16 without a mark": (table(ROWS).encode("utf-16-le"), "NUL bytes.*iconv"),
    "latin header": ("généré,created_at\n1,2\n".encode("latin-1"), "header is not UTF-8"),
    "a column twice": (table(ROWS).replace("app_name", "user", 1).encode(), "'user' is there twice"),
    "a column missing": (
        table(ROWS, [c for c in COLUMNS if c != "cost_total"]).encode(),
        "without cost_total",
    ),
    "another tool's": (b"a,b\n1,2\n", "not known.*It has a, b; known formats: .*openrouter.*import guess"),
    "quote never closed": (
        table(ROWS).replace("Coder", '"Coder', 1).encode(),
        r"csv:3: a quotation mark that opens here is not closed",
    ),
    "quote closed too late": (
        table(ROWS[1:7]).replace("Azure", '"Azure', 1).replace("bob", 'bob"', 1).encode(),
        r"csv:2: a quotation mark that opens here closes in line 3",
    ),
    "gzip cut off": (gzip.compress(table(ROWS).encode() * 400)[:-400], "gzip, and cut off"),
    "gzip without its end": (gzip.compress(table(ROWS).encode())[:-4], "gzip, and cut off"),
    "zstd cut off": (pa.compress(table(ROWS).encode(), "zstd", asbytes=True)[:-20], "zstd, and cut off"),
    "a workbook": (b"PK\x03\x04 and so on", "workbook"),
    "Parquet": (b"PAR1 and so on", "Parquet that cannot be read"),
    "JSON cut off": (b'[{"id": "gen-1", "cre', "JSON that cannot be read, damaged or cut off"),
    "JSON without a record": (b" [ ]\n", "a list without any record"),
    "lists in lists": (b"[" * 20_000 + b"]" * 20_000, "nested deeper than any export"),
    "objects in objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "nested deeper than any export"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(tmp_path, case):
    content, why = REFUSED[case]
    with pytest.raises(LogError, match=f"(?s){why}") as error:
        imported(tmp_path, content)
    assert str(error.value).startswith(str(tmp_path / "export.csv"))
    assert not list((tmp_path / "log").glob("*")) if (tmp_path / "log").exists() else True


def test_a_log_needs_no_import(tmp_path):
    imported(tmp_path, table(ROWS))
    (part,) = (tmp_path / "log/log").glob("*/*.parquet")
    with pytest.raises(LogError, match="a log already; open it: slipper analyze"):
        import_log(part, tmp_path / "again", importers(), models())


@pytest.mark.parametrize("packed", [gzip.compress, lambda raw: pa.compress(raw, "zstd", asbytes=True)])
def test_packed_files_and_other_delimiters_hold_the_same(tmp_path, packed):
    _, plain = imported(tmp_path / "plain", table(ROWS))
    _, log = imported(tmp_path / "packed", packed(table(ROWS, delimiter=";").encode("utf-8-sig")), "e.csv.gz")
    assert log.equals(plain)


def test_json_lines_that_are_none_are_listed(tmp_path):
    usage = '{"prompt_tokens": 1, "completion_tokens": 1, "cost": 0}'
    good = '{"id": "g%d", "created": 1764500000, "model": "m", "usage": ' + usage + "}"
    lines = [good % 1, "", "not json", "[1, 2]", good % 2, (good % 3)[:-9]]
    account, log = imported(tmp_path, "\n".join(lines), "r.jsonl", user="bot")
    assert reasons(account) == {"no JSON object (cut off?)": 3}
    assert [place.rpartition(":")[2] for place in account.left_out[0].examples] == ["3", "4", "6"]
    assert log["generation_id"].to_pylist() == ["g1", "g2"]


def test_a_hidden_or_foreign_folder_of_results_is_not_replaced(tmp_path):
    from analysis.contract.files import Foreign

    imported(tmp_path, table(ROWS))
    account, _ = imported(tmp_path, table(ROWS[:9]))  # its own is
    assert account.written == len(written(tmp_path / "log")) == 9
    (tmp_path / "log/models.parquet").write_bytes(b"mine")
    with pytest.raises(Foreign, match=r"models\.parquet.*changed"):
        imported(tmp_path, table(ROWS))
    assert len(written(tmp_path / "log")) == 9
    assert (tmp_path / "log/models.parquet").read_bytes() == b"mine"


def test_a_simulated_run_is_not_replaced(tmp_path):
    put(tmp_path, '{"versions": {"glass_slipper": "0.1"}}', "log/manifest.json")
    with pytest.raises(LogError, match="holds a simulated run"):
        imported(tmp_path, table(ROWS))
    put(tmp_path, "{}", "log/manifest.json")  # another tool's: it stays where it is
    assert imported(tmp_path, table(ROWS))[0].written == len(ROWS)
    assert (tmp_path / "log/manifest.json").read_text() == "{}"


def test_a_log_beside_its_exports_is_no_export(tmp_path):
    put(tmp_path, table(ROWS))
    for _ in range(2):
        account = import_log(tmp_path, tmp_path, importers(), models())
        assert [one.file for one in account.files] == [str(tmp_path / "export.csv")]
        assert (account.written, account.not_read) == (len(ROWS), ())


RULES = {
    "generation_id": text("no"), "created_at": moment("at"), "user_id": text("who"), "model": text("what"),
    "tokens_prompt": whole("in"), "tokens_cached": whole("kept"), "tokens_completion": whole("out"),
    "tokens_reasoning": whole("thought"), "cost_total": amount("nano", per_usd=1e9),
}  # fmt: skip
HEADER = "no,at,who,what,in,kept,out,thought,nano\n"


def other(**counting):
    """A gateway that is made up."""
    return {"other": Importer("other", "Other", (Form("export", ("no", "at"), RULES, **counting),))}


def test_parts_that_are_counted_beside_their_whole_are_added_to_it(tmp_path):
    rows = (
        "1,2025-11-01 10:00,u,m,5,7,1,2,3",
        "2,2025-11-01 11:00,u,m,5,,1,,0",
        "3,2025-11-01 12:00,u,m,2147483647,1,1,1,0",
    )
    path = put(tmp_path, HEADER + "\n".join(rows))
    account = import_log(path, tmp_path / "log", other(cached="outside", reasoning="outside"), models())
    log = written(tmp_path / "log")
    assert log.select(
        ["tokens_prompt", "tokens_cached", "tokens_completion", "tokens_reasoning"]
    ).to_pylist() == [
        {"tokens_prompt": 12, "tokens_cached": 7, "tokens_completion": 3, "tokens_reasoning": 2},
        {"tokens_prompt": 5, "tokens_cached": None, "tokens_completion": 1, "tokens_reasoning": None},
    ]
    assert log["cost_total"].to_pylist() == [3e-9, 0]
    ((why, rows_left_out),) = reasons(account).items()
    assert why.startswith("tokens_prompt is more than 2,147,483,647 with its part beside it")
    assert rows_left_out == 1
    account = import_log(path, tmp_path / "inside", other(), models())
    assert reasons(account) == {"tokens_cached above tokens_prompt": 1}


def test_files_of_two_gateways_are_not_mixed(tmp_path):
    put(tmp_path, table(ROWS), "in/a.csv")
    put(tmp_path, HEADER + "1,2025-11-01 10:00,u,m,1,0,1,0,0\n", "in/b.csv")
    with pytest.raises(LogError, match=r"a\.csv is of openrouter, .*b\.csv of other: import each by itself"):
        import_log(tmp_path / "in", tmp_path / "log", {**importers(), **other()}, models())


MOMENTS = {
    "2025-11-30 23:30:00.125": "2025-11-30 23:30:00.125",
    "2025-11-30T23:30:00Z": "2025-11-30 23:30:00.000",
    "2025-11-30T23:30:00+02:00": "2025-11-30 21:30:00.000",
    "2025-11-30 23:30:00.9999-0330": "2025-12-01 03:00:00.999",
}


def test_a_moment_is_utc_unless_it_states_its_zone(tmp_path):
    rows = [request(n, created_at=stated, generation_id=stated) for n, stated in enumerate(MOMENTS)]
    _, log = imported(tmp_path, table(rows))
    found = zip(log["generation_id"].to_pylist(), log["created_at"].to_pylist(), strict=True)
    assert {name: f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3] for name, moment in found} == MOMENTS
