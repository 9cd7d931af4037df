"""Tables in Markdown: a head and rows, with what would break them escaped."""

from __future__ import annotations


def heading(*names: str) -> list[str]:
    """The two lines that begin a table."""
    return [row(*names), "|" + "---|" * len(names)]


def row(*cells: str) -> str:
    """A line of a table. A bar or a tag in a text is shown as it is written; a new line stays one within its cell."""
    shown = (text.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>") for text in cells)
    return "| " + " | ".join(shown) + " |"
