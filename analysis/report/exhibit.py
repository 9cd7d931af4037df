"""An exhibit: one figure or table of the report as a tidy table, a picture in a file, and a chart for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis.queries.query import Query
from analysis.sources.log import Log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["count", "share", "tokens", "usd", "number", "text", "week", "month"]
SectionKey = Literal["openness", "agentic", "categories", "geography", "retention", "cost"]


@dataclass(frozen=True)
class Exhibit:
    """One figure or table of the report.

    id: `fig01` .. `fig29` (parts `fig21a`), `table1` .. `table3`; it names the exported files. table: the tidy
    table behind it. queries: those whose results the table is made of, in the order in which the page shows their
    SQL; the docstring of the first (numerator, denominator, unit, filter, window) defines it. derived: the table is
    worked out from all of them, and its own docstring alone defines it. draw: the matplotlib
    figure (None for a table). sample: what it is drawn from, in a line (None: the whole log); it is the note under
    the figure, and is made without drawing. chart: the same as a Vega-Lite specification for the page, made from
    the table. claims: ids of the claims that are read off it. choice: where the report contradicts itself or is
    silent, what was chosen. formats: of its columns, on the page. compared: the column in which two logs are
    compared (none: not as a series), and key: the columns that name its series, one row each (of a week); never
    texts that are derived from numbers.
    """

    id: str
    title: str
    section: SectionKey
    unit: str
    table: Callable[[Log], pd.DataFrame]
    queries: tuple[Query[Any], ...]
    derived: bool = False
    draw: Callable[[Log], Figure] | None = None
    sample: Callable[[Log], str] | None = None
    chart: Callable[[pd.DataFrame], dict[str, Any]] | None = None
    claims: tuple[str, ...] = ()
    choice: str = ""
    formats: Mapping[str, Format] = field(default_factory=dict)
    compared: str = ""
    key: tuple[str, ...] = ()
