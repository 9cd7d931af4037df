"""Writes the whole analysis of a log: tables, figures and the report."""

from __future__ import annotations

import inspect
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import retention, study, usage
from analysis.source import Log, NotAvailable

Progress = Callable[[str, float, float], None]
RESULTS = ("tables", "figures", "report.html")
_ASIDE = ".analysis-"


def write_analysis(
    log: Log,
    out_dir: str | Path,
    progress: Progress | None = None,
    manifest: dict[str, Any] | None = None,
    models: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Analyse a log and write tables/ (CSV, Parquet), figures/ (SVG, PNG) and report.html into a folder.

    Everything is written aside and renamed at the end: a failure or an interruption leaves earlier results as they
    were. progress: called with (what is being done, steps done, steps in all). manifest: of the run, if the log has
    none itself. models: the models of the retention panels; by default the study's eight that the log holds, else
    the log's four largest.

    Returns a summary: `panels` (list of {letter, model, name, launch_cohort, triangle, contrast}), `triangles`,
    `launch_contrast`, `shares` (mean weekly shares by source type) as DataFrames (None where not available),
    `gaps` (list of text), `files` (list of Path), `report` (Path), `timings_s` ({step: seconds}).
    """
    target = Path(out_dir)
    target.mkdir(parents=True, exist_ok=True)
    for leftover in target.glob(f"{_ASIDE}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    aside = target / f"{_ASIDE}{uuid.uuid4().hex[:8]}"
    aside.mkdir()
    try:
        summary = _Writer(log, aside, progress, manifest or log.manifest, models).write()
        _swap(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    summary["files"] = sorted(file for name in RESULTS for file in _files(target / name))
    summary["report"] = target / "report.html"
    return summary


def panels_of(log: Log, models: Sequence[str] | None = None) -> list[study.Panel]:
    """The retention panels to show: of `models`, else the study's that the log holds, else the four largest models."""
    if models is not None:
        known = {panel.model: panel for panel in study.REPORT_PANELS}
        return [known.get(model, study.Panel("", model, _name(log, model), "")) for model in models]
    largest = usage.by_model(log)["model"].tolist()
    held = [panel for panel in study.REPORT_PANELS if panel.model in set(largest)]
    return held or [study.Panel("", model, _name(log, model), "") for model in largest[:4]]


class _Writer:
    """One analysis being written into a folder."""

    def __init__(
        self,
        log: Log,
        folder: Path,
        progress: Progress | None,
        manifest: dict[str, Any] | None,
        models: Sequence[str] | None,
    ) -> None:
        self.log = log
        self.folder = folder
        self.progress = progress
        self.manifest = manifest
        self.models = models
        self.gaps: list[str] = []
        self.timings: dict[str, float] = {}
        self.done = 0
        self.steps = 1

    def write(self) -> dict[str, Any]:
        from analysis import figures, sections
        from analysis.report import render
        from analysis.report.page import facts_of

        self.steps = len(sections.SECTIONS) + 3
        (self.folder / "tables").mkdir()
        (self.folder / "figures").mkdir()
        panels = self._step("usage", lambda: panels_of(self.log, self.models))
        triangles, contrast = self._step("retention", lambda: self._retention(panels))
        shown = self._step("retention figures", lambda: self._panels(panels, figures))
        parts = [
            self._step(section.title.lower(), partial(self._part, section, figures))
            for section in sections.SECTIONS
        ]
        page = render(
            title=self.log.name,
            facts=facts_of(self.manifest, self.log.rows, self.log.first_day, self.log.last_day),
            question=str((self.manifest or {}).get("question", "")).strip(),
            census=[(str(name), str(value)) for name, value in (self.manifest or {}).get("census", [])],
            panels=shown,
            contrast=self._contrast_table(panels, contrast),
            retention=self._retention_part(),
            parts=parts,
            gaps=self.gaps,
        )
        (self.folder / "report.html").write_text(page, encoding="utf-8")
        self._report("report", self.steps)
        return {
            "panels": [self._panel_summary(panel, triangles, contrast) for panel in panels],
            "triangles": triangles,
            "launch_contrast": contrast,
            "shares": self._shares(),
            "gaps": self.gaps,
            "timings_s": self.timings,
        }

    # --- steps

    def _step(self, name: str, work: Callable[[], Any]) -> Any:
        self._report(name, self.done)
        begun = time.perf_counter()
        result = work()
        self.timings[name] = round(time.perf_counter() - begun, 3)
        self.done += 1
        return result

    def _report(self, name: str, done: float) -> None:
        if self.progress is not None:
            self.progress(name, done, self.steps)

    def _retention(self, panels: list[study.Panel]) -> tuple[pd.DataFrame, pd.DataFrame]:
        everything = retention.triangles(self.log)
        self._store("retention_triangles", everything)
        names = [panel.model for panel in panels]
        contrasts = [retention.launch_contrast(self.log, model) for model in names]
        contrast = pd.concat(contrasts, ignore_index=True) if contrasts else pd.DataFrame()
        self._store("launch_contrast", contrast)
        return everything[everything["model"].isin(names)].reset_index(drop=True), contrast

    def _panels(self, panels: list[study.Panel], figures: Any) -> list[Any]:
        from analysis.report import PanelPart, cells

        titled = [(panel.model, _title(panel)) for panel in panels]
        if titled:
            self._draw("retention_panels", figures.retention_panels(self.log, titled), figures)
        top = figures.common_top(self.log, [panel.model for panel in panels])
        shown = []
        for panel in panels:
            figure = figures.retention_panel(self.log, panel.model, title="", top=top)
            triangle = retention.triangle(self.log, panel.model)
            launch, _ = retention.launch_cohort(self.log, panel.model)
            table = cells.triangle(triangle, launch) if len(triangle) else None
            shown.append(PanelPart(_title(panel), panel.model, panel.reading, figures.svg(figure), table))
        return shown

    def _part(self, section: Any, figures: Any) -> Any:
        from analysis.report import Part, cells

        definition = inspect.getdoc(section.query) or ""
        drawn: list[str] = []
        table = None
        gap = ""
        sql = ""
        for stem, make in section.tables.items():
            try:
                self._store(stem, make(self.log))
            except NotAvailable as error:
                self.gaps.append(f"{stem}: {error}")
        try:
            table = cells.table(section.small(self.log), section.formats)
            drawn = [self._draw(stem, make(self.log), figures) for stem, make in section.figures.items()]
            sql = section.query.sql(self.log)
        except NotAvailable as error:
            gap = f"{error.column} ({error.why})"
        return Part(section.key, section.title, section.reading, definition, sql, drawn, table, gap)

    # --- files

    def _store(self, stem: str, frame: pd.DataFrame) -> None:
        frame.to_csv(self.folder / "tables" / f"{stem}.csv", index=False)
        frame.to_parquet(self.folder / "tables" / f"{stem}.parquet", index=False)

    def _draw(self, stem: str, figure: Any, figures: Any) -> str:
        """Write a figure as SVG and PNG; returns its <svg> element."""
        paths = figures.save(figure, self.folder / "figures" / stem)
        text: str = paths[0].read_text(encoding="utf-8")
        return text[text.index("<svg") :]

    # --- parts of the summary and the page

    def _retention_part(self) -> Any:
        from analysis.report import Part

        definition = "\n\n".join(
            part.strip()
            for part in (inspect.getdoc(retention) or "", inspect.getdoc(retention.triangles) or "")
        )
        reading = (
            "Users by the month of their first request to a model: the share that is active again in later months. "
            "Orange: the launch cohort with its 95% interval. Blue, light to dark: later cohorts. Grey: fewer than "
            f"{study.SMALL_COHORT} users. The y axis is the same in all panels."
        )
        sql = retention.cohort_activity.sql(self.log)
        return Part("retention", "Retention by cohort", reading, definition, sql)

    def _contrast_table(self, panels: list[study.Panel], contrast: pd.DataFrame) -> Any:
        from analysis.report import cells

        if contrast.empty:
            return None
        names = {panel.model: panel.name for panel in panels}
        return cells.contrast(contrast.assign(name=contrast["model"].map(names)))

    def _panel_summary(
        self, panel: study.Panel, triangles: pd.DataFrame, contrast: pd.DataFrame
    ) -> dict[str, Any]:
        return {
            "letter": panel.letter,
            "model": panel.model,
            "name": panel.name,
            "launch_cohort": retention.launch_cohort(self.log, panel.model)[0],
            "triangle": triangles[triangles["model"] == panel.model].reset_index(drop=True),
            "contrast": contrast[contrast["model"] == panel.model].reset_index(drop=True),
        }

    def _shares(self) -> pd.DataFrame | None:
        from analysis import openness, sections

        try:
            return openness.share_summary(self.log, sections.window_of(self.log, study.MAIN_WINDOW))
        except NotAvailable:
            return None


def _title(panel: study.Panel) -> str:
    return f"({panel.letter}) {panel.name}" if panel.letter else panel.name


def _name(log: Log, model: str) -> str:
    names = retention.model_names(log)
    return names.get(model, model)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def _swap(aside: Path, target: Path) -> None:
    """Put the new results in the place of the old ones, each by a rename."""
    for name in RESULTS:
        old = aside / f"old-{name}"
        if (target / name).exists():
            (target / name).rename(old)
        (aside / name).rename(target / name)
