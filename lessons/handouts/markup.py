"""The few marks of Markdown that lessons use, as HTML: bold, italic, code, paragraphs, lists."""

from __future__ import annotations

import html
import re

from markupsafe import Markup

_MARKS = ((r"`([^`]+)`", "code"), (r"\*\*([^*]+)\*\*", "strong"), (r"(?<!\*)\*([^*\s][^*]*)\*", "em"))


def inline(text: str) -> Markup:
    """One line or paragraph."""
    safe = html.escape(text, quote=False)
    for pattern, tag in _MARKS:
        safe = re.sub(pattern, rf"<{tag}>\1</{tag}>", safe)
    return Markup(safe)


def blocks(text: str) -> Markup:
    """Paragraphs and lists, apart by blank lines."""
    parts = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.split("\n")
        if all(line.startswith("- ") for line in lines):
            parts.append("<ul>" + "".join(f"<li>{inline(line[2:])}</li>" for line in lines) + "</ul>")
        else:
            parts.append(f"<p>{inline(' '.join(lines))}</p>")
    return Markup("".join(parts))
