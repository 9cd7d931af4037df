"""A slide-sized picture of a lesson's result: its title, the drawing and what it shows, 16 to 9."""

from __future__ import annotations

import html
import re
import textwrap

from lessons.frame.lesson import Lesson
from lessons.pictures.figure import Figure

WIDTH, HEIGHT, MARGIN = 1280, 720, 48
PIXELS = 1.5
"""Of a PNG, for each unit: 1920 by 1080."""
STYLE = """\
text{fill:#222222;font-family:sans-serif;font-size:13px}
.axis{stroke:#222222;stroke-opacity:.55;fill:none}
.grid{stroke:#222222;stroke-opacity:.14;fill:none}
.hit{fill:none;stroke:none}"""


def svg(lesson: Lesson, figure: Figure) -> str:
    """The slide as SVG that needs nothing else."""
    # What a pointer would bring up is no part of a slide, and neither is what stands for it.
    drawing = re.sub(r'<text[^>]* class="tip"[^>]*>[^<]*</text>', "", figure.drawing)
    drawing = drawing.replace("currentColor", "#222222")
    said = textwrap.wrap(figure.summary, 40)
    top, side = 150, 330
    room = (WIDTH - 2 * MARGIN - side - 30, HEIGHT - top - MARGIN)
    lines = [_text(MARGIN, 62, f"Lesson {lesson.number}: {lesson.title}", 34, "bold")]
    lines += [_text(MARGIN, 108, figure.title, 24)]
    lines += [_text(WIDTH - MARGIN - side, top + 40 + 26 * i, line, 18) for i, line in enumerate(said)]
    inner = (
        f'<svg x="{MARGIN}" y="{top}" width="{room[0]}" height="{room[1]}" viewBox="0 0 {figure.width} '
        f'{figure.height}" preserveAspectRatio="xMinYMin meet" overflow="visible">{drawing}</svg>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{html.escape(f"{figure.title}. {figure.summary}", quote=True)}">'
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(lines)}{inner}</svg>'
    )


def png(drawn: str) -> bytes:
    """A slide as pixels."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(drawn, scale=PIXELS))


def _text(x: float, y: float, words: str, size: int, weight: str = "normal") -> str:
    style = f"font-size:{size}px;font-weight:{weight}"
    return f'<text x="{x}" y="{y}" style="{style}">{html.escape(words)}</text>'
