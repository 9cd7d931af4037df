"""`slipper import guess`: a first mapping by names and magnitudes, which gives what the gateway's importer gives."""

import csv
import datetime as dt
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.importers import importers
from analysis.importing.guessing.guesses import guess
from analysis.importing.run import import_log
from analysis.importing.source import look
from testbed.cli import main
from testbed.mapping.first_draft import draft, needed_and_missing
from testbed.mapping.reading import read_mapping
from tests.analysis.importers import test_helicone, test_litellm, test_openrouter
from tests.analysis.importers.exports import COLUMNS, OLDER, SAMPLES, models, put, request, table, written
from tests.analysis.rows import filled, generations
from tests.testbed.mapping.test_mapped_imports import csv_of

OPENROUTER = [request(number) for number in range(60)]
AT = "2025-11-03 10:00:00"


def guessed(content, folder, name="export.csv"):
    return guess([look(put(folder, content, name))], models())


def responses():
    """OpenRouter's answers, one a line."""
    return "\n".join(json.dumps(test_openrouter.response(number)) for number in range(8))


@pytest.mark.parametrize(
    ("content", "name", "mended", "differs"),
    [
        (table(OPENROUTER, COLUMNS), "x.csv", {}, set()),
        (table(OPENROUTER, OLDER), "x.csv", {}, set()),
        (responses(), "x.jsonl", {}, set()),
        # what a failed row ended in, what was streamed and where an application's name lies are LiteLLM's own rules
        (json.dumps([test_litellm.ROWS[0], *test_litellm.ROWS[2:4]]), "x.json", {},
         {"app_name", "finish_reason", "streamed", "tool_called"}),
        # that Helicone counts reasoning beside the answer cannot be seen in its rows; a status of 500 is its own rule
        (test_helicone.FORMS["table.csv"], "x.csv", {"reasoning": "outside"}, {"finish_reason"}),
        (test_helicone.FORMS["table.jsonl"], "x.jsonl", {"reasoning": "outside"}, {"finish_reason"}),
        (test_helicone.FORMS["api.json"], "x.json", {"reasoning": "outside"}, {"finish_reason"}),
        (test_helicone.FORMS["answer.json"], "x.json", {"reasoning": "outside"}, {"finish_reason"}),
    ],
    ids=["openrouter-24", "openrouter-21", "openrouter-responses", "litellm", "helicone-csv", "helicone-jsonl",
         "helicone-api", "helicone-page"],
)  # fmt: skip
def test_a_known_export_comes_in_as_by_its_importer(tmp_path, content, name, mended, differs):
    path = put(tmp_path, content, name)
    text = draft(guess([look(path)], models()), "export")
    for key, word in mended.items():
        text = text.replace(f"\n{key}: inside\n", f"\n{key}: {word}\n")
    stated = {"user": "one"} if content == responses() else {}
    import_log(path, tmp_path / "own", importers(), models(), **stated)
    mapping = {"mapped": read_mapping(put(tmp_path, text, "m.yaml"))}
    import_log(path, tmp_path / "guessed", mapping, models(), name="mapped", **stated)
    own, found = written(tmp_path / "own"), written(tmp_path / "guessed")
    assert {one for one in own.column_names if own[one].to_pylist() != found[one].to_pylist()} == differs


ROW = {
    "id": "a",
    "ts": "1762164000",
    "who": "ann",
    "model": "gpt-4o",
    "input": "1000",
    "output": "500",
    "x": "1",
}


