"""Points on two logarithmic axes as a Vega-Lite specification, such as cost against use."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.report.charts.chart import Points, Value
from analysis.report.charts.palette import GREY, INK
from analysis.report.charts.vega_parts import CHOSEN, Spec, by_series, colour, faint, records, tips, whole

HEIGHT = 380
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
"""By series, so that colour alone does not tell them apart."""


def points(chart: Points) -> Spec:
    """The specification of a chart of points."""
    frame = chart.shown
    series = chart.series.within(frame)
    x, y, label = chart.x.column, chart.y.column, chart.label
    named = frame[label] if chart.named is None else chart.named
    shown = frame.assign(written=frame[label].where(frame[label].isin(named), ""))
    place = {"x": _axis(chart.x, "$,.2~f"), "y": _axis(chart.y, "~s")}
    dots: Spec = {
        "name": "points",  # by these names the page sets the names of points so that none covers another
        "mark": {"type": "point", "filled": True, "size": 55, "opacity": 0.8},
        "params": [CHOSEN],
        "encoding": place
        | {
            "color": colour(series),
            "shape": by_series(series, [SHAPES[at % len(SHAPES)] for at in range(len(series.order))]),
            "opacity": faint(0.8, 0.06),
            "tooltip": [{"field": label, "type": "nominal", "title": " "},
                        *tips((chart.x, chart.y, *chart.more), series)],
        },
    }  # fmt: skip
    names: Spec = {
        "name": "names",
        "transform": [{"filter": {"param": "chosen"}}],
        "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": 10.5, "color": "#666666"},
        "encoding": place | {"text": {"field": "written", "type": "nominal"}},
    }
    under: list[Spec] = []
    if chart.cuts is not None:
        for channel, value, cut in zip("xy", (chart.x, chart.y), chart.cuts, strict=True):
            under.append(_layer({"type": "rule", "strokeDash": [4, 3], "color": GREY},
                                pd.DataFrame({value.column: [cut]}), {channel: place[channel]}))  # fmt: skip
    if chart.line is not None:
        line = chart.line.rename(columns={"x": x, "y": y})
        band = {"x": place["x"], "y": place["y"] | {"field": "low"}, "y2": {"field": "high"}}
        under.append(_layer({"type": "area", "opacity": 0.12, "color": INK}, line, band))
        under.append(_layer({"type": "line", "strokeWidth": 2, "color": GREY}, line, place))
    columns = [x, y, label, "written", *(more.column for more in chart.more)]
    return whole(HEIGHT, data=records(shown, columns, series), layer=[*under, dots, names])


def _axis(value: Value, style: str) -> Spec:
    return {
        "field": value.column,
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 18},
        "axis": {"title": value.title, "format": style, "tickCount": 6},
    }


def _layer(mark: dict[str, Any], rows: pd.DataFrame, encoding: Spec) -> Spec:
    return {"data": records(rows, rows.columns), "mark": mark, "encoding": encoding}
