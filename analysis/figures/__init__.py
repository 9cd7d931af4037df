"""Figures of the analyses, drawn with matplotlib: each function returns a Figure; `save` writes it.

Tables behind the figures are remembered on the log, so that drawing costs no query.
"""

from __future__ import annotations

from analysis.figures.agentic import mean_lengths, reasoning_share, tool_share
from analysis.figures.categories import category_shares, programming_share
from analysis.figures.openness import open_and_closed, open_authors
from analysis.figures.retention import (
    common_top,
    draw_retention,
    retention_panel,
    retention_panels,
    side_by_side,
)
from analysis.figures.style import save, svg

__all__ = [
    "category_shares",
    "common_top",
    "draw_retention",
    "mean_lengths",
    "open_and_closed",
    "open_authors",
    "programming_share",
    "reasoning_share",
    "retention_panel",
    "retention_panels",
    "save",
    "side_by_side",
    "svg",
    "tool_share",
]
