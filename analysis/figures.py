"""Figures of the analyses, drawn with matplotlib without its global state: each function returns a Figure;
`save` writes it.

Colours are those of Okabe and Ito (2008), told apart by colour-blind readers; what matters is also told apart
by width, dash or marker. Every figure states its sample. Tables behind the figures are remembered on the log,
so that drawing costs no query.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from analysis import agentic, categories, openness, retention, usage
from analysis.query import day
from analysis.source import Log
from analysis.study import MAIN_WINDOW, RELEASE_MARKERS, REPORT_PANELS, SMALL_COHORT

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
INK, GREY, PALE = "#222222", "#8a8a8a", "#d0d0d0"

SOURCE_COLOURS = {
    "closed": PALE,
    "cn-closed": PURPLE,
    "row-open": BLUE,
    "cn-open": VERMILLION,
    "unknown": YELLOW,
}
SOURCE_NAMES = {
    "closed": "closed, rest of world",
    "cn-closed": "closed, China",
    "row-open": "open, rest of world",
    "cn-open": "open, China",
    "unknown": "not in the catalogue",
}

# colour and dash of the categories that are usually the largest
CATEGORY_LINES: dict[str, tuple[str, Any]] = {
    "programming": (GREEN, "-"),
    "roleplay": (VERMILLION, "-"),
    "technology": (BLUE, (0, (4, 1.5))),
    "science": (PURPLE, (0, (1.5, 1.2))),
    "translation": (ORANGE, (0, (5, 1, 1, 1))),
}

STYLE: Any = {  # typed loosely: the stubs list each key as a literal
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


def save(figure: Figure, stem: str | Path) -> list[Path]:
    """Write the figure as STEM.svg and STEM.png; returns the two paths. The same data gives the same SVG bytes."""
    stem = Path(stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(stem.name + ".svg"), stem.with_name(stem.name + ".png")]
    with mpl.rc_context(STYLE):
        _lay_out(figure)
        figure.savefig(paths[0], metadata={"Date": None})
        figure.savefig(paths[1], dpi=PNG_DPI)
    return paths


def _lay_out(figure: Figure) -> None:
    """Place everything once and for all, so that each saving does not do it again."""
    if figure.get_layout_engine() is not None:
        figure.set_dpi(PNG_DPI)  # the widths of hinted text depend on it
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def svg(figure: Figure) -> str:
    """The figure as an <svg> element for a page."""
    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        _lay_out(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


# --- retention


def retention_panel(log: Log, model: str, title: str | None = None, top: float | None = None) -> Figure:
    """Retention of the cohorts of one model; see `draw_retention`. top: end of the y axis."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.9, 3.5), layout="constrained")
        axes = figure.subplots()
        draw_retention(axes, log, model)
        if top is not None:
            axes.set_ylim(0, top)
        axes.set_title(_name(log, model) if title is None else title)
        axes.set_xlabel("months since first use (month 0 is 100% by definition)")
        axes.set_ylabel("users active in the month")
    return figure


def retention_panels(log: Log, models: Sequence[tuple[str, str]] | None = None) -> Figure:
    """Retention panels on one sheet: (model, title) pairs, by default the report's eight (figure 25)."""
    chosen = models or [(p.model, f"({p.letter}) {p.name}") for p in REPORT_PANELS]
    rows = (len(chosen) + 1) // 2
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.4, 3.15 * rows + 0.6), layout="constrained")
        grid = figure.subplots(rows, 2, squeeze=False)
        top = common_top(log, [model for model, _ in chosen])
        for axes, (model, title) in zip(grid.flat, chosen, strict=False):
            draw_retention(axes, log, model)
            axes.set_ylim(0, top)
            axes.set_title(title)
        for axes in list(grid.flat)[len(chosen) :]:
            axes.set_visible(False)
        figure.supxlabel("months since first use (month 0 is 100% by definition)", fontsize=10)
        figure.supylabel("users active in the month", fontsize=10)
        figure.suptitle(
            f"Activity retention by month of first use: {log.name}",
            fontsize=12,
            fontweight="bold",
            x=0.01,
            ha="left",
        )
    return figure


def common_top(log: Log, models: Sequence[str]) -> float:
    """End of a y axis on which the models' launch cohorts, and their cohorts that are not small, fit."""
    cells = retention.triangles(log, models)
    cells = cells[cells["observed"] & (cells["k"] > 0)]
    starts = {model: retention.launch_cohort(log, model)[0] for model in models}
    launch = cells["model"].map({m: pd.Timestamp(start) for m, start in starts.items() if start})
    shown = cells[~cells["small"] | (cells["cohort"] == launch)]
    largest = (shown if len(shown) else cells)["retention"].max()
    return 1.0 if pd.isna(largest) else min(1.0, max(float(largest) * 1.12, 0.05))


