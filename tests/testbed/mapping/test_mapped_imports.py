"""`slipper import mapped`: any table or JSON by a mapping file, and what the account says of it."""

import datetime as dt
import gzip
import io
import json
import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.importing.run import import_log
from analysis.sources.errors import LogError
from testbed.cli import main
from testbed.failure import BadInput
from testbed.mapping.reading import read_mapping
from tests.analysis.importers.exports import SAMPLES, models, put, written
from tests.house import ROOT

LEAST = {"created_at": "at", "model": "model", "tokens_prompt": "ins", "tokens_completion": "outs"}
ROWS = [
    {"at": "2025-11-03 10:00:00.123", "model": "gpt-4o", "ins": "10", "outs": "5", "cents": "0.5", "who": "ann",
     "kept": "4", "thought": "2", "ended": "used_up", "ms": "1500.4"},
    {"at": "2025-11-03 11:00:00", "model": "gpt-4o", "ins": "20", "outs": "6", "cents": "0", "who": "nobody",
     "kept": "", "thought": "0", "ended": "end_turn", "ms": ""},
    {"at": "2025-11-04 12:30:00", "model": "own/model", "ins": "30", "outs": "7", "cents": "2", "who": "bob",
     "kept": "1", "thought": "", "ended": "gone", "ms": "12"},
]  # fmt: skip
FULL = """\
title: our proxy
cached: outside
reasoning: inside
fields:
  created_at: {column: at, zone: Europe/Berlin}
  user_id: {column: [who, model], values: {Nobody: ~}}
  model: model
  tokens_prompt: ins
  tokens_completion: outs
  tokens_cached: kept
  tokens_reasoning: thought
  cost_total: {column: cents, unit: cents}
  finish_reason: {column: ended, values: {used_up: length}}
  generation_time_ms: ms
  app_name: {expression: "upper(who) || '-' || ins"}
  streamed: {constant: false}
"""


def csv_of(rows):
    text = io.StringIO()
    text.write(",".join(rows[0]) + "\n")
    text.writelines(",".join(map(str, row.values())) + "\n" for row in rows)
    return text.getvalue()


def mapping(folder, content):
    text = content if isinstance(content, str) else json.dumps({"fields": content})
    return put(folder, text, "mapping.yaml")


def mapped(folder, content, export, name="export.csv", **options):
    """The account of an import by a mapping, and the log."""
    importer = read_mapping(mapping(folder, content))
    path = put(folder, export, name)
    account = import_log(path, folder / "log", {"mapped": importer}, models(), name="mapped", **options)
    return account, written(folder / "log")


def packed(rows, kind):
    """Rows in a kind of file, and its name."""
    table = pa.Table.from_pylist(rows)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind == "parquet":
        sink = io.BytesIO()
        typed = table.set_column(0, "at", table["at"].cast(pa.timestamp("us")))
        pq.write_table(typed.set_column(2, "ins", table["ins"].cast(pa.int64())), sink)
        return sink.getvalue(), "x.parquet"
    if kind == "zst":
        return pa.compress(lines, "zstd", asbytes=True), "x.jsonl.zst"
    return {
        "csv": (csv_of(rows).encode(), "x.csv"),
        "gz": (gzip.compress(csv_of(rows).encode()), "x.csv.gz"),
        "lines": (lines, "x.jsonl"),
        "array": (json.dumps(rows).encode(), "x.json"),
    }[kind]


