"""Figures of the analyses, drawn with matplotlib: each function returns a Figure; `save` writes it.

Tables behind the figures are remembered on the log, so that drawing costs no query.
"""

from __future__ import annotations

from analysis.figures.agentic import (
    category_prompts,
    mean_completion,
    mean_prompt,
    mean_total,
    programming_length,
    prompt_growth,
    reasoning_models,
    reasoning_share,
    tool_models,
    tool_share,
    tools_offered,
)
from analysis.figures.categories import programming_share
from analysis.figures.openness import (
    available_models,
    cn_categories,
    open_and_closed,
    open_authors,
    open_categories,
    open_models,
    programming_sources,
    roleplay_sources,
    size_classes,
    size_leaders,
    tokens_by_source,
)
from analysis.figures.retention import (
    common_top,
    draw_retention,
    retention_panel,
    retention_panels,
    side_by_side,
)
from analysis.figures.style import drawn, save, svg, write

__all__ = [
    "available_models",
    "category_prompts",
    "cn_categories",
    "common_top",
    "draw_retention",
    "drawn",
    "mean_completion",
    "mean_prompt",
    "mean_total",
    "open_and_closed",
    "open_authors",
    "open_categories",
    "open_models",
    "programming_length",
    "programming_share",
    "programming_sources",
    "prompt_growth",
    "reasoning_models",
    "reasoning_share",
    "retention_panel",
    "retention_panels",
    "roleplay_sources",
    "save",
    "side_by_side",
    "size_classes",
    "size_leaders",
    "svg",
    "tokens_by_source",
    "tool_models",
    "tool_share",
    "tools_offered",
    "write",
]
