"""What the figures share: style, axes, notes, and how a figure is saved.

Drawn with matplotlib without its global state. What matters is told apart by width, dash or marker, not by colour
alone. Every figure states its sample (`samples`).
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.category import StrCategoryFormatter
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, Formatter, FuncFormatter, PercentFormatter

from analysis.queries import model_facts
from analysis.report.figures.palette import GREY, INK
from analysis.sources.log import Log

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
        figure.set_layout_engine("none")


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


def share_figure(frame: pd.DataFrame, title: str, unit: str, colour: str, sampled: str) -> Figure:
    """One weekly share (columns week, share) as a line with its last value. sampled: the note on its sample."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(frame["week"], frame["share"], color=colour)
        axes.fill_between(frame["week"], frame["share"], color=colour, alpha=0.12, linewidth=0)
        axes.set_title(title)
        axes.set_ylim(0, max(0.02, float(frame["share"].max()) * 1.12) if len(frame) else 1)
        percent(axes, unit)
        dates(axes)
        if len(frame):
            last = frame.dropna(subset=["share"]).tail(1)
            for row in last.itertuples():
                axes.annotate(f"{row.share:.0%}", (row.week, row.share), xytext=(4, 0), textcoords="offset points",
                              va="center", fontweight="bold", color=colour)  # fmt: skip
        note(figure, sampled)
    return figure


def stacked(
    axes: Axes,
    frame: pd.DataFrame,
    kind: str,
    value: str,
    order: Sequence[str],
    colours: Mapping[str, str],
    names: Mapping[str, str],
    scale: float = 1.0,
) -> None:
    """Areas by week that stand on each other, the first of `order` at the bottom; a missing value leaves a gap."""
    if not len(frame):
        nothing(axes)
        return
    table = frame.pivot(index="week", columns=kind, values=value).reindex(columns=list(order))
    axes.stackplot(
        table.index.to_numpy(), [table[name].to_numpy(dtype=float) * scale for name in order],
        labels=[in_legend(names.get(name, name)) for name in order], colors=[colours[name] for name in order],
        linewidth=0.3, edgecolor="white",
    )  # fmt: skip


def nothing(axes: Axes) -> None:
    """Say that there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, "none in this log", transform=axes.transAxes, ha="center", color=GREY)


def legend_beside(axes: Axes) -> None:
    """The legend to the right of the axes, in the order in which areas stand on each other."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0
        )


def percent(axes: Axes, label: str) -> None:
    """Write the y axis in per cent, with its label."""
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel(label)


def legend_above(axes: Axes) -> None:
    """The legend in one row above the axes."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, borderaxespad=0.2, columnspacing=1.4)


def dates(axes: Axes) -> None:
    """Write the x axis as dates, few and short."""
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.margins(x=0.02)


def release_marks(axes: Axes, log: Log, models: Mapping[str, str]) -> None:
    """Dashed lines at the releases that lie within the log, each with the model's short name."""
    released = model_facts.release_days(log)
    for model, name in models.items():
        if model in released and log.first_day <= released[model] <= log.last_day:
            when: Any = pd.Timestamp(released[model])
            axes.axvline(when, color=GREY, linestyle=(0, (3, 2)), linewidth=0.9, zorder=1)
            axes.text(when, 0.98, name + " ", rotation=90, va="top", ha="right", fontsize=7.5,
                      color="#555555", transform=axes.get_xaxis_transform(),
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4})  # fmt: skip


def name_of(log: Log, model: str) -> str:
    """The model's name for people, from the models table if there is one."""
    return model_facts.model_names(log).get(model, model)


def note(figure: Figure, text: str) -> None:
    """A small line under the figure, if there is one."""
    if text:
        figure.supxlabel(text, x=0.01, ha="left", fontsize=8, color="#666666")
