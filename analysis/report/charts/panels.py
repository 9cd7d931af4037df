"""Retention panels as interactive charts: the cohorts of one model, each a line over months since first use."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from analysis.report.charts.charts import to_dict
from analysis.report.figures.palette import PALE, VERMILLION
from analysis.study import SMALL_COHORT

# ever stronger as the model grows older; the page turns them round on a dark ground
BLUES = ("#9ecae1", "#6baed6", "#4a98c9", "#3181bd", "#2171b5", "#1460a8", "#08519c", "#08306b")
LAUNCH, LATER, SMALL = "launch cohort", "other cohorts", f"under {SMALL_COHORT} users"
ACTIVE = "users active in the month"
HEIGHT = 215


def panel_chart(cells: pd.DataFrame, launch: Any, top: float) -> dict[str, Any] | None:
    """A Vega-Lite specification of one model's retention triangle; None if no month after the first is observed.

    cells: rows of `retention.triangle`. launch: first day of the launch cohort's month, or None. top: end of the y
    axis, the same in all panels that are to be compared.
    """
    rows = _rows(cells, launch)
    if rows.empty:
        return None
    kinds = [kind for kind in (LAUNCH, LATER, SMALL) if (rows["kind"] == kind).any()]
    shown = alt.selection_point(name="shown", fields=["kind"], bind="legend")
    near = alt.selection_point(name="near", on="pointerover", nearest=True, fields=["cohort"], empty=False,
                               clear="pointerout")  # fmt: skip
    x = alt.X("k:Q", title="months since first use", axis=alt.Axis(tickMinStep=1, format="d", grid=False),
              scale=alt.Scale(domain=[1, max(int(rows["k"].max()), 2)], nice=False))  # fmt: skip
    y = alt.Y("retention:Q", title=ACTIVE, axis=alt.Axis(format=".0%", tickCount=5),
              scale=alt.Scale(domain=[0, top], clamp=True))  # fmt: skip
    # one colour per kind for the buttons, one shade per cohort for the lines
    kind_colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=kinds, range=[_KIND_COLOURS[kind] for kind in kinds])
    )
    shade = alt.Stroke("shade:N", scale=None)
    tooltip = [
        alt.Tooltip("cohort:N", title="joined"),
        alt.Tooltip("k:Q", title="months later", format="d"),
        alt.Tooltip("retention:Q", title="active", format=".1%"),
        alt.Tooltip("interval:N", title="95% interval"),
        alt.Tooltip("users:Q", title="users in the cohort", format=","),
        alt.Tooltip("note:N", title="note"),
    ]
    width = alt.when(near, empty=False).then(alt.value(3.6)).otherwise(alt.StrokeWidth("width:Q", scale=None))
    base = alt.Chart(rows).transform_filter(shown).encode(x=x, y=y, detail="cohort:N")
    band = (
        base.transform_filter(f"datum.kind == '{LAUNCH}'")
        .mark_area(opacity=0.18, color=VERMILLION)
        .encode(y=alt.Y("low:Q", scale=alt.Scale(domain=[0, top], clamp=True), title=ACTIVE), y2="high:Q")
    )
    whole = base.transform_filter("datum.complete").mark_line().encode(stroke=shade, strokeWidth=width)
    tails = (
        base.transform_filter("datum.tail")
        .mark_line(strokeDash=[3, 3])
        .encode(stroke=shade, strokeWidth=alt.StrokeWidth("width:Q", scale=None))
    )
    # wide and all but invisible points catch the pointer; they also carry the legend of kinds
    points = (
        base.mark_point(filled=True, size=26)
        .encode(
            color=kind_colour, tooltip=tooltip,
            opacity=alt.when(near, empty=False).then(alt.value(1)).otherwise(alt.Opacity("dot:Q", scale=None)),
        )
        .add_params(near)
    )  # fmt: skip
    chart = alt.layer(band, whole, tails, points).add_params(shown).properties(height=HEIGHT)
    return to_dict(chart)


_KIND_COLOURS = {LAUNCH: VERMILLION, LATER: BLUES[3], SMALL: PALE}


def _rows(cells: pd.DataFrame, launch: Any) -> pd.DataFrame:
    """The observed cells from month 1 on, with what the chart needs of each."""
    seen = cells[cells["observed"] & (cells["k"] > 0)].sort_values(["cohort", "k"])
    is_launch = seen["cohort"] == (pd.Timestamp(launch) if launch is not None else pd.NaT)
    kind = pd.Series(LATER, index=seen.index).mask(seen["small"], SMALL).mask(is_launch, LAUNCH)
    large = seen.loc[kind == LATER, "cohort"].drop_duplicates().tolist()
    steps = max(len(large) - 1, 1)
    shades = {cohort: BLUES[round(i * (len(BLUES) - 1) / steps)] for i, cohort in enumerate(large)}
    shade = seen["cohort"].map(shades).where(kind == LATER, kind.map(_KIND_COLOURS))
    last_whole = seen["k"].where(seen["complete"]).groupby(seen["cohort"]).transform("max")
    tail = ~seen["complete"] | (
        (seen["k"] == last_whole) & (~seen["complete"]).groupby(seen["cohort"]).transform("any")
    )
    alone = seen.groupby("cohort")["k"].transform("size") == 1  # a line of one point would not be seen
    note = pd.Series("", index=seen.index).mask(~seen["complete"], "month not complete")
    note = note.mask(seen["left_truncated"], "joined then or before")
    note = note.mask(seen["after_hole"], "may have joined on days that the log lacks")
    return pd.DataFrame(
        {
            "cohort": seen["cohort"].dt.strftime("%b %Y"),
            "k": seen["k"],
            "retention": seen["retention"].round(4),
            "low": seen["wilson_low"].round(4),
            "high": seen["wilson_high"].round(4),
            "interval": [
                f"{a:.0%} to {b:.0%}" for a, b in zip(seen["wilson_low"], seen["wilson_high"], strict=True)
            ],
            "users": seen["users"],
            "kind": kind,
            "shade": shade,
            "width": kind.map({LAUNCH: 2.8, LATER: 1.6, SMALL: 1.0}),
            "complete": seen["complete"],
            "tail": tail,
            "dot": alone.astype(int),
            "note": note,
        }
    )
