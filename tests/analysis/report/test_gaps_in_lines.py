"""A line breaks where there is no value, on the page and in files: at a missing week, and at a month not observed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.report.charts import vega
from analysis.report.charts.chart import Cohorts, Lines, Series, Value
from analysis.report.figures.cohorts import draw_cohorts
from analysis.report.figures.weekly import draw_lines
from analysis.report.pages import text_alternatives

WEEKS = pd.date_range("2025-01-06", periods=7, freq="7D")


def weekly(**lines):
    """Rows by week; None: no row, nan: a row without a value."""
    return pd.DataFrame(
        [
            {"week": week, "who": who, "share": value, "complete": True}
            for who, values in lines.items()
            for week, value in zip(WEEKS, values, strict=True)
            if value is not None
        ]
    )


def lines(rows, series=("one", "two")):
    return Lines(rows, Value("share", "share"), Series("who", series) if series else None)


BROKEN = weekly(one=[0.1, 0.2, None, 0.4, np.nan, 0.6, 0.7], two=[0.5] * 7)


def test_the_page_has_a_week_without_a_value_where_one_is_missing():
    spec = vega.spec(lines(BROKEN))
    rows = [row for row in spec["data"]["values"] if row["series"] == "one"]
    assert [row["week"] for row in rows] == [f"{week:%Y-%m-%d}" for week in WEEKS]
    assert [row["share"] for row in rows] == [0.1, 0.2, None, 0.4, None, 0.6, 0.7]
    assert [row["alone"] for row in rows] == [False, False, False, True, False, False, False]
    assert {"filter": "datum.alone"} in [
        step for layer in spec["layer"] for step in layer.get("transform", [])
    ]


def test_a_whole_line_stays_as_it_was():
    spec = vega.spec(lines(weekly(one=[0.1] * 7, two=[0.5] * 7)))
    assert len(spec["data"]["values"]) == 14
    assert not any("alone" in row for row in spec["data"]["values"])


@pytest.mark.parametrize("series", [None, ("one",)])
def test_files_break_there_too(series):
    axes = Figure().subplots()
    draw_lines(axes, lines(BROKEN[BROKEN["who"] == "one"], series))
    line, lone = axes.lines[:2]
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, True, False, False]
    assert lone.get_ydata().tolist() == [0.4] and lone.get_linestyle() == "None"


def cells(**by_month):
    """Months of one cohort, from `m1` on: retention, or None if not observed; `partial` names those not complete."""
    partial = by_month.pop("partial", ())
    return pd.DataFrame(
        {
            "cohort": pd.Timestamp("2025-01-01"), "k": int(name[1:]), "users": 500, "retention": value,
            "wilson_low": value, "wilson_high": value, "observed": value is not None,
            "complete": value is not None and name not in partial,
            "small": False, "left_truncated": False, "after_hole": False,
        }
        for name, value in by_month.items()
    ).astype({"retention": float, "wilson_low": float, "wilson_high": float})  # fmt: skip


COHORT = Cohorts(
    cells(m0=1.0, m1=0.5, m2=0.4, m3=None, m4=0.3, m5=0.2, m6=0.1, partial=("m6",)), "2025-01-01"
)


def test_a_cohort_breaks_at_a_month_that_is_not_observed():
    rows = vega.spec(COHORT)["data"]["values"]
    assert [(row["k"], row["whole"], row["tail"]) for row in rows] == [
        (1, 0.5, None), (2, 0.4, None), (3, None, None), (4, 0.3, None), (5, 0.2, 0.2), (6, None, 0.1),
    ]  # fmt: skip
    axes = Figure().subplots()
    draw_cohorts(axes, COHORT)
    whole, tail = (line.get_ydata() for line in axes.lines[:2])
    assert np.isnan(whole).tolist() == [False, False, True, False, False, True]
    assert np.isnan(tail).tolist() == [True] * 4 + [False] * 2


def test_no_line_crosses_an_incomplete_month_undashed():
    chart = Cohorts(cells(m1=0.5, m2=0.4, m3=0.3, m4=0.2, partial=("m2",)), None)
    rows = vega.spec(chart)["data"]["values"]
    assert [row["whole"] for row in rows] == [0.5, None, 0.3, 0.2]
    assert [row["tail"] for row in rows] == [0.5, 0.4, 0.3, None]


def test_what_is_nothing_is_not_among_the_largest():
    frame = pd.DataFrame({"category": ["programming", "roleplay", "trivia"], "share": [1.0, 0.0, 0.0]})
    formats = {"category": "text", "share": "share"}
    said = text_alternatives.describe(frame, formats, "share of tokens")
    assert "programming 100.0%" in said and "roleplay" not in said
    none = text_alternatives.describe(frame.assign(share=0.0), formats, "share of tokens")
    assert "roleplay 0" in none
