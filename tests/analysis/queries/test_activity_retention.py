"""The queries of the four definitions of retention against the same definitions of a panel."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pyarrow.compute as pc
import pytest

from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.retention_definitions import DEFINITIONS, retention_by
from analysis.queries.cohorts import activity_retention as queries
from tests.analysis.in_memory import opened
from tests.analysis.rows import generations

QUERIES = dict(
    zip(
        DEFINITIONS,
        (queries.calendar_month, queries.thirty_day_windows, queries.on_or_after, queries.every_month),
        strict=True,
    )
)
MODELS = ("openai/gpt-4o-mini", "qwen/qwen3-coder", "anthropic/claude-sonnet-4")
CELL = ["cohort", "k"]


def of_panel(log, model, definition):
    """The cells that Python finds, all cohorts that are newcomers'."""
    windows = "30 days" if definition == "30-day windows" else "calendar months"
    panel = Panel.from_log(log, model, min_cohort=1, windows=windows)
    found = retention_by(definition, replace(panel, rewindowed=panel if windows == "30 days" else None))
    return found.set_index(CELL)[["users", "active", "retention"]]


def of_query(log, model, definition):
    found = QUERIES[definition](log)
    return found[found["model"] == model].set_index(CELL)[["users", "active", "retention"]]


def hold_together(log, model, definition):
    """All cells of the panel are the query's, and the query has no others of these cohorts but windows that are over
    for the members there are, and not yet for those who could have been."""
    expected, found = of_panel(log, model, definition), of_query(log, model, definition)
    pd.testing.assert_frame_equal(found.reindex(expected.index), expected, check_dtype=False)
    others = found[found.index.get_level_values(0).isin(expected.index.get_level_values(0))]
    if definition != "30-day windows":
        assert len(others) == len(expected)
    return len(expected)


@pytest.fixture(scope="module")
def holed(made_log):
    """The made log cut inside its last month, and without 24 days of the summer."""
    moments = made_log.generations["created_at"]
    days = pc.cast(pc.floor_temporal(moments, unit="day"), "date32")
    lost = pc.and_(pc.greater_equal(days, dt.date(2025, 6, 20)), pc.less(days, dt.date(2025, 7, 14)))
    kept = pc.and_(pc.invert(lost), pc.less(days, dt.date(2025, 11, 12)))
    with opened(made_log.generations.filter(kept), models=made_log.models) as log:
        assert log.coverage.holes
        yield log


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_query_and_a_panel_count_the_same(log, definition):
    assert sum(hold_together(log, model, definition) for model in MODELS) > 50


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_months_that_the_log_lost_are_no_cells(holed, definition):
    assert sum(hold_together(holed, model, definition) for model in MODELS) > 10


ROWS = [
    *(("a", "x/y", f"2025-0{month}-10T12:00:00") for month in (1, 3)),
    *(("b", "x/y", f"2025-0{month}-31T23:59:59") for month in (1,)),
    ("b", "x/y", "2025-03-02T23:59:58"),  # 30 days less a second after the first one
    *(("c", "x/y", f"2025-0{month}-01T00:00:00") for month in (1, 2, 3, 4)),
    *(("d", "x/z", f"2025-0{month}-{day:02d}") for month in (1, 2, 3) for day in range(1, 29)),
    *(("d", "x/z", f"2025-04-{day:02d}") for day in range(1, 31)),
]


def test_four_users_by_hand():
    with opened(generations(ROWS), start=dt.date(2025, 1, 1), end=dt.date(2025, 4, 30)) as log:
        active = {name: query(log, models=["x/y"])["active"].tolist() for name, query in QUERIES.items()}
        assert active == {
            "calendar month": [1, 3, 1],
            "30-day windows": [2],  # the next one is not over for b, all of whose days are in its first
            "on or after": [3, 3, 1],
            "every month": [1, 1, 1],
        }
        assert queries.calendar_month(log, min_cohort=4).empty
        assert set(queries.calendar_month(log)["model"]) == {"x/y", "x/z"}
