"""The four definitions of activity retention, on one user after another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.inference.cohorts import retention_definitions as d
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, month_range

ACTIVE = np.array(
    [[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1]], dtype=bool
)  # fmt: skip


@pytest.fixture
def panel():
    return Panel("m", month_range(4), np.zeros(4, np.int64), ACTIVE, min_cohort=1)


def shares(definition, panel):
    return d.retention_by(definition, panel)["retention"].tolist()


def test_each_definition_gives_its_own_curve(panel):
    assert shares("calendar month", panel) == [0.5, 0.5, 0.5]
    assert shares("on or after", panel) == [1.0, 0.75, 0.5]
    assert shares("every month", panel) == [0.5, 0.25, 0.25]


def test_every_row_names_its_definition(panel):
    table = d.all_definitions(replace(panel, rewindowed=replace(panel, windows="30 days")))
    assert table.groupby("definition").size().to_dict() == dict.fromkeys(d.DEFINITIONS, 3)
    assert list(table.columns) == list(d.COLUMNS)
    assert table["cohort"].unique().tolist() == [pd.Timestamp("2025-01-01")]


def test_thirty_day_windows_need_days(panel):
    with pytest.raises(ValueError, match="need days"):
        d.retention_by("30-day windows", panel)


def test_orders_that_hold_for_any_users():
    panel = Population("any", (200, 150, 100)).draw(np.random.default_rng(3))
    on, after, every = (np.array(shares(x, panel)) for x in ("calendar month", "on or after", "every month"))
    assert (every <= on).all()
    assert (on <= after).all()
    for curve in (after[:3], every[:3]):
        assert (np.diff(curve) <= 0).all()


def test_intervals_by_organisation_are_wider(panel):
    alone = d.retention_by("calendar month", panel)
    assert alone["low_by_organisation"].isna().all()
    drawn = Population("any", (300, 150)).draw(np.random.default_rng(3))
    shared = np.arange(drawn.users) // 30
    twins = drawn.active[np.repeat(np.flatnonzero(drawn.cohort == 0)[:10], 30)]
    together = replace(
        drawn, organisation=shared, active=np.vstack([twins, drawn.active[300:]]), cohort=drawn.cohort
    )
    table = d.retention_by("calendar month", together)
    first = table[table["k"] == 1].iloc[0]
    assert first["high_by_organisation"] - first["low_by_organisation"] > 2 * (first["high"] - first["low"])
