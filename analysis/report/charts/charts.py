"""Charts of the page: Vega-Lite specifications as plain dicts, built with altair from tidy tables.

Shared by all: values on hover with units, a legend whose entries switch series on and off, weeks as UTC days, numbers
rounded to five digits, the width of the container, and no colours of text or ground, so that the page's dark and light
themes apply. `description` is the text alternative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import altair as alt
import pandas as pd
from altair.utils import schemapi

P = ParamSpec("P")
T = TypeVar("T")
Spec = dict[str, Any]
SHARE, COUNT, NUMBER, COMPACT = (
    ".1%",
    ",.0f",
    ",.3~f",
    ".3~s",
)  # d3 formats; COMPACT is for axes: it says G for B
_DAY_MS = 86_400_000
_HEIGHT = 280


@dataclass(frozen=True)
class Series:
    """The column that tells series apart: its values in order, their names for people and their colours.

    dashes: Vega dash patterns of lines, where colour alone should not tell them apart.
    """

    column: str
    order: Sequence[str]
    names: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    dashes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    title: str | None = None

    def within(self, frame: pd.DataFrame) -> Series:
        """The same without the values that the frame does not have."""
        present = set(frame[self.column])
        order = [key for key in self.order if key in present]
        return Series(self.column, order, self.names, self.colours, self.dashes, self.title)

    def name(self, key: str) -> str:
        """The name of a value for people."""
        return self.names.get(key, key)

    def colour(self) -> alt.Color:
        """Colour by series, with the legend under the chart."""
        domain = [self.name(key) for key in self.order]
        scale = (
            alt.Scale(domain=domain, range=[self.colours[key] for key in self.order])
            if all(key in self.colours for key in self.order)
            else alt.Scale(domain=domain, scheme="tableau20")
        )
        legend = alt.Legend(orient="bottom", columns=3, title=self.title, symbolType="square", labelLimit=190)
        return alt.Color("series:N", scale=scale, legend=legend)


def rounded(value: Any) -> Any:
    """A cell for JSON: dates as YYYY-MM-DD, floats to five digits, missing values as null."""
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return value.item() if hasattr(value, "item") else value


def records(
    frame: pd.DataFrame, columns: Sequence[str], series: Series | None = None
) -> list[dict[str, Any]]:
    """The frame's columns as records for a chart, with `series` as the name for people of each row's series."""
    names = [series.name(key) for key in frame[series.column]] if series else [None] * len(frame)
    order = {key: at for at, key in enumerate(series.order)} if series else {}
    if series:  # a value out of the contract's vocabulary comes last
        for key in frame[series.column]:
            order.setdefault(key, len(order))
    out = []
    for at, row in enumerate(frame[list(columns)].astype(object).itertuples(index=False, name=None)):
        record = {column: rounded(value) for column, value in zip(columns, row, strict=True)}
        if series:
            record |= {"series": names[at], "place": order[frame[series.column].iloc[at]]}
        out.append(record)
    return out


def _week_axis() -> alt.X:
    axis = alt.Axis(title=None, format="%b %y", labelOverlap=True, tickCount="month", grid=False)
    return alt.X("week:T", scale=alt.Scale(type="utc", nice=False), axis=axis)


def value_axis(unit: str, style: str, value: str = "datum.value") -> alt.Axis:
    """An axis in the style: per cent without empty decimals, large numbers as k, M, B and T."""
    if style == SHARE:
        form = f"format({value}, '.3~%')"
    elif style in (COMPACT, COUNT):
        form = f"replace(format({value}, '{COMPACT}'), 'G', 'B')"
    else:
        form = f"format({value}, '{style}')"
    return alt.Axis(title=unit, labelExpr=form)


def _full(style: str) -> str:
    """The format of a value on hover: counts in full."""
    return COUNT if style == COMPACT else style


def _week_tip() -> alt.Tooltip:
    return alt.Tooltip("week:T", timeUnit="utcyearmonthdate", format="%-d %b %Y", title="week of")


def _tips(
    value: str, unit: str, style: str, series: bool, more: Mapping[str, tuple[str, str]]
) -> list[alt.Tooltip]:
    tips = [_week_tip()]
    if series:
        tips.append(alt.Tooltip("series:N", title=" "))
    tips.append(alt.Tooltip(f"{value}:Q", format=_full(style), title=unit))
    tips += [
        alt.Tooltip(f"{column}:Q", format=_full(form), title=title) for column, (title, form) in more.items()
    ]
    return tips


def _chosen() -> alt.Parameter:
    return alt.selection_point(name="chosen", fields=["series"], bind="legend", toggle="true")


def _only(frame: pd.DataFrame, value: str, series: Series | None) -> tuple[pd.DataFrame, Series | None]:
    """Complete weeks with a value, and the series that occur in them."""
    if "complete" in frame and frame["complete"].any():
        frame = frame[frame["complete"]]
    frame = frame[frame[value].notna()]
    return frame, series.within(frame) if series else None


def _marks(frame: pd.DataFrame, column: str) -> alt.LayerChart:
    """Dashed lines at the weeks whose `column` names something, with the names."""
    named = frame[frame[column] != ""].drop_duplicates("week")
    base = on_records(records(named, ["week", column]))
    x = alt.X("week:T")
    tip = [_week_tip(), alt.Tooltip(f"{column}:N", title="released")]
    rule = base.mark_rule(strokeDash=[3, 3], opacity=0.6, color="#8a8a8a").encode(x=x, tooltip=tip)
    text = base.mark_text(
        angle=270, align="right", baseline="bottom", dx=-4, dy=-2, fontSize=10, color="#555555"
    ).encode(x=x, y=alt.value(0), text=f"{column}:N", tooltip=tip)
    return rule + text


def lines(
    frame: pd.DataFrame,
    value: str,
    unit: str,
    *,
    series: Series | None = None,
    style: str = SHARE,
    colour: str = "#0072B2",
    more: Mapping[str, tuple[str, str]] | None = None,
    marks: str | None = None,
    band: tuple[str, str] | None = None,
    log: bool = False,
    zero: bool = True,
    description: str = "",
) -> Spec:
    """Lines by week. more: further columns of the tooltip as (title, d3 format). marks: column with names of what
    happened in the week. band: columns of the lower and upper end of an interval. log: offer a logarithmic axis."""
    everything, (frame, series) = frame, _only(frame, value, series)
    more = more or {}
    columns = ["week", value, *more, *(band or ())]
    base = on_records(records(frame, columns, series))
    shown, axis, controls = value, value_axis(unit, style), []
    if log:
        choice = alt.param(
            name="scale", value="linear", bind=alt.binding_radio(options=["linear", "log"], name="axis ")
        )
        controls.append(choice)
        base = base.transform_calculate(
            shown=f"scale == 'log' ? (datum['{value}'] > 0 ? log(datum['{value}']) / LN10 : null) : datum['{value}']"
        )
        shown = "shown"
        axis = value_axis(unit, style, "(scale == 'log' ? pow(10, datum.value) : datum.value)")
    y = alt.Y(f"{shown}:Q", axis=axis, scale=alt.Scale(zero=alt.expr("scale != 'log'") if log else zero))
    encoded = base.encode(x=_week_axis(), y=y)
    hover = alt.selection_point(
        name="hover", on="pointerover", nearest=True, clear="pointerout", encodings=["x"]
    )
    line: Any = encoded.mark_line(strokeWidth=2, color=colour)
    points: Any = encoded.mark_point(filled=True, size=45, color=colour)
    points = points.encode(
        opacity=alt.when(hover, empty=False).then(alt.value(1)).otherwise(alt.value(0)),
        tooltip=_tips(value, unit, style, series is not None, more),
    )
    if series:
        chosen = _chosen()
        controls.append(chosen)
        faint = alt.when(chosen).then(alt.value(1)).otherwise(alt.value(0.08))
        line = line.encode(color=series.colour(), opacity=faint, detail="series:N")
        points = points.transform_filter(chosen).encode(color=series.colour())
        if series.dashes:
            domain = [series.name(key) for key in series.order]
            dashes = [list(series.dashes.get(key, (1, 0))) for key in series.order]
            line = line.encode(
                strokeDash=alt.StrokeDash(
                    "series:N", scale=alt.Scale(domain=domain, range=dashes), legend=None
                )
            )
    layers = [line, points.add_params(hover)]
    if band:
        interval = base.mark_area(opacity=0.15, color=colour).encode(
            x=_week_axis(), y=alt.Y(f"{band[0]}:Q", axis=axis), y2=f"{band[1]}:Q"
        )
        layers.insert(0, interval)
    if marks and (everything[marks] != "").any():
        layers.append(_marks(everything[everything["week"].isin(frame["week"])], marks))
    return spec(alt.layer(*layers).add_params(*controls), description)


def stack(
    frame: pd.DataFrame,
    value: str,
    unit: str,
    *,
    series: Series,
    style: str = SHARE,
    more: Mapping[str, tuple[str, str]] | None = None,
    marks: str | None = None,
    description: str = "",
) -> Spec:
    """Values by week as bars that stand on each other, in the order of the series from the bottom up."""
    everything = frame
    frame, kept = _only(frame, value, series)
    assert kept is not None
    more = more or {}
    chosen = _chosen()
    base = on_records(records(frame, ["week", value, *more], kept))
    base = base.transform_calculate(until=f"toDate(datum.week) + {7 * _DAY_MS}")
    bars = base.mark_bar(orient="vertical", binSpacing=0, strokeWidth=0).encode(
        x=_week_axis(),
        x2=alt.X2("until:T"),
        y=alt.Y(f"{value}:Q", stack="zero", axis=value_axis(unit, style)),
        color=kept.colour(),
        order=alt.Order("place:Q", sort="ascending"),
        tooltip=_tips(value, unit, style, True, more),
    )
    bars = bars.transform_filter(chosen)
    layers: list[Any] = [bars]
    if marks and (everything[marks] != "").any():
        layers.append(_marks(everything[everything["week"].isin(frame["week"])], marks))
    return spec(alt.layer(*layers).add_params(chosen), description)


def bars(
    frame: pd.DataFrame,
    value: str,
    unit: str,
    *,
    label: str,
    style: str = COMPACT,
    series: Series | None = None,
    side_by_side: bool = False,
    more: Mapping[str, tuple[str, str]] | None = None,
    description: str = "",
) -> Spec:
    """Horizontal bars by `label`, in the order of the frame. side_by_side: one bar a series for each label."""
    more = more or {}
    series = series.within(frame) if series else None
    columns = list(dict.fromkeys([label, value, *more]))
    order = list(dict.fromkeys(frame[label]))
    tips = [alt.Tooltip(f"{label}:N", title=" ")]
    if series:
        tips.append(alt.Tooltip("series:N", title=" "))
    tips.append(alt.Tooltip(f"{value}:Q", format=_full(style), title=unit))
    tips += [
        alt.Tooltip(f"{column}:Q", format=_full(form), title=title) for column, (title, form) in more.items()
    ]
    chart = on_records(records(frame, columns, series))
    chart = chart.mark_bar(color="#0072B2").encode(
        y=alt.Y(f"{label}:N", sort=order, axis=alt.Axis(title=None, labelLimit=190)),
        x=alt.X(f"{value}:Q", axis=value_axis(unit, style)),
        tooltip=tips,
    )
    height = max(60, (32 if side_by_side else 22) * len(order))
    if not series:
        return spec(chart, description, height)
    chosen = _chosen()
    chart = chart.encode(
        color=series.colour(), opacity=alt.when(chosen).then(alt.value(1)).otherwise(alt.value(0.15))
    )
    if side_by_side:
        names = [series.name(key) for key in series.order]
        chart = chart.encode(yOffset=alt.YOffset("series:N", sort=names))
    return spec(chart.add_params(chosen), description, height)


class _Records(alt.Data):
    """Records that the specification holds itself. The library copies a chart at each step, and would copy each record
    with it: a third of the time that a chart takes."""

    def __deepcopy__(self, memo: Any = None) -> _Records:
        return self

    def to_dict(self, *args: Any, **kwargs: Any) -> Spec:
        """As they are."""
        return {"values": self.values}


def on_records(rows: list[dict[str, Any]]) -> alt.Chart:
    """A chart on records that the specification holds itself."""
    return alt.Chart(_Records(values=rows))  # type: ignore[no-untyped-call]


def config() -> alt.Config:
    """What all charts share. Colours of text and ground are the page's."""
    return alt.Config(
        background="transparent",
        font="system-ui, sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(labelFontSize=11, titleFontSize=11, titleFontWeight="normal", gridOpacity=0.35),
        legend=alt.LegendConfig(labelFontSize=11, titleFontSize=11),
    )


def spec(chart: Any, description: str, height: int = _HEIGHT) -> Spec:
    """The chart as a plain dict: the container's width, a height, the shared configuration, its text alternative."""
    chart = chart.properties(width="container", height=height, description=description)
    chart.config = config()
    return to_dict(chart)


def to_dict(chart: Any) -> Spec:
    """A chart as a plain dict, however many rows it has: ten years of months are more than the library's limit."""
    with alt.data_transformers.enable("default", max_rows=None):
        return dict(chart.to_dict(validate=schemapi.DEBUG_MODE))


def unchecked(make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `make` returns, a chart that is not checked against the schema of Vega-Lite, part by part: half of the time
    that it takes. The tests make the charts with the check."""
    with schemapi.debug_mode(False):
        return make(*args, **kwargs)
