"""`--k-anonymity` of analyze, compare, verdict and inspect: what is printed and written shows no small cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.report.exhibits import EXHIBITS
from analysis.report.exhibits.retention import cohorts_of, triangles
from analysis.report.pages import claim_verdicts
from analysis.sources.log import NotAvailable
from analysis.sources.opening import open_log
from analysis.staging import Staging
from tests.analysis.made_log import made, write_run
from tests.command_line import slipper

ONE = ("--model", "openai/gpt-4o-mini")


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A log of which small parts have to be left out, in the folder that is current; few exhibits."""
    monkeypatch.chdir(tmp_path)
    kept = tuple(e for e in EXHIBITS if e.id in ("fig02", "fig16b", "table2c"))
    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", kept)
    made_log = made(rows=4000, users=600, seed=5, start="2025-10-06", end="2025-11-30", models=10)
    write_run(made_log, tmp_path / "a", manifest=False)


def test_an_analysis_and_a_comparison_say_what_they_withhold(log, capsys):
    status, out, _ = slipper(capsys, "analyze", "a", *ONE, "--k-anonymity", 7, "--json")
    told = json.loads(out)
    assert (
        status == 0 and told["k_anonymity"]["k"] == 7 and told["k_anonymity"]["cells_left_out"]["continents"]
    )
    assert "Rows" not in told["inspection"]["facts"] and any("k = 7" in line for line in told["warnings"])
    assert any("what its numbers stand on is not counted" in gap for gap in told["summary"]["not_available"])
    assert all(cell["active"] >= 7 for cell in told["summary"]["retention"])
    _, out, _ = slipper(capsys, "analyze", "a", *ONE, "--out", "all")
    assert "They show small cells. To pass results on: --k-anonymity 20" in " ".join(out.split())
    status, _, err = slipper(capsys, "compare", "a", "a", "--k-anonymity", 8, "--out", "beside", "--quiet")
    assert status == 2 and "run `slipper analyze a --k-anonymity 8` first" in err
    status, _, _ = slipper(capsys, "compare", "a", "a", "--k-anonymity", 7, "--out", "beside", "--quiet")
    assert status == 0 and Path("beside/compare.html").read_text().count("withheld, k = 7") == 2


def test_claims_measured_on_the_whole_log_are_not_put_on_the_page(tmp_path):
    claims = {"claims": [{"id": "C20", "status": "holds", "role": "emergent", "simulated": "3 users"}]}
    with Staging(tmp_path, ["report.html", "tables"]) as staged:
        (staged.path / "report.html").write_text("<p><!--verdicts C20--><!--/verdicts--></p>")
        (staged.path / "tables").mkdir()
        (staged.path / "tables" / "withheld.csv").touch()
        staged.publish()
    claim_verdicts.keep(tmp_path, claims)
    assert (tmp_path / "verdicts.json").is_file() and "3 users" not in (tmp_path / "report.html").read_text()
    (tmp_path / "tables" / "withheld.csv").unlink()
    claim_verdicts.keep(tmp_path, claims)
    assert "3 users" in (tmp_path / "report.html").read_text()


def test_a_model_whose_cohorts_are_withheld_is_not_said_to_have_no_users(log):
    with open_log("a") as whole, whole.in_sums(whole.generations, None, 10_000) as safe:
        chart = cohorts_of(safe, "openai/gpt-4o-mini")
        assert chart.cells.empty and chart.gap == "no cohort of 10000 users or more"
        assert cohorts_of(whole, "no/such").gap == "no users in this log"
        with pytest.raises(NotAvailable, match="no cohort of 10000 users or more began with any"):
            triangles(safe)


def test_a_verdict_is_its_kind_alone(log, capsys):
    shared = ("verdict", "a", *ONE, "--simulations", 0)
    status, out, _ = slipper(capsys, *shared, "--k-anonymity", 7)
    assert (
        status == 0 and "k-anonymity" in out and "requests" not in out and "p: of the four tests" not in out
    )
    status, out, _ = slipper(capsys, *shared, "--k-anonymity", 7, "--json")
    [verdict] = json.loads(out)["verdicts"]
    assert {name for name, value in verdict.items() if isinstance(value, float)} == set()
    assert "panel" not in verdict and "tests" not in verdict
    for option in ("--why", "--truth", "--scan"):
        status, _, err = slipper(capsys, "verdict", "a", "--k-anonymity", 7, option)
        assert status == 2 and "few users" in err


def test_an_inspection_names_what_it_found_and_counts_nothing(log, capsys):
    status, out, _ = slipper(capsys, "inspect", "a", "--k-anonymity", 7, "--json", "--html", "page.html")
    told = json.loads(out)
    assert status == 0 and set(told["facts"]) == {"Days (UTC)", "Columns", "Labels", "Models table"}
    assert all(set(one) == {"check", "severity", "touches"} for one in told["findings"])
    assert "Users" not in Path("page.html").read_text().split("<main>")[1]


def test_what_shows_single_rows_is_refused(log, capsys):
    status, _, err = slipper(capsys, "analyze", "a", "--check-log", "--k-anonymity", 7)
    assert status == 2 and "single rows" in err
    status, _, err = slipper(capsys, "analyze", "a", "--k-anonymity", 5000)
    assert status == 2 and "fewer than 5000 users" in err
    assert not Path("a-analysis").exists() or not list(Path("a-analysis").iterdir())
