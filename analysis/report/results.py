"""Writes the whole analysis of a log: tables, figures and the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis import study
from analysis.inference import SEED, SIMULATIONS
from analysis.numerals import counted
from analysis.queries import retention
from analysis.report.charts import vega
from analysis.report.charts.chart import Chart, Cohorts, Sheet, on_one_scale
from analysis.report.exhibit import Exhibit
from analysis.report.looked_at import models_asked, panels_of
from analysis.report.result_files import CONTRAST, PAGE, TRIANGLES, VERDICTS, WITHHELD, ResultFiles, has_table
from analysis.report.window import over_words
from analysis.report.withholding import above, shares, shown, table_of
from analysis.sources.log import Log, NotAvailable
from analysis.staging import Staging
from analysis.workers import Workers

if TYPE_CHECKING:
    from analysis.disclosure.account import Account
    from analysis.inference.verdict.judging import Judging
    from analysis.inference.verdict.verdict import Verdict
    from analysis.report.pages import Card, PanelPart
    from analysis.report.pages.launch_verdicts import Judgement

Progress = Callable[[str, float, float], None]
RESULTS = ("tables", "figures", PAGE)
# Loyal share whose detection the page states; `slipper verdict` simulates smaller ones, too.
PLANTED = (0.25,)


def write_analysis(
    log: Log,
    out_dir: str | Path,
    progress: Progress | None = None,
    models: Sequence[str] | None = None,
    registry_digest: str | None = None,
    workers: Workers | None = None,
    answer: Callable[[dict[str, Any]], None] | None = None,
    stills: bool = False,
    findings: Mapping[str, Sequence[str]] | None = None,
    k_anonymity: int = 0,
) -> dict[str, Any]:
    """Analyse a log and write tables/ (CSV, Parquet), report.html and, if asked, figures/ (SVG, PNG) into a folder.

    Each exhibit (`analysis.report.exhibits.EXHIBITS`) gives the files that bear its id; tables/index.csv lists them.
    What the log cannot say is a gap: it has no files, and the page says why. Everything is staged and renamed at the
    end: a failure or an interruption leaves earlier results as they were, and of several analyses that write into one
    folder at once the last to end stays. progress: called with (what is being done, steps done, steps in all).
    models: the models of the retention panels; by default those of `looked_at.models_shown`. registry_digest: of the
    claims as they are now; verdicts in the folder that are of other claims are marked on the page. workers: who
    simulates panels and draws figures (default: this process; the files are the same). answer: called as soon as the
    tables and the verdicts are there, before figures and page, with the summary as it is then. stills: draw the
    figures as files, too, as `slipper run --figures` does; without them the page has its charts, and for print and
    readers without scripts the tables, and earlier figures are removed. findings: `Inspection.sentences`, for the page.
    k_anonymity: users that a cell of any table, chart or page stands on, else it is withheld (0: all cells are shown).

    Returns a summary: `panels` (list of {letter, model, name, launch_cohort}), `triangles`, `launch_contrast`,
    `verdicts` (one row a panel, as `inference.verdict_table`), `judged` (list of Verdict, one a panel), `asked`
    (models that the question is about, maybe none), `shares` (mean weekly shares by source type) as DataFrames (None
    where not available), `shares_over` (of which weeks these are), `gaps` (list of text), `files` (list of Path),
    `report` (Path), `timings_s` (seconds of "tables", "verdicts", "figures" and "page"), `withheld` (Account, or None).
    """
    from analysis.report.pages import claim_verdicts

    target = Path(out_dir)
    with Staging(target, RESULTS) as staged, shown(log, k_anonymity) as (log, account):
        writer = _Writer(
            log, staged.path, progress, models, workers or Workers(), answer, stills, findings, account
        )
        outdated = registry_digest is not None and claim_verdicts.is_outdated(target, registry_digest)
        summary = writer.write(None if account else claim_verdicts.read(target), outdated)
        files = sorted(file.relative_to(staged.path) for file in staged.path.rglob("*") if file.is_file())
        staged.publish()
    if not stills:
        with suppress(OSError):  # somebody else's analysis has put pictures there by now
            (target / "figures").rmdir()
    summary["files"] = [target / file for file in files]
    summary["report"] = target / PAGE
    return summary


class _Writer:
    """One analysis being written into a folder."""

    def __init__(
        self,
        log: Log,
        folder: Path,
        progress: Progress | None,
        models: Sequence[str] | None,
        workers: Workers,
        answer: Callable[[dict[str, Any]], None] | None,
        stills: bool,
        findings: Mapping[str, Sequence[str]] | None,
        account: Account | None,
    ) -> None:
        self.log = log
        self.files = ResultFiles(folder, workers)
        self.progress = progress
        self.models = models
        self.workers = workers
        self.answer = answer
        self.stills = stills
        self.findings = findings
        self.account = account  # of what is withheld; None: nothing
        self.gaps: list[str] = []
        self.timings: dict[str, float] = {}
        self.sql: dict[str, Future[str]] = {}  # by query: several exhibits have the same
        self.charts: dict[str, Chart] = {}  # by exhibit
        self.done = 0
        self.steps = 1

    def write(self, judged: dict[str, Any] | None, outdated: bool) -> dict[str, Any]:
        from analysis.inference.verdict.table import verdict_table
        from analysis.report.exhibits import exhibits_of
        from analysis.report.pages import claim_verdicts
        from analysis.report.pages.launch_verdicts import judgement
        from analysis.report.pages.script import script

        exhibits = exhibits_of(self.log)
        self.steps = 2 * len(exhibits) + 8  # of each exhibit a table and a figure; and those below
        panels = self._step("tables", lambda: panels_of(self.log, self.models))
        judging = self._step("verdicts", lambda: self._judging(panels))
        triangles, contrast = self._step("tables", lambda: self._retention(panels))
        code = self.workers.start(script)
        cohorts = self._step("figures", lambda: self._cohorts(panels))
        tables = {e.id: self._step("tables", partial(self._table, e)) for e in exhibits}
        self._sheets(exhibits)
        judged_here = self._step("verdicts", lambda: self._verdicts(judging))
        summary = {
            "panels": [self._panel_summary(panel) for panel in panels],
            "triangles": triangles,
            "launch_contrast": contrast,
            "verdicts": verdict_table(judged_here),
            "judged": judged_here,
            "asked": list(self.models or models_asked(self.log)),
            "shares": shares(self.log, self.account),
            "shares_over": over_words(self.log),
            "gaps": self.gaps,
            "timings_s": self.timings,
            "withheld": self.account,
        }
        if self.answer is not None:
            self.answer(summary)
        cards = {e.id: self._step("figures", partial(self._card, e, tables[e.id])) for e in exhibits}
        cards = self._step("figures", lambda: self._with_stills(cards))
        parts = zip(panels, map(judgement, judged_here), strict=True)
        shown = self._step("page", lambda: [self._panel(*part, cards, cohorts) for part in parts])
        if self.account:
            self.files.keep(WITHHELD, "Cells that are withheld", "cells", self.account.table())
        self.files.write_index()
        apart = {part for e in exhibits for part in e.sheet}  # the page shows the panels instead
        sections: list[tuple[str, Card]] = [(e.section, cards[e.id]) for e in exhibits if e.id not in apart]

        def write_page() -> None:
            page = self._page(panels, contrast, shown, sections, code.result())
            (self.files.folder / PAGE).write_text(
                claim_verdicts.into(page, judged, outdated), encoding="utf-8"
            )

        self._step("page", write_page)
        self._report("report", self.steps)
        return summary

    # --- steps

    def _step(self, name: str, work: Callable[[], Any]) -> Any:
        self._report(name, self.done)
        begun = time.perf_counter()
        result = work()
        self.timings[name] = round(self.timings.get(name, 0.0) + time.perf_counter() - begun, 3)
        self.done += 1
        return result

    def _report(self, name: str, done: float) -> None:
        if self.progress is not None:
            self.progress(name, done, self.steps)

    def _retention(self, panels: list[study.Panel]) -> tuple[pd.DataFrame, pd.DataFrame]:
        everything = retention.triangles(self.log)
        names = [panel.model for panel in panels]
        contrasts = [retention.launch_contrast(self.log, model) for model in names]
        contrast = pd.concat(contrasts, ignore_index=True) if contrasts else pd.DataFrame()
        self.files.keep(TRIANGLES, "Retention triangles of all models", "share of users", everything)
        self.files.keep(CONTRAST, "Launch cohorts against later ones", "share of users", contrast)
        return everything[everything["model"].isin(names)].reset_index(drop=True), contrast

    def _judging(self, panels: list[study.Panel]) -> Judging:
        """The verdicts on the panels' launch cohorts, begun: those of `slipper verdict` with the same seed."""
        import numpy as np

        from analysis.inference.cohorts import models
        from analysis.inference.verdict import judging

        log, least = self.log.whole, self.log.least  # all users, with their organisations
        return judging.Judging(
            log, [panel.model for panel in panels], np.random.default_rng(SEED),
            controls=models.control_models(log, least=least), least=least, simulations=SIMULATIONS, planted=PLANTED,
            workers=self.workers,
            progress=lambda model, done, total: self._report("verdicts", self.done + done / max(total, 1)),
        )  # fmt: skip

    def _verdicts(self, judging: Judging) -> list[Verdict]:
        from analysis.inference.verdict.table import verdict_table

        found = [one.brief() if self.account else one for one in judging.verdicts()]
        unit = "share of users; of simulated panels"
        self.files.keep(VERDICTS, "Verdicts on the launch cohorts", unit, verdict_table(found))
        return found

    def _cohorts(self, panels: list[study.Panel]) -> dict[str, Cohorts]:
        """The charts of the retention panels by model, on one scale."""
        from analysis.report.exhibits.retention import cohorts_of

        charts = on_one_scale(cohorts_of(self.log, panel.model) for panel in panels)
        return dict(zip((panel.model for panel in panels), charts, strict=True))

    def _sheets(self, exhibits: Sequence[Exhibit]) -> None:
        """Put charts that stand on a sheet on it, and give each of them the scale that it has there."""
        for exhibit in exhibits:
            parts = {id: self.charts[id] for id in exhibit.sheet if id in self.charts}
            cohorts = {id: chart for id, chart in parts.items() if isinstance(chart, Cohorts)}
            if cohorts:
                sheet = Sheet(tuple(cohorts.values()))
                self.charts |= {exhibit.id: sheet, **dict(zip(cohorts, sheet.panels, strict=True))}

    def _panel(
        self,
        panel: study.Panel,
        judgement: Judgement,
        cards: Mapping[str, Card],
        cohorts: Mapping[str, Cohorts],
    ) -> PanelPart:
        """A retention panel of the page."""
        from analysis.report.pages import PanelPart, cells, text_alternatives

        card = cards.get(f"fig25{panel.letter}")  # of the exhibit that is the same panel, drawn already
        chart = cohorts[panel.model]
        triangle, launch = chart.cells, chart.launch
        spec = vega.spec(chart)
        gap = "" if spec else chart.gap
        still = card.still if card is not None else ""
        if spec and not still and self.stills:
            from analysis.report import figures

            still = figures.svg(figures.figure(chart))
        return PanelPart(
            title=f"({panel.letter}) {panel.name}" if panel.letter else panel.name,
            model=panel.model,
            reading=panel.reading,
            spec=spec,
            still=still,
            label=text_alternatives.describe_retention(panel.name, triangle, launch),
            table=cells.triangle(triangle, launch) if len(triangle) else None,
            gap=gap,
            claims=card.claims if card is not None and card.still else (),
            files=card.files if card is not None and panel.letter else (),  # else the card is the sheet's
            judgement=judgement,
        )

    def _table(self, exhibit: Exhibit) -> pd.DataFrame | NotAvailable:
        """The table of an exhibit, or why the log cannot say it. Workers write its SQL."""
        try:
            frame = table_of(exhibit, self.log, self.account)
            for query in exhibit.queries:
                if query.name not in self.sql:
                    self.sql[query.name] = query.sql_by(self.workers, self.log)
            if exhibit.chart is not None and len(frame):
                self.charts[exhibit.id] = exhibit.chart(frame)
            return frame
        except NotAvailable as error:
            self.gaps.append(f"{exhibit.title}: {error}")
            return error

    def _card(self, exhibit: Exhibit, frame: pd.DataFrame | NotAvailable) -> Card:
        """The page's card of an exhibit, without its still, which is being drawn."""
        from analysis.report.pages import Card, Shown, cells, page, text_alternatives

        definition = page.paragraphs(exhibit.definition_on(self.log))
        chart = self.charts.get(exhibit.id)
        if not isinstance(frame, NotAvailable):
            try:
                files = self.files.store(exhibit.id, frame)
                sample = exhibit.sample(self.log, frame) if exhibit.sample is not None else ""
                if chart is not None and self.stills:
                    files += self.files.draw(exhibit.id, chart, exhibit.title, sample)
                sql = [Shown(query.name, self.sql[query.name].result()) for query in exhibit.queries]
            except NotAvailable as error:
                self.files.forget(exhibit.id)
                self.gaps.append(f"{exhibit.title}: {error}")
                frame = error
        if isinstance(frame, NotAvailable):
            gap = f"{frame.column} ({frame.why})"
            self.files.list(exhibit.id, exhibit.title, exhibit.unit, exhibit.claims)
            return Card(
                exhibit.id, exhibit.title, exhibit.unit, definition=definition, claims=exhibit.claims, gap=gap,
                plain=frame.why,
            )  # fmt: skip
        self.files.list(exhibit.id, exhibit.title, exhibit.unit, exhibit.claims, frame, files)
        formats = exhibit.formats or cells.guessed(frame)
        sheet = bool(exhibit.sheet)  # the panels show it, one by one
        spec = None if isinstance(chart, Cohorts) else vega.spec(chart)
        return Card(
            id=exhibit.id,
            title=exhibit.title,
            unit=exhibit.unit,
            spec=spec,
            label=text_alternatives.SHEET
            if sheet
            else text_alternatives.describe(frame, formats, exhibit.unit, chart),
            sample=sample
            or f"{self.log.name}: {counted(self.log.rows, 'request')}, {self.log.first_day} to {self.log.last_day}",
            definition=definition,
            queries=sql,
            choice=exhibit.choice,
            claims=exhibit.claims,
            table=None if sheet else cells.table(frame, formats),
            files=files,
            height=page.height_of(spec),
            plain=text_alternatives.throughout(frame, formats),
        )

    def _with_stills(self, cards: dict[str, Card]) -> dict[str, Card]:
        """The cards with their stills, once the figures are drawn and written."""
        whole = dict(cards)
        for stem, picture in self.files.write_figures().items():
            if not isinstance(self.charts[stem], Sheet):  # the panels show it, one by one
                whole[stem] = replace(cards[stem], still=picture.element)
        return whole

    # --- parts of the summary and the page

    def _page(
        self,
        panels: list[study.Panel],
        contrast: pd.DataFrame,
        shown: list[PanelPart],
        cards: list[tuple[str, Card]],
        code: str,
    ) -> str:
        from analysis.report.pages import Part, page
        from analysis.report.pages.answer import answer

        manifest = self.log.manifest or {}
        return page.render(
            title=self.log.name,
            facts=page.facts_of(self.log),
            answer=answer(
                str(manifest.get("question", "")).strip(), shown, self.models or models_asked(self.log)
            ),
            census=[] if self.account else manifest.get("census", []),
            reading=page.RETENTION_READING,
            panels=shown,
            contrast=self._contrast_table(panels, contrast),
            contrast_files=[
                f"tables/{stem}.csv"
                for stem in (CONTRAST, TRIANGLES, VERDICTS)
                if has_table(self.files.folder, stem)
            ],
            retention_cards=[card for section, card in cards if section == "retention"],
            sections=[
                Part(key, title, reading, [card for section, card in cards if section == key])
                for key, title, reading in page.SECTIONS
                if any(section == key for section, _ in cards)
            ],
            gaps=self.gaps,
            warnings=() if self.account else self.log.warnings,
            findings=above(self.findings, self.account),
            stills=bool(self.files.drawing),
            code=code,
        )

    def _contrast_table(self, panels: list[study.Panel], contrast: pd.DataFrame) -> Any:
        from analysis.report.pages import cells

        if contrast.empty:
            return None
        names = {panel.model: panel.name for panel in panels}
        return cells.contrast(contrast.assign(name=contrast["model"].map(names)))

    def _panel_summary(self, panel: study.Panel) -> dict[str, Any]:
        return {
            "letter": panel.letter,
            "model": panel.model,
            "name": panel.name,
            "launch_cohort": retention.launch_cohort(self.log, panel.model)[0],
        }