@pytest.mark.parametrize(
    ("changes", "field", "source"),
    [
        ({}, "created_at", {"column": "ts", "unit": "seconds"}),
        ({"ts": "1762164000123"}, "created_at", {"column": "ts", "unit": "milliseconds"}),
        ({"ts": "1762164000123000000"}, "created_at", {"column": "ts", "unit": "nanoseconds"}),
        ({"ts": f"{AT}Z"}, "created_at", "ts"),
        ({"ts": f"{AT}.5+01:00"}, "created_at", "ts"),
        ({"ts": AT}, "created_at", {"column": "ts", "zone": "UTC"}),
        ({"ts": "11/25/2025 10:00"}, "created_at",
         {"expression": "strptime(\"ts\", '%m/%d/%Y %H:%M')", "zone": "UTC"}),
        ({"ts": "25.11.2025 10:00:00"}, "created_at",
         {"expression": "strptime(\"ts\", '%d.%m.%Y %H:%M:%S')", "zone": "UTC"}),
        ({"ts": "noon"}, "created_at", None),
        ({"cost": "0.0075"}, "cost_total", "cost"),  # the listed price of gpt-4o: 2.5 and 10 USD a million
        ({"cost": "0.75"}, "cost_total", {"column": "cost", "unit": "cents"}),
        ({"cost": "7500"}, "cost_total", {"column": "cost", "unit": "micros"}),
        ({"cost": "7500000"}, "cost_total", {"column": "cost", "unit": "nanodollars"}),
        ({"cost_cents": "0.01"}, "cost_total", {"column": "cost_cents", "unit": "cents"}),
        ({"cost": "free"}, "cost_total", None),
        ({"model": "own/x", "cost": "0.002"}, "cost_total", "cost"),  # 1.3 USD a million tokens
        ({"model": "own/x", "cost": "3000"}, "cost_total", {"column": "cost", "unit": "micros"}),
        ({"input": "1.5"}, "tokens_prompt", {"column": "input", "unit": "thousand tokens"}),
        ({"input": "many"}, "tokens_prompt", None),
        ({"duration": "7.5"}, "generation_time_ms", {"column": "duration", "unit": "seconds"}),
        ({"duration": "7500"}, "generation_time_ms", "duration"),
        ({"duration": "7500000000"}, "generation_time_ms", {"column": "duration", "unit": "nanoseconds"}),
        ({"latency_s": "7.5"}, "generation_time_ms", {"column": "latency_s", "unit": "seconds"}),
        ({"latency": "900", "duration_ms": "7500"}, "time_to_first_token_ms", None),
        ({"ttft": "0.4"}, "time_to_first_token_ms", {"column": "ttft", "unit": "seconds"}),
        ({"streaming": "Yes"}, "streamed", {"column": "streaming", "values": {"yes": True}}),
        ({"user": "undefined"}, "user_id", {"column": "user", "values": {"undefined": None}}),
        ({"usr_name": "ann"}, "user_id", "usr_name"),
        ({"stop_reason": "max_tokens"}, "finish_reason", "stop_reason"),
        ({"is_byok": "0"}, "byok", "is_byok"),
        ({"byok_usage_inference": "0.1"}, "byok", {"expression": 'CAST("byok_usage_inference" AS DOUBLE) > 0'}),
        ({}, "country", None),
    ],
)  # fmt: skip
def test_a_field_is_guessed_by_its_name_and_its_values(tmp_path, changes, field, source):
    found = guessed(csv_of([ROW | changes] * 3), tmp_path).fields.get(field)
    assert (found.source if found else None) == source


@pytest.mark.parametrize(
    ("changes", "where", "seen"),
    [
        ({"cached_tokens": "2000"}, "outside", True),  # more than the prompt
        ({"cached_tokens": "800", "total_tokens": "1500"}, "inside", True),
        ({"cached_tokens": "800", "total_tokens": "2300"}, "outside", True),
        ({"cached_tokens": "800", "total_tokens": "1"}, "inside", False),
        ({"cache_read_tokens": "800"}, "outside", False),
    ],
)
def test_where_cached_tokens_lie_is_seen_in_the_rows_or_said_to_be_a_guess(tmp_path, changes, where, seen):
    found = guessed(csv_of([ROW | changes]), tmp_path).cached
    assert (found.source, found.sure) == (where, "sure" if seen else "a guess")


def test_a_guess_of_an_unknown_file_says_what_it_did_not_find_and_is_mended(tmp_path, capsys):
    source = SAMPLES / "azure/AzureLLMInferenceTrace_code.csv"
    out = tmp_path / "m.yaml"
    assert main(["analyze", str(source)]) == 2
    assert f"slipper import guess {source} --out mapping.yaml\n" in capsys.readouterr().err
    assert main(["import", "guess", str(source), "--out", str(out)]) == 0
    said, aside = capsys.readouterr()
    assert said == f"{out}\n"
    assert "not found, and needed: model" in aside
    assert aside.endswith("--out LOG --user NAME --list-prices\n")  # what the source lacks besides
    text = out.read_text()
    assert "\n  tokens_prompt: ContextTokens\n" in text
    assert "\n  # model: COLUMN   # needed" in text
    assert "UTC is assumed" in text
    mended = text.replace("# model: COLUMN ", "model: {constant: azure/not-recorded} ")
    out.write_text(mended.replace("# user_id: COLUMN ", "user_id: {constant: nobody} "))
    words = ["import", "mapped", str(source), "--mapping", str(out), "--out", str(tmp_path / "log")]
    assert main(words) == 2
    assert "--list-prices" in capsys.readouterr().err
    out.write_text(out.read_text().replace("# cost_total: COLUMN ", "cost_total: {constant: 0} "))
    assert main([*words, "--quiet"]) == 0
    assert written(tmp_path / "log").num_rows == 40
    assert (
        main(["import", "guess", str(source), "--out", str(out)]) == 2
    )  # what was mended is not overwritten
    assert "this page was changed" in capsys.readouterr().err


