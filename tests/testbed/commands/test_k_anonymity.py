"""`--k-anonymity` of analyze, compare, verdict and inspect: what is printed and written shows no small cell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from analysis.inference.cohorts.models import control_models
from analysis.inference.verdict.judging import verdicts
from analysis.queries import retention
from analysis.report.exhibits import EXHIBITS
from analysis.report.exhibits.retention import cohorts_of, triangles
from analysis.report.pages import claim_verdicts
from analysis.sources.log import NotAvailable
from analysis.sources.opening import open_log
from analysis.staging import Staging
from tests.analysis.made_log import made, write_run
from tests.command_line import slipper

ONE = ("--model", "openai/gpt-4o-mini")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of which small parts have to be left out."""
    made_log = made(rows=4000, users=600, seed=5, start="2025-10-06", end="2025-11-30", models=10)
    return write_run(made_log, tmp_path_factory.mktemp("written") / "a", manifest=False)


@pytest.fixture
def log(written, tmp_path, monkeypatch, inspected_once):
    """That log, in the folder that is current, with its times; few exhibits."""
    monkeypatch.chdir(tmp_path)
    kept = tuple(e for e in EXHIBITS if e.id in ("fig02", "fig16b", "table2c"))
    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", kept)
    shutil.copytree(written, "a")


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
    status, _, err = slipper(capsys, *shared, "--k-anonymity", 601)
    assert status == 2 and "the log has fewer than 601 users" in err
    for option in ("--why", "--truth", "--scan"):
        status, _, err = slipper(capsys, "verdict", "a", "--k-anonymity", 7, option)
        assert status == 2 and "few users" in err


@pytest.fixture(scope="module")
def launches(tmp_path_factory):
    """A log in which launch cohorts of 15 to 49 users are shown."""
    folder = tmp_path_factory.mktemp("launches") / "launches"
    write_run(made(rows=12_000, users=1_500, seed=5, start="2025-01-01"), folder, manifest=False)
    return folder


def test_no_verdict_rests_on_a_smaller_cohort_of_another_model(launches):
    model, users = "meta-llama/llama-4-maverick", 33  # of its launch cohort
    with open_log(launches) as log:
        sizes = retention.first_months(log).groupby("model")["users"].first()
        assert sizes[model] == users
        judged = {}
        for least in (0, 16, users + 1):
            controls = control_models(log, 30, least)
            assert all(sizes[name] >= max(least, 15) for name in controls)
            [found] = verdicts(log, [model], controls=list(sizes.index), min_cohort=30, least=least)
            judged[least] = found
        assert judged[0].controls.judged == 2 and judged[16].controls.judged == 0
        tested = {least: found.panel.launch in found.panel.tested for least, found in judged.items()}
        assert tested == {0: True, 16: True, users + 1: False}


def test_all_judged_models_have_as_many_users(launches, capsys, monkeypatch):
    """Of three models with launch cohorts of 30 users or more, two have more than 33."""
    asked = []

    def judged(*words, **told):
        asked.append((told["min_cohort"], told["least"], len(told["controls"])))
        return verdicts(*words, **told)

    monkeypatch.setattr("analysis.inference.verdict.judging.verdicts", judged)
    words = ("verdict", launches, "--all", "--min-cohort", 30, "--simulations", 0, "--k-anonymity", 34)
    status, out, err = slipper(capsys, *words, "--json")
    assert status == 0, err
    assert len(json.loads(out)["verdicts"]) == 2 and asked == [(34, 34, 2)]
    assert "Simulating" not in err  # nothing is simulated


def test_the_page_judges_no_smaller_cohort_either(log, monkeypatch, capsys):
    asked = []

    def judging(*_, **told):
        asked.append(told)
        raise ZeroDivisionError

    monkeypatch.setattr("analysis.inference.verdict.judging.Judging", judging)
    slipper(capsys, "analyze", "a", *ONE, "--k-anonymity", 7)
    assert [told["least"] for told in asked] == [7]


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