@pytest.mark.parametrize("kind", ["csv", "gz", "lines", "zst", "array", "parquet"])
def test_the_same_rows_give_the_same_log_in_every_kind_of_file(tmp_path, kind):
    account, log = mapped(tmp_path, FULL, *packed(ROWS, kind))
    assert (account.read, account.written, account.left_out) == (3, 3, ())
    assert account.title.startswith("our proxy (")
    moments = [moment.replace(tzinfo=None) for moment in log["created_at"].to_pylist()]
    assert moments == [  # an hour before Berlin's winter time
        dt.datetime(2025, 11, 3, 9, 0, 0, 123000), dt.datetime(2025, 11, 3, 10), dt.datetime(2025, 11, 4, 11, 30),
    ]  # fmt: skip
    assert log["user_id"].to_pylist() == ["ann", "gpt-4o", "bob"]
    assert log["model"].to_pylist() == ["openai/gpt-4o", "openai/gpt-4o", "own/model"]
    assert log["tokens_prompt"].to_pylist() == [14, 20, 31]
    assert log["tokens_completion"].to_pylist() == [5, 6, 7]
    assert log["tokens_cached"].to_pylist() == [4, None, 1]
    assert log["tokens_reasoning"].to_pylist() == [2, 0, None]
    assert log["cost_total"].to_pylist() == [0.005, 0, 0.02]
    assert log["finish_reason"].to_pylist() == ["length", "stop", None]
    assert log["generation_time_ms"].to_pylist() == [1500, None, 12]
    assert log["app_name"].to_pylist() == ["ANN-10", "NOBODY-20", "BOB-30"]
    assert log["streamed"].to_pylist() == [False] * 3
    assert log["generation_id"].to_pylist() == ["row-1", "row-2", "row-3"]
    assert [(note.why, note.rows) for note in account.odd] == [
        ("finish_reason is not a known reason to finish, such as stop or tool_calls", 1)
    ]
    assert (account.numbered, account.stated) == (True, {"streamed": "false"})


