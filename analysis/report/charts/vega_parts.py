"""What all specifications of the page's charts share: records, colours by series, what is told on hover."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from analysis.report.charts.chart import Format, Series, Value

Spec = dict[str, Any]

VERSION = "v6.4.1"
"""Of Vega-Lite: that of the script in the page (`vl_convert`), and of the schema that the tests check against."""
TIPS: dict[Format, str] = {
    "share": ".1%",
    "count": ",.0f",
    "tokens": ",.0f",
    "usd": "$,.3~f",
    "number": ",.3~f",
}
"""d3 formats of values on hover, by form: counts in full."""
_HEIGHT = 280
_CONFIG: Spec = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "gridOpacity": 0.35},
    "legend": {"labelFontSize": 11, "titleFontSize": 11},
}


def whole(height: int = _HEIGHT, **parts: Any) -> Spec:
    """A specification with what all share."""
    schema = f"https://vega.github.io/schema/vega-lite/{VERSION}.json"
    return {"$schema": schema, "config": _CONFIG, "width": "container", "height": height, **parts}


def rounded(value: Any) -> Any:
    """A cell for JSON: dates as YYYY-MM-DD, floats to five digits, missing values as null."""
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return value.item() if hasattr(value, "item") else value


def records(frame: pd.DataFrame, columns: Iterable[str], series: Series | None = None) -> Spec:
    """The frame's columns as records that the specification holds itself, with the name for people of each row's
    series, and its place in their order."""
    columns = list(dict.fromkeys(columns))
    rows = [
        {column: rounded(value) for column, value in zip(columns, row, strict=True)}
        for row in frame[columns].astype(object).itertuples(index=False, name=None)
    ]
    if series is not None:
        place = {key: at for at, key in enumerate(series.order)}
        for row, key in zip(rows, frame[series.column], strict=True):
            row |= {"series": series.name(key), "place": place[key]}
    return {"values": rows}


def colour(series: Series) -> Spec:
    """Colour by series, with the legend under the chart."""
    scale = {
        "domain": [series.name(key) for key in series.order],
        "range": [series.colour(key) for key in series.order],
    }
    legend = {"orient": "bottom", "columns": 3, "title": None, "symbolType": "square", "labelLimit": 190}
    return {"field": "series", "type": "nominal", "scale": scale, "legend": legend}


def by_series(series: Series, values: Sequence[Any]) -> Spec:
    """Another channel by series, without a legend of its own."""
    scale = {"domain": [series.name(key) for key in series.order], "range": list(values)}
    return {"field": "series", "type": "nominal", "scale": scale, "legend": None}


CHOSEN: Spec = {
    "name": "chosen", "select": {"type": "point", "fields": ["series"], "toggle": "true"}, "bind": "legend"
}  # fmt: skip


def faint(shown: float, hidden: float) -> Spec:
    """Opacity of what is switched on and off."""
    return {"condition": {"param": "chosen", "value": shown}, "value": hidden}


def tips(values: Sequence[Value], series: Series | None) -> list[Spec]:
    """What is told on hover: the series, and values with their titles."""
    named = [] if series is None else [{"field": "series", "type": "nominal", "title": " "}]
    return [*named, *({"field": value.column, "type": "quantitative", "title": value.title, "format": TIPS[value.form]}
                      for value in values)]  # fmt: skip
