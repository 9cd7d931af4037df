"""`slipper export`: the account on the terminal and as JSON; nothing half-written stays."""

from __future__ import annotations

import fcntl
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import contract
from analysis.exporting import run as exporting
from analysis.importers import importers
from testbed.cli import main
from tests.analysis.importers.exports import request, table, written


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """An imported log."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "export.csv").write_text(table([request(number) for number in range(30)]))
    assert main(["import", str(folder / "export.csv"), "--out", str(folder / "a log"), "--quiet"]) == 0
    return folder / "a log"


def test_the_account_says_what_was_written_and_what_the_form_does_not_carry(tmp_path, capsys, log):
    out = tmp_path / "older.csv.gz"
    assert main(["export", "openrouter", str(log), "--form", "activity-21", "--out", str(out)]) == 0
    said, told = capsys.readouterr()
    for part in (
        f"30 requests written to {out}",
        "account_id, tokens_cached, tools_offered, country, continent, language, session_id",
        "byok: as the provider's charge",
        f"slipper import openrouter {out} --out LOG --models '{log / 'models.parquet'}'",
    ):
        assert part in " ".join(said.split())
    assert "Writing the export" in told
    lines = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert (len(lines), len(lines[0].split(","))) == (31, 21)


def test_programs_get_the_same_account(tmp_path, capsys, log):
    out = tmp_path / "r.jsonl"
    assert main(["export", "openrouter", str(log), "--form", "response", "--out", str(out), "--json"]) == 0
    account = json.loads(capsys.readouterr().out)
    rows = written(log).to_pylist()
    assert (account["rows"], account["file"]) == (30, str(out))
    assert account["totals"]["tokens_prompt"] == sum(row["tokens_prompt"] for row in rows)
    assert account["totals"]["cost_total"] == pytest.approx(sum(row["cost_total"] for row in rows))
    assert account["needs"] == ["--user"]
    assert account["partly"]["created_at"] == "to the second"


def test_the_same_log_gives_the_same_bytes(tmp_path, log):
    for name in ("a.csv.gz", "b.csv.gz", "a.csv.zst", "b.csv.zst"):
        assert main(["export", "openrouter", str(log), "--out", str(tmp_path / name), "--quiet"]) == 0
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert (tmp_path / "a.csv.zst").read_bytes() == (tmp_path / "b.csv.zst").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["openruoter", "{log}", "--out", "x.csv"], "unknown format 'openruoter', did you mean 'openrouter'?"),
        (["openrouter", "{log}", "--out", "x.txt"], "x.txt: the end of its name says which file to write: .csv, .json"),
        (["openrouter", "{log}", "--out", "x.csv", "--form", "response"],
         "OpenRouter has no form 'response' as CSV that can be written; known: activity (CSV), activity-21 (CSV)"),
        (["openrouter", "nowhere", "--out", "x.csv"], "nowhere: no such file or folder"),
        (["openrouter", "{log}", "--out", "there.csv"], "there.csv: this file is there, and would be replaced"),
        (["openrouter", "{log}", "--out", "folder.csv", "--overwrite"], "folder.csv: this is a folder"),
    ],
)  # fmt: skip
def test_bad_input_is_said_in_a_sentence_and_leaves_nothing(tmp_path, monkeypatch, capsys, log, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    before = sorted(tmp_path.iterdir())
    assert main(["export", *(word.format(log=log) for word in words)]) == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_file_that_is_there_is_written_over_only_when_asked(tmp_path, log):
    (tmp_path / "x.csv").write_text("mine")
    assert (
        main(["export", "openrouter", str(log), "--out", str(tmp_path / "x.csv"), "--overwrite", "--quiet"])
        == 0
    )
    assert (tmp_path / "x.csv").read_text().startswith("generation_id,")


def test_an_export_that_breaks_off_leaves_the_file_as_it_was(tmp_path, monkeypatch, log):
    (tmp_path / "x.csv").write_text("mine")
    monkeypatch.setattr(exporting, "_BATCH", 10)
    named, real = [], exporting._with_names

    def break_off(batch, names):
        if len(named) == 2:
            raise OSError(28, "No space left on device")
        named.append(batch)
        return real(batch, names)

    monkeypatch.setattr(exporting, "_with_names", break_off)
    words = ["export", "openrouter", str(log), "--out", str(tmp_path / "x.csv"), "--overwrite", "--quiet"]
    assert main(words) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == "mine"


def test_what_a_killed_export_left_is_swept_and_a_living_ones_part_stays(tmp_path, log):
    left, living, other = (tmp_path / f".{name}" for name in (
        "out.jsonl-0123456789ab", "out.jsonl-ba9876543210", "out.jsonl.gz-0123456789ab"
    ))  # fmt: skip
    for part in (left, living, other):
        part.write_text("half")
    with living.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(["export", "openrouter", str(log), "--out", str(tmp_path / "out.jsonl"), "--quiet"]) == 0
    assert (
        not left.exists() and living.exists() and other.exists() and (tmp_path / "out.jsonl").stat().st_size
    )


def test_what_can_be_written_is_listed(capsys):
    assert main(["export", "--forms"]) == 0
    said = capsys.readouterr().out
    for importer in importers().values():
        assert all(f"{importer.name} --form {export.name} " in said for export in importer.exports)


def test_a_log_with_the_least_columns_in_other_types_is_exported(tmp_path, log):
    least = [field.name for field in contract.GENERATIONS if field.required]
    table = written(log).select(least)
    table = table.set_column(3, "model", table["model"].dictionary_encode())
    table = table.set_column(4, "tokens_prompt", table["tokens_prompt"].cast(pa.int64()))
    pq.write_table(table, tmp_path / "least.parquet")
    out = tmp_path / "x.csv"
    assert main(["export", "openrouter", str(tmp_path / "least.parquet"), "--out", str(out), "--quiet"]) == 0
    assert main(["import", str(out), "--out", str(tmp_path / "back"), "--quiet"]) == 0
    assert written(tmp_path / "back").select(least).equals(written(log).select(least))
