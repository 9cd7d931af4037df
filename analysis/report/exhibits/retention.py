"""Figure 25: activity retention by month of first use, eight models."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.disclosure.grids import COHORTS
from analysis.queries import retention
from analysis.report.charts import samples
from analysis.report.charts.chart import Cohorts
from analysis.report.exhibit import Exhibit
from analysis.sources.log import Log, NotAvailable
from analysis.study import REPORT_PANELS, SMALL_COHORT, Panel

_CLAIMS: dict[str, tuple[str, ...]] = {
    "a": ("C117", "C119"), "b": ("C118", "C119"), "c": ("C130",), "d": ("C120", "C121"), "e": ("C122",),
    "f": ("C123",), "g": ("C124", "C125"), "h": ("C124", "C126"),
}  # fmt: skip
_CHOICE = (
    "Month 0 is the calendar month of the first request to the listed id; retention at 0 is 1 by definition. Cohorts "
    f"under {SMALL_COHORT} users are marked small, and drawn grey."
)
_BY_MODEL = {
    "google/gemini-2.5-pro": "Previews of Gemini 2.5 Pro were listed from March 2025; the report's June cohort is "
    "that of the listed id, with the users whom the gateway moved from a preview in it.",
    "openai/gpt-4o-mini": "The launch of GPT-4o mini, July 2024, lies before the report's window of 13 months: the "
    "figure reaches back as far as the log.",
}  # fmt: skip
_FORMATS: Any = {
    "cohort": "month", "k": "count", "month": "month", "users": "count", "active": "count", "retention": "share",
    "wilson_low": "share", "wilson_high": "share",
}  # fmt: skip


def triangle(log: Log, model: str) -> pd.DataFrame:
    """Activity retention of a model's cohorts, from retention.cohort_activity: users with a request to the model in
    month cohort + k, over the users whose first request to it lies in the cohort's month.

    Columns as in `retention.triangles`, observed cells only, and launch: the cohort of the month of release.
    """
    cells = retention.triangle(log, model)
    if cells.empty:
        raise NotAvailable(model, _none(log, "this model"))
    start, _ = retention.launch_cohort(log, model)
    cells["launch"] = cells["cohort"] == (pd.Timestamp(start) if start else pd.NaT)
    return cells[cells["observed"]].reset_index(drop=True)


def triangles(log: Log) -> pd.DataFrame:
    """Activity retention of the cohorts of the report's eight models, from retention.cohort_activity; see
    `retention.triangles` for the columns. Models that the log does not hold are left out."""
    cells = retention.triangles(log, [panel.model for panel in REPORT_PANELS])
    if cells.empty:
        raise NotAvailable("the eight models of figure 25", _none(log, "any of them"))
    return cells[cells["observed"]].reset_index(drop=True)


def _none(log: Log, which: str) -> str:
    """Why there is no cohort: where small ones are withheld, nobody and a few look alike."""
    if log.least:
        return f"no cohort of {log.least} users or more began with {which}"
    return f"the log holds no request to {which}"


def _cohorts(cells: pd.DataFrame, name: str) -> Cohorts:
    launch = cells.loc[cells["launch"], "cohort"]
    return Cohorts(cells, launch.iloc[0] if len(launch) else None, name=name)


def cohorts_of(log: Log, model: str, name: str = "") -> Cohorts:
    """The chart of any model's cohorts, those that the log does not hold too. name: on a sheet."""
    return Cohorts(
        retention.triangle(log, model), retention.launch_cohort(log, model)[0], name=name, least=log.least
    )


def panel_exhibit(panel: Panel) -> Exhibit:
    """The exhibit of one retention panel."""
    table = partial(triangle, model=panel.model)
    table.__doc__ = triangle.__doc__
    return Exhibit(
        id=f"fig25{panel.letter}",
        title=f"Retention of {panel.name}",
        section="retention",
        cells=(COHORTS,),
        unit="share of the cohort's users active in the month",
        table=table,
        queries=(retention.cohort_activity,),
        chart=partial(_cohorts, name=f"({panel.letter}) {panel.name}"),
        claims=_CLAIMS.get(panel.letter, ()),
        of_study=True,
        choice=f"{_CHOICE} {_BY_MODEL.get(panel.model, '')}".strip(),
        formats=_FORMATS,
    )


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig25",
        title="Retention by month of first use: eight models",
        section="retention",
        cells=(COHORTS,),
        unit="share of the cohort's users active in the month",
        table=triangles,
        queries=(retention.cohort_activity,),
        sample=samples.months,
        sheet=tuple(f"fig25{panel.letter}" for panel in REPORT_PANELS),
        claims=("C115", "C116", "C119", "C124", "C127", "C128", "C129", "C131"),
        of_study=True,
        choice=" ".join((_CHOICE, *_BY_MODEL.values())),
        formats={"model": "text", **_FORMATS},
    ),
    *(panel_exhibit(panel) for panel in REPORT_PANELS),
)