def test_a_known_export_is_said_to_need_none(tmp_path, capsys):
    path = put(tmp_path, table(OPENROUTER))
    assert main(["import", "guess", str(path)]) == 0
    out, aside = capsys.readouterr()
    assert "which needs no mapping: slipper import openrouter" in aside
    assert out.startswith("# A first mapping, guessed from 60 rows")
    assert "#   api_key_disabled: such as false" in out


def test_options_that_a_guess_does_not_read_are_refused(tmp_path, capsys):
    path = put(tmp_path, csv_of([ROW]))
    assert main(["import", "guess", str(path), "--json", "--list-prices"]) == 2
    assert "guess writes a mapping, and takes no --list-prices and no --json" in capsys.readouterr().err


def test_a_known_word_with_a_hyphen_is_known(tmp_path):
    found = guessed(csv_of([ROW | {"stop_reason": "tool-calls"}]), tmp_path).fields["finish_reason"]
    assert (found.sure, found.why) == ("sure", "its name")


def test_rows_far_below_the_head_are_looked_at(tmp_path):
    rows = [ROW | {"id": str(number)} for number in range(3000)]
    rows[2999]["input"] = "1.5"
    text = io.StringIO()
    writer = csv.DictWriter(text, ROW)
    writer.writeheader()
    writer.writerows(rows)
    found = guessed(text.getvalue(), tmp_path)
    assert found.rows == 1040
    assert found.fields["tokens_prompt"].source == {"column": "input", "unit": "thousand tokens"}
    assert needed_and_missing(found) == []


@pytest.mark.parametrize(
    ("count", "costs"),  # of a German, an American, a Swiss and a French sheet
    [
        ("1.200", ("0,0070", "0,0060", "1.000,50 €")),
        ("1,200", ("$0.0070", "$0.0060", "$1,000.50")),
        ("1'200", ("0.0070", "0.0060", "1'000.50")),
        ("1\u202f200", ("0,0070", "0,0060", "1\u00a0000,50\u00a0€")),
    ],
)
def test_separators_of_thousands_and_decimal_commas_are_taken_out(tmp_path, count, costs):
    rows = zip((count, "800", "850"), costs, strict=True)
    lines = [f"{AT};gpt-4o;{prompt};{prompt};400;{cost}\n" for prompt, cost in rows]
    source = put(tmp_path, "ts;model;id;input;output;cost\n" + "".join(lines), "sheet.csv")
    text = draft(guess([look(source)], models()), "sheet")
    mapping = {"mapped": read_mapping(put(tmp_path, text, "m.yaml"))}
    import_log(source, tmp_path / "log", mapping, models(), name="mapped", user="all")
    log = written(tmp_path / "log").sort_by("tokens_prompt")
    assert log["tokens_prompt"].to_pylist() == [800, 850, 1200]
    assert log["cost_total"].to_pylist() == pytest.approx([0.006, 1000.5, 0.007])


@pytest.mark.parametrize(
    ("one", "other", "unit"), [("1.250", "0.800", "thousand tokens"), ("1.25", "800", "thousand tokens")]
)
def test_fractions_are_no_separated_thousands(tmp_path, one, other, unit):
    found = guessed(csv_of([ROW | {"input": one}, ROW | {"input": other}]), tmp_path).fields["tokens_prompt"]
    assert found.source == {"column": "input", "unit": unit}


@pytest.mark.parametrize(
    ("column", "nothing", "usual"),
    [
        ("ts", "n/a", "1762164000"),
        ("ts", "n/a", f"{AT}Z"),
        ("ts", "n/a", "25.11.2025 10:00:00"),
        ("input", "n/a", "1000"),
        ("input", "n/a", "1.000"),
        ("cost", "-", "0.0075"),
        ("latency_s", "NaN?", "7.5"),
    ],
)
def test_one_value_in_ten_may_be_none(tmp_path, column, nothing, usual):
    fields = {
        "ts": "created_at",
        "input": "tokens_prompt",
        "cost": "cost_total",
        "latency_s": "generation_time_ms",
    }
    rows = [ROW | {"id": str(number), column: usual} for number in range(20)]
    sound = guessed(csv_of(rows), tmp_path).fields[fields[column]]
    rows[5][column] = rows[6][column] = nothing
    source = put(tmp_path, csv_of(rows))
    found = guess([look(source)], models())
    assert found.fields[fields[column]].source == sound.source
    rows[7][column] = nothing
    assert fields[column] not in guessed(csv_of(rows), tmp_path, "more.csv").fields
    mapping = {"mapped": read_mapping(put(tmp_path, draft(found, "x"), "m.yaml"))}
    account = import_log(
        source, tmp_path / "log", mapping, models(), name="mapped", user="u", list_prices=True
    )
    assert account.written == (20 if column == "latency_s" else 18)


