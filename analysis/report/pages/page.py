"""Renders the report page from the templates beside this module."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis import glossary
from analysis.report.pages.answer import Answer, panel_id
from analysis.report.pages.cells import SmallTable
from analysis.report.pages.launch_verdicts import READING as VERDICT_READING
from analysis.report.pages.parts import Card, PanelPart, Part, Spec
from analysis.report.pages.script import inert, script
from analysis.sources.log import Log
from analysis.study import SMALL_COHORT

AXIS_HEIGHT = 40  # pixels under a chart's area

RETENTION_READING = (
    "Users by the month of their first request to a model: the share that is active again in later months. Orange: the "
    "launch cohort with its 95% interval. Blue, ever stronger: other cohorts, early to late. Grey: fewer than "
    f"{SMALL_COHORT} users. Dashed: a month that is not complete. The y axis is the same in all panels."
)

# The report's sections after retention: key, title, how to read it.
SECTIONS = (
    ("openness", "Open and closed models", "Whose tokens: open against closed weights, where models come from, their "
     "authors and sizes, and what open models are used for."),
    ("agentic", "Agentic inference", "Reasoning models, tool calls and the length of requests."),
    ("categories", "Categories", "What requests are for, from the labelled sample: which categories grow, who serves "
     "them, what they consist of."),
    ("geography", "Geography and language", "Where requests are billed and the language they are written in."),
    ("cost", "Cost and usage", "What a million tokens cost in effect, by category and model, beside how much is used."),
)  # fmt: skip


def render(
    *,
    title: str,
    facts: list[tuple[str, str]],
    answer: Answer,
    census: list[tuple[str, str]],
    reading: str,
    panels: Sequence[PanelPart],
    contrast: SmallTable | None,
    contrast_files: Sequence[str],
    retention_cards: Sequence[Card],
    sections: Sequence[Part],
    gaps: Sequence[str],
    warnings: Sequence[str] = (),
    findings: Mapping[str, Sequence[str]] | None = None,
    stills: bool = False,
    code: str | None = None,
) -> str:
    """The page as HTML: one file that asks nothing of any host. stills: the figures lie beside it as files, too.
    findings: of an inspection of the log, by key of section; an empty key is the whole page. code: see `fill`."""
    return fill(
        "report.html",
        code,
        title=title,
        facts=facts,
        answer=answer,
        census=census,
        reading=reading,
        verdict_reading=VERDICT_READING if any(panel.judgement for panel in panels) else "",
        panels=panels,
        contrast=contrast,
        contrast_files=contrast_files,
        retention_cards=retention_cards,
        sections=sections,
        gaps=gaps,
        warnings=[*(findings or {}).get("", ()), *warnings],
        findings=findings or {},
        stills=stills,
        places=_places(answer, sections, gaps),
    )


def _places(answer: Answer, sections: Sequence[Part], gaps: Sequence[str]) -> list[tuple[str, str]]:
    """The table of contents: ids and names."""
    return [
        *([("answer", "Answer")] if answer.lines else []),
        ("market", "Market"),
        ("retention", "Retention"),
        *((section.key, section.title) for section in sections),
        *([("gaps", "Gaps")] if gaps else []),
        ("words", "Words"),
    ]


def fill(template: str, code: str | None = None, **values: Any) -> str:
    """A template of this package filled with values; all pages share style, script and filters. code: what `script`
    returns, if that is there already."""
    return environment().get_template(template).render(script=code or script(), **values)


def environment(*packages: str) -> Environment:
    """What a page is rendered in: this package's templates after those of other packages, style and filters. A page
    with charts also needs the script."""
    loaders = [PackageLoader(package, ".") for package in (*packages, "analysis.report.pages")]
    made = _environment(ChoiceLoader(loaders))
    made.filters["svg"] = _Inline()
    made.filters["words"] = _with_links
    made.filters["code"] = _with_code
    made.globals["glossary"] = [(glossary.anchor(entry), entry) for entry in glossary.ENTRIES]
    made.globals["small_cohort"] = SMALL_COHORT
    made.globals["css"] = _text("page.css")
    made.globals["folding"] = _text("fold.js")
    made.globals["panel_id"] = panel_id
    return made


@functools.cache
def _text(name: str) -> str:
    return files("analysis.report.pages").joinpath(name).read_text(encoding="utf-8")


def _environment(loader: BaseLoader) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = _json
    return environment


def _json(value: Any) -> Markup:
    """JSON that can stand inside a <script> element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(inert(text).replace("\\x3c", "\\u003c"))


def _with_links(text: str) -> Markup:
    """A text whose words of the glossary lead to their meaning, at the end of the page; see `_with_code`."""
    return Markup("").join(
        code
        if code
        else Markup('<a class="word" href="#{}" title="{}">{}</a>').format(
            glossary.anchor(entry), entry.meaning, piece
        )
        if entry
        else escape(piece)
        for plain, code in _pieces(text)
        for piece, entry in ([(plain, None)] if code else glossary.split(plain))
    )


def _with_code(text: str) -> Markup:
    """A text in which what stands between backticks is code."""
    return Markup("").join(code or escape(plain) for plain, code in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, Markup]]:
    """The pieces of a text: each plain, and then its code is empty, or code."""
    for number, piece in enumerate(re.split(r"`([^`\n]+)`", text)):
        yield piece, Markup("<code>{}</code>").format(piece) if number % 2 else Markup("")


class _Inline:
    """Makes <svg> elements fit for one page: each gets its own ids, the width of its place, and no XML leftovers."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, svg: str) -> str:
        self.count += 1
        prefix = f"f{self.count}-"
        svg = re.sub(r'\bid="', f'id="{prefix}', svg)
        svg = re.sub(r'href="#', f'href="#{prefix}', svg)
        svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
        svg = re.sub(r"\n\s*", "\n", svg)
        svg = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", svg, count=1)
        return re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", svg, count=1)


def height_of(spec: Spec | None) -> int:
    """Pixels to keep free for a chart until it is drawn."""
    height = (spec or {}).get("height")
    return int(height) + AXIS_HEIGHT if isinstance(height, int | float) else 320


def paragraphs(text: str) -> list[str]:
    """Paragraphs of a docstring, each on one line."""
    return [" ".join(part.split()) for part in text.strip().split("\n\n") if part.strip()]


def facts_of(log: Log) -> list[tuple[str, str]]:
    """The line of facts under the title: requests, days, and the run behind a simulated log."""
    manifest = log.manifest
    facts = [("Requests", f"{log.rows:,}"), ("Days (UTC)", f"{log.first_day} to {log.last_day}")]
    if log.scope.cut:
        facts += [("Days asked for", log.scope.words)]
    if not log.in_study_window:
        facts += [("Exhibits", "of all these days")]
    if manifest:
        facts += [
            (name, str(manifest[key]))
            for name, key in (("Scenario", "scenario"), ("Seed", "seed"), ("Run", "run_id"))
            if key in manifest
        ]
        version = (manifest.get("versions") or {}).get("glass_slipper")
        facts += [("Version", str(version))] if version else []
    return facts
