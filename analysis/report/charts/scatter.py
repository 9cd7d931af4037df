"""Charts of points on two logarithmic axes for the page, such as cost against use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis.report.charts.charts import Series, Spec, on_records, records, spec

HEIGHT = 380
COMPACT = "~s"


def scatter(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    label: str,
    titles: tuple[str, str],
    styles: tuple[str, str] = ("$,.2~f", ".3~s"),
    series: Series | None = None,
    named: Sequence[str] | None = None,
    cuts: tuple[float, float] | None = None,
    line: Sequence[tuple[float, float]] = (),
    more: Mapping[str, tuple[str, str]] | None = None,
    description: str = "",
) -> Spec:
    """Points with both axes logarithmic; rows without a positive x and y are left out.

    label: column with the name of a point; named: the names that are written beside their points (None: all).
    titles, styles: of the axes and their d3 formats. series: colours and legend toggles. cuts: dashed lines at an x and
    a y. line: (x, y) points of a line. more: further columns of the tooltip as (title, d3 format).
    """
    frame = frame[(frame[x] > 0) & (frame[y] > 0)]
    series = series.within(frame) if series else None
    more = more or {}
    shown = frame.assign(
        written=frame[label].where(frame[label].isin(frame[label] if named is None else named), "")
    )
    base = on_records(records(shown, [x, y, label, "written", *more], series))
    across = alt.X(f"{x}:Q", scale=alt.Scale(type="log", nice=False, padding=18),
                   axis=alt.Axis(title=titles[0], format=styles[0], tickCount=6))  # fmt: skip
    up = alt.Y(f"{y}:Q", scale=alt.Scale(type="log", nice=False, padding=18),
               axis=alt.Axis(title=titles[1], format=COMPACT, tickCount=6))  # fmt: skip
    tips = [alt.Tooltip(f"{label}:N", title=" ")]
    tips += [alt.Tooltip("series:N", title=" ")] if series else []
    tips += [
        alt.Tooltip(f"{x}:Q", title=titles[0], format=styles[0]),
        alt.Tooltip(f"{y}:Q", title=titles[1], format=styles[1]),
    ]
    tips += [alt.Tooltip(f"{column}:Q", title=title, format=form) for column, (title, form) in more.items()]
    points = base.mark_point(filled=True, size=55, opacity=0.8, color="#0072B2").encode(
        x=across, y=up, tooltip=tips
    )
    names = base.mark_text(align="left", dx=7, fontSize=10.5, color="#666666").encode(
        x=across, y=up, text="written:N"
    )
    controls = []
    if series:
        chosen = alt.selection_point(name="chosen", fields=["series"], bind="legend", toggle="true")
        controls.append(chosen)
        faint = alt.when(chosen).then(alt.value(0.8)).otherwise(alt.value(0.06))
        points = points.encode(color=series.colour(), shape=_shape(series), opacity=faint)
        names = names.transform_filter(chosen)
    layers: list[alt.Chart] = []
    if cuts:
        layers.append(_rule({x: cuts[0]}).encode(x=across))
        layers.append(_rule({y: cuts[1]}).encode(y=up))
    if line:
        ends = [{x: float(f"{a:.5g}"), y: float(f"{b:.5g}")} for a, b in line]
        layers.append(on_records(ends).mark_line(color="#8a8a8a", strokeWidth=2).encode(x=across, y=up))
    # by these names the page finds the marks, and sets the names of points so that none covers another
    points, names = points.properties(name="points"), names.properties(name="names")
    return spec(alt.layer(*layers, points, names).add_params(*controls), description, HEIGHT)


def _shape(series: Series) -> alt.Shape:
    """Shapes by series, so that colour alone does not tell them apart; in the legend of the colours."""
    shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
    domain = [series.name(key) for key in series.order]
    return alt.Shape(
        "series:N",
        scale=alt.Scale(domain=domain, range=[shapes[i % 6] for i in range(len(domain))]),
        legend=None,
    )


def _rule(place: dict[str, Any]) -> alt.Chart:
    return on_records([place]).mark_rule(strokeDash=[4, 3], color="#8a8a8a")
