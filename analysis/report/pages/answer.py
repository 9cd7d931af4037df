"""The first thing on the page: what the scenario asks, and what this log answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.report.looked_at import answered, first_sure
from analysis.report.pages.parts import PanelPart


@dataclass(frozen=True)
class Line:
    """One sentence of the answer. about: whom it is about, in bold before it. mark, style: of a verdict (`holds`,
    `unsure`, `none`), so that colour is not alone. target: id of the part of the page that says more."""

    text: str
    about: str = ""
    mark: str = ""
    style: str = "none"
    target: str = ""


@dataclass(frozen=True)
class Answer:
    """What stands first. question: the scenario's, or empty. lines: the answer, most important first. picture: the
    number (from 1) of the retention panel whose chart stands beside it; 0 for none. below: what one must know to trust
    it, such as warnings about the log."""

    question: str
    lines: Sequence[Line] = ()
    picture: int = 0
    below: Sequence[str] = ()


def answer(question: str, panels: Sequence[PanelPart], asked: Sequence[str] = ()) -> Answer:
    """The answer that the panels' verdicts give: a line a panel of a model that the question is about (`asked`; none:
    of all models), the chart of the first of them that is judged, or else of the first that has one, and how sure the
    first verdict is."""
    models = answered([panel.model for panel in panels], asked)
    about = [(number, panel) for number, panel in enumerate(panels, start=1) if panel.model in models]
    lines: list[Line] = []
    told: list[tuple[str, str]] = []
    for number, panel in about:
        if (found := panel.judgement) is None:
            continue
        lines.append(Line(found.words, panel.title, found.mark, found.style, panel_id(number)))
        told.append((panel.title, found.sure))
    drawn = [(number, panel) for number, panel in about if panel.spec]
    judged = [
        (number, panel) for number, panel in drawn if panel.judgement is not None and not panel.judgement.gap
    ]
    picture = next((number for number, _ in judged or drawn), 0)
    sure = first_sure(told)
    return Answer(question, lines, picture, [sure] if sure else [])


def panel_id(number: int) -> str:
    """The id of a retention panel on the page, counted from 1."""
    return f"panel-{number}"