def side_by_side(first: Log, second: Log, model: str, titles: tuple[str, str] | None = None) -> Figure:
    """One model's cohorts in two logs on one scale, such as a world and its null world."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.4, 4.0), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        names = titles or (first.name, second.name)
        for axes, log, name in ((left, first, names[0]), (right, second, names[1])):
            draw_retention(axes, log, model)
            axes.set_title(name)
            axes.set_xlabel("months since first use")
        left.set_ylim(0, max(common_top(log, [model]) for log in (first, second)))
        left.set_ylabel("users active in the month")
        figure.suptitle(
            f"{_name(first, model)}: retention by month of first use",
            fontsize=12, fontweight="bold", x=0.01, ha="left",
        )  # fmt: skip
    return figure


def draw_retention(axes: Axes, log: Log, model: str) -> None:
    """Draw the cohorts of a model, from month 1 on (month 0 is 1 by definition).

    The launch cohort is a thick line with its 95% Wilson band; later cohorts go from light to dark blue by age
    of the model; cohorts under 200 users are grey; the step into an incomplete month is dashed. The legend
    gives cohort sizes.
    """
    cells = retention.triangle(log, model)
    cells = cells[cells["observed"] & (cells["k"] > 0)]
    launch, _ = retention.launch_cohort(log, model)
    if cells.empty:
        axes.set_axis_off()
        why = (
            "no users in this log" if retention.triangle(log, model).empty else "no month after the first yet"
        )
        axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=GREY)
        return
    cohorts = [group for _, group in cells.groupby("cohort")]
    others = [c for c in cohorts if not _is(c, launch) and not c["small"].iloc[0]]
    small = [c for c in cohorts if not _is(c, launch) and c["small"].iloc[0]]
    for cohort in small:
        _line(axes, cohort, color=PALE, linewidth=1.0, zorder=1)
    shades = mpl.colormaps["Blues"]
    tints = [shades(0.35 + 0.6 * i / max(len(others) - 1, 1)) for i in range(len(others))]
    for cohort, tint in zip(others, tints, strict=True):
        few = len(others) <= 7
        _line(axes, cohort, color=tint, linewidth=1.4, zorder=2, marker="o", markersize=2.5,
              label=_label(cohort) if few else None)  # fmt: skip
    for cohort in (c for c in cohorts if _is(c, launch)):
        axes.fill_between(
            cohort["k"],
            cohort["wilson_low"],
            cohort["wilson_high"],
            color=VERMILLION,
            alpha=0.18,
            linewidth=0,
            zorder=3,
        )
        _line(axes, cohort, color=VERMILLION, linewidth=2.6, zorder=4, marker="o", markersize=4,
              label=f"{_label(cohort)}, launch")  # fmt: skip
    if len(others) > 7:
        for cohort, tint, which in ((others[0], tints[0], "first"), (others[-1], tints[-1], "last")):
            axes.plot(
                [],
                [],
                color=tint,
                marker="o",
                markersize=2.5,
                label=f"{_label(cohort)}, {which} of {len(others)}",
            )
    if small:
        sizes = [int(c["users"].iloc[0]) for c in small]
        axes.plot(
            [],
            [],
            color=PALE,
            linewidth=1.0,
            label=f"{len(small)} under {SMALL_COHORT} users (n {_span(sizes)})",
        )
    if not cells["complete"].all():
        axes.plot([], [], color=GREY, linestyle=(0, (2, 2)), linewidth=1.2, label="month not complete")
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: not labels[i].endswith("launch"))
    axes.legend([handles[i] for i in order], [labels[i] for i in order], loc="upper right", fontsize=7.5,
                handlelength=1.6, labelspacing=0.25, borderaxespad=0.1)  # fmt: skip
    axes.set_ylim(0, common_top(log, [model]))
    axes.set_xlim(0.8, max(int(cells["k"].max()), 2) + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _line(axes: Axes, cohort: pd.DataFrame, label: str | None = None, **style: Any) -> None:
    """A cohort's line, dashed where it runs into an incomplete month."""
    whole = cohort[cohort["complete"]]
    axes.plot(whole["k"], whole["retention"], label=label, **style)
    if len(whole) < len(cohort):
        tail = cohort.iloc[max(len(whole) - 1, 0) :]
        axes.plot(tail["k"], tail["retention"], **(style | {"linestyle": (0, (2, 2)), "marker": ""}))


def _is(cohort: pd.DataFrame, launch: Any) -> bool:
    return launch is not None and cohort["cohort"].iloc[0] == pd.Timestamp(launch)


def _label(cohort: pd.DataFrame) -> str:
    return f"{cohort['cohort'].iloc[0]:%b %Y}  n={int(cohort['users'].iloc[0]):,}"


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


