"""Lines over months or any other number: retention curves, with a band where an interval is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from lessons.pictures import axes
from lessons.pictures.axes import WIDTH, Scale, Written
from lessons.pictures.figure import Figure

LEFT, TOP, HEIGHT = 52, 30, 220


def lines(
    rows: pd.DataFrame,
    *,
    title: str,
    summary: str,
    x: str = "k",
    y: str = "retention",
    name: str = "name",
    x_title: str = "months since first use",
    y_title: str = "users active in the month",
    written: Written = axes.share,
    top: float | None = None,
    low: float = 0.0,
    event: tuple[float, str] | None = None,
    x_written: Written = axes.plain,
    loud: Sequence[str] = (),
) -> Figure:
    """Lines, one for each value of column `name`, in the order of appearance.

    rows: columns x, y, name, and maybe low and high, a band around the line. A missing y breaks the line. top,
    low: ends of the upright axis (top None: what fits). event: a place on
    the level axis and what happened there. x_written: how values of x are written. loud: names of the lines that
    matter; the others are pale.
    """
    names = list(dict.fromkeys(rows[name]))
    bands = {"low", "high"} <= set(rows.columns)
    largest = top
    if largest is None:
        ends = [float(rows[column].max()) for column in ([y, "high"] if bands else [y])]
        largest = 1.05 * max([*ends, low])
    across = Scale(float(rows[x].min()), float(rows[x].max()), LEFT, WIDTH - 12)
    up = Scale(low, largest, TOP + HEIGHT, TOP)
    bottom = TOP + HEIGHT
    ticks = sorted(set(rows[x])) if rows[x].nunique() <= 13 else None
    parts = [
        axes.upright(up, LEFT, WIDTH - 12, y_title, written),
        axes.level(across, bottom, x_title, x_written, ticks),
    ]
    legend, end = axes.key(names, bottom + 62) if len(names) > 1 else ("", bottom + 40)
    tip = (LEFT, end + 24)
    if event:
        parts.append(f'<path class="axis" stroke-dasharray="3 3" d="M{across(event[0])} {TOP}V{bottom}"/>')
        parts.append(axes.text(across(event[0]) + 5, TOP + 14, event[1]))
    for i, one in enumerate(names):
        mine = rows[rows[name] == one].sort_values(x)
        pale = loud and one not in loud
        parts.append(_line(mine, (x, y), (across, up), i, bool(pale), bands))
    for i, one in enumerate(names):
        mine = rows[(rows[name] == one) & rows[y].notna()]
        whose = f"{one}, " if len(names) > 1 else ""
        for at, value in zip(mine[x], mine[y], strict=True):
            said = f"{whose}{_unit(x_title)} {x_written(at)}: {written(value)}"
            shape = (
                f'<circle class="hit" cx="{across(at)}" cy="{up(value)}" r="11"/>'
                f'<circle class="seen" cx="{across(at)}" cy="{up(value)}" r="3.2" fill="{axes.colour(i)}"/>'
            )
            parts.append(axes.mark(shape, said, tip))
    table = rows.pivot_table(index=x, columns=name, values=y, sort=False, aggfunc="first")[names].sort_index()
    table = (
        table.map(lambda v: "" if pd.isna(v) else written(v))
        .rename(index=x_written)
        .reset_index(names=x_title)
    )
    return Figure(title, summary, "".join([*parts, legend]), table, WIDTH, int(end + 34))


def _line(
    mine: pd.DataFrame, columns: tuple[str, str], scales: tuple[Scale, Scale], i: int, pale: bool, bands: bool
) -> str:
    (x, y), (across, up) = columns, scales
    parts, pen = [], "M"
    for at, value in zip(mine[x], mine[y], strict=True):
        if math.isnan(value):
            pen = "M"
            continue
        parts.append(f"{pen}{across(at)} {up(value)}")
        pen = "L"
    drawn = axes.stroke("".join(parts), i, 1.5 if pale else 2.5, 0.45 if pale else 1.0)
    known = mine[mine["low"].notna() & mine["high"].notna()] if bands else mine.iloc[:0]
    if len(known):
        ahead = [f"{across(a)} {up(v)}" for a, v in zip(known[x], known["high"], strict=True)]
        back = [f"{across(a)} {up(v)}" for a, v in zip(known[x], known["low"], strict=True)][::-1]
        fill = f'fill="{axes.colour(i)}" fill-opacity=".15"'
        drawn = f'<path d="M{"L".join(ahead + back)}Z" {fill}/>' + drawn
    return drawn


def _unit(title: str) -> str:
    """The word for one step of an axis: "month" of "months since first use"."""
    return title.split()[0].removesuffix("s")
