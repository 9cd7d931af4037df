"""The triangle of retention: a row for each cohort, a column for each month since it began, the share in each cell."""

from __future__ import annotations

import pandas as pd

from lessons.pictures import axes
from lessons.pictures.axes import COLOURS, WIDTH, Written
from lessons.pictures.figure import Figure

LEFT, TOP, ROW = 124, 44, 30
DEEPEST = 0.55
"""Strength of the colour of the largest share; black text on it keeps a contrast above 4.5."""


def triangle(
    rows: pd.DataFrame,
    *,
    title: str,
    summary: str,
    open_cells: str,
    x_title: str = "months since the month of joining",
    written: Written = axes.share,
) -> Figure:
    """A triangle of shares, darker where they are larger.

    rows: cohort (its name), users, k, retention, open (whether the month is not over). open_cells: what a cell with a
    dashed border is, for the key; such cells carry an asterisk, too.
    """
    cohorts, ages = list(dict.fromkeys(rows["cohort"])), sorted(set(rows["k"]))
    users = rows.groupby("cohort")["users"].first()
    wide = (WIDTH - LEFT) / len(ages)
    bottom = TOP + ROW * len(cohorts)
    parts = [axes.text(LEFT + (WIDTH - LEFT) / 2, 14, x_title, anchor="middle")]
    parts += [axes.text(LEFT + wide * (i + 0.5), 34, f"{k}", anchor="middle") for i, k in enumerate(ages)]
    for j, cohort in enumerate(cohorts):
        parts.append(axes.text(0, TOP + ROW * j + 20, f"{cohort} ({users[cohort]:,})"))
    tip = (0.0, bottom + 46.0)
    for row in rows.to_dict("records"):
        x = round(LEFT + wide * ages.index(row["k"]), 1)
        y = TOP + ROW * cohorts.index(row["cohort"])
        said = written(row["retention"]) + ("*" if row["open"] else "")
        depth = DEEPEST * float(row["retention"])
        shape = (
            f'<rect class="seen" x="{x + 1}" y="{y + 1}" width="{wide - 2:.1f}" height="{ROW - 2}" '
            f'fill="{COLOURS[0]}" fill-opacity="{depth:.2f}"/>'
        )
        if row["open"]:
            shape += (
                f'<rect x="{x + 2}" y="{y + 2}" width="{wide - 4:.1f}" height="{ROW - 4}" fill="none" '
                f'stroke="{COLOURS[1]}" stroke-width="2" stroke-dasharray="4 3"/>'
            )
        shape += axes.text(x + wide / 2, y + 20, said, anchor="middle")
        told = f"joined in {row['cohort']}, month {row['k']}: {written(row['retention'])} of {row['users']:,}"
        parts.append(axes.mark(shape, told + (f" ({open_cells})" if row["open"] else ""), tip))
    end = bottom + 58
    if rows["open"].any():
        parts.append(
            f'<rect x="0" y="{bottom + 10}" width="18" height="14" fill="none" stroke="{COLOURS[1]}" '
            'stroke-width="2" stroke-dasharray="4 3"/>' + axes.text(26, bottom + 22, f"* {open_cells}")
        )
    table = rows.assign(
        cell=[written(v) + ("*" if o else "") for v, o in zip(rows["retention"], rows["open"], strict=True)]
    ).pivot(index="cohort", columns="k", values="cell")
    table = table.loc[cohorts].fillna("").reset_index(names="joined in")
    table.insert(1, "users", [f"{users[c]:,}" for c in cohorts])
    return Figure(title, summary, "".join(parts), table.rename_axis(columns=None), WIDTH, int(end))
