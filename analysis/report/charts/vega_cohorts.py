"""The cohorts of one model as a Vega-Lite specification: each a line over months since first use."""

from __future__ import annotations

import pandas as pd

from analysis.queries.cohorts.launches import MARKS
from analysis.report.charts.chart import ACTIVE, Cohorts, on_one_scale
from analysis.report.charts.palette import PALE, VERMILLION
from analysis.report.charts.vega_parts import Spec, records, whole
from analysis.study import SMALL_COHORT

# ever stronger as the model grows older; the page turns them round on a dark ground
BLUES = ("#9ecae1", "#6baed6", "#4a98c9", "#3181bd", "#2171b5", "#1460a8", "#08519c", "#08306b")
LAUNCH, LATER, SMALL = "launch cohort", "other cohorts", f"under {SMALL_COHORT} users"
COLOURS = {LAUNCH: VERMILLION, LATER: BLUES[3], SMALL: PALE}
HEIGHT = 215


def cohorts(chart: Cohorts) -> Spec | None:
    """The specification; None if no month after the first is observed."""
    if chart.shown.empty:
        return None
    rows = _rows(chart.drawn)
    top = chart.top if chart.top is not None else on_one_scale([chart])[0].top
    kinds = [kind for kind in COLOURS if (rows["kind"] == kind).any()]
    upright = {"title": ACTIVE, "scale": {"domain": [0, top], "clamp": True}}
    place: Spec = {
        "x": {"field": "k", "type": "quantitative", "title": "months since first use",
              "axis": {"tickMinStep": 1, "format": "d", "grid": False},
              "scale": {"domain": [1, max(int(rows["k"].max()), 2)], "nice": False}},
        "y": {"field": "retention", "type": "quantitative", "axis": {"format": ".0%", "tickCount": 5}} | upright,
        "detail": {"field": "cohort", "type": "nominal"},
    }  # fmt: skip
    band = place | {"y": {"field": "low", "type": "quantitative"} | upright, "y2": {"field": "high"}}
    # one colour per kind for the buttons, one shade per cohort for the lines
    shade: Spec = {"stroke": {"field": "shade", "type": "nominal", "scale": None}}
    width: Spec = {"field": "width", "type": "quantitative", "scale": None}
    near: Spec = {"param": "near", "empty": False}
    tooltip = [
        {"field": "cohort", "type": "nominal", "title": "joined"},
        {"field": "k", "type": "quantitative", "title": "months later", "format": "d"},
        {"field": "retention", "type": "quantitative", "title": "active", "format": ".1%"},
        {"field": "interval", "type": "nominal", "title": "95% interval"},
        {"field": "users", "type": "quantitative", "title": "users in the cohort", "format": ","},
        {"field": "note", "type": "nominal", "title": "note"},
    ]
    shown: Spec = {"name": "shown", "select": {"type": "point", "fields": ["kind"]}, "bind": "legend"}
    close = {
        "type": "point",
        "on": "pointerover",
        "nearest": True,
        "fields": ["cohort"],
        "clear": "pointerout",
    }
    layers: list[Spec] = [
        {"transform": [{"filter": f"datum.kind == '{LAUNCH}'"}], "params": [shown],
         "mark": {"type": "area", "opacity": 0.18, "color": VERMILLION}, "encoding": band},
        {"mark": {"type": "line"}, "encoding": place | {"y": place["y"] | {"field": "whole"}} | shade
         | {"strokeWidth": {"condition": near | {"value": 3.6}} | width}},
        {"mark": {"type": "line", "strokeDash": [3, 3]},
         "encoding": place | {"y": place["y"] | {"field": "tail"}} | shade | {"strokeWidth": width}},
        # wide and all but invisible points catch the pointer; they also carry the legend of kinds
        {"params": [{"name": "near", "select": close}], "mark": {"type": "point", "filled": True, "size": 26},
         "encoding": place | {
             "color": {"field": "kind", "type": "nominal",
                       "scale": {"domain": kinds, "range": [COLOURS[kind] for kind in kinds]}},
             "opacity": {"condition": near | {"value": 1}, "field": "dot", "type": "quantitative", "scale": None},
             "tooltip": tooltip}},
    ]  # fmt: skip
    for layer in layers:
        layer["transform"] = [{"filter": {"param": "shown"}}, *layer.get("transform", [])]
    return whole(HEIGHT, data=records(rows, rows.columns), layer=layers)


def _rows(seen: pd.DataFrame) -> pd.DataFrame:
    """The cells with what the chart needs of each."""
    kind = pd.Series(LATER, index=seen.index).mask(seen["small"], SMALL).mask(seen["first"], LAUNCH)
    large = seen.loc[kind == LATER, "cohort"].drop_duplicates().tolist()
    steps = max(len(large) - 1, 1)
    shades = {cohort: BLUES[round(i * (len(BLUES) - 1) / steps)] for i, cohort in enumerate(large)}
    shade = seen["cohort"].map(shades).where(kind == LATER, kind.map(COLOURS))
    note = pd.Series("", index=seen.index).mask(~seen["complete"], "month not complete")
    for column, (_, said) in MARKS.items():
        note = note.mask(seen[column], said)
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
            "whole": seen["whole"].round(4),
            "tail": seen["tail"].round(4),
            "dot": seen["alone"].astype(int),
            "note": note,
        }
    )
