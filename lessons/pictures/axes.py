"""The frame of a picture: scales, axes, ticks, marks with their labels. Units are those of the SVG."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.report.charts.palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION

WIDTH = 480
"""Of a drawing: on a phone a text of 15 units is 11 pixels high."""
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, "#777777")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 4", "1 4")
"""Lines differ in dashes, too, so that colour alone never tells them apart."""
WIDTHS = {**dict.fromkeys("fijlrt.,:;'|!()- ", 5.2), **dict.fromkeys("mwMW@%", 14.0)}
CHARACTER = 8.8
"""Widths of narrow and of wide characters, and of all others, in text 15 units high (assumed: a wide system font)."""
Written = Callable[[float], str]


def share(value: float) -> str:
    """A share as a whole percentage."""
    return f"{value:.0%}"


def plain(value: float) -> str:
    """A number as short as it can be."""
    return (f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3g}").replace("-", "−")


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to places."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return round(self.begin + (value - self.low) / span * (self.end - self.begin), 1)

    def ticks(self, most: int = 6) -> list[float]:
        """At most so many round values."""
        span = self.high - self.low
        rough = 10.0 ** np.floor(np.log10(span / most)) if span > 0 else 1.0
        step = next(f * rough for f in (1, 2, 5, 10, 20) if span / (f * rough) <= most)
        first = int(np.ceil(self.low / step - 1e-9))
        return [round(k * step, 10) for k in range(first, int(np.floor(self.high / step + 1e-9)) + 1)]


def text(x: float, y: float, words: str, *, anchor: str = "start", more: str = "") -> str:
    """Text with its anchor at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{html.escape(words)}</text>'


def mark(shape: str, label: str, at: tuple[float, float]) -> str:
    """A mark of the picture: hover or touch shows its label at a place, a screen reader says it."""
    tip = text(*at, label, more=' class="tip" aria-hidden="true" font-weight="600"')
    said = html.escape(label, quote=True)
    return f'<g class="mark" tabindex="-1" role="img" aria-label="{said}">{shape}{tip}</g>'


def colour(i: int) -> str:
    """The colour of series i."""
    return COLOURS[i % len(COLOURS)]


def stroke(path: str, i: int, width: float, opacity: float = 1.0) -> str:
    """The line of series i, in its colour and dashes."""
    return (
        f'<path d="{path}" fill="none" stroke="{colour(i)}" stroke-width="{width}" stroke-opacity="{opacity}" '
        f'stroke-dasharray="{DASHES[i % len(DASHES)]}"/>'
    )


def upright(scale: Scale, left: float, right: float, title: str, written: Written) -> str:
    """An upright axis with lines across the picture; its title stands above it."""
    parts = [text(0, min(scale.begin, scale.end) - 12, title)]
    for value in scale.ticks():
        y = scale(value)
        parts += [
            f'<path class="grid" d="M{left} {y}H{right}"/>',
            text(left - 6, y + 4, written(value), anchor="end"),
        ]
    return "".join(parts)


def level(scale: Scale, y: float, title: str, written: Written, ticks: Sequence[float] | None = None) -> str:
    """A level axis at the bottom, with its title below."""
    parts = [f'<path class="axis" d="M{scale.begin} {y}H{scale.end}"/>']
    for value in scale.ticks() if ticks is None else ticks:
        parts.append(
            f'<path class="axis" d="M{scale(value)} {y}v5"/>'
            + text(scale(value), y + 18, written(value), anchor="middle" if scale(value) > 12 else "start")
        )
    parts.append(text((scale.begin + scale.end) / 2, y + 36, title, anchor="middle"))
    return "".join(parts)


def key(
    names: Sequence[str], top: float, left: float = 0.0, *, lines: bool = True, width: float = WIDTH
) -> tuple[str, float]:
    """The key to colours and dashes, in rows from `top` down, and where it ends."""
    x, y, parts = left, top, []
    for i, name in enumerate(names):
        needs = 32 + sum(WIDTHS.get(letter, CHARACTER) for letter in name) + 12
        if x > left and x + needs > width:
            x, y = left, y + 20
        swatch = (
            stroke(f"M{x:.1f} {y - 4:.1f}h26", i, 3)
            if lines
            else f'<rect x="{x + 6:.1f}" y="{y - 11:.1f}" width="14" height="14" fill="{colour(i)}"/>'
        )
        parts.append(swatch + text(x + 32, y, name))
        x += needs
    return "".join(parts), y
