"""Texts of figures: any text of a user is drawn as it is, and names of points do not cover each other."""

from __future__ import annotations

import io
import itertools
from xml.etree import ElementTree

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.report.figures import labels, style

NASTY = ["$", "$$", r"$\frac$", r"$\frac{1}$ and $x", "a_b^c", r"\\alpha", "<b>&amp;</b>", "x" * 400, "🦊 fox", "نموذج",
         "two\nlines", "_hidden", "", " ", "\x00\x07", "]]>", "{y}", "%s %(a)s", "'\"`",
         "\u2028"]  # fmt: skip
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))


@settings(max_examples=10)
@given(texts, texts, texts)
def test_any_text_is_drawn_as_it_is(title, name, tick):
    import matplotlib as mpl

    with mpl.rc_context(style.STYLE):
        figure = Figure(figsize=(5, 3), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title)
        axes.plot([1, 2], [1, 2], label=style.in_legend(name))
        axes.set_yticks([1, 2], [tick, "other"])
        labels.name_points(axes, [(1.5, 1.5)], [name])
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
        style.note(figure, f"{title}: 1 request")
    drawn = ElementTree.parse(io.StringIO(style.svg(figure)))
    with style.any_text():
        figure.savefig(io.BytesIO(), format="png")
    said = "".join(drawn.getroot().itertext())
    for text in (title, name, tick):
        assert style.shortened(text, 36).strip() in said or len(text) > 36
    assert (axes.get_legend() is not None) == bool(style.in_legend(name))


@given(texts, st.integers(2, 60))
def test_a_shortened_text_keeps_its_ends_on_one_line(text, most):
    short = style.shortened(text, most)
    assert len(short) <= most
    assert "\n" not in short and "\x00" not in short
    if len(text) > most:
        assert "…" in short
        assert most < 3 or not text[0].isalnum() or short[0] == text[0]
    elif text.isprintable():
        assert short == text


@settings(max_examples=6)
@given(st.integers(1, 14), st.integers(0, 10_000))
def test_names_of_points_cover_no_other_name_and_stay_within(count, seed):
    import matplotlib as mpl

    rng = np.random.default_rng(seed)
    with mpl.rc_context(style.STYLE):
        figure = Figure(figsize=(8.2, 5.4), layout="constrained")
        axes = figure.subplots()
        spots = [(float(x), float(y)) for x, y in 10 ** rng.normal(0, 0.12, (count, 2))]  # a crowd
        axes.scatter(*zip(*spots, strict=True))
        axes.set(xscale="log", yscale="log", xlim=(0.1, 10), ylim=(0.1, 10))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_minor_formatter(lambda value, _: "")
        labels.name_points(axes, spots, [f"category {n}" for n in range(count)])
    figure.draw_without_rendering()
    boxes = [tuple(Text.get_window_extent(text).extents) for text in axes.texts]  # without their lines
    assert len(boxes) == count
    assert not any(labels.overlap(a, b) for at, a in enumerate(boxes) for b in boxes[:at])


@given(st.lists(st.floats(-1000, 1000), max_size=12), st.floats(0.1, 50))
def test_values_are_moved_apart_and_keep_their_order(values, least):
    moved = labels.apart(values, least)
    order = sorted(range(len(values)), key=lambda at: values[at])
    placed = [moved[at] for at in order]
    assert all(b - a >= least - 1e-6 for a, b in itertools.pairwise(placed))
    if all(values[b] - values[a] >= least for a, b in itertools.pairwise(order)):
        assert np.allclose(moved, values)  # nothing is moved without need