# --- weekly series


def open_and_closed(log: Log) -> Figure:
    """Weekly tokens by source type, stacked, and the shares of open models, with release markers: C12 to C23."""
    frame = _complete(openness.weekly_shares(log))
    tokens = frame.pivot(index="week", columns="source_type", values="tokens").fillna(0)
    shares = frame.pivot(index="week", columns="source_type", values="share")
    order = [kind for kind in SOURCE_COLOURS if kind in tokens.columns]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 6.6), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.15, 1))
        scale, unit = _token_scale(tokens.sum(axis=1).max())
        top.stackplot(
            tokens.index, [tokens[kind] * scale for kind in order], labels=[SOURCE_NAMES[k] for k in order],
            colors=[SOURCE_COLOURS[k] for k in order], linewidth=0.3, edgecolor="white",
        )  # fmt: skip
        top.set_ylabel(f"tokens a week ({unit})")
        top.set_title("Tokens by openness and origin of the model")
        handles, labels = top.get_legend_handles_labels()
        top.legend(handles[::-1], labels[::-1], loc="upper left")
        opened = _complete(openness.open_share(log))
        bottom.plot(opened["week"], opened["share"], color=INK, linewidth=2.4, label="all open models")
        for kind, dash in (("cn-open", "-"), ("row-open", (0, (4, 1.5)))):
            if kind in shares:
                bottom.plot(
                    shares.index,
                    shares[kind],
                    color=SOURCE_COLOURS[kind],
                    linestyle=dash,
                    label=SOURCE_NAMES[kind],
                )
        bottom.set_ylim(0, min(1.0, max(0.05, float(opened["share"].max()) * 1.45)) if len(opened) else 1)
        _percent(bottom, "share of the week's tokens")
        _release_marks(bottom, log, RELEASE_MARKERS)
        _legend_above(bottom)
        _dates(bottom)
        _sample(figure, log, frame)
    return figure


def open_authors(log: Log) -> Figure:
    """Tokens of open models by author over the report's main window: C24 to C26."""
    window = _window(log)
    frame = usage.by_author(log, True, window)
    frame = frame.groupby("author", as_index=False).agg(tokens=("tokens", "sum"), origin=("origin", "first"))
    frame = frame.sort_values("tokens", ascending=False).head(12).iloc[::-1]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 0.29 * len(frame) + 1.4), layout="constrained")
        axes = figure.subplots()
        scale, unit = _token_scale(frame["tokens"].max() if len(frame) else 1)
        colours = [SOURCE_COLOURS["cn-open" if origin == "CN" else "row-open"] for origin in frame["origin"]]
        bars = axes.barh(frame["author"], frame["tokens"] * scale, color=colours, height=0.72)
        axes.bar_label(
            bars, labels=[f"{value:,.3g}" for value in frame["tokens"] * scale], padding=3, fontsize=8.5
        )
        axes.set_xlabel(f"tokens ({unit})")
        axes.set_title("Tokens of open models by author")
        axes.grid(axis="y", visible=False)
        axes.margins(x=0.1)
        keys = [
            Patch(color=SOURCE_COLOURS[kind], label=SOURCE_NAMES[kind]) for kind in ("cn-open", "row-open")
        ]
        axes.legend(handles=keys, loc="lower right")
        _sample(figure, log, window=window)
    return figure


def reasoning_share(log: Log) -> Figure:
    """Share of reasoning-optimised models in all tokens by week: C56."""
    frame = _complete(agentic.reasoning_share(log))
    return _share_figure(
        log, frame, "Tokens served by reasoning models", "share of the week's tokens", VERMILLION
    )


def tool_share(log: Log) -> Figure:
    """Share of tokens in requests that end in a tool call, by week: C61."""
    frame = _complete(agentic.tool_share(log))
    return _share_figure(log, frame, "Requests that end in a tool call", "share of the week's tokens", BLUE)


def programming_share(log: Log) -> Figure:
    """Programming's share of labelled tokens by week with the sample size: C77."""
    frame = _complete(categories.programming_share(log))
    sample = int(frame["labelled_requests"].sum())
    note = f"{sample:,} labelled requests, {_span(frame['labelled_requests'].astype(int).tolist())} a week"
    return _share_figure(log, frame, "Programming", "share of labelled tokens", GREEN, note)


