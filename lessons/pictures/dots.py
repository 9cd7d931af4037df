"""Dots with intervals, side by side: shares of several groups, and perhaps a second estimate of each."""

from __future__ import annotations

import pandas as pd

from lessons.pictures import axes
from lessons.pictures.axes import COLOURS, WIDTH, Scale
from lessons.pictures.figure import Figure

LEFT, TOP, HEIGHT = 52, 30, 220


def dots(
    rows: pd.DataFrame,
    *,
    title: str,
    summary: str,
    x_title: str,
    y_title: str,
    name: str,
    second: str = "",
    top: float | None = None,
    guide: tuple[float, str] | None = None,
) -> Figure:
    """A dot and its interval for each row, in their order.

    rows: columns label, value, low, high, and `second` where the second estimate is named. name, second: what the dots
    and the diamonds are, for the key. top: end of the upright axis (None: what fits). guide: a level and what it is.
    """
    largest = float(rows["high"].max()) * 1.05 if top is None else top
    up = Scale(0.0, largest, TOP + HEIGHT, TOP)
    wide, bottom = (WIDTH - 12 - LEFT) / len(rows), TOP + HEIGHT
    legend, end = axes.key([name, *([second] if second else [])], bottom + 62, lines=False)
    tip = (LEFT, end + 24)
    parts = [axes.upright(up, LEFT, WIDTH - 12, y_title, axes.share)]
    parts.append(axes.level(Scale(0, 1, LEFT, WIDTH - 12), bottom, x_title, axes.plain, ()))
    if guide:
        parts.append(f'<path class="axis" stroke-dasharray="3 3" d="M{LEFT} {up(guide[0])}H{WIDTH - 12}"/>')
        parts.append(axes.text(WIDTH - 12, TOP - 12, f"dashed: {guide[1]}", anchor="end"))
    for i, row in enumerate(rows.to_dict("records")):
        x, y = round(LEFT + wide * (i + 0.5), 1), up(row["value"])
        parts.append(axes.text(x, bottom + 18, str(row["label"]), anchor="middle"))
        said = f"{row['label']}: {axes.share(row['value'])} ({axes.share(row['low'])} to {axes.share(row['high'])})"
        shape = (
            f'<rect class="hit" x="{x - wide / 2:.1f}" y="{TOP}" width="{wide:.1f}" height="{HEIGHT}"/><path '
            f'd="M{x} {up(row["low"])}V{up(row["high"])}" stroke="{COLOURS[0]}" stroke-width="2.5" '
            f'stroke-opacity=".5"/><circle class="seen" cx="{x}" cy="{y}" r="5" fill="{COLOURS[0]}"/>'
        )
        if second:
            z = up(row["second"])
            said += f"; {second}: {axes.share(row['second'])}"
            shape += f'<path d="M{x} {z - 6}l6 6l-6 6l-6 -6z" fill="{COLOURS[1]}"/>'
        parts.append(axes.mark(shape, said, tip))
    table = pd.DataFrame({
        x_title: rows["label"], y_title: rows["value"].map(axes.share),
        "from": rows["low"].map(axes.share), "to": rows["high"].map(axes.share),
    })  # fmt: skip
    if second:
        table[second] = rows["second"].map(axes.share)
    return Figure(title, summary, "".join([*parts, legend]), table, WIDTH, int(end + 34))
