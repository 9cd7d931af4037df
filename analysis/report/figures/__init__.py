"""Figures of the analyses, drawn with matplotlib: each function returns a Figure; `save` writes it.

Tables behind the figures are remembered on the log, so that drawing costs no query. Modules that draw load on first
use: notes (`samples`), colours (`palette`) and scales (`scales`) cost no matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.report.figures.agentic import (
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
    from analysis.report.figures.categories import (
        author_mix,
        author_spend,
        category_subtags,
        next_subtags,
        programming_share,
        top_subtags,
    )
    from analysis.report.figures.cost import archetypes, category_cost, model_cost
    from analysis.report.figures.geography import spend_by_continent
    from analysis.report.figures.openness import (
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
    from analysis.report.figures.retention import (
        draw_retention,
        retention_panel,
        retention_panels,
        side_by_side,
    )
    from analysis.report.figures.scales import common_top
    from analysis.report.figures.style import drawn, save, svg, write

__all__ = [
    "archetypes",
    "author_mix",
    "author_spend",
    "available_models",
    "category_cost",
    "category_prompts",
    "category_subtags",
    "cn_categories",
    "common_top",
    "draw_retention",
    "drawn",
    "mean_completion",
    "mean_prompt",
    "mean_total",
    "model_cost",
    "next_subtags",
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
    "spend_by_continent",
    "svg",
    "tokens_by_source",
    "tool_models",
    "tool_share",
    "tools_offered",
    "top_subtags",
    "write",
]

_MODULES = ("scales", "style", "openness", "agentic", "categories", "geography", "retention", "cost")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in __all__:
            for home in _MODULES:
                module = import_module(f"analysis.report.figures.{home}")
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f"module 'analysis.report.figures' has no attribute '{name}'")
