"""Tables in Markdown: a head and rows, with what would break them escaped; and places of a page that are made anew."""

from __future__ import annotations

import re

_TAG = re.compile("`[^`\n]*`|<")
END = "<!-- end -->"


def heading(*names: str) -> list[str]:
    """The two lines that begin a table."""
    return [row(*names), "|" + "---|" * len(names)]


def row(*cells: str) -> str:
    """A line of a table. A bar or a tag in a text is shown as it is written; a new line stays one within its cell. In
    code (`a < b`) nothing but a bar is more than it is."""
    shown = (_TAG.sub(_escaped, text.replace("|", "\\|")).replace("\n", "<br>") for text in cells)
    return "| " + " | ".join(shown) + " |"


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("`") else "&lt;"


def filled(page: str, begin: str, lines: list[str]) -> str:
    """A page with the place between the line `begin` and the next `END` made anew. Raises ValueError where it has no
    such place."""
    before, found, rest = page.partition(begin)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(
            f"the page has no line {begin!r} with {END!r} behind it, between which these lines go"
        )
    return "\n".join([before + begin, "", *lines, "", END + after])
