"""Users as bars, one line each: when each used which model, day by day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lessons.pictures import axes
from lessons.pictures.axes import WIDTH, Scale
from lessons.pictures.figure import Figure

ROW, TOP, LEFT = 11, 26, 4


def spells(
    rows: pd.DataFrame,
    *,
    title: str,
    summary: str,
    days: int,
    start: pd.Timestamp,
    used: pd.DataFrame | None = None,
    order: Sequence[int] | None = None,
    series: str = "model",
    names: Sequence[str] | None = None,
    marks: Sequence[tuple[int, str]] = (),
) -> Figure:
    """Spells as bars, a line for each user.

    rows: columns user, start, end (days since the world's first), and what colours them (`series`; `names`: its values
    in order). used: columns user, day: dots on days with a request. order: the users, from the top. marks: days with
    something to say.
    """
    users = list(order) if order is not None else list(dict.fromkeys(rows["user"]))
    kinds = list(names) if names is not None else list(dict.fromkeys(rows[series]))
    across = Scale(0, days, LEFT, WIDTH - 4)
    bottom = TOP + ROW * len(users) + 4
    months = pd.date_range(start, periods=days, freq="D")
    ticks = [i for i, day in enumerate(months) if day.day == 1]
    legend, end = axes.key(kinds, bottom + 50, lines=False)
    tip = (LEFT, end + 24)
    parts = [f'<path class="grid" d="M{across(t)} {TOP}V{bottom}"/>' for t in ticks]
    parts += [axes.text(across(t) + 2, bottom + 16, f"{months[t]:%b}") for t in ticks]
    for day, words in marks:
        parts.append(f'<path class="axis" stroke-dasharray="4 2" d="M{across(day)} {TOP - 6}V{bottom}"/>')
        parts.append(axes.text(min(across(day), WIDTH - 7.0 * len(words)), TOP - 10, words))
    place = {user: i for i, user in enumerate(users)}
    for user, mine in rows[rows["user"].isin(place)].groupby("user", sort=False):
        y = TOP + ROW * place[user]
        shape = f'<rect class="hit" x="{LEFT}" y="{y}" width="{WIDTH - LEFT}" height="{ROW}"/>'
        told = []
        for one in mine.to_dict("records"):
            left, right = across(one["start"]), across(max(one["end"], one["start"] + 1))
            width = max(right - left, 1.5)
            shape += (
                f'<rect class="seen" x="{left}" y="{y + 1}" width="{width:.1f}" height="{ROW - 3}" '
                f'fill="{axes.colour(kinds.index(one[series]))}" fill-opacity=".55"/>'
            )
            until = months[min(int(one["end"]), days) - 1]
            told.append(f"{one[series]} {months[int(one['start'])]:%-d %b}–{until:%-d %b}")
        if used is not None:
            dots = "".join(
                f"M{across(d + 0.5)} {y + 2}v{ROW - 5}" for d in used.loc[used["user"] == user, "day"]
            )
            shape += f'<path d="{dots}" stroke="currentColor" stroke-width="1.2"/>'
        said = f"user {place[user] + 1}: {told[0]}" + (f" and {len(told) - 1} more" if len(told) > 1 else "")
        parts.append(axes.mark(shape, said, tip))
    shown = rows[rows["user"].isin(place)]
    table = pd.DataFrame({
        "user": shown["user"].map(place) + 1,
        series: shown[series],
        "from": [f"{months[int(d)]:%-d %b %Y}" for d in shown["start"]],
        "until": [f"{months[min(int(d), days) - 1]:%-d %b %Y}" for d in shown["end"]],
    })  # fmt: skip
    return Figure(title, summary, "".join([*parts, legend]), table.sort_values("user"), WIDTH, int(end + 34))
