"""A picture with all that people need to read it: a drawing, what it shows in a sentence, and its numbers as a table.

The drawing is SVG without a script. Each mark tells its numbers in a line below the drawing when a pointer is on it or
when it was touched; a screen reader hears the mark's label, the summary and the table.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

STYLE = """\
.gs-figure{margin:.5rem 0;max-width:40rem;color:inherit}
.gs-figure svg{width:100%;height:auto;display:block;overflow:visible;font-family:system-ui,sans-serif}
.gs-figure figcaption{font-weight:600;margin-bottom:.25rem}
.gs-figure text{fill:currentColor;font-size:13px}
@media(max-width:32rem){.gs-figure text:not(.tip){font-size:15px}}
.gs-figure .axis{stroke:currentColor;stroke-opacity:.55;fill:none}
.gs-figure .grid{stroke:currentColor;stroke-opacity:.14;fill:none}
.gs-figure .mark{outline:none;cursor:default}
.gs-figure .tip{visibility:hidden}
.gs-figure .mark:hover .tip,.gs-figure .mark:focus .tip{visibility:visible}
.gs-figure:has(.mark:hover) .mark:focus:not(:hover) .tip{visibility:hidden}
.gs-figure .hit{fill:transparent;stroke:none}
.gs-figure .mark:hover .seen,.gs-figure .mark:focus .seen{stroke:currentColor;stroke-width:2}
.gs-figure p{margin:.25rem 0;font-size:.9rem}
.gs-figure details{font-size:.85rem;margin:.25rem 0}
.gs-figure table{border-collapse:collapse}
.gs-figure th,.gs-figure td{padding:.1rem .6rem .1rem 0;text-align:left;border-bottom:1px solid #8884}
.gs-table{overflow-x:auto;max-width:100%}"""


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture. drawing: the inside of its <svg>, `width` x `height` units; summary: what it shows, in a
    sentence or two of computed numbers; table: the same numbers, written for people."""

    title: str
    summary: str
    drawing: str
    table: pd.DataFrame
    width: int
    height: int

    def svg(self) -> str:
        """The drawing as an element of a page."""
        label = html.escape(f"{self.title}. {self.summary}", quote=True)
        return f'<svg viewBox="0 0 {self.width} {self.height}" role="group" aria-label="{label}">{self.drawing}</svg>'

    def html(self, *, style: bool = True) -> str:
        """The figure for a page. style: with its style sheet, for a page that has none."""
        plain = self.table.rename_axis(columns=None)  # a name of the columns would be a column of its own
        table = plain.to_html(index=False, border=0, justify="left").replace("<th>", '<th scope="col">')
        caption = f"<caption hidden>{html.escape(self.title)}</caption>"
        table = table.replace('<table class="dataframe">', f"<table>{caption}").replace(
            '<table border="0" class="dataframe">', f"<table>{caption}"
        )
        return (
            f'<figure class="gs-figure">{f"<style>{STYLE}</style>" if style else ""}'
            f"<figcaption>{html.escape(self.title)}</figcaption>{self.svg()}<p>{html.escape(self.summary)}</p>"
            f'<details><summary>The numbers</summary><div class="gs-table" tabindex="0" role="region" '
            f'aria-label="The numbers: {html.escape(self.title, quote=True)}">{table}</div></details></figure>'
        )

    def _repr_html_(self) -> str:
        return self.html()
