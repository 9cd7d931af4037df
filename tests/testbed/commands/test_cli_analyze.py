"""`slipper analyze`: any conforming log, wherever it lies, becomes results; unsound ones are reported."""

from __future__ import annotations

import json
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import all_queries
from testbed.commands import analyze
from tests.analysis.made_log import made, write_run
from tests.command_line import slipper

pytestmark = pytest.mark.usefixtures("few_exhibits")


@pytest.fixture(scope="module")
def made_run(tmp_path_factory):
    return write_run(made(rows=3000, users=300), tmp_path_factory.mktemp("made") / "run")


@pytest.fixture
def run(made_run, tmp_path):
    """A run folder of the test's own."""
    return shutil.copytree(made_run, tmp_path / "run")


@pytest.fixture
def quick(monkeypatch):
    """Leaves out the writing of results, for tests of where they would go."""
    written = []

    def write(log, folder, models=None, **options):
        written.append((log.rows, folder, models))
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.report.results.write_analysis", write)
    return written


def test_a_run_folder_gets_tables_and_a_report(capsys, run):
    status, out, err = slipper(capsys, "analyze", run)
    assert status == 0
    assert {"tables", "report.html"} <= {path.name for path in run.iterdir()}
    assert not (run / "figures").exists()
    for text in (
        "requests, 2024-12-01 to 2025-11-30 (UTC)",
        "Claude Sonnet 4",
        "Whose tokens",
        "report.html",
    ):
        assert text in out
    assert "\x1b" not in out + err
    assert err.splitlines()[-1].startswith("Analysing the log: done in")
    assert out.index("insufficient data") < out.index(" requests, ")  # the answer first


def test_figures_are_drawn_where_asked_for_and_removed_by_an_analysis_without(capsys, run):
    assert slipper(capsys, "analyze", run, "--figures", "--quiet")[0] == 0
    assert {path.suffix for path in (run / "figures").iterdir()} == {".svg", ".png"}
    assert "<code>figures/</code>" in (run / "report.html").read_text(encoding="utf-8")
    assert slipper(capsys, "analyze", run, "--quiet")[0] == 0
    assert not (run / "figures").exists()
    assert "<code>figures/</code>" not in (run / "report.html").read_text(encoding="utf-8")


def test_json_is_the_whole_standard_output(capsys, run, monkeypatch):
    """With two processes beside this one, as the command has them on two cores."""
    monkeypatch.setattr("analysis.workers.cores", lambda: 2)
    status, out, err = slipper(capsys, "analyze", run, "--json", "--quiet", "--model", "moonshotai/kimi-k2")
    assert (status, err) == (0, "")
    data = json.loads(out)
    assert data["results"] == str(run)
    assert 0 < data["answer_s"] < data["analysis_s"]
    assert set(data["analysis_timings_s"]) == {"tables", "verdicts", "figures", "page"}
    assert {row["model"] for row in data["summary"]["retention"]} == {"moonshotai/kimi-k2"}


def test_a_log_elsewhere_is_analysed_beside_it_or_where_out_says(run, tmp_path):
    log = tmp_path / "elsewhere" / "requests"
    shutil.copytree(run / "log", log)
    assert analyze.results_folder(str(run), None) == run
    assert analyze.results_folder(str(run / "log"), None) == run
    assert analyze.results_folder(str(log), None) == tmp_path / "elsewhere" / "requests-analysis"
    assert analyze.results_folder(f"{log}/**/*.parquet", None) == tmp_path / "elsewhere" / "requests-analysis"
    assert analyze.results_folder(str(log), "found").as_posix() == "found"


def test_a_duckdb_file_is_opened_by_its_table(capsys, quick, run, tmp_path):
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute(f"CREATE TABLE requests AS SELECT * FROM read_parquet('{run}/log/**/*.parquet')")
        (rows,) = connection.execute("SELECT count(*) FROM requests").fetchone()
    status, _, _ = slipper(
        capsys, "analyze", tmp_path / "w.duckdb", "--table", "requests", "--out", tmp_path / "found"
    )
    assert (status, quick) == (130, [(rows, tmp_path / "found", None)])
    status, _, err = slipper(capsys, "analyze", tmp_path / "w.duckdb", "--table", "reqests")
    assert status == 2
    assert "requests" in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["{tmp}/none"], "{tmp}/none: no such file or folder"),
        (["{tmp}"], "{tmp}: holds 1 run folder, not one log; name one, such as {run}"),
        (["{run}", "--out", "{tmp}/x"], "the results of a run stay in its folder"),
        (["{run}", "--model", "moonshotai/kimi-k"], "did you mean 'moonshotai/kimi-k2'?"),
        (["{run}", "--sql", "--check-log"], "not allowed with argument"),
    ],
)
def test_bad_input_is_explained_and_nothing_is_written(capsys, run, tmp_path, argv, message):
    before = sorted(tmp_path.rglob("*"))
    names = {"tmp": tmp_path, "run": run}
    status, out, err = slipper(capsys, "analyze", *(word.format(**names) for word in argv))
    assert (status, out) == (2, "")
    assert message.format(**names) in err
    assert sorted(tmp_path.rglob("*")) == before


def test_check_log_says_whether_a_log_is_sound(capsys, run):
    status, out, _ = slipper(capsys, "analyze", run, "--check-log")
    assert status == 0
    assert "no violations" in out

    file = next((run / "log").rglob("*.parquet"))
    table = pq.read_table(file, partitioning=None)
    column = table.schema.get_field_index("tokens_prompt")
    negative = pa.array([-5] * table.num_rows, pa.int32())
    pq.write_table(table.set_column(column, table.schema.field(column), negative), file)
    status, out, _ = slipper(capsys, "analyze", run, "--check-log")
    assert status == 1
    assert "tokens_prompt" in out
    assert f": {table.num_rows}" in out
    data = json.loads(slipper(capsys, "analyze", run, "--check-log", "--json")[1])
    assert data["conforms"] is False
    assert any(found["column"] == "tokens_prompt" for found in data["violations"])
    assert not (run / "tables").exists()


def test_sql_prints_every_query_and_leaves_nothing(capsys, run):
    before = sorted(run.rglob("*"))
    status, out, _ = slipper(capsys, "analyze", run, "--sql")
    assert status == 0
    for name in all_queries():
        assert f"-- {name}\n" in out
    assert out.count("SELECT") >= len(all_queries())
    assert json.loads(slipper(capsys, "analyze", run, "--sql", "--json")[1]).keys() == all_queries().keys()
    assert sorted(run.rglob("*")) == before


def test_verdicts_of_other_claims_are_marked_on_the_page(capsys, run):
    from testbed.claims.registry import registry

    claim = {"id": "C12", "role": "emergent", "status": "holds", "weak": True}
    for digest, marked in (("an older one", True), (registry().digest, False)):
        (run / "verdicts.json").write_text(json.dumps({"registry_digest": digest, "claims": [claim]}))
        assert slipper(capsys, "analyze", run, "--quiet")[0] == 0
        page = (run / "report.html").read_text()
        assert ("of another version of the claims" in page) == marked
        assert "1 holds (1 of them weakly)" in page


def test_tables_of_one_file_have_results_of_their_own(tmp_path):
    path = str(tmp_path / "w.duckdb")
    assert analyze.results_folder(path, None).name == "w.duckdb-analysis"
    assert analyze.results_folder(path, None, "requests").name == "w.duckdb-requests-analysis"
