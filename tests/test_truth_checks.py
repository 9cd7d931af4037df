"""The checks on the truth, in worlds where their answers are known: one frontier model, with causes on and off."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sim
from testbed.failure import BadInput
from testbed.truth_checks import LEAST, TruthCheck, _read, _stay_when_rivals_come, _window_closes, check
from tests.traffic_world import shipped
from tests.worlds import PLAIN

USERS = 2500


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of worlds with one frontier model: as shipped, without lock-in, and without fit and attention to it."""
    folder = tmp_path_factory.mktemp("runs")
    arms = {
        "shipped": [],
        "no lock-in": ["mechanisms.lock_in=off"],
        # Attention is part of the cause: those whose work nothing serves listen to releases, even if none would fit.
        "no fit": ["mechanisms.fit=off", "mechanisms.frontier_attention=off"],
    }
    return {
        name: sim.run(
            shipped("one-frontier-model"), users=USERS, settings=settings, out=folder, workers=1
        ).path
        for name, settings in arms.items()
    }


def named(folder) -> dict[str, TruthCheck]:
    return {found.name: found for found in check(folder)}


def test_whom_no_earlier_model_served_join_at_launch_where_fit_counts(runs):
    found = named(runs["shipped"])["over-represented"]
    assert found.verdict == "holds"
    assert found.low > 2 and found.low < found.value < found.high
    without = named(runs["no fit"])["over-represented"]
    assert without.verdict == "fails"
    assert without.low < 1 < without.high


def test_first_fits_stay_when_a_rival_comes_that_makes_others_leave(runs):
    found = named(runs["no lock-in"])["stay"]
    assert found.verdict == "holds"
    assert found.high < 0 and found.n > 1000
    # Locked in, hardly anybody leaves, first fit or not: there is nothing to compare.
    assert named(runs["shipped"])["stay"].verdict == "not testable"


def test_the_window_closes_when_the_rival_comes(runs):
    found = named(runs["shipped"])["window"]
    assert found.verdict == "holds"
    assert found.high < 0
    truth = _read(runs["shipped"])
    joins = truth.joins()
    late = joins["day"] >= truth.released[truth.names.index("rival/later")]
    frontier = joins["model"] == truth.names.index("new/frontier")
    assert (late & frontier).any()
    assert "0% in month 8" in found.words


@pytest.mark.parametrize("judge", [_stay_when_rivals_come, _window_closes])
def test_workloads_of_one_user_count_as_one_cluster(runs, judge):
    truth = _read(runs["no lock-in"])
    alone, together = judge(truth), judge(replace(truth, user=truth.user // 100))
    assert alone.value == together.value and alone.n == together.n
    assert abs(together.high - together.low) != pytest.approx(alone.high - alone.low, rel=0.01)


def test_returns_are_counted_by_workload(runs):
    found = named(runs["shipped"])["returners"]
    assert found.verdict == "not testable" and np.isnan(found.value)
    assert str(LEAST) in found.words


def test_the_odds_ratio_is_that_of_the_table(runs):
    """Counted by hand from the tables of the truth, for the two models that were released within the world."""
    folder = runs["shipped"]
    work, spells, abilities = (
        pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in ("workloads", "spells", "abilities")
    )
    able = abilities.set_index("model")["programming"]
    price = {"old/model": 1.0, "new/frontier": 3.0, "rival/later": 2.5}
    released = {"new/frontier": dt.date(2025, 1, 15), "rival/later": dt.date(2025, 5, 10)}
    cells = []
    for model, day in released.items():
        earlier = [m for m in price if m not in released or released[m] < day]

        def solved(m):
            return (work["hardness"] <= able[m]) & (work["willingness_usd_per_mtok"] >= price[m])

        first = solved(model) & ~np.any([solved(m) for m in earlier], axis=0)
        joined = pd.to_datetime(spells[spells["model"] == model].groupby("workload")["start"].min())
        months = (joined.dt.year - day.year) * 12 + joined.dt.month - day.month
        mine = first[joined.index]
        cells.append([(mine & (months == 0)).sum(), (~mine & (months == 0)).sum(),
                      (mine & (months >= 2)).sum(), (~mine & (months >= 2)).sum()])  # fmt: skip
    # Mantel and Haenszel (1959)
    table = np.array(cells, dtype=float)
    a, b, c, d = table.T
    total = table.sum(axis=1)
    assert named(folder)["over-represented"].value == pytest.approx(
        (a * d / total).sum() / (b * c / total).sum()
    )


RETURNS = """
title: Returns
models:
  a/one: {released: 2024-10-01, price_usd_per_mtok: 1.0, ability: 1.0}
  b/two: {released: 2025-01-20, price_usd_per_mtok: 1.0, ability: 2.0}
"""


def handmade_truth(folder, spells: list[tuple[int, str, str, str]]):
    """A run of two models whose spells are replaced: (workload, model, first day, day after the last)."""
    (folder / "plain.yaml").write_text(PLAIN)
    (folder / "returns.yaml").write_text("extends: plain.yaml\n" + RETURNS)
    path = sim.run(folder / "returns.yaml", users=100, out=folder / "out", workers=1).path
    table = pd.DataFrame(spells, columns=["workload", "model", "start", "end"])
    for column in ("start", "end"):
        table[column] = pd.to_datetime(table[column]).dt.date
    table["embedded_since"] = table["start"]
    table = table.assign(kind="home", end_reason="moved").sort_values(["workload", "start"])
    table.to_parquet(path / "truth" / "spells.parquet")
    return path


@pytest.mark.parametrize("others", [40, 20])
def test_returners_are_those_who_were_away_a_calendar_month(tmp_path, others):
    """Workloads leave a/one in January and come back in March; `others` of 50 use b/two in February."""
    spells = []
    for workload in range(50):
        spells.append((workload, "a/one", "2025-01-05", "2025-01-20"))
        if workload < others:
            spells.append((workload, "b/two", "2025-02-10", "2025-02-20"))
        spells.append((workload, "a/one", "2025-03-02", "2025-03-09"))
    for workload in range(50, 90):  # away for weeks, but active in each calendar month
        spells += [
            (workload, "a/one", "2025-01-05", "2025-02-02"),
            (workload, "a/one", "2025-03-02", "2025-03-09"),
        ]
    found = named(handmade_truth(tmp_path, spells))["returners"]
    assert found.n == 50
    assert found.value == others / 50
    assert found.low < found.value < found.high
    assert found.verdict == ("holds" if others == 40 else "fails")


def test_a_folder_without_truth_is_named(tmp_path):
    with pytest.raises(BadInput, match="has no truth"):
        check(tmp_path)