@pytest.mark.parametrize("content", ["3", "null", "{}", "[[1, 2]]", "a,b\n"])
def test_of_a_file_without_a_row_nothing_is_guessed(tmp_path, capsys, content):
    path = put(tmp_path, content, "x.csv" if "," in content and "[" not in content else "x.json")
    out = tmp_path / "m.yaml"
    assert main(["import", "guess", str(path), "--out", str(out)]) == 2
    assert "no row in it that can be read" in capsys.readouterr().err and not out.exists()


def test_files_that_do_not_belong_to_the_others_are_named(tmp_path, capsys):
    put(tmp_path / "mixed", MONTHS["jan.csv"], "jan.csv")
    put(tmp_path / "mixed", "day,requests,charge\n2025-01-05,3,0.5\n", "sums.csv")
    assert main(["import", "guess", str(tmp_path / "mixed")]) == 0
    out, err = capsys.readouterr()
    assert (
        "no row of sums.csv becomes a request: created_at, model, tokens_prompt and tokens_completion would"
        in err
    )
    assert (
        "# with this mapping no row of sums.csv becomes a request" in out and "no row of jan.csv" not in err
    )


def test_what_slipper_wrote_into_a_folder_of_exports_is_none(tmp_path, capsys):
    folder = tmp_path / "months"
    put(folder, MONTHS["feb.csv"], "feb.csv")
    assert main(["import", "guess", str(folder), "--out", str(tmp_path / "m.yaml")]) == 0
    words = ["import", "mapped", str(folder), "--mapping", str(tmp_path / "m.yaml"), "--quiet", "--out"]
    for name in ("one", "two"):
        assert main([*words, str(folder / name)]) == 0, capsys.readouterr().err
        assert written(folder / name).num_rows == 1
    put(folder / "one", MONTHS["feb.csv"].replace("02-05", "02-06"), "more.csv")  # not slipper's
    assert main([*words, str(tmp_path / "three")]) == 0
    assert written(tmp_path / "three").num_rows == 2


def test_each_gateway_of_a_mixed_folder_is_told(tmp_path, capsys):
    put(tmp_path / "mixed", json.dumps(test_openrouter.response(1)), "a.jsonl")
    put(tmp_path / "mixed", json.dumps(test_litellm.ROWS[0]), "b.jsonl")
    assert main(["import", "guess", str(tmp_path / "mixed")]) == 0
    err = capsys.readouterr().err
    assert "a.jsonl is an export of OpenRouter" in err and "b.jsonl is an export of LiteLLM" in err


@pytest.mark.parametrize("log", ["run/log/b.parquet", "parts/b.parquet"])
def test_of_a_log_with_a_damaged_part_no_mapping_is_proposed(tmp_path, capsys, log):
    rows = [("u", "acme/m", f"2025-01-{day:02d}") for day in range(1, 29)]
    (tmp_path / log).parent.mkdir(parents=True)
    pq.write_table(generations(rows), tmp_path / log)
    folder = tmp_path / log.split("/")[0]
    pq.write_table(pa.table({"path": ["/Science"], "confidence": [0.9]}), folder / "a.parquet")
    (tmp_path / log).with_name("c.parquet").write_bytes(b"PAR1")
    assert main(["inspect", str(folder)]) == 2
    err = capsys.readouterr().err
    assert ".parquet: not Parquet that can be read" in err and "guess" not in err, err


MONTHS = {
    "jan.csv": "at,engine,tokens_in,tokens_out,charge\n2025-01-05 10:00:00,openai/gpt-4o,100,30,0.5\n",
    "feb.csv": "timestamp,engine,tokens_in,tokens_out,charge,member\n2025-02-05 10:00:00,openai/gpt-4o,70,30,0.5,ann\n",
}
"""Two months of a gateway that renamed a column and added one in between."""


