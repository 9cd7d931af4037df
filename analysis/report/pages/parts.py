"""The parts of the report page, as data: panels, cards of exhibits, sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.report.pages.cells import SmallTable
from analysis.report.pages.launch_verdicts import Judgement

Spec = dict[str, Any]  # a Vega-Lite specification


@dataclass(frozen=True)
class Shown:
    """A query as the page shows it."""

    name: str
    sql: str


@dataclass(frozen=True)
class PanelPart:
    """One retention panel of the page. label: its text alternative. gap: why there is no chart. judgement: the verdict
    on its launch cohort."""

    title: str
    model: str
    reading: str
    spec: Spec | None
    still: str  # an <svg> element
    label: str
    table: SmallTable | None
    gap: str = ""
    claims: Sequence[str] = ()
    files: Sequence[str] = ()
    height: int = 255
    judgement: Judgement | None = None


@dataclass(frozen=True)
class Card:
    """One exhibit on the page. still: an <svg> element, for print and where scripts are off. label: the text
    alternative. gap: why it is not available, instead of all the rest. plain: all that there is to see or to say in
    a few words, such as `100% throughout`; such a card is not shown."""

    id: str
    title: str
    unit: str
    spec: Spec | None = None
    still: str = ""
    label: str = ""
    sample: str = ""
    definition: Sequence[str] = ()
    queries: Sequence[Shown] = ()
    choice: str = ""
    claims: Sequence[str] = ()
    table: SmallTable | None = None
    files: Sequence[str] = ()
    gap: str = ""
    height: int = 340
    plain: str = ""

    @property
    def nothing(self) -> str:
        """Why there is nothing to show: it is listed in a line then, not as a card. Empty where there is something."""
        return (
            self.plain
            or self.gap
            or ("none known in this log" if self.table is not None and not self.table.rows else "")
        )

    @property
    def number(self) -> str:
        """Its name in the report, such as `Figure 21a`."""
        kind, digits = re.fullmatch(r"(fig|table)0*(\w+)", self.id).groups()  # type: ignore[union-attr]
        return f"{'Figure' if kind == 'fig' else 'Table'} {digits}"


@dataclass(frozen=True)
class Part:
    """One section of the page."""

    key: str
    title: str
    reading: str
    cards: Sequence[Card] = field(default_factory=list)
