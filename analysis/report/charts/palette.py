"""Colours and names of what the figures and the charts of the page tell apart.

Colours are those of Okabe and Ito (2008), told apart by colour-blind readers.
"""

from __future__ import annotations

from analysis.queries.geography import UNKNOWN

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

SIZE_COLOURS = {"large": BLUE, "medium": ORANGE, "small": GREEN, "unknown": PALE}
SIZE_NAMES = {
    "large": "large, from 70 B",
    "medium": "medium, 15 to 70 B",
    "small": "small, under 15 B",
    "unknown": "size not published",
}

# fifteen models in a stack: the eight colours, then lighter or darker ones of the same hues
MODEL_COLOURS = (
    BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, YELLOW, "#3b3b3b",
    "#7fb2d9", "#8a5a00", "#7fcfb7", "#eab08a", "#00415f", "#e6c3d6", "#9a8f00",
)  # fmt: skip

CATEGORY_COLOURS = {
    "programming": GREEN, "roleplay": VERMILLION, "technology": BLUE, "science": PURPLE, "translation": ORANGE,
    "health": SKY, "finance": YELLOW, "academia": "#5b4a8a", "legal": "#8c6d31", "trivia": "#8fd0b8",
    "marketing": "#4d4d4d", "marketing/seo": "#a6a6a6", "other": PALE,
}  # fmt: skip
# Model authors that the report names in its figure of spend on programming, then the other large ones.
AUTHOR_COLOURS = {
    "anthropic": ORANGE, "google": BLUE, "openai": GREEN, "z-ai": PURPLE, "qwen": VERMILLION, "mistralai": YELLOW,
    "minimax": BLACK, "deepseek": SKY, "moonshotai": "#5b4a8a", "others": PALE,
}  # fmt: skip
AUTHOR_NAMES = {
    "anthropic": "Anthropic", "google": "Google", "openai": "OpenAI", "z-ai": "Z.AI", "qwen": "Qwen",
    "mistralai": "Mistral AI", "minimax": "MiniMax", "deepseek": "DeepSeek", "moonshotai": "Moonshot AI",
    "x-ai": "xAI", "others": "all others",
}  # fmt: skip

CONTINENT_COLOURS = {
    "North America": BLUE,
    "Europe": GREEN,
    "Asia": VERMILLION,
    "South America": ORANGE,
    "Oceania": PURPLE,
    "Africa": SKY,
    UNKNOWN: GREY,
}

MOST_NAMES = 8  # of points in a picture of models
ARCHETYPE_COLOURS = {
    "premium leaders": VERMILLION,
    "efficient giants": GREEN,
    "premium specialists": PURPLE,
    "long tail": GREY,
}
