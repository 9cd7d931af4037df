"""`slipper verdict`: the verdicts of a log with a planted loyal cohort, for people and for programs, and bad input."""

from __future__ import annotations

import html
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sim
from analysis import open_log, write_analysis
from analysis.inference import SEED, SIMULATIONS
from analysis.inference.cohorts.populations import Population, planted
from analysis.report import results
from analysis.report.exhibits import EXHIBITS
from analysis.report.status import WORDS
from testbed.truth_checks import check
from tests.analysis.rows import generations, model, models
from tests.command_line import slipper
from tests.sim.traffic_world import shipped

pytestmark = pytest.mark.usefixtures("inspected_once")

LOYAL, ALIKE = "acme/loyal", "acme/alike"


def rows_of(name, family, seed):
    """A panel as rows of a log: requests on two random days of each active month."""
    rng = np.random.default_rng(seed)
    panel = family.draw(rng)
    users, months = (np.repeat(part, 2) for part in np.nonzero(panel.active))
    days = rng.integers(1, 29, len(users))
    return [
        (
            f"{name}-{u}",
            name,
            f"{panel.months[m]:%Y-%m}-{d:02d}",
            {"account_id": f"{name}-{u}"},
        )
        for u, m, d in zip(users.tolist(), months.tolist(), days.tolist(), strict=True)
    ]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verdict") / "log"
    folder.mkdir()
    rows = rows_of(LOYAL, planted((500,) + (250,) * 6, 0.35, months=8), 1)
    rows += rows_of(ALIKE, Population("alike", (300,) * 7, months=8), 2)
    rows += [("early", "acme/old", "2025-01-01"), ("late", ALIKE, "2025-08-31")]
    pq.write_table(generations(rows), folder / "part.parquet")
    catalogue = models(model(LOYAL, "2025-01-01"), model(ALIKE, "2025-01-01"))
    pq.write_table(catalogue, folder.parent / "models.parquet")
    return folder.parent


def run(capsys, *argv: object) -> tuple[int, str, str]:
    return slipper(capsys, "verdict", *argv)


def test_json_says_what_was_found(log, capsys):
    status, out, _ = run(capsys, log, "--simulations", "40", "--json", "--model", LOYAL, "--model", ALIKE)
    assert status == 0
    loyal, alike = json.loads(out)["verdicts"]
    assert loyal["verdict"] == "foundational"
    assert alike["verdict"] == "no fit"
    assert loyal["panel"]["launch_cohort"] == "2025-01-01"
    assert loyal["error_rates"]["false_positive_rate"] <= 0.25
    assert loyal["effects"]["difference"]["low"] > 0
    assert loyal["holm_p"] == pytest.approx(2 * loyal["p"])
    assert alike["negative_controls"]["stand_out"] == alike["negative_controls"]["judged"] == 1
    assert alike["negative_controls"]["p_excess"] is None  # one control foretells nothing


def test_the_same_seed_gives_the_same_output(log, capsys):
    argv = (log, "--simulations", "40", "--json", "--model", ALIKE, "--scan")
    first, second = run(capsys, *argv)[1], run(capsys, *argv)[1]
    assert first == second
    assert len(json.loads(first)["verdicts"][0]["scan"]) == 7


def test_the_report_page_shows_the_same_numbers(log, capsys, tmp_path, monkeypatch):
    """Page and command agree to the last digit with the same seed, whichever other models the command judges."""
    monkeypatch.setattr("analysis.report.exhibits.EXHIBITS", EXHIBITS[:1])
    monkeypatch.setattr(results, "SIMULATIONS", 40)
    with open_log(log) as opened:
        table = write_analysis(opened, tmp_path, models=[LOYAL, ALIKE])["verdicts"].set_index("model")
    page = " ".join(html.unescape((tmp_path / "report.html").read_text()).split())
    argv = (log, "--simulations", "40", "--json", "--model", ALIKE)
    alone = json.loads(run(capsys, *argv)[1])["verdicts"][0]
    assert alone["error_rates"]["power"][-1]["rate"] == table.loc[ALIKE, "power_25"]
    assert np.isnan(table.loc[ALIKE, "power_10"])  # the page states the power at a quarter only
    for said in json.loads(run(capsys, *argv, "--model", LOYAL)[1])["verdicts"]:
        row = table.loc[said["model"]]
        assert (said["verdict"], said["headline"]) == (row["kind"], row["headline"])
        assert said["p"] == row["p"] and said["holm_p"] == row["holm_p"]
        difference = said["effects"]["difference"]
        assert [difference[key] for key in ("value", "low", "high")] == row[
            ["difference", "low", "high"]
        ].tolist()
        assert said["effects"]["ratio"]["value"] == row["ratio"]
        power = [rate["rate"] for rate in said["error_rates"]["power"]]
        assert power[-1] == row["power_25"]
        assert said["error_rates"]["nulls"][0]["simulations"] == row["simulations"] == 40
        assert f"</span> {row['headline'][:1].upper()}{row['headline'][1:]}</span>" in page  # after the mark
    stored = pd.read_parquet(tmp_path / "tables" / "fig25_verdicts.parquet").set_index("model")
    pd.testing.assert_frame_equal(stored, table)


