"""Charts of the page: a description drawn as a Vega-Lite specification, a plain dict.

Shared by all: values on hover with units, a legend whose entries switch series on and off, weeks as UTC days, numbers
rounded to five digits, the width of the container, and no colours of text or ground, so that the page's dark and light
themes apply. The page adds the text alternative.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from analysis.report.charts.chart import Bars, Chart, Cohorts, Guide, Lines, Panels, Points, Stack, Value
from analysis.report.charts.palette import BLACK, BLUE, GREY, ORANGE, PALE
from analysis.report.charts.vega_cohorts import cohorts
from analysis.report.charts.vega_parts import (
    CHOSEN,
    TIPS,
    Spec,
    by_series,
    colour,
    faint,
    records,
    tips,
    whole,
)
from analysis.report.charts.vega_points import points

_DAY_MS = 86_400_000


def spec(chart: Chart | None) -> Spec | None:
    """The specification of a chart; None if the page does not draw it: sheets, and cohorts without a later month."""
    if isinstance(chart, Lines):
        return _lines(chart)
    if isinstance(chart, Stack):
        return _stack(chart)
    if isinstance(chart, Bars):
        return _bars(chart)
    if isinstance(chart, Points):
        return points(chart)
    if isinstance(chart, Cohorts):
        return cohorts(chart)
    return spec(chart.charts[0]) if isinstance(chart, Panels) else None


def _axis(value: Value, expression: str = "datum.value") -> Spec:
    """An axis in the form: per cent without empty decimals, large numbers as k, M, B and T."""
    if value.form in ("count", "tokens"):
        label = f"replace(format({expression}, '.3~s'), 'G', 'B')"
    else:
        label = f"format({expression}, '{'.3~%' if value.form == 'share' else TIPS[value.form]}')"
    return {"title": value.title, "labelExpr": label}


# --- by week

_WEEKS: Spec = {
    "field": "week", "type": "temporal", "scale": {"type": "utc", "nice": False},
    "axis": {"title": None, "format": "%b %y", "labelOverlap": True, "tickCount": "month", "grid": False},
}  # fmt: skip
FEW_WEEKS = 8
"""So few are named each by its day: months, or the first of one, may lie outside of them."""
_WEEK_TIP: Spec = {
    "field": "week", "type": "temporal", "timeUnit": "utcyearmonthdate", "format": "%-d %b %Y", "title": "week of"
}  # fmt: skip


def _weeks(frame: pd.DataFrame) -> Spec:
    """The axis of the weeks of a table."""
    weeks = frame["week"].drop_duplicates().sort_values()
    if len(weeks) > FEW_WEEKS:
        return _WEEKS
    days = [{"year": week.year, "month": week.month, "date": week.day, "utc": True} for week in weeks]
    axis = {"title": None, "format": "%-d %b %Y", "labelOverlap": True, "values": days, "grid": False}
    return _WEEKS | {"axis": axis}


def _lines(chart: Lines) -> Spec:
    frame, value, drawn = chart.shown, chart.value, chart.drawn
    series = chart.series.within(frame) if chart.series else None
    if series is not None:  # a line without any value has no place in the legend
        drawn = drawn[drawn[series.column].isin(series.order)]
    shown, axis = value.column, _axis(value)
    zero: Any = True
    params, steps = [], []
    if chart.log:
        bind = {"input": "radio", "options": ["linear", "log"], "name": "axis "}
        params = [{"name": "scale", "value": "linear", "bind": bind}]
        of = f"datum['{value.column}']"
        log = f"scale == 'log' ? ({of} > 0 ? log({of}) / LN10 : null) : {of}"
        steps = [{"calculate": log, "as": "shown"}]
        axis = _axis(value, "(scale == 'log' ? pow(10, datum.value) : datum.value)")
        shown, zero = "shown", {"expr": "scale != 'log'"}
    place = {
        "x": _weeks(frame),
        "y": {"field": shown, "type": "quantitative", "axis": axis, "scale": {"zero": zero}},
    }
    mark = {"type": "line", "strokeWidth": 2, "color": chart.colour}
    line: Spec = {
        "mark": mark | ({"interpolate": "step-after"} if chart.steps else {}),
        "encoding": dict(place),
    }
    hover = {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout", "encodings": ["x"]}
    points: Spec = {
        "mark": {"type": "point", "filled": True, "size": 45, "color": chart.colour},
        "params": [{"name": "hover", "select": hover}],
        "encoding": place
        | {
            "opacity": {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0},
            "tooltip": [_WEEK_TIP, *tips((value, *chart.more), series)],
        },
    }
    if series:
        line["params"] = [CHOSEN]
        line["encoding"] |= {
            "color": colour(series),
            "opacity": faint(1, 0.08),
            "detail": {"field": "series", "type": "nominal"},
        }
        if series.dashes:
            dashes = [list(series.dashes.get(key, (1, 0))) for key in series.order]
            line["encoding"]["strokeDash"] = by_series(series, dashes)
        if series.wide:
            test = f"datum.series == {json.dumps(series.name(series.wide))}"
            line["encoding"]["strokeWidth"] = {"condition": {"test": test, "value": 3}, "value": 1.8}
        points["transform"] = [{"filter": {"param": "chosen"}}]
        points["encoding"]["color"] = colour(series)
    columns, layers = ["week", value.column, *(more.column for more in chart.more)], [line]
    if drawn["alone"].any():
        columns.append("alone")
        dot: Spec = {"type": "point", "filled": True, "size": 30, "color": chart.colour}
        lone: Spec = {"transform": [{"filter": "datum.alone"}], "mark": dot, "encoding": dict(place)}
        if series:
            lone["encoding"] |= {"color": colour(series), "opacity": faint(1, 0.08)}
        layers.append(lone)
    named = chart.rows[chart.rows[chart.marks] != ""] if chart.marks else chart.rows[:0]
    marks = _marks(named[named["week"].isin(frame["week"])], chart.marks)
    return whole(
        data=records(drawn, columns, series),
        params=params,
        transform=steps,
        layer=[*_guide(chart.guide), *layers, points, *marks],
    )


def _stack(chart: Stack) -> Spec:
    frame, value = chart.shown, chart.value
    series = chart.series.within(frame)
    bars = {
        "params": [CHOSEN],
        "transform": [
            {"calculate": f"toDate(datum.week) + {7 * _DAY_MS}", "as": "until"},
            {"filter": {"param": "chosen"}},
        ],
        "mark": {"type": "bar", "orient": "vertical", "binSpacing": 0, "strokeWidth": 0},
        "encoding": {
            "x": _weeks(frame),
            "x2": {"field": "until"},
            "y": {"field": value.column, "type": "quantitative", "stack": "zero", "axis": _axis(value)},
            "color": colour(series),
            "order": {"field": "place", "type": "quantitative", "sort": "ascending"},
            "tooltip": [_WEEK_TIP, *tips((value, *chart.more), series)],
        },
    }
    data = records(frame, ["week", value.column, *(more.column for more in chart.more)], series)
    return whole(data=data, layer=[bars, *_guide(chart.guide)])


def _marks(named: pd.DataFrame, column: str) -> list[Spec]:
    """Dashed lines at the weeks whose `column` names something, with the names."""
    if named.empty:
        return []
    shared = {"x": {"field": "week", "type": "temporal"},
              "tooltip": [_WEEK_TIP, {"field": column, "type": "nominal", "title": "released"}]}  # fmt: skip
    rule = {"type": "rule", "strokeDash": [3, 3], "opacity": 0.6, "color": GREY}
    text = {"type": "text", "angle": 270, "align": "right", "baseline": "bottom", "dx": -4, "dy": -2, "fontSize": 10,
            "color": "#555555"}  # fmt: skip
    words = {"y": {"value": 0}, "text": {"field": column, "type": "nominal"}}
    return [{"data": records(named.drop_duplicates("week"), ["week", column]),
             "layer": [{"mark": rule, "encoding": shared}, {"mark": text, "encoding": shared | words}]}]  # fmt: skip


def _guide(guide: Guide | None) -> list[Spec]:
    """A dashed line or a band across the chart, with its text on hover."""
    if guide is None:
        return []
    place: Spec = {"y": {"datum": guide.low}, "tooltip": {"value": guide.text}}
    if guide.high is None:
        mark: Spec = {"type": "rule", "strokeDash": [5, 3], "size": 1.5, "color": BLACK}
    else:
        mark, place["y2"] = {"type": "rect", "opacity": 0.18, "color": ORANGE}, {"datum": guide.high}
    return [{"data": {"values": [{}]}, "mark": mark, "encoding": place}]


# --- bars


def _bars(chart: Bars) -> Spec:
    frame, value = chart.shown, chart.value
    series = chart.series.within(frame) if chart.series else None
    order = list(dict.fromkeys(frame[chart.label]))
    encoding: Spec = {
        "y": {"field": chart.label, "type": "nominal", "sort": order, "axis": {"title": None, "labelLimit": 190}},
        "x": {"field": value.column, "type": "quantitative", "axis": _axis(value)},
        "tooltip": [{"field": chart.label, "type": "nominal", "title": " "},
                    *tips((value, *chart.more), series)],
    }  # fmt: skip
    made: Spec = {"mark": {"type": "bar", "color": BLUE}, "encoding": encoding}
    if series:
        encoding["color"] = colour(series)
        if len(series.order) > 1:
            made["params"], encoding["opacity"] = [CHOSEN], faint(1, 0.15)
        if chart.pale:
            encoding["color"] = {"condition": {"test": f"datum['{chart.pale}']", "value": PALE}} | encoding[
                "color"
            ]
        if chart.beside:
            names = [series.name(key) for key in series.order]
            encoding["yOffset"] = {"field": "series", "type": "nominal", "sort": names}
    columns = [chart.label, value.column, *(more.column for more in chart.more), *filter(None, [chart.pale])]
    height = max(60, (32 if chart.beside else 22) * len(order))
    return whole(height, data=records(frame, columns, series), **made)