def category_shares(log: Log) -> Figure:
    """Shares of the five largest categories in labelled tokens by week: C77, C78."""
    frame = _complete(categories.weekly_shares(log))
    frame = frame[frame["category"] != categories.OTHER]
    largest = frame.groupby("category")["tokens"].sum().nlargest(5).index
    spare = iter([(BLACK, "-"), (SKY, "-"), (GREY, (0, (4, 1.5))), (YELLOW, "-"), (BLACK, (0, (1.5, 1.2)))])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        axes = figure.subplots()
        for name in largest:
            colour, dash = CATEGORY_LINES.get(name) or next(spare)
            part = frame[frame["category"] == name]
            axes.plot(part["week"], part["share"], color=colour, linestyle=dash, label=name)
        axes.set_title("Largest categories", pad=24)
        _percent(axes, "share of labelled tokens")
        axes.set_ylim(0, None)
        _legend_above(axes)
        _dates(axes)
        sample = frame.groupby("week")["labelled_requests"].max()
        _note(
            figure,
            f"{log.name}: {int(sample.sum()):,} labelled requests, {_span(sample.astype(int).tolist())} a week",
        )
    return figure


def mean_lengths(log: Log) -> Figure:
    """Mean prompt and completion tokens per request by week: C69 to C74."""
    frame = _complete(usage.weekly(log))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, column, colour, title in (
            (left, "mean_prompt", BLUE, "Prompt tokens per request"),
            (right, "mean_completion", VERMILLION, "Completion tokens per request"),
        ):
            axes.plot(frame["week"], frame[column], color=colour)
            axes.set_ylim(0, float(frame[column].max()) * 1.1 if len(frame) else 1)
            axes.set_title(title)
            axes.set_ylabel("tokens, mean of the week")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            _dates(axes)
        _sample(figure, log, frame)
    return figure


def _share_figure(
    log: Log, frame: pd.DataFrame, title: str, unit: str, colour: str, note: str | None = None
) -> Figure:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(frame["week"], frame["share"], color=colour)
        axes.fill_between(frame["week"], frame["share"], color=colour, alpha=0.12, linewidth=0)
        axes.set_title(title)
        axes.set_ylim(0, max(0.02, float(frame["share"].max()) * 1.12) if len(frame) else 1)
        _percent(axes, unit)
        _dates(axes)
        if len(frame):
            last = frame.dropna(subset=["share"]).tail(1)
            for row in last.itertuples():
                axes.annotate(f"{row.share:.0%}", (row.week, row.share), xytext=(4, 0), textcoords="offset points",
                              va="center", fontweight="bold", color=colour)  # fmt: skip
        if note is None:
            _sample(figure, log, frame)
        else:
            _note(figure, f"{log.name}: {note}")
    return figure


# --- parts of figures


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    """The complete weeks; all weeks of a log that is too short to have one."""
    return frame[frame["complete"]] if frame["complete"].any() else frame


def _percent(axes: Axes, label: str) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel(label)


def _legend_above(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, borderaxespad=0.2, columnspacing=1.4)


def _dates(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.margins(x=0.02)


def _token_scale(largest: float) -> tuple[float, str]:
    for scale, unit in ((1e-12, "trillions"), (1e-9, "billions"), (1e-6, "millions"), (1e-3, "thousands")):
        if largest * scale >= 1:
            return scale, unit
    return 1.0, "tokens"


def _release_marks(axes: Axes, log: Log, models: Mapping[str, str]) -> None:
    """Dashed lines at the releases that lie within the log, each with the model's short name."""
    released = retention.release_days(log)
    for model, name in models.items():
        if model in released and log.first_day <= released[model] <= log.last_day:
            when: Any = pd.Timestamp(released[model])
            axes.axvline(when, color=GREY, linestyle=(0, (3, 2)), linewidth=0.9, zorder=1)
            axes.text(when, 0.98, name + " ", rotation=90, va="top", ha="right", fontsize=7.5,
                      color="#555555", transform=axes.get_xaxis_transform(),
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4})  # fmt: skip


def _name(log: Log, model: str) -> str:
    return retention.model_names(log).get(model, model)


def _sample(figure: Figure, log: Log, frame: pd.DataFrame | None = None, window: Any = None) -> None:
    requests = int(frame["requests"].sum()) if frame is not None and "requests" in frame else log.rows
    if window is None and frame is not None and len(frame):
        window = (day(frame["week"].min()), day(frame["week"].max() + pd.Timedelta(days=6)))
    if window is not None and (frame is None or "requests" not in frame):
        weekly = usage.weekly(log)
        inside = weekly["week"].between(pd.Timestamp(window[0]), pd.Timestamp(window[1]))
        requests = int(weekly.loc[inside, "requests"].sum())
    period = f", {window[0]} to {window[1]}" if window is not None else ""
    _note(figure, f"{log.name}: {requests:,} requests{period}")


def _note(figure: Figure, text: str) -> None:
    figure.supxlabel(text, x=0.01, ha="left", fontsize=8, color="#666666")


def _window(log: Log) -> Any:
    """The report's main window where the log overlaps it, else None."""
    return MAIN_WINDOW if log.first_day <= MAIN_WINDOW[1] and log.last_day >= MAIN_WINDOW[0] else None
