"""Renders the report page from its parts with the template beside this module."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.report.cells import SmallTable


@dataclass(frozen=True)
class PanelPart:
    """One retention panel of the page."""

    title: str
    model: str
    reading: str
    figure: str  # an <svg> element
    table: SmallTable | None


@dataclass(frozen=True)
class Part:
    """One section of the page. gap: why it is not available, instead of figures and tables."""

    key: str
    title: str
    reading: str
    definition: str
    sql: str = ""
    figures: list[str] = field(default_factory=list)
    table: SmallTable | None = None
    gap: str = ""


def render(
    *,
    title: str,
    facts: list[tuple[str, str]],
    question: str,
    census: list[tuple[str, str]],
    panels: list[PanelPart],
    contrast: SmallTable | None,
    retention: Part,
    parts: list[Part],
    gaps: list[str],
) -> str:
    """The page as HTML: self-contained, without scripts and outside requests."""
    environment = Environment(
        loader=PackageLoader("analysis.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = _Inline()
    environment.filters["paragraphs"] = paragraphs
    return environment.get_template("template.html").render(
        title=title,
        facts=facts,
        question=question,
        census=census,
        panels=panels,
        contrast=contrast,
        retention=retention,
        parts=parts,
        gaps=gaps,
    )


class _Inline:
    """Makes <svg> elements fit for one page: each gets its own ids, a width of its place, and no XML leftovers."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, svg: str) -> str:
        self.count += 1
        prefix = f"f{self.count}-"
        svg = re.sub(r'\bid="', f'id="{prefix}', svg)
        svg = re.sub(r'href="#', f'href="#{prefix}', svg)
        svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", svg, count=1)
        return re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", svg, count=1)


def paragraphs(text: str) -> list[str]:
    """Paragraphs of a docstring, each on one line."""
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]


def facts_of(
    manifest: dict[str, Any] | None, rows: int, first: dt.date, last: dt.date
) -> list[tuple[str, str]]:
    """The line of facts under the title: requests, days, and the run behind a simulated log."""
    facts = [("Requests", f"{rows:,}"), ("Days (UTC)", f"{first} to {last}")]
    if manifest:
        facts += [
            (name, str(manifest[key]))
            for name, key in (("Scenario", "scenario"), ("Seed", "seed"), ("Run", "run_id"))
            if key in manifest
        ]
        version = (manifest.get("versions") or {}).get("glass_slipper")
        facts += [("Version", str(version))] if version else []
    return facts
