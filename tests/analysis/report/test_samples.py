"""The notes on what figures are drawn from: the same under the figure and on the page, and no figure made for them."""

from __future__ import annotations

import datetime as dt
import html
import sys
from dataclasses import replace

import pytest

from analysis import report, write_analysis
from analysis.report import exhibits as all_exhibits
from analysis.report.exhibits import EXHIBITS, exhibit
from analysis.sources.opening import open_log
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made, write_run
from tests.analysis.rich_log import rich
from tests.analysis.rows import put

DRAWN = [exhibit for exhibit in EXHIBITS if exhibit.chart is not None or exhibit.sheet]
APART = {part for exhibit in EXHIBITS for part in exhibit.sheet}  # their cohorts state their sizes


@pytest.fixture(scope="module")
def log():
    tables = rich(rows=6000, users=900)
    days = {"start": dt.date(2024, 12, 1), "end": dt.date(2025, 11, 30)}
    with opened(tables.generations, tables.labels, tables.models, **days) as log:
        yield log


@pytest.mark.parametrize("exhibit", DRAWN, ids=[exhibit.id for exhibit in DRAWN])
def test_every_chart_but_a_panel_of_cohorts_says_what_it_is_drawn_from(exhibit, log):
    note = exhibit.sample(log, exhibit.table(log)) if exhibit.sample is not None else ""
    assert note.startswith(f"{log.name}: ") != (exhibit.id in APART)


def test_a_figure_that_is_not_drawn_has_no_note():
    assert [e.id for e in EXHIBITS if e not in DRAWN and e.sample is not None] == []


def test_the_page_of_an_analysis_without_stills_has_the_notes(tmp_path, monkeypatch):
    """It does not even load what draws, nor does one of all exhibits: tests/analysis/sources/test_bad_logs.py."""
    noted = ("fig01", "fig19", "fig27", "table2")
    monkeypatch.setattr(all_exhibits, "EXHIBITS", tuple(e for e in EXHIBITS if e.id in noted))
    tables = made(rows=400, users=60, label_share=0.5)
    languages = ["en", "ru"] * (tables.generations.num_rows // 2 + 1)  # a table of one language is not shown
    spoken = put(tables.generations, "language", languages[: tables.generations.num_rows])
    run = write_run(replace(tables, generations=spoken), tmp_path / "run")
    for name in ("matplotlib", "analysis.report.figures", *sys.modules):
        if name.startswith(("matplotlib", "analysis.report.figures")):
            monkeypatch.setitem(sys.modules, name, None)  # to import it is an error
    monkeypatch.delattr(report, "figures", raising=False)
    with open_log(run) as log:
        write_analysis(log, tmp_path / "out")
    page = html.unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    with open_log(run) as log:
        for id in noted:
            card = page.partition(f'<article class="card" id="{id}">')[2].partition("</article>")[0]
            assert exhibit(id).sample(log, exhibit(id).table(log)) in card, id
