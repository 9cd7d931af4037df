"""`slipper compare`: two runs become one page, a summary, or JSON; bad input is explained."""

from __future__ import annotations

import json
import shutil

import duckdb
import pandas as pd
import pytest

from analysis.report.exhibits import EXHIBITS
from tests.analysis.made_log import made, write_run
from tests.command_line import slipper

pytestmark = pytest.mark.usefixtures("few_exhibits")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs that are not analysed; the second has no manifest of its own seed."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (1, 2):
        run = write_run(made(rows=4_000, users=500, seed=seed), folder / f"run{seed}")
        manifest = json.loads((run / "manifest.json").read_text())
        (run / "manifest.json").write_text(json.dumps(manifest | {"resolved": {"seed": seed}}))
    return folder


def test_runs_are_analysed_first_and_compared(capsys, runs, tmp_path):
    out_dir = tmp_path / "out"
    status, out, _ = slipper(capsys, "compare", runs / "run1", runs / "run2", "--out", out_dir)
    assert status == 0
    assert {path.name for path in out_dir.iterdir()} == {
        ".slipper-files.json", "compare.html", "exhibit_differences.csv", "retention_differences.csv",
    }  # fmt: skip
    assert (runs / "run2" / "report.html").is_file()
    for said in ("seed: 1 → 2", "anthropic/claude-sonnet-4", "compare.html"):
        assert said in out
    cells = pd.read_csv(out_dir / "retention_differences.csv")
    assert {"difference", "low", "high", "differs"} <= set(cells.columns)


def test_json_is_the_whole_standard_output(capsys, runs, tmp_path):
    argv = ("compare", runs / "run1", runs / "run2", "--out", tmp_path, "--json", "--quiet")
    status, out, err = slipper(capsys, *argv)
    assert (status, err) == (0, "")
    data = json.loads(out)
    assert data["scenario_differences"] == [{"key": "seed", "a": "1", "b": "2"}]
    assert data["retention"][0]["differs"] in (True, False)
    assert data["page"] == str(tmp_path / "compare.html")
    assert {row["exhibit"] for row in data["exhibits"]} <= {exhibit.id for exhibit in EXHIBITS[:2]}


def test_a_log_without_a_manifest_is_compared_and_its_scenario_is_not_known(capsys, runs, tmp_path):
    log = shutil.copytree(runs / "run2" / "log", tmp_path / "requests")
    status, out, _ = slipper(capsys, "compare", runs / "run1", log, "--out", tmp_path / "out")
    assert status == 0
    assert "not known: a log without a manifest" in out
    assert (tmp_path / "requests-analysis" / "tables").is_dir()
    status, out, _ = slipper(
        capsys, "compare", tmp_path / "requests-analysis", runs / "run1", "--out", tmp_path / "o", "--quiet"
    )
    assert (status, out.strip()) == (0, str(tmp_path / "o" / "compare.html"))


@pytest.mark.parametrize(
    ("second", "message"),
    [("{runs}/none", "no such file or folder"), ("{runs}", "holds 2 run folders, not one log; name one")],
)
def test_bad_input_is_explained_and_nothing_is_written(capsys, runs, tmp_path, second, message):
    argv = ("compare", runs / "run1", second.format(runs=runs), "--out", tmp_path / "out")
    status, out, err = slipper(capsys, *argv)
    assert (status, out) == (2, "")
    assert message in err
    assert not (tmp_path / "out").exists()


def test_a_table_of_a_duckdb_file_is_compared(capsys, runs, tmp_path):
    with duckdb.connect(tmp_path / "w.duckdb") as file:
        file.execute(f"create table requests as select * from '{runs}/run2/log/*/*.parquet'")
    argv = ("compare", runs / "run1", tmp_path / "w.duckdb", "--out", tmp_path / "out", "--quiet")
    status, _, err = slipper(capsys, *argv)
    assert status == 2
    assert "no table 'generations' in it" in err
    assert "requests" in err
    status, out, _ = slipper(capsys, *argv, "--table", "requests")
    assert (status, out.strip()) == (0, str(tmp_path / "out" / "compare.html"))
    assert (tmp_path / "w.duckdb-requests-analysis" / "tables").is_dir()


def test_only_verdicts_with_the_same_headline_are_called_the_same(capsys, monkeypatch, runs, tmp_path):
    found = pd.DataFrame({
        "model": ["x/apart", "x/kind", "x/same"], "headline_a": ["fragile", "no fit", "drift"],
        "headline_b": ["drift", "no fit; not firm", "drift"], "differs": [True, False, False],
    }).assign(month_a=5.0, month_b=5.0, difference_a=0.01, difference_b=0.02)  # fmt: skip
    monkeypatch.setattr("analysis.report.comparison.verdict_differences", lambda a, b: found)
    _, out, _ = slipper(capsys, "compare", runs / "run1", runs / "run2", "--out", tmp_path / "out")
    lines = [line for line in out.splitlines() if line.startswith("x/")]
    assert lines == ["x/apart", "x/kind (the same kind in both)", "x/same (the same in both)"]
