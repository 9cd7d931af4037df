"""`slipper inspect`, and the same look before a log is analysed, judged or checked: errors stop, or mark."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import LogError, open_log
from analysis.report.exhibits import EXHIBITS
from tests.analysis.inspection.test_checks import FACTS, SOUND, some, where
from tests.command_line import slipper


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log with a country's name for its code, and some costs beyond the list."""
    folder = tmp_path_factory.mktemp("written")
    spoiled = where("country", some(0.01), "Germany")
    pq.write_table(pa.concat_tables([spoiled, spoiled.slice(0, 1)]), folder / "log.parquet")
    pq.write_table(FACTS, folder / "models.parquet")
    return folder


@pytest.fixture
def log(written, tmp_path, monkeypatch, inspected_once):
    """That log in the folder that is current, with its times."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "analysis.report.exhibits.EXHIBITS", tuple(e for e in EXHIBITS if e.id in ("fig14", "table2c"))
    )
    return "log.parquet", "--models", "models.parquet"


def test_an_inspection_is_told_as_text_data_and_page(log, capsys):
    status, out, _ = slipper(capsys, "inspect", *log)
    assert (
        status == 1 and "1 error" in out and "country codes" in out and "unique" in out and "Users: 90" in out
    )
    assert "Missing values: in every row: " in out and "; in every row: " not in out
    assert "what to do: Translate names into codes of two letters" in " ".join(out.split())
    status, out, _ = slipper(capsys, "inspect", *log, "--json")
    first = json.loads(out)["findings"][0]
    assert status == 1 and first["examples"] == "Germany" and first["remedy"].startswith("Translate names")
    status, out, _ = slipper(capsys, "inspect", *log, "--html", "page.html", "--quiet")
    assert status == 1 and out.strip() == "page.html"
    page = Path("page.html").read_text()
    assert "country codes" in page and "Germany" in page and "<script src" not in page
    assert "Translate names into codes of two letters" in page


def test_errors_stop_before_anything_is_written(log, capsys):
    for argv in (("analyze", *log, "--out", "out"), ("verdict", *log, "--simulations", "0"), ("check", *log)):
        status, out, err = slipper(capsys, *argv, "--quiet")
        flat = " ".join(err.split())
        assert (status, out) == (2, "")
        assert "error: country codes" in flat and "go on with --anyway" in flat
    assert not Path("out").exists()


def test_what_is_made_anyway_is_marked(log, capsys):
    status, out, _ = slipper(capsys, "analyze", *log, "--out", "out", "--anyway", "--json")
    assert status == 0
    told = json.loads(out)
    assert told["inspection"]["counts"]["error"] == 1
    page = Path("out/report.html").read_text()
    assert "was analysed all the same (--anyway): country codes. Do not trust the numbers" in page
    beside = page[page.index('<section id="geography">') :]
    assert "country codes: country is no code" in beside[: beside.index('<div class="cards">')]
    retention = page[page.index('<section id="retention">') : page.index('<section id="geography">')]
    assert "country codes" not in retention


def test_rows_that_are_refused_are_warned_of_where_one_goes_on(capsys, tmp_path):
    path = tmp_path / "log.parquet"
    pq.write_table(where("tokens_prompt", some(0.01), -1), path)
    with pytest.raises(LogError, match="below 0"):
        open_log(path)
    with open_log(path, tolerate=True) as log:
        assert any("below 0" in warning for warning in log.warnings)


def test_a_sound_log_is_told_nothing_of(capsys, tmp_path):
    path = tmp_path / "log.parquet"
    pq.write_table(SOUND, path)
    status, out, _ = slipper(capsys, "inspect", path)
    assert status == 0 and "nothing found" in out