def test_the_command_simulates_as_the_page_does_unless_told(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0
    told = " ".join(out.split())
    assert f"panels for each error rate (default: {SIMULATIONS};" in told
    assert f"of the simulations (default: {SEED})" in told


def test_people_get_tests_sizes_and_robustness_checks(log, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    status, out, _ = run(capsys, log, "--simulations", "40", "--model", LOYAL)
    assert status == 0
    assert max(map(len, out.splitlines())) <= 100
    for words in ("foundational launch cohort", "test A", "check", "E-value", "power", "is identified"):
        assert words in out


def test_all_models_without_simulations(log, capsys):
    status, out, _ = run(capsys, log, "--all", "--simulations", "0", "--quiet")
    assert status == 0
    assert [line.split("\t")[0] for line in out.splitlines()] == [LOYAL, ALIKE]


def test_aliases_are_merged_in_a_robustness_check(log, capsys, tmp_path):
    """The alike model's users as the loyal one's: its launch cohort is no longer the loyal one alone."""
    path = tmp_path / "alias.csv"
    path.write_text(f"{ALIKE},{LOYAL}\n")
    _, out, _ = run(capsys, log, "--simulations", "0", "--json", "--model", LOYAL, "--alias", path)
    checks = {c["name"]: c for c in json.loads(out)["verdicts"][0]["robustness_checks"]}
    assert checks["aliases merged"]["difference"] < checks["last month dropped"]["difference"]


def test_the_logs_own_largest_models_are_judged_where_none_is_named(log, capsys):
    status, out, _ = run(capsys, log, "--simulations", "0", "--quiet")
    assert status == 0 and {LOYAL, ALIKE} <= {line.split("\t")[0] for line in out.splitlines()}


def test_days_that_are_asked_for_are_judged_and_a_refusal_names_the_true_reason(log, capsys):
    argv = (log, "--simulations", "0", "--from", "2025-03-10")
    status, out, _ = run(capsys, *argv, "--model", LOYAL, "--json")
    assert status == 0
    (told,) = json.loads(out)["verdicts"]
    assert told["verdict"] == "insufficient data" and "does not hold the month" in json.dumps(told)
    status, _, err = run(capsys, *argv, "--all")
    flat = " ".join(err.split())
    assert (
        status == 2
        and "of none of the 2 models with a cohort of 200 users does the log show the launch" in flat
    )
    assert "does not hold the month of the model's launch" in flat and "needed" not in flat


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--model", "acme/loyl"], "did you mean 'acme/loyal'?"),
        (["--all", "--model", LOYAL], "leave out --model"),
        (["--alias", "nowhere.csv"], "cannot be read"),
        (["--scan", "--simulations", "0"], "give --simulations"),
        (["--simulations", "1"], "--simulations 1 say next to nothing of an error rate: give 40 or more"),
        (["--simulations", "39"], "or 0 for none"),
        (["--all", "--min-cohort", "100000"], "no model can be judged: the largest cohort has"),
        (
            ["--from", "2025-09-01"],
            "no row from 2025-09-01 to the end; the log runs from 2025-01-01 to 2025-08-31",
        ),
        (["--from", "1.2.2025"], "argument --from: expected a day such as 2026-03-31, not '1.2.2025'"),
        (
            ["--from", "2025-02-01", "--to", "2025-01-01"],
            "--from, --to: no day lies from 2025-02-01 to 2025-01-01",
        ),
    ],
)
def test_bad_input_is_told_apart(log, capsys, argv, words):
    status, out, err = run(capsys, log, *argv)
    assert status == 2
    assert out == ""
    assert words in " ".join(err.split())


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (f"a,{LOYAL}\nonly-one\n", 2, "expected two columns"),
        ("", 1, "no alias in the file"),
        ("\n\n", 1, "no alias in the file"),
        (f"{LOYAL},{LOYAL}\n", 1, f"'{LOYAL}' would become itself"),
        (f"{ALIKE},{LOYAL}\n\n{LOYAL},{ALIKE}\n", 3, f"'{LOYAL}' would become itself"),
        (f"a,{LOYAL}\na,{ALIKE}\n", 2, f"'a' became '{LOYAL}' already"),
        (f"earlier,model\na,{LOYAL}\n", 1, "the log has no requests to the model 'model'"),
    ],
)
def test_a_malformed_alias_file_is_named_with_its_line(log, capsys, tmp_path, monkeypatch, text, line, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(text)
    status, _, err = run(capsys, log, "--alias", "a.csv")
    assert status == 2
    assert f"a.csv:{line}: {words}" in " ".join(err.split())


def test_an_alias_that_merges_nothing_is_said_and_claims_no_robustness_check(log, capsys, tmp_path):
    """An id that the log never saw, and a model that is not judged."""
    path = tmp_path / "alias.csv"
    argv = (log, "--simulations", "0", "--json", "--model", LOYAL, "--alias", path)
    path.write_text(f"acme/loyl,{LOYAL}\nacme/old,{ALIKE}\n")
    status, out, err = run(capsys, *argv)
    assert status == 0
    assert "aliases merged" not in {c["name"] for c in json.loads(out)["verdicts"][0]["robustness_checks"]}
    assert ":1: nothing is merged, as the log has no requests to 'acme/loyl', did you mean" in err
    assert f":2: nothing is merged, as '{ALIKE}' is not judged" in err
    path.write_text(f"{ALIKE},{LOYAL}\n", encoding="utf-8-sig")
    _, out, err = run(capsys, *argv)
    assert "aliases merged" in {c["name"] for c in json.loads(out)["verdicts"][0]["robustness_checks"]}
    assert "nothing is merged" not in err


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A small run with its truth."""
    return sim.run(
        shipped("one-frontier-model"), users=1500, out=tmp_path_factory.mktemp("sim"), workers=1
    ).path


def test_the_truth_of_a_run_follows_the_verdicts(simulated, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    argv = (simulated, "--truth", "--simulations", "0", "--all", "--min-cohort", "30")
    status, out, _ = run(capsys, *argv, "--json")
    assert status == 0
    told = json.loads(out)["truth"]
    expected = check(simulated)
    assert [one["name"] for one in told] == [one.name for one in expected]
    for one, known in zip(told, expected, strict=True):
        assert one["verdict"] == WORDS[known.verdict]
        assert one["value"] == (known.value if np.isfinite(known.value) else None)
        assert set(one) == {"name", "claim", "value", "low", "high", "n", "null", "verdict", "words"}
    for part in (simulated, simulated / "log"):
        _, out, _ = run(capsys, part, *argv[1:])
        assert max(map(len, out.splitlines())) <= 100
        words = " ".join(out.split())
        assert words.index("Does the launch cohort stand out?") < words.index(
            "What the truth says (no log holds this)"
        )
        assert "Nothing is planted: no user stays by construction." in words
        for known in expected:
            assert f"{known.name}: {WORDS[known.verdict]}" in words
            assert f"{known.n:,}" in words
    _, out, _ = run(capsys, *argv, "--quiet")
    assert [line for line in out.splitlines() if line.startswith("truth: ")] == [
        f"truth: {known.name}\t{WORDS[known.verdict]}" for known in expected
    ]


def test_without_truth_nothing_is_said_of_it(simulated, capsys):
    _, out, _ = run(capsys, simulated, "--simulations", "0", "--all", "--min-cohort", "30", "--json")
    assert "truth" not in json.loads(out)


def test_a_log_without_truth_is_told_so(log, capsys):
    status, out, err = run(capsys, log, "--truth", "--model", LOYAL)
    assert (status, out) == (2, "")
    assert "--truth needs the folder of a simulated run" in " ".join(err.split())