def test_azures_trace_comes_in_by_a_mapping_of_a_few_lines(tmp_path, capsys):
    source = SAMPLES / "azure/AzureLLMInferenceTrace_code.csv"
    lines = [line.split(",") for line in source.read_text().splitlines()[1:]]
    file = mapping(tmp_path, """\
fields:
  created_at: TIMESTAMP
  tokens_prompt: ContextTokens
  tokens_completion: GeneratedTokens
  user_id: {constant: not recorded}
  model: {constant: azure/not-recorded}
  cost_total: {constant: 0}
""")  # fmt: skip
    out = tmp_path / "log"
    assert main(["import", "mapped", str(source), "--mapping", str(file), "--out", str(out)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "40 rows read from 1 file, 40 written" in said
    assert "user_id = not recorded; the log says nothing of retention" in said
    assert "cost_total = 0.0; the log says nothing of costs" in said
    assert "model = azure/not-recorded; the log says nothing of shares" in said
    assert "the source has none: rows are numbered" in said
    log = written(out)
    assert sum(log["tokens_prompt"].to_pylist()) == sum(int(line[1]) for line in lines)
    assert sum(log["tokens_completion"].to_pylist()) == sum(int(line[2]) for line in lines)
    assert str(log["created_at"][0].as_py())[:23] == lines[0][0][:23]
    assert main(["analyze", str(out), "--check-log"]) == 0


@pytest.mark.parametrize(
    ("source", "given", "expected"),
    [
        ("created_at: {column: x, unit: seconds}", "1764288000.25", dt.datetime(2025, 11, 28, 0, 0, 0, 250000)),
        ("created_at: {column: x, unit: milliseconds}", "1764288000001", dt.datetime(2025, 11, 28, 0, 0, 0, 1000)),
        ("created_at: {column: x, unit: microseconds}", "1764288000001999", dt.datetime(2025, 11, 28, 0, 0, 0, 1000)),
        ("created_at: {column: x, unit: nanoseconds}", "1764288000001000000", dt.datetime(2025, 11, 28, 0, 0, 0, 1000)),
        ("created_at: {column: x, zone: America/New_York}", "2025-07-01T20:00:00", dt.datetime(2025, 7, 2)),
        ("created_at: {column: x, zone: America/New_York}", "2025-07-01T20:00:00Z", dt.datetime(2025, 7, 1, 20)),
        ("created_at: {expression: \"strptime(x, '%m/%d/%Y %H:%M')\"}", "7/1/2025 20:00", dt.datetime(2025, 7, 1, 20)),
        ("cost_total: {column: x, unit: micros}", "125", 0.000125),
        ("cost_total: {column: x, unit: nanodollars}", "125", 1.25e-7),
        ("tokens_prompt: {column: x, unit: thousand tokens}", "1.001", 1001),
        ("time_to_first_token_ms: {column: x, unit: seconds}", "1.2346", 1235),
        ("generation_time_ms: {column: x, unit: nanoseconds}", "2400000", 2),
        ("byok: {column: x, values: {own key: true, ours: false}}", "Own Key", True),
        ("session_id: {column: x}", " s ", "s"),
    ],
)  # fmt: skip
def test_units_zones_and_words_become_the_contracts(tmp_path, source, given, expected):
    name = source.split(":")[0]
    fields = {"created_at": "at", "model": "model", "tokens_prompt": "ins", "tokens_completion": "outs",
              "user_id": "who", "cost_total": "cents"}  # fmt: skip
    text = "fields:\n" + "".join(f"  {key}: {column}\n" for key, column in fields.items() if key != name)
    _, log = mapped(tmp_path, f"{text}  {source}\n", csv_of([ROWS[0] | {"x": given}]))
    found = log[name][0].as_py()
    assert (found.replace(tzinfo=None) if isinstance(found, dt.datetime) else found) == expected


def test_rows_that_an_expression_or_a_unit_cannot_read_are_listed_with_their_place(tmp_path):
    text = """\
fields:
  created_at: at
  model: model
  user_id: who
  tokens_prompt: {expression: CAST(ins AS BIGINT) + CAST(kept AS BIGINT)}
  tokens_completion: {column: outs, unit: thousand tokens}
  app_name: {expression: CAST(thought AS INTEGER)}
  cost_total: cents
"""
    rows = [ROWS[0], ROWS[0] | {"ins": "many"}, ROWS[0] | {"outs": "0.0005"}, ROWS[0] | {"thought": "none"}]
    account, log = mapped(tmp_path, text, csv_of(rows))
    assert [(note.why, note.examples) for note in account.left_out] == [
        ("tokens_completion is not a whole number from 0 to 2,147,483,647 over 1,000",
         (f"{tmp_path}/export.csv:4: '0.0005'",)),
        ("tokens_prompt is not a whole number from 0 to 2,147,483,647",
         (f"{tmp_path}/export.csv:3: '(the expression has no value for this row) many, 4'",)),
    ]  # fmt: skip
    assert [note.examples for note in account.odd] == [
        (f"{tmp_path}/export.csv:5: '(the expression has no value for this row) none'",)
    ]
    assert log["app_name"].to_pylist() == ["2", None]


def test_nested_records_are_read_by_paths(tmp_path):
    record = {"t": 1764288000, "u": {"in": 5, "out": 6}, "m": '{"model": "gpt-4o"}', "c": [{"usd": 0.1}]}
    text = """\
fields:
  created_at: {column: t, unit: seconds}
  model: m>model
  tokens_prompt: {expression: u.in::INT * 2}
  tokens_completion: u.out
  cost_total: c[0].usd
"""
    account, log = mapped(tmp_path, text, json.dumps(record), "x.jsonl", user="bot")
    assert account.users_from == {"--user": 1}
    row = log.to_pylist()[0]
    assert (row["model"], row["tokens_prompt"], row["tokens_completion"]) == ("openai/gpt-4o", 10, 6)
    assert row["cost_total"] == 0.1


PAGES = [
    {"team": "red", "result": {"items": [ROWS[0], ROWS[1], "no row"]}},
    {"team": "blue", "result": {"items": [ROWS[2]]}},
    {"team": "green", "result": {}},
]
OF_PAGES = FULL.replace("fields:", "records: result.items\nfields:\n  account_id: parent.team")


def test_the_items_of_a_list_are_rows_and_see_what_stands_around_it(tmp_path):
    account, log = mapped(tmp_path, OF_PAGES, "\n".join(map(json.dumps, PAGES)), "x.jsonl")
    assert (account.read, account.written) == (5, 3)
    assert log["account_id"].to_pylist() == ["red", "red", "blue"]
    assert log["tokens_prompt"].to_pylist() == [14, 20, 31]
    assert [(note.why, note.examples) for note in account.left_out] == [
        ("no JSON object", (f"{tmp_path}/x.jsonl:1, result.items[2]",)),
        ("no list at result.items", (f"{tmp_path}/x.jsonl:3",)),
    ]


def test_columns_of_the_items_are_checked_and_tables_have_no_lists(tmp_path):
    with pytest.raises(
        BadInput, match=r"fields.tokens_prompt: .*: no column 'inns'; did you mean 'ins'\? it has at, "
    ):
        mapped(tmp_path, OF_PAGES.replace("prompt: ins", "prompt: inns"), json.dumps(PAGES), "x.json")
    with pytest.raises(BadInput, match=r"records: .*: a table has no lists; leave it out"):
        mapped(tmp_path, OF_PAGES, csv_of(ROWS))


def test_costs_and_users_that_are_not_mapped_must_be_stated(tmp_path):
    with pytest.raises(LogError, match="nothing in it says who sent"):
        mapped(tmp_path, LEAST, csv_of(ROWS))
    with pytest.raises(LogError, match="nothing in it says what a request cost"):
        mapped(tmp_path, LEAST, csv_of(ROWS), user="x")
    account, _ = mapped(tmp_path, LEAST, csv_of(ROWS), user="x", list_prices=True)
    assert (account.written, account.at_list_prices) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tokens_prompt": "inz"}, "fields.tokens_prompt: {csv}: no column 'inz'; did you mean 'ins'? it has at, "),
        ({"user_id": {"column": ["who", "key"]}}, "fields.user_id.column: {csv}: no column 'key'; it has at, "),
        ({"cost_total": {"expression": "CAST(cent AS DOUBLE)"}}, "no column 'cent'; did you mean 'cents'?"),
        ({"cost_totl": "cents"}, "unknown key 'cost_totl'; did you mean 'cost_total'?"),
        ({"cost_total": {"column": "cents", "unit": "euro"}}, "expected USD, cents, micros or nanodollars; got"),
        ({"cost_total": {"expression": "(SELECT 1)"}}, "fields.cost_total.expression: a subquery cannot be a part"),
        ({"cost_total": {"constant": -1}}, "fields.cost_total.constant: expected a number from 0 on"),
        ({"created_at": {"column": "at", "zone": "Europe/Berlim"}}, "did you mean 'Europe/Berlin'?"),
        ({"created_at": {"constant": "2025-01-01 10:00:00"}}, "this cannot be the same in every row"),
        ({"generation_id": {"constant": "a"}}, "leave it out, and rows are numbered"),
        ({"model": {"constant": "unknown"}}, "models are named author/slug"),
        ({"user_id": {"constant": "a", "column": "b"}}, "give one of column, constant, expression; here are"),
        ({"user_id": {}}, "give one of column, constant, expression; here is none"),
        ({"user_id": {"column": []}}, "expected the name of a column"),
        ({"tokens_cached": "kept"}, "say whether the file counts tokens_cached inside tokens_prompt; write 'cached: "),
        ({"finish_reason": {"column": "ended", "values": {"x": "stopp"}}}, "did you mean 'stop'?"),
        ({"streamed": {"column": "ended", "values": {"x": "often"}}}, "expected one of true, false, or ~"),
        ({"streamed": {"constant": "often"}}, "expected true or false"),
        ({"user_id": 5}, "fields.user_id: expected "),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_mapping_is_said_where_it_is(tmp_path, changes, said):
    with pytest.raises(BadInput) as refused:
        mapped(tmp_path, LEAST | changes, csv_of(ROWS), user="x", list_prices=True)
    assert said.format(csv=tmp_path / "export.csv") in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path}/mapping.yaml:1:")
    assert not (tmp_path / "log").exists()


def test_a_needed_field_must_be_there(tmp_path):
    with pytest.raises(BadInput, match="fields: missing key 'model'"):
        read_mapping(mapping(tmp_path, {name: one for name, one in LEAST.items() if name != "model"}))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mapped", "{csv}"], "mapped needs --mapping FILE"),
        (["openrouter", "{csv}", "--mapping", "m.yaml"], "--mapping is for the format mapped"),
        (["{csv}", "--mapping", "m.yaml"], "m.yaml:1:1: no such file"),
    ],
)
def test_a_command_that_lacks_its_mapping_is_told(tmp_path, capsys, words, said):
    words = [word.format(csv=put(tmp_path, csv_of(ROWS))) for word in words]
    assert main(["import", *words, "--out", str(tmp_path / "log")]) == 2
    assert said in capsys.readouterr().err


