"""Output degrades and never crashes: other encodings, closed streams, readers that leave; `~` is the home folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.report.comparison import Analysed
from analysis.report.spreadsheet import write_csv
from analysis.sources import files
from testbed import arguments, cli

ROOT = Path(__file__).parents[3]


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of bash with `slipper` in it; SLIPPER_DEBUG is off, and streams are buffered, as they are for users."""
    line = line.replace("slipper", f"{sys.executable} -m testbed.cli", 1)
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, errors="replace", cwd=ROOT,
                          env=os.environ | {"PYTHONUNBUFFERED": ""} | environment)  # fmt: skip


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_what_an_encoding_lacks_is_spelt(encoding):
    done = shell("slipper catalogue show anthropic/claude-sonnet-4", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2025-05-22" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed):
    done = shell(f"slipper catalogue {closed}")
    assert done.returncode == 0 and "internal error" not in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["catalogue", "schema log", "--help"])
def test_a_reader_that_leaves_is_no_error(command):
    done = shell(f"slipper {command} 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", ["schema log", "catalogue --json", "explain cohort"])
def test_a_full_disk_behind_the_output_is_said(command):
    done = shell(f"slipper {command} > /dev/full")
    assert done.returncode == 1 and "the disk is full" in done.stderr and "Exception" not in done.stderr


def test_the_home_folder_is_meant_in_both_forms(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    words = ["run", "~/a.yaml", "--out=~/x", "--out", "~/y", "--set", "a=~/z", "--set=a=~", "x~y"]
    assert arguments.at_home(words) == [
        "run", "/home/me/a.yaml", "--out=/home/me/x", "--out", "/home/me/y", "--set", "a=~/z", "--set=a=~", "x~y",
    ]  # fmt: skip


def test_text_is_no_formula_in_csv_and_numbers_stay(tmp_path):
    cells = ["=cmd|' /C calc'!A0", "+1", "-x", "@SUM(A1)", "\tx", "\rx", "plain", "a=b", None]
    frame = pd.DataFrame({"=head": cells, "number": [-1.5] * 9, "mixed": [-1, "-1", *[None] * 7],
                          "kind": pd.Categorical(cells)})  # fmt: skip
    before = frame.copy()
    write_csv(frame, tmp_path / "a.csv")
    back = pd.read_csv(tmp_path / "a.csv", keep_default_na=False, dtype=str)
    assert list(back.columns) == ["'=head", "number", "mixed", "kind"]
    assert list(back["'=head"]) == [
        "'=cmd|' /C calc'!A0", "'+1", "'-x", "'@SUM(A1)", "'\tx", "'\nx", "plain", "a=b", "",
    ]  # fmt: skip
    assert list(back["kind"][:3]) == list(back["'=head"][:3])
    assert set(back["number"]) == {"-1.5"} and list(back["mixed"][:2]) == ["-1", "'-1"]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("listed", [True, False])
def test_results_inside_a_log_are_left_out_and_said(tmp_path, listed):
    from analysis.contract import files as ours

    for place in (tmp_path, tmp_path / "findings"):
        (place / "tables").mkdir(parents=True)
        for name in ("tables/index.csv", "tables/fig25_triangles.parquet", "runs.parquet"):
            (place / name).write_text("x")
        if listed:
            ours.write(place, ours.marks_of(place, ["tables", "runs.parquet"]))
        else:
            (place / "runs.parquet").unlink()
    (tmp_path / "a.parquet").write_text("x")
    (tmp_path / "mine" / "tables").mkdir(parents=True)
    (tmp_path / "mine" / "tables" / "b.parquet").write_text(
        "x"
    )  # a log of the user's in a folder of that name
    found = files.find(tmp_path)
    assert [Path(path).name for path in found.paths] == ["a.parquet", "b.parquet"]
    assert files.RESULTS in " ".join(found.sentences())


def test_dates_near_the_end_of_the_calendar_are_explained(tmp_path, capsys):
    dates = ["--set", "start=9999-01-01", "--set", "end=9999-12-31"]
    scenario = ["simulate", "one-frontier-model", "--users", "20", *dates]
    assert cli.main([*scenario, "--out", str(tmp_path), "--quiet"]) in (1, 2)
    err = capsys.readouterr().err
    assert "internal error" not in err and "9999" in err


def test_the_last_month_of_the_calendar_is_a_month(capsys):
    assert cli.main(["catalogue", "--released-to", "9999-12"]) == 0
    assert "anthropic/claude-sonnet-4" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", "{", '{"entries": []}', "\x00"])
def test_a_manifest_of_another_tool_does_not_stop_a_comparison(tmp_path, text):
    (tmp_path / "tables").mkdir()
    for name in ("index.csv", "fig25_triangles.parquet"):
        (tmp_path / "tables" / name).write_text("x")
    (tmp_path / "manifest.json").write_text(text)
    assert Analysed.at(tmp_path).title == tmp_path.name
