"""`slipper import`: the account on the terminal and as JSON; bad input is said in a sentence."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from analysis.importers import importers
from testbed.cli import main
from tests.analysis.importers.exports import models, put, request, table, written

ROWS = [request(number) for number in range(12)]


@pytest.fixture
def export(tmp_path):
    return put(tmp_path, table([*ROWS[:4], ROWS[4] | {"cost_total": "free"}, *ROWS[5:]]))


def test_the_account_says_what_came_in_and_what_did_not(tmp_path, capsys, export):
    assert main(["import", str(export), "--out", str(tmp_path / "log")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "OpenRouter: 12 rows read from 1 file, 11 written, 1 left out",
        "cost_total is not an amount of money from 0 on",
        f"{export}:6: 'free'",
        "new/model-20260101: no listed model, kept as it is",
        "anthropic/claude-4.5-haiku-20251001 -> anthropic/claude-haiku-4.5 (a version of a listed model)",
        "user: 7 rows, api_key_name: 4 rows",
        "tools_offered, country, continent, language, session_id",
        "what slipper analyze can show of such a log",
        "without country, not: Tokens by country",
        "without labels, not: What open models are used for;",
    ):
        assert part in said
    assert len(written(tmp_path / "log")) == 11


def test_what_would_bring_rows_in_is_said_below_those_left_out(tmp_path, capsys):
    rows = [*ROWS[:3], ROWS[3] | {"user": "", "api_key_name": ""}]
    assert main(["import", str(put(tmp_path, table(rows))), "--out", str(tmp_path / "log")]) == 0
    said = capsys.readouterr().out
    assert "3 written" in said and "If the rows name no user, say who sent them: --user NAME" in said
    assert "--list-prices" not in said


def test_programs_get_the_same_account_as_the_folder_keeps(tmp_path, capsys, export):
    assert main(["import", "openrouter", str(export), "--out", str(tmp_path / "log"), "--json"]) == 0
    account = json.loads(capsys.readouterr().out)
    assert account.pop("log") == str(tmp_path / "log")
    exhibits = account.pop("exhibits")
    assert "Cost and use of models" in exhibits["carried"] and exhibits["lacking"]["country"] == [
        "Tokens by country"
    ]
    assert account == json.loads((tmp_path / "log/import.json").read_text())
    assert (account["read"], account["written"]) == (12, 11)
    assert sum(one["rows"] for one in account["left_out"]) == 1


def test_quiet_is_not_silent_about_losses(tmp_path, capsys, export):
    assert main(["import", str(export), "--out", str(tmp_path / "log"), "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'log'}\n"
    assert "1 row left out: cost_total is not an amount" in err
    assert "no listed model: new/model-20260101" in err


def test_models_of_ones_own_are_listed_before_the_catalogues(tmp_path, capsys, export):
    own = models().slice(0, 1).to_pylist()[0] | {
        "model": "new/model",
        "name": "Own",
        "model_permaslug": "new/model-20260101",
    }
    gpt = next(row for row in models().to_pylist() if row["model"] == "openai/gpt-4o") | {"name": "Renamed"}
    pq.write_table(
        models().schema.empty_table().from_pylist([own, gpt], schema=models().schema),
        tmp_path / "own.parquet",
    )
    out = tmp_path / "log"
    assert (
        main(["import", str(export), "--out", str(out), "--models", str(tmp_path / "own.parquet"), "--json"])
        == 0
    )
    ids = {one["id"]: one["model"] for one in json.loads(capsys.readouterr().out)["ids"]}
    assert ids["new/model-20260101"] == "new/model"
    names = {row["model"]: row["name"] for row in pq.read_table(out / "models.parquet").to_pylist()}
    assert (names["new/model"], names["openai/gpt-4o"], len(names)) == ("Own", "Renamed", len(models()) + 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv"], "nowhere.csv: no such file or folder"),
        (
            ["openruoter", "{export}"],
            "unknown format 'openruoter', did you mean 'openrouter'?; known: ",
        ),
        (["{export}", "--user", " "], "--user needs a name"),
        (["{export}", "--models", "{export}"], "no models table of the contract"),
        (["{folder}"], "no exports there"),
    ],
)
def test_bad_input_is_said_in_a_sentence(tmp_path, capsys, export, words, said):
    (tmp_path / "folder").mkdir()
    words = [word.format(export=export, folder=tmp_path / "folder") for word in words]
    assert main(["import", *words, "--out", str(tmp_path / "log")]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err + out
    assert not (tmp_path / "log").exists()


def test_what_can_be_imported_is_listed(capsys):
    assert main(["import", "--formats"]) == 0
    said = capsys.readouterr().out
    for one in importers().values():
        assert all(part in said for part in (f"{one.name}: {one.title}", *(form.name for form in one.forms)))


@pytest.mark.parametrize("command", [["analyze"], ["verdict"], ["check"]])
def test_an_export_that_is_taken_for_a_log_is_told_how_to_import(tmp_path, capsys, export, command):
    for where in (str(export), str(tmp_path)):
        assert main([*command, where]) == 2
        said = capsys.readouterr().err
        assert f"{where}: no log, but an export of OpenRouter (activity export, one row a request)." in said
        assert f"slipper import openrouter {where} --out LOG\n" in said
    put(tmp_path, "a,b\n1,2\n", "other/other.csv")
    assert main([*command, str(tmp_path / "other/other.csv")]) == 2
    assert "an export of" not in capsys.readouterr().err


def test_what_a_session_lacks_is_named_with_its_import(tmp_path, capsys):
    path = put(tmp_path, '{"timestamp": "", "type": "session_meta", "payload": {}}', "rollout.jsonl")
    assert main(["analyze", str(path)]) == 2
    assert f"slipper import codex {path} --out LOG --user NAME --list-prices\n" in capsys.readouterr().err


def test_the_log_is_one_that_the_analysis_opens(tmp_path, capsys, export):
    assert main(["import", str(export), "--out", str(tmp_path / "log"), "--quiet"]) == 0
    assert main(["analyze", str(tmp_path / "log"), "--check-log"]) == 0
    assert "labels" not in capsys.readouterr().err