def test_the_schema_of_mappings_knows_what_the_reader_knows(capsys):
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    assert main(["schema", "mapping"]) == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    good = yaml.safe_load(FULL)
    assert not list(validator.iter_errors(good))
    assert list(validator.iter_errors(good | {"fields": good["fields"] | {"cost": "x"}}))
    assert list(validator.iter_errors({"fields": {}}))
    assert main(["schema", "mapping", "--text", "fields.cost_total"]) == 0
    assert "one of USD, cents, micros, nanodollars; default USD" in capsys.readouterr().out


TYPED = {
    "id": [1, 2, 3, 4],
    "at": [dt.datetime(2025, 11, 3, hour, tzinfo=dt.UTC) for hour in range(4)],
    "usage": [{"ins": 10, "tags": ["x"]}, {"ins": 20, "tags": []}, {"ins": 30, "tags": None}, {"ins": 40}],
    "outs": [1.0, 2.0, 2.5, None],
    "cost": [Decimal("0.5"), Decimal("0.25"), Decimal("1"), Decimal("2")],
    "kept": [1, None, 3, 4],
    "live": [True, False, None, True],
    "who": ["ann", " bob ", "", "eve"],
    "wait": [0.5, float("nan"), 1.25, -1.0],
}  # fmt: skip
OF_TYPES = """\
cached: inside
fields:
  generation_id: id
  created_at: at
  user_id: [who, id]
  model: {constant: own/model}
  tokens_prompt: usage>ins
  tokens_completion: outs
  tokens_cached: kept
  cost_total: cost
  streamed: live
  session_id: usage>tags[0]
  time_to_first_token_ms: {column: wait, unit: seconds}
""".replace("[who, id]", "{column: [who, id]}")


