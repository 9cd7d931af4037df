"""`slipper import guess` on what other gateways write: columns by what they hold, and rows that are no requests."""

import json

import pytest

from analysis.importers import importers
from analysis.importing.guessing.guesses import guess
from analysis.importing.run import import_log
from analysis.importing.source import look
from analysis.sources.errors import LogError
from testbed.cli import main
from testbed.failure import BadInput
from testbed.mapping.first_draft import draft, needed_and_missing
from testbed.mapping.reading import read_mapping
from tests.analysis.importers.exports import models, put, written

COUNTS = ("tokens_prompt", "tokens_completion", "tokens_cached", "tokens_reasoning")


def by_its_guess(folder, content, name, **options):
    """The account and the log of a file that is imported by the mapping guessed of it, as it stands."""
    path = put(folder, content, name)
    found = guess([look(path)], models())
    assert needed_and_missing(found) == []
    mapping = {"mapped": read_mapping(put(folder, draft(found, "guessed"), "m.yaml"))}
    account = import_log(path, folder / "log", mapping, models(), name="mapped", **options)
    return account, written(folder / "log")


def counts(log):
    return [tuple(row.values()) for row in log.select(COUNTS).to_pylist()]


def test_invocation_logs_of_bedrock_have_cached_tokens_beside_the_prompt(tmp_path):
    def row(number, prompt, kept, new):
        return {
            "schemaType": "ModelInvocationLog", "timestamp": f"2025-07-0{number}T10:00:00Z", "requestId": f"r{number}",
            "identity": {"arn": f"arn:aws:sts::1:assumed-role/app/u{number}"}, "operation": "ConverseStream",
            "modelId": "us.anthropic.claude-sonnet-4-20250514-v1:0", "output": {"outputTokenCount": 20},
            "input": {"inputTokenCount": prompt, "cacheReadInputTokenCount": kept, "cacheWriteInputTokenCount": new},
        }  # fmt: skip

    lines = [row(1, 12, 4000, 0), row(2, 500, 0, 600)]
    _, log = by_its_guess(tmp_path, "\n".join(map(json.dumps, lines)), "b.jsonl", list_prices=True)
    assert counts(log) == [(4012, 20, 4000, None), (1100, 20, 0, None)]
    assert log["user_id"].to_pylist() == [one["identity"]["arn"] for one in lines]


def test_logs_of_vertex_have_thoughts_beside_the_answer(tmp_path):
    def row(number):
        usage = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "thoughtsTokenCount": 500,
                 "cachedContentTokenCount": 400, "totalTokenCount": 1600}  # fmt: skip
        return {"logging_time": f"2025-09-1{number} 08:00:00.000000 UTC", "request_id": str(2**60 + number),
                "model": "publishers/google/models/gemini-2.5-pro",
                "full_response": {"usageMetadata": usage}}  # fmt: skip

    lines = "\n".join(json.dumps(row(number)) for number in range(2))
    _, log = by_its_guess(tmp_path, lines, "v.jsonl", user="us", list_prices=True)
    assert counts(log) == 2 * [(1000, 600, 400, 500)]
    assert set(log["model"].to_pylist()) == {"google/gemini-2.5-pro"}


def test_the_portal_of_azure_writes_the_month_first_and_an_hour_of_twelve(tmp_path):
    table = (
        "TimeGenerated [UTC],ModelName,PromptTokens,CompletionTokens\n"
        '"8/1/2025, 1:00:00.123 PM",gpt-4o,1000,50\n'
        '"12/13/2025, 9:30:00.000 AM",gpt-4.1-mini,70,7\n'
    )
    _, log = by_its_guess(tmp_path, table, "a.csv", user="us", list_prices=True)
    moments = [f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3] for moment in log["created_at"].to_pylist()]
    assert moments == ["2025-08-01 13:00:00.123", "2025-12-13 09:30:00.000"]


def test_moments_and_models_are_found_by_what_columns_hold(tmp_path):
    table = "nth,when_ns,brain,tokens_in,tokens_out,cost,told\n" + "".join(
        f"{n},17487360000000000{n},gpt-4.1,{n}0,1,0.01,2025-01-01\n" for n in range(10, 20)
    )
    found = guess([look(put(tmp_path, table))], models())
    moment, model = found.fields["created_at"], found.fields["model"]
    assert (moment.source, moment.sure) == ({"column": "when_ns", "unit": "nanoseconds"}, "a guess")
    assert (model.source, model.sure) == ("brain", "a guess")
    assert {column.place for column in found.unused} == {"nth", "told"}
    other = guess([look(put(tmp_path, table.replace("gpt-4.1", "ours-1"), "other.csv"))], models())
    assert "model" not in other.fields


RUNS = "id,run_type,start_time,model,user,prompt_tokens,completion_tokens,total_cost\n" + "".join(
    f"{n},{kind},2025-02-01 10:00:0{n},gpt-4o,ann,100,20,0.00045\n"
    for n, kind in enumerate(("llm", "Chain", "llm", "tool"))
)


def test_rows_that_are_no_requests_are_left_out_by_their_kind(tmp_path):
    account, log = by_its_guess(tmp_path, RUNS, "runs.csv")
    assert log["generation_id"].to_pylist() == ["0", "2"]
    assert {note.why: note.rows for note in account.left_out} == {
        "no request to a language model, by its run_type": 2
    }
    path = put(tmp_path, RUNS.replace("Chain", "llm").replace("tool", "llm"), "all.csv")
    assert guess([look(path)], models()).aside is None


def test_a_column_of_kinds_that_is_not_there_is_told(tmp_path):
    path = put(tmp_path, RUNS, "runs.csv")
    text = draft(guess([look(path)], models()), "runs").replace("{run_type:", "{runtype:")
    mapping = {"mapped": read_mapping(put(tmp_path, text, "m.yaml"))}
    with pytest.raises(BadInput, match="no column 'runtype'"):
        import_log(path, tmp_path / "log", mapping, models(), name="mapped")


def test_rows_that_sum_requests_up_are_told(tmp_path, capsys):
    result = {"input_tokens": 1000, "output_tokens": 500, "num_model_requests": 5, "model": "gpt-4o-mini"}
    page = {
        "object": "page",
        "data": [{"start_time": 1730419200, "end_time": 1730505600, "results": [result]}],
    }
    path = put(tmp_path, json.dumps(page), "usage.json")
    said = "by results[0].num_model_requests a row is a sum of several requests"
    assert main(["import", "guess", str(path)]) == 0
    printed = capsys.readouterr()
    assert said in printed.err and said in printed.out
    path = put(
        tmp_path, json.dumps(page).replace('"num_model_requests": 5', '"num_model_requests": 1'), "ones.json"
    )
    assert guess([look(path)], models()).sums == ()


def test_a_known_export_that_a_spreadsheet_rewrote_is_sent_to_a_mapping(tmp_path):
    names = (
        "generation_id",
        "created_at",
        "cost_total",
        "tokens_prompt",
        "tokens_completion",
        "model_permaslug",
        "user",
    )
    row = ("gen-1", "31.10.2025 23:59:01", "0,25", "100", "20", "openai/gpt-4o", "ann")
    path = put(tmp_path, "\n".join(map(";".join, (names, row))), "x.csv")
    with pytest.raises(LogError, match="slipper import guess FILE"):
        import_log(path, tmp_path / "log", importers(), models())
