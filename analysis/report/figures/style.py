"""What the figures share: style, axes, notes, and how a figure is saved.

Drawn with matplotlib without its global state. What matters is told apart by width, dash or marker, not by colour
alone. Every figure states its sample (`samples`).
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import (
    FixedFormatter,
    Formatter,
    FuncFormatter,
    MaxNLocator,
    PercentFormatter,
    StrMethodFormatter,
)

from analysis.report.charts.chart import Format, Value
from analysis.report.charts.palette import GREY, INK

STYLE: Any = {  # typed loosely: the stubs list each key as a literal
    "text.parse_math": False,  # titles, ids and names are a user's: a $ in them is a $
    "font.size": 9.5,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "glass-slipper",
    "savefig.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.06,
}
PNG_DPI = 110
ABOVE, KEY = 150, 9  # letters of a legend that fit above the axes, and those that a key takes
MOST_LETTERS, MOST_IN_LEGENDS, MOST_AT_TICKS = 150, 40, 48  # of a text


@dataclass(frozen=True)
class Drawn:
    """A picture: the bytes of its SVG and of its PNG."""

    vector: bytes
    pixels: bytes

    @property
    def element(self) -> str:
        """The <svg> element, for a page."""
        text = self.vector.decode("utf-8")
        return text[text.index("<svg") :]


def save(figure: Figure, stem: str | Path) -> list[Path]:
    """Write the figure as STEM.svg and STEM.png; returns the two paths. The same data gives the same SVG bytes."""
    return write(drawn(figure), stem)


def drawn(figure: Figure) -> Drawn:
    """The figure as the bytes of both files."""
    vector, pixels = io.BytesIO(), io.BytesIO()
    with mpl.rc_context(STYLE), any_text():
        lay_out(figure)
        figure.savefig(vector, format="svg", metadata={"Date": None})
        figure.savefig(pixels, format="png", dpi=PNG_DPI)
    return Drawn(vector.getvalue(), pixels.getvalue())


def write(picture: Drawn, stem: str | Path) -> list[Path]:
    """Write what was drawn as STEM.svg and STEM.png; returns the two paths."""
    stem = Path(stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(stem.name + ".svg"), stem.with_name(stem.name + ".png")]
    for path, content in zip(paths, (picture.vector, picture.pixels), strict=True):
        path.write_bytes(content)
    return paths


@contextmanager
def any_text() -> Iterator[None]:
    """Letters that the font lacks are drawn as boxes, and texts that leave no room are drawn all the same: no word of
    it, for the reader could do nothing about either."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r"(?s)Glyph .* missing from font|constrained_layout not applied"
        )
        yield


def lay_out(figure: Figure) -> None:
    """Shorten texts that would leave no room, and place everything once and for all, so that each saving does not do
    it again."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_text(shortened(text.get_text(), MOST_LETTERS))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            names = axis.get_major_formatter()
            if isinstance(names, StrCategoryFormatter | FixedFormatter | FuncFormatter):  # a user's ids
                axis.set_major_formatter(_Shortened(names))
    engine = figure.get_layout_engine()
    if engine is not None:
        figure.set_dpi(PNG_DPI)  # the widths of hinted text depend on it
        engine.execute(figure)
        figure.set_layout_engine(None)


class _Shortened(Formatter):
    """Names at the ticks of an axis, none too long."""

    def __init__(self, names: Formatter) -> None:
        self.names = names

    def __call__(self, x: float, pos: int | None = None) -> str:
        return shortened(self.names(x, pos), MOST_AT_TICKS)


def shortened(text: str, most: int) -> str:
    """A user's text on one line and in at most so many letters; what is left out of the middle is an ellipsis."""
    line = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    if len(line) <= most:
        return line
    end = (most - 1) // 2
    return f"{line[: most - 1 - end]}…{line[len(line) - end :]}"


def in_legend(name: str) -> str:
    """A user's text as the label of a line or an area: a legend is no place for long ones, and leaves out labels that
    begin with an underscore."""
    line = shortened(name, MOST_IN_LEGENDS)
    return f"\u200b{line}" if line.startswith("_") else line


def svg(figure: Figure) -> str:
    """The figure as an <svg> element for a page."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE), any_text():
        lay_out(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return Drawn(buffer.getvalue(), b"").element


def nothing(axes: Axes) -> None:
    """Say that there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, "none known in this log", transform=axes.transAxes, ha="center", color=GREY)


def number_axis(axis: Axis, value: Value) -> None:
    """Write an axis in the form of its numbers, with their title."""
    axis.set_label_text(value.title)
    if value.form == "share":
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    elif value.form == "tokens":
        axis.set_major_formatter(FuncFormatter(short))
    elif value.form == "count":
        axis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def in_form(value: float, form: Format, decimals: int = 0) -> str:
    """A number as a figure writes it. decimals: of a share."""
    if form == "share":
        return f"{value:.{decimals}%}"
    if form == "tokens":
        return short(value)
    return f"{value:,.0f}" if form == "count" else f"{value:,.2f}"


def short(tokens: float, _: int | None = None) -> str:
    """A count of tokens in three digits, such as `1.25 M`."""
    for scale, unit in ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K")):
        if tokens >= scale:
            return f"{tokens / scale:,.3g}{unit}"
    return f"{tokens:,.3g}"


def legend(*places: Axes, upwards: bool = False) -> None:
    """The legend of axes that lie on each other: in one row above them if it has room there, else beside them.

    upwards: the series stand on each other, the first at the bottom.
    """
    handles, labels = [], []
    for axes in places:
        found = axes.get_legend_handles_labels()
        handles += found[0]
        labels += found[1]
    axes = places[0]
    if not handles:
        return
    if sum(map(len, labels)) + KEY * len(labels) <= ABOVE and len(places) == 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(labels), borderaxespad=0.2,
                    columnspacing=1.4)  # fmt: skip
        axes.set_title(axes.get_title(loc="left"), pad=24)
    else:
        way = -1 if upwards else 1
        axes.legend(handles[::way], labels[::way], loc="upper left", borderaxespad=0.0,
                    bbox_to_anchor=(1.01 if len(places) == 1 else 1.11, 1.0))  # fmt: skip


def dates(axes: Axes) -> None:
    """Write the x axis as dates, few and short."""
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.margins(x=0.02)


def note(figure: Figure, text: str) -> None:
    """A small line under the figure, if there is one."""
    if text:
        figure.supxlabel(text, x=0.01, ha="left", fontsize=8, color="#666666")
