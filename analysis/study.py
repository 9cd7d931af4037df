"""Choices of the study whose tables and figures this package draws (State of AI, December 2025), in one place."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class Panel(NamedTuple):
    """One retention panel of figure 25."""

    letter: str
    model: str
    name: str
    reading: str  # what the report says of the panel


REPORT_PANELS: tuple[Panel, ...] = (
    Panel(
        "a",
        "anthropic/claude-sonnet-4",
        "Claude Sonnet 4",
        "foundational launch cohort, about 40% at month 5",
    ),
    Panel("b", "google/gemini-2.5-pro", "Gemini 2.5 Pro", "foundational launch cohort, about 40% at month 5"),
    Panel("c", "google/gemini-2.5-flash", "Gemini 2.5 Flash", "no claim"),
    Panel("d", "openai/gpt-4o-mini", "GPT-4o mini", "one dominant launch cohort, later ones at the floor"),
    Panel("e", "meta-llama/llama-4-maverick", "Llama 4 Maverick", "no fit: all cohorts equally weak"),
    Panel("f", "google/gemini-2.0-flash-001", "Gemini 2.0 Flash", "no fit: all cohorts equally weak"),
    Panel("g", "deepseek/deepseek-r1", "DeepSeek R1", "boomerang: a rise after early churn"),
    Panel("h", "deepseek/deepseek-chat-v3-0324", "DeepSeek V3 0324", "boomerang: a rise after early churn"),
)

# Whole Monday weeks of 3 November 2024 (a Sunday) to 30 November 2025: C07.
MAIN_WINDOW = (dt.date(2024, 11, 4), dt.date(2025, 11, 30))
# Category labels exist from May 2025 on: C08.
CATEGORY_WINDOW = (dt.date(2025, 5, 5), dt.date(2025, 11, 30))

# Releases that the report marks in its figure of open-model shares, with short names: C21.
RELEASE_MARKERS: dict[str, str] = {
    "meta-llama/llama-3.3-70b-instruct": "Llama 3.3 70B",
    "deepseek/deepseek-chat": "DeepSeek V3",
    "deepseek/deepseek-r1": "DeepSeek R1",
    "moonshotai/kimi-k2": "Kimi K2",
    "qwen/qwen3-coder": "Qwen3 Coder",
    "openai/gpt-oss-120b": "gpt-oss",
}

# A foundational cohort as the report has it (`durable`): R(5), its "about 40%" less 10 points, and R(5) / R(3). The
# report states no threshold; both are suggested.
LEVEL = 0.30
PLATEAU = 0.80
SMALL_COHORT = 200  # below this many users a cell is uncertain by about 7 points at 95%: drawn grey
LABEL_THRESHOLD = 0.5  # lowest confidence of a label that counts: C05

# Figures 22 and 23: authors whose use the report breaks down by category, in the order of its panels.
MIX_AUTHORS = ("anthropic", "google", "x-ai", "openai", "deepseek", "qwen")
# Figure 20: authors that the report names, then the other large ones; the rest are added up.
NAMED_AUTHORS = (
    "anthropic", "google", "openai", "z-ai", "qwen", "mistralai", "minimax", "deepseek", "moonshotai",
)  # fmt: skip
# Figures 21a and 21b: the six largest categories and the next six, as the report has them.
TOP_CATEGORIES = ("programming", "roleplay", "technology", "science", "translation", "health")
NEXT_CATEGORIES = ("finance", "academia", "legal", "trivia", "marketing", "marketing/seo")


class NamedModel(NamedTuple):
    """A model of table 3 with its segment in the report."""

    model: str
    name: str
    segment: str


TABLE3: tuple[NamedModel, ...] = (
    NamedModel("google/gemini-2.0-flash-001", "Gemini 2.0 Flash", "efficient giants"),
    NamedModel("deepseek/deepseek-chat-v3-0324", "DeepSeek V3 0324", "efficient giants"),
    NamedModel("anthropic/claude-3.7-sonnet", "Claude 3.7 Sonnet", "premium leaders"),
    NamedModel("anthropic/claude-sonnet-4", "Claude Sonnet 4", "premium leaders"),
    NamedModel("qwen/qwen-2-7b-instruct", "Qwen 2 7B Instruct", "long tail"),
    NamedModel("ibm-granite/granite-4.0-h-micro", "Granite 4.0 Micro", "long tail"),
    NamedModel("openai/gpt-4", "GPT-4", "premium specialists"),
    NamedModel("openai/gpt-5-pro", "GPT-5 Pro", "premium specialists"),
)


def durable(level: float, plateau: float, at_least: float | None = None) -> bool:
    """Whether a cohort stays as a foundational one does: its share active in month 5 (level) is high enough (at_least:
    `LEVEL` if None), and its curve has flattened (plateau: that share over the one of month 3)."""
    return bool(level >= (LEVEL if at_least is None else at_least) and plateau >= PLATEAU)