@pytest.mark.parametrize("at_once", [True, False])
def test_types_of_parquet_are_read_as_their_texts_are(tmp_path, monkeypatch, at_once):
    if not at_once:
        monkeypatch.setattr("analysis.importing.reading._read_at_once", lambda *_: False)
    pq.write_table(pa.table(TYPED), tmp_path / "typed.parquet")
    account, log = mapped(tmp_path, OF_TYPES, (tmp_path / "typed.parquet").read_bytes(), "x.parquet")
    assert [(note.why, note.examples) for note in account.left_out] == [
        ("tokens_completion is empty", (f"{tmp_path}/x.parquet, record 4",)),
        ("tokens_completion is not a whole number from 0 to 2,147,483,647",
         (f"{tmp_path}/x.parquet, record 3: '2.5'",)),
    ]  # fmt: skip
    assert [(note.why, [one[-5:] for one in note.examples]) for note in account.odd] == [
        ("time_to_first_token_ms is not seconds from 0 on", ["'nan'"] if at_once else ["'NaN'"])
    ]
    names = ("generation_id", "user_id", "tokens_prompt", "tokens_completion", "tokens_cached")
    assert [tuple(row[name] for name in names) for row in log.to_pylist()] == [
        ("1", "ann", 10, 1, 1),
        ("2", "bob", 20, 2, None),
    ]
    assert log["cost_total"].to_pylist() == [0.5, 0.25]
    assert log["streamed"].to_pylist() == [True, False]
    assert log["session_id"].to_pylist() == ["x", None]
    assert log["time_to_first_token_ms"].to_pylist() == [500, None]
    assert [moment.hour for moment in log["created_at"].to_pylist()] == [0, 1]


def test_lines_with_blanks_before_them_and_lines_that_are_no_objects_are_told_apart(tmp_path):
    line = json.dumps(ROWS[0])
    lines = f" {line}\n\n   \n{line[:-9]}\n[{line}]\n{line}\r\n"
    account, _ = mapped(tmp_path, FULL, lines, "x.jsonl")
    assert (account.read, account.written) == (4, 2)
    assert [(note.why, note.examples) for note in account.left_out] == [
        ("no JSON object (cut off?)", (f"{tmp_path}/x.jsonl:4", f"{tmp_path}/x.jsonl:5"))
    ]


def test_the_mappings_of_the_page_are_mappings(tmp_path):
    blocks = re.findall(r"```yaml\n(title: .*?)```", (ROOT / "docs/import.md").read_text(), re.S)
    assert len(blocks) == 2
    for block in blocks:
        read_mapping(put(tmp_path, block, "m.yaml"))
