"""The account of a launch cohort: hand counts, agreement with the parts it gathers, and how a user reaches it."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from analysis import open_log
from analysis.inference.cohorts.models import panel_of
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, planted
from analysis.inference.cohorts.retention_definitions import DEFINITIONS, all_definitions
from analysis.inference.curves.bgbb import BGBB, bgbb_cells, fit_bgbb
from analysis.inference.curves.plateau import compare, hold_out, plateau_index
from analysis.inference.curves.profile import (
    ACTIVE,
    LAST_ACTIVITY,
    activity_beside,
    bgbb_last_activity,
    last_activity,
    profile_of,
)
from analysis.inference.curves.reactivation_evidence import (
    elsewhere_in_gap,
    isotonic_lrt_of,
    mcnemar,
    return_rates,
)
from testbed.terminal.profile_view import print_profile
from tests.analysis.rows import generations, model, models
from tests.command_line import slipper

ONE, RIVAL, PREVIEW = "acme/one", "rival/two", "acme/one-preview"


def drawn(months=9, seed=4):
    return Population("alike", (700, 400, 400, 400), months=months).draw(np.random.default_rng(seed))


def rows_of(panel, rng, elsewhere=0.3):
    """A panel as rows of a log, with requests to a rival in some months of its users."""
    rows = []
    for u, m in zip(*np.nonzero(panel.active), strict=True):
        rows.append((f"u{u:04d}", ONE, f"{panel.months[m]:%Y-%m}-{rng.integers(1, 29):02d}"))
    for u, m in zip(*np.nonzero(rng.random(panel.active.shape) < elsewhere), strict=True):
        if m >= panel.cohort[u]:
            rows.append((f"u{u:04d}", RIVAL, f"{panel.months[m]:%Y-%m}-15"))
    end = panel.months[-1].replace(day=28) + dt.timedelta(days=4)
    last = end - dt.timedelta(days=end.day)
    rows += [("early", "acme/old", "2025-01-01"), ("late", ONE, f"{last}")]
    return [(*row, {"account_id": row[0]}) for row in rows]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("profile")
    (path / "log").mkdir()
    panel = Population("alike", (260, 210, 210), months=8).draw(np.random.default_rng(1))
    pq.write_table(generations(rows_of(panel, np.random.default_rng(2))), path / "log" / "part.parquet")
    pq.write_table(models(model(ONE, "2025-01-01")), path / "models.parquet")
    return path


# --- by hand ---


def test_last_activity_by_hand():
    active = np.array(
        [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 0, 1]], dtype=bool
    )
    assert last_activity(active).tolist() == [5, 4, 3]  # months 3 and 4 only tell who is still there


def test_last_activity_of_the_bgbb_sums_all_histories():
    fit = BGBB(1.2, 0.8, 0.7, 2.5, 0.0, 1.0, False)
    expected = np.zeros(5)
    for history in itertools.product((0, 1), repeat=4):
        x, last = sum(history), max((t for t in range(1, 5) if history[t - 1]), default=0)
        expected[: last + 1] += np.exp(fit.log_probability(x, last, 4)).item()
    assert bgbb_last_activity(fit, 4) == pytest.approx(expected)
    assert expected[0] == pytest.approx(1.0)
    assert expected[4] == pytest.approx(fit.expected_active(4))  # last active in the last month: active in it


def test_other_models_in_the_gap_by_hand(connect):
    """Gap months of February and March; earlier ids of the model and months of activity are no other model."""
    rows = [
        ("a", ONE, "2025-01-05"), ("a", RIVAL, "2025-02-05"), ("a", ONE, "2025-03-05"), ("a", ONE, "2025-04-05"),
        ("b", ONE, "2025-01-06"), ("b", PREVIEW, "2025-02-05"), ("b", RIVAL, "2025-05-05"),
        ("c", ONE, "2025-01-07"), ("c", RIVAL, "2025-01-08"), ("c", ONE, "2025-04-07"),
        ("late", ONE, "2025-02-07"), ("late", RIVAL, "2025-03-07"), ("x", "acme/old", "2024-12-20"),
        ("x", RIVAL, "2025-05-31"),
    ]  # fmt: skip
    day = dt.date.fromisoformat
    catalogue = models(
        model(ONE, "2025-01-05"),
        model(PREVIEW, "2024-12-01", retired=day("2025-01-20"), successor=ONE),
        model(RIVAL, "2025-01-01"),
    )
    log = connect(generations(rows), models=catalogue)
    panel = Panel.from_log(log, ONE, min_cohort=1)
    own, other = activity_beside(log, panel)
    assert own.astype(int).tolist() == [[1, 0, 1, 1, 0], [1, 0, 0, 0, 0], [1, 0, 0, 1, 0]]
    assert other.astype(int).tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
    table = profile_of(panel, log).returns.elsewhere.set_index("k")
    assert table.loc[2, ["returners", "returners_elsewhere", "others", "others_elsewhere"]].tolist() == [
        1,
        1,
        2,
        0,
    ]
    assert table.loc[3, ["returners", "returners_elsewhere", "others"]].tolist() == [1, 0, 1]


def test_few_returners_give_no_p_for_other_models_in_the_gap():
    """One returner of six seen elsewhere and nobody else: an infinite odds ratio, and too little for a test."""
    active = np.zeros((60, 3), dtype=bool)
    active[:, 0] = active[:6, 2] = True
    other = np.zeros_like(active)
    other[0, 1] = True
    few = elsewhere_in_gap(active, other).iloc[0]
    assert few["odds_ratio"] == np.inf and np.isnan(few["p"])
    other[:, 1] = np.arange(60) % 2 == 0
    active[:30, 2] = True
    many = elsewhere_in_gap(active, other).iloc[0]
    assert many["odds_ratio"] == pytest.approx(1.0) and many["p"] == pytest.approx(1.0)


def test_one_model_with_support_is_no_range():
    """Survivors on which the beta-discrete-Weibull alone has support: the words name it, and how far all part."""
    found = compare(np.array([4810, 3320, 3030, 2790, 2550, 2310, 2120]))
    assert (found.table["delta_aic"] <= 10).sum() == 1
    assert "range across models" not in found.words
    assert "the one model with support" in found.words
    low, high = found.table["S(24)"].min(), found.table["S(24)"].max()
    assert f"between {low:.3f} and {high:.3f}: the truth may lie elsewhere" in found.words


# --- it gathers what the parts say ---


def test_the_parts_are_those_of_their_modules(folder):
    with open_log(folder) as log:
        panel = panel_of(log, ONE)
        profile = profile_of(panel, log)
        own, other = activity_beside(log, panel)
    active = panel.ages(panel.launch)
    assert (profile.users, profile.months) == (260, 7)
    assert sorted(own.sum(axis=1)) == sorted(active.sum(axis=1))
    table = all_definitions(panel)
    pd.testing.assert_frame_equal(
        profile.definitions, table[table["cohort"] == "2025-01-01"].reset_index(drop=True)
    )
    assert set(profile.definitions["definition"]) == set(DEFINITIONS)
    assert (profile.definitions["low"] < profile.definitions["retention"]).all()
    survivors = last_activity(active)
    pd.testing.assert_frame_equal(profile.plateau.comparison.table, compare(survivors).table)
    assert profile.plateau.index == plateau_index(active)
    held = profile.plateau.held_out
    dropout = held[(held["of"] == LAST_ACTIVITY) & (held["model"] != "BG/BB")]
    expected = hold_out(survivors, 2)
    assert dropout["predicted"].tolist() == pytest.approx(expected["predicted"].tolist())
    assert dropout["log_likelihood"].tolist() == pytest.approx(expected["log_likelihood"].tolist())
    foretold = held[held["of"] == ACTIVE].set_index("k")
    early = fit_bgbb(*bgbb_cells(active[:, :6]))
    assert foretold.index.tolist() == [6, 7]
    assert foretold.loc[7, "predicted"] == pytest.approx(float(early.expected_active(7)))
    assert foretold.loc[7, "actual"] == pytest.approx(active[:, 7].mean())
    pd.testing.assert_frame_equal(profile.returns.rates.table(), return_rates(active).table())
    pd.testing.assert_frame_equal(profile.returns.mcnemar.table(), mcnemar(active).table())
    assert profile.returns.isotonic.p == isotonic_lrt_of(active).p
    pd.testing.assert_frame_equal(profile.returns.elsewhere, elsewhere_in_gap(own, other))
    assert profile.shrunken_launch["cohorts"].tolist() == [3] * 5


def test_the_bgbb_is_compared_by_curve_and_hold_out_and_not_by_aic():
    """On users of its own kind its curves fit; the words say why it has no AIC among the others."""
    profile = profile_of(drawn())
    plateau = profile.plateau
    assert "BG/BB" not in set(plateau.comparison.table["model"])
    curves = plateau.curves
    assert (curves["active, BG/BB"] - curves["active"]).abs().max() < 0.04
    known = curves["last activity"].notna()
    assert known.sum() == len(plateau.survivors) - 1
    assert (curves["last activity, BG/BB"] - curves["last activity"])[known].abs().max() < 0.04
    own = plateau.held_out[plateau.held_out["model"] == "BG/BB"]
    assert set(own["of"]) == {ACTIVE, LAST_ACTIVITY}
    assert own["log_likelihood"].isna().all()
    assert own["error"].abs().max() < 0.05
    assert "long-run plateau not identified" in plateau.words
    assert "not compared" in plateau.as_json()["kinds_of_data"]


def test_a_loyal_cohort_is_the_largest_and_flatter():
    loyal = profile_of(planted((700, 400, 400, 400, 400), 0.4, months=9).draw(np.random.default_rng(6)))
    assert loyal.shrunken_launch["probability_largest"].min() > 0.9
    assert loyal.plateau.index.p_above < 0.05
    alike = profile_of(drawn())
    assert alike.shrunken_launch["probability_largest"].max() < 0.9


def test_organisations_widen_definitions_and_log_convexity():
    panel = drawn()
    grouped = replace(panel, organisation=np.arange(panel.users) // 4, active=panel.active.copy())
    for start in range(0, 700, 4):  # what one user of an organisation does, all do
        grouped.active[start : start + 4] = grouped.active[start]
    profile = profile_of(grouped)
    rows = profile.definitions
    wide = rows["high_by_organisation"] - rows["low_by_organisation"]
    assert (wide > 1.6 * (rows["high"] - rows["low"])).mean() > 0.8
    users = profile_of(replace(grouped, organisation=None))
    ratio = profile.returns.log_convexity.se / users.returns.log_convexity.se
    assert np.nanmedian(ratio) > 1.6
    assert profile.plateau.index.se > 1.6 * users.plateau.index.se
    assert any("organisations" in note for note in profile.returns.notes)


def test_a_launch_cohort_of_one_organisation_has_no_tested_plateau():
    panel = drawn()
    owner = np.where(panel.cohort == panel.launch, 0, np.arange(panel.users) + 1)
    profile = profile_of(replace(panel, organisation=owner))
    assert np.isfinite(profile.plateau.index.index) and np.isnan(profile.plateau.index.se)
    assert profile.returns.log_convexity.table()["p"].isna().all()
    assert "one organisation holds most users" in profile.returns.notes[1]
    shown = io.StringIO()
    print_profile(Console(file=shown, width=100), profile)
    assert "nan" not in shown.getvalue()


# --- too little, and bad input ---


def test_without_a_log_or_another_model_it_says_what_is_not_known(connect):
    returns = profile_of(drawn()).returns
    assert returns.elsewhere is None
    assert any("without the log" in note for note in returns.notes)
    assert returns.as_json()["elsewhere_in_gap"] is None
    rows = [(f"u{i}", ONE, f"2025-0{m}-05") for i in range(5) for m in (1, 2, 3) if m != 2 or i % 2]
    rows += [("x", "acme/old", "2024-12-20"), ("x", "acme/old", "2025-03-31")]
    log = connect(generations(rows), models=models(model(ONE, "2025-01-05")))
    returns = profile_of(Panel.from_log(log, ONE, min_cohort=1), log).returns
    assert returns.elsewhere is None
    assert any("used no other model" in note for note in returns.notes)


@pytest.mark.parametrize("months", range(2, 8))
def test_short_logs_leave_out_what_they_cannot_say(months):
    profile = profile_of(Population("short", (300, 300), months=months).draw(np.random.default_rng(months)))
    last = months - 1
    assert profile.months == last
    assert (profile.plateau is None) == (profile.returns is None) == (last < 2)
    if profile.plateau:
        assert (profile.plateau.comparison is None) == (last < 4)
        assert (profile.plateau.index is None) == (last < 5)
        assert "plateau not identified" in profile.plateau.words.replace("Long-run", "long-run")
    assert profile.shrunken.empty and any("shrinkage needs 3" in note for note in profile.notes)
    json.dumps(profile.as_json(), allow_nan=False)


def test_no_launch_cohort_no_account():
    assert profile_of(None) is None
    assert profile_of(replace(drawn(), launch=None)) is None
    assert profile_of(replace(drawn(), min_cohort=800)) is None


def test_a_panel_of_another_log_is_refused(folder):
    with open_log(folder) as log:
        from dataclasses import replace

        panel = Panel.from_log(log, ONE)
        fewer = panel.keep(np.arange(panel.users) > 3)
        with pytest.raises(ValueError, match="was not made from this log"):
            profile_of(replace(fewer, min_cohort=1), log)


# --- for a user ---


def run(capsys, *argv: object) -> tuple[int, str]:
    return slipper(capsys, "verdict", *argv)[:2]


def test_why_shows_the_account_and_json_holds_it(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    argv = (folder, "--model", ONE, "--simulations", "0")
    status, out = run(capsys, *argv, "--why")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 100
    for words in (
        *DEFINITIONS, "plateau index R(5)/R(3)", "beta-discrete-Weibull", "cure-geometric", "BG/BB",
        "McNemar", "log-convex", "isotonic", "elsewhere", "shrunken", "largest", "plateau not identified",
    ):  # fmt: skip
        assert words in out
    status, out = run(capsys, *argv, "--json", "--why")
    told = json.loads(out)["verdicts"][0]["cohort_profile"]
    with open_log(folder) as log:
        profile = profile_of(panel_of(log, ONE), log)
    assert told == json.loads(json.dumps(profile.as_json()))
    assert told["returns"]["elsewhere_in_gap"][0]["returners"] > 0
    assert {row["definition"] for row in told["definitions"]} == set(DEFINITIONS)


def test_plain_verdicts_do_not_compute_it(folder, capsys, monkeypatch):
    def never(*args):
        raise AssertionError("not asked for")

    monkeypatch.setattr("analysis.inference.curves.profile.profile_of", never)
    argv = (folder, "--all", "--simulations", "0")
    assert run(capsys, *argv)[0] == 0
    assert run(capsys, *argv, "--quiet", "--why")[0] == 0
    status, out = run(capsys, *argv, "--json")
    assert status == 0
    assert "cohort_profile" not in json.loads(out)["verdicts"][0]
