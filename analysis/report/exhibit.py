"""An exhibit: one figure or table of the report as a tidy table and its chart."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from analysis.inspection.check import Part
from analysis.queries.query import Query
from analysis.report.charts.chart import Chart, Format, apart_from_study
from analysis.report.charts.samples import Sample
from analysis.report.window import Windowed
from analysis.sources.log import Log

# Of a docstring: what the query is read for, and what stands in brackets about the report.
_OF_STUDY = re.compile(
    r"(?::|,)?\s+(?:report definition [A-Z]\.\d+,\s+)?\(?(?:driver of )?claims?\s+C\d+[^.]*"
    r"|\s+\([^()]*\b(?:report\b|C\d{2,3}\b)[^()]*\)"
)


@dataclass(frozen=True)
class Exhibit:
    """One figure or table of the report.

    id: `fig01` .. `fig29` (parts `fig21a`), `table1` .. `table3`; it names the exported files. table: the tidy table
    behind it. queries: those whose results the table is made of, in the order in which the page shows their SQL; the
    docstring of the first (numerator, denominator, unit, filter, window) defines it. derived: the table is worked out
    from all of them, and its own docstring alone defines it. chart: the description of its chart, made from the
    table, which the page and files draw (None for a table or a sheet). sheet: ids of the exhibits whose charts stand
    on one sheet in a file; the page shows them one by one. sample: what it is drawn from, in a line (None: the whole
    log, or what the chart says itself); it is the note under the figure. claims: ids of the claims that are read off
    it. choice: where the report contradicts itself or is silent, what was chosen. of_study: it is about what the study
    names, and says nothing of a log that is not set beside it. formats: of its columns, on the
    page. compared: the column in which two logs are compared (none: not as a series), and key: the columns that name
    its series, one row each (of a week); never texts that are derived from numbers. cells: names of the grids
    (`analysis.disclosure.grids`) over whose cells its numbers are sums; empty: it counts no requests; None: no grid
    counts what they stand on, so that it is withheld where small cells are.
    """

    id: str
    title: str
    section: Part
    unit: str
    table: Callable[[Log], pd.DataFrame]
    queries: tuple[Query[Any], ...]
    derived: bool = False
    sample: Sample | None = None
    chart: Callable[[pd.DataFrame], Chart] | None = None
    sheet: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    choice: str = ""
    of_study: bool = False
    formats: Mapping[str, Format] = field(default_factory=dict)
    compared: str = ""
    key: tuple[str, ...] = ()
    cells: tuple[str, ...] | None = None

    def definition_on(self, log: Log) -> str:
        """The docstring of its table, with the weeks that it shows of a log, and of its first query where the table is
        not derived."""
        table = self.table
        texts = [table.definition(log) if isinstance(table, Windowed) else inspect.getdoc(table) or ""]
        if self.queries and not self.derived:
            texts.append(inspect.getdoc(self.queries[0]) or "")
        text = "\n\n".join(dict.fromkeys(text for text in texts if text))
        return text if log.beside_study else _OF_STUDY.sub("", text)

    def apart_from_study(self) -> Exhibit:
        """The same for a log that is not set beside the study: without what that says."""
        chart = self.chart
        drawn = None if chart is None else lambda frame: apart_from_study(chart(frame))
        return replace(self, chart=drawn, claims=(), choice="")
