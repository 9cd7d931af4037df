"""Where the names of points and the values at the ends of lines stand in a figure, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from analysis.report.charts.palette import GREY
from analysis.report.figures.style import any_text, shortened

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points
Points = npt.NDArray[np.float64]  # shape (n, 2)

SIZE = 8.0  # of a name, in points
MOST_LETTERS = 36  # of a name beside a point
_WIDTH = 0.58 * SIZE  # of a letter, on average
_HALF = 0.62 * SIZE  # of a line's height
_STEPS = (0, 9, -9, 18, -18, 27, -27, 36, -36, 48, -48, 60, -60, 75, -75)  # up or down, in points
_LINE: Any = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
_NEAR = 12.0  # from here on a thin line leads from the name to its point


def name_points(
    axes: Axes,
    spots: Sequence[tuple[float, float]],
    texts: Sequence[str],
    others: Sequence[tuple[float, float]] = (),
) -> None:
    """Names beside points. spots: their places in the units of the axes, one a text. others: further points that are
    better not covered.

    Each name takes the nearest place where it covers no earlier name, lies within the axes and covers the fewest
    points; from further away a line leads to its point. The scales and limits of the axes must be set.
    """
    place(axes)
    scale = 72 / axes.figure.dpi

    def in_points(places: Sequence[tuple[float, float]]) -> Points:
        return np.asarray(axes.transData.transform(np.asarray(places, dtype=float).reshape(-1, 2))) * scale

    frame = axes.get_window_extent()
    room = (frame.x0 * scale, frame.y0 * scale, frame.x1 * scale, frame.y1 * scale)
    dots = np.vstack([in_points(spots), in_points(others)])
    taken: list[Box] = []
    for (px, py), spot, text in zip(in_points(spots), spots, texts, strict=True):
        shown = shortened(text, MOST_LETTERS)
        places = [
            _Place(px, py, dx, dy, align, _WIDTH * len(shown))
            for dy in _STEPS
            for dx, align in (
                ((7, "left"), (-7, "right")) if abs(dy) < _NEAR else ((14, "left"), (-14, "right"))
            )
        ]
        best = min(places, key=lambda spot: spot.cost(taken, dots, room))
        taken.append(best.box)
        far = abs(best.dy) >= _NEAR
        axes.annotate(
            shown, spot, xytext=(best.dx, best.dy), ha=best.align, textcoords="offset points", va="center",
            fontsize=SIZE, zorder=5,
            arrowprops=_LINE if far else None,
        )  # fmt: skip


def place(axes: Axes) -> None:
    """Give the axes their place in the figure, on which distances between points depend."""
    with any_text():
        axes.figure.draw_without_rendering()  # type: ignore[union-attr]


class _Place:
    """One place for a name, and the box that it would fill."""

    def __init__(self, x: float, y: float, dx: float, dy: float, align: str, width: float) -> None:
        self.dx, self.dy, self.align = dx, dy, align
        start = x + dx - (width if align == "right" else 0)
        self.box: Box = (start, y + dy - _HALF, start + width, y + dy + _HALF)

    def cost(self, taken: Sequence[Box], dots: Points, room: Box) -> tuple[int, float]:
        """Names that it would cover or edges that it would cross; then points covered and distance."""
        left, bottom, right, top = self.box
        outside = left < room[0] or right > room[2] or bottom < room[1] or top > room[3]
        covered = sum(overlap(self.box, other) for other in taken) + outside
        points = sum(overlap(self.box, (x - 3, y - 3, x + 3, y + 3)) for x, y in dots)
        return covered, 12.0 * points + abs(self.dy)


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes cover each other."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def apart(values: Sequence[float], least: float) -> list[float]:
    """The values moved as little as it takes for each two to be `least` apart or more, in their order."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    groups: list[list[float]] = []  # [sum of what their first member would be, members]
    for at, index in enumerate(order):
        groups.append([values[index] - least * at, 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += count
    moved, at = [0.0] * len(values), 0
    for total, count in groups:
        for _ in range(int(count)):
            moved[order[at]] = total / count + least * at
            at += 1
    return moved


def end_values(axes: Axes, ends: Sequence[tuple[object, float, str, str]]) -> None:
    """Values in bold to the right of the ends of lines: (x, y, text, colour). The limits of the axes must be set."""
    if not ends:
        return
    place(axes)
    scale = 72 / axes.figure.dpi
    heights = [float(axes.transData.transform((0.0, y))[1]) * scale for _, y, _, _ in ends]
    for (x, y, text, colour), height, moved in zip(ends, heights, apart(heights, 1.25 * 9.5), strict=True):
        axes.annotate(text, (x, y), xytext=(4, moved - height), textcoords="offset points", va="center",
                      fontweight="bold", color=colour)  # fmt: skip
