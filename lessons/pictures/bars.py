"""Level bars, one a label: shares, counts, how often something came out."""

from __future__ import annotations

import pandas as pd

from lessons.pictures import axes
from lessons.pictures.axes import WIDTH, Scale, Written
from lessons.pictures.figure import Figure

ROW, TOP = 46, 8


def bars(
    rows: pd.DataFrame,
    *,
    title: str,
    summary: str,
    x_title: str,
    written: Written = axes.share,
    top: float | None = None,
) -> Figure:
    """Bars in the order of the rows, each under its label with its value beside it; one below 0 goes to the left. rows:
    columns label, value, and maybe low and high, an interval. top: end of the axis (None: what fits)."""
    bands = {"low", "high"} <= set(rows.columns)
    largest = (1.08 * float(rows["high" if bands else "value"].max()) if top is None else top) or 1.0
    lowest = min(float(rows["low" if bands else "value"].min()), 0.0)
    across = Scale(lowest, largest, 0.0, WIDTH - 60)
    zero = across(0.0)
    bottom = TOP + ROW * len(rows)
    tip = (0.0, bottom + 62)
    parts = []
    for i, row in enumerate(rows.to_dict("records")):
        y, (begin, end) = TOP + ROW * i, sorted((zero, across(float(row["value"]))))
        said = f"{row['label']}: {written(row['value'])}"
        shape = f'<rect class="hit" x="0" y="{y}" width="{WIDTH}" height="{ROW - 4}"/>'
        shape += f'<rect class="seen" x="{begin}" y="{y + 18}" width="{max(end - begin, 1):.1f}" height="18" '
        shape += f'fill="{axes.colour(0)}"/>'
        past = end
        if bands:
            said += f" ({written(row['low'])} to {written(row['high'])})"
            past = max(end, across(float(row["high"])))
            ends = f"M{across(float(row['low']))} {y + 27}H{across(float(row['high']))}"
            shape += f'<path class="axis" d="{ends}" stroke-width="2"/>'
        parts.append(
            axes.text(0, y + 13, str(row["label"])) + axes.text(past + 6, y + 32, written(row["value"]))
        )
        parts.append(axes.mark(shape, said, tip))
    if lowest < 0:
        parts.append(f'<path class="axis" d="M{zero} {TOP}V{bottom}"/>')
    parts.append(axes.level(across, bottom, x_title, written))
    table = (
        rows[["label", "value"]]
        .assign(value=rows["value"].map(written))
        .rename(columns={"label": "", "value": x_title})
    )
    return Figure(title, summary, "".join(parts), table, WIDTH, int(bottom + 72))