def test_a_guess_of_a_folder_reads_all_its_files_and_tells_where_columns_differ(tmp_path, capsys):
    for name, content in MONTHS.items():
        put(tmp_path / "months", content, name)
    out = tmp_path / "ours.yaml"
    assert main(["import", "guess", str(tmp_path / "months"), "--out", str(out)]) == 0
    said, text = capsys.readouterr().err, out.read_text()
    assert "looked at 2 rows of 2 files" in said
    assert "not in jan.csv: timestamp and member\n" in said and "not in feb.csv: at\n" in said
    assert "guessed from 2 rows of 2 files" in text and "#   not in jan.csv: timestamp and member\n" in text
    words = [
        "import",
        "mapped",
        str(tmp_path / "months"),
        "--mapping",
        str(out),
        "--out",
        str(tmp_path / "log"),
    ]
    assert main([*words, "--user", "all", "--quiet"]) == 0, capsys.readouterr().err
    log = written(tmp_path / "log")
    assert [f"{moment:%m-%d}" for moment in log["created_at"].to_pylist()] == ["01-05", "02-05"]
    assert log["user_id"].to_pylist() == ["all", "ann"]


def test_of_many_files_some_are_looked_at_and_how_many_is_said(tmp_path, capsys):
    for day in range(1, 31):
        put(tmp_path / "days", MONTHS["jan.csv"].replace("01-05", f"01-{day:02d}"), f"{day:02d}.csv")
    put(tmp_path / "days", MONTHS["feb.csv"], "31.csv")
    assert main(["import", "guess", str(tmp_path / "days")]) == 0
    out, err = capsys.readouterr()
    assert "looked at 24 rows of 24 of the 31 files" in err
    assert "not in 31.csv: at\n" in err and "not in 01.csv, " in err and "and 20 more: " in err
    assert "title: days" in out


def test_of_records_of_json_only_what_is_mapped_is_told(tmp_path, capsys):
    row = {"ts": "2025-01-05 10:00:00", "model": "openai/gpt-4o", "tokens_in": 9, "tokens_out": 3, "usd": 0.1}
    put(tmp_path / "days", json.dumps(row | {"user": "ann", "note": "x"}), "1.jsonl")
    put(tmp_path / "days", json.dumps(row | {"other": "y"}), "2.jsonl")
    assert main(["import", "guess", str(tmp_path / "days")]) == 0
    err = capsys.readouterr().err
    assert "not in 2.jsonl: user\n" in err and "note" not in err and "other" not in err
    put(tmp_path / "days", MONTHS["jan.csv"], "3.csv")
    assert main(["import", "guess", str(tmp_path / "days")]) == 2
    err = capsys.readouterr().err
    assert "1.jsonl is JSON, " in err and "3.csv is a table: a mapping is for files of one kind" in err


def test_a_folder_of_known_exports_is_said_to_need_none_as_a_whole(tmp_path, capsys):
    for number in range(2):
        put(tmp_path / "exports", table(OPENROUTER[number : number + 1]), f"{number}.csv")
    assert main(["import", "guess", str(tmp_path / "exports")]) == 0
    assert f"slipper import openrouter {tmp_path / 'exports'} --out LOG" in capsys.readouterr().err


def test_a_log_with_cached_tokens_apart_is_mended_by_a_mapping(tmp_path, capsys):
    row = {
        "model": "acme/m",
        "tokens_prompt": 5,
        "tokens_cached": 13_000,
        "tokens_completion": 20,
        "cost_total": 0.0042,
    }
    rows = [
        {"generation_id": f"g{day}", "created_at": dt.datetime(2025, 1, day, tzinfo=dt.UTC), "user_id": "u"} | row
        for day in range(1, 29)
    ]  # fmt: skip
    log, mapping = tmp_path / "log.parquet", tmp_path / "mend.yaml"
    pq.write_table(filled(rows), log)
    assert main(["import", str(log), "--out", str(tmp_path / "out")]) == 2
    assert "this is a log already" in capsys.readouterr().err
    assert main(["inspect", str(log)]) == 1
    assert "a mapping with cached: outside does it" in " ".join(capsys.readouterr().out.split())
    assert main(["import", "guess", str(log), "--out", str(mapping)]) == 0
    assert (
        "\ncached: outside\n" in mapping.read_text() and "\n  cost_total: cost_total\n" in mapping.read_text()
    )
    words = [
        "import",
        "mapped",
        str(log),
        "--mapping",
        str(mapping),
        "--out",
        str(tmp_path / "out"),
        "--quiet",
    ]
    assert main(words) == 0, capsys.readouterr().err
    mended = written(tmp_path / "out")
    assert set(mended["tokens_prompt"].to_pylist()) == {13_005}
    assert sum(mended["cost_total"].to_pylist()) == pytest.approx(28 * 0.0042)
    assert mended["created_at"].to_pylist() == [one["created_at"] for one in rows]
    assert main(["analyze", str(log), "--out", str(tmp_path / "page")]) == 2
    assert "slipper import guess" not in capsys.readouterr().err
