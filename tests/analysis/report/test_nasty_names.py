"""A log whose title, models and authors have names that mean something to a renderer: every figure draws them."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from analysis import contract
from analysis.queries import retention
from analysis.report import figures
from analysis.report.charts import vega
from analysis.report.exhibits import EXHIBITS
from analysis.report.exhibits.retention import cohorts_of
from analysis.report.pages import text_alternatives
from analysis.sources.log import NotAvailable
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made

NAMES = [
    r"$\frac",
    "a$b",
    "_under^score",
    "<b>&amp;",
    "two\nlines",
    "🦊",
    "نموذج",
    "x" * 200,
    "back\\slash",
    "%s{y}",
]
TITLE = r"Costs $5 and $\frac, a_b^c & <script>"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):

    tables = made(rows=2500, users=150, seed=5)
    models = tables.models.column("model").to_pylist()
    ids = {
        model: f"{NAMES[at % len(NAMES)]}{at}/{NAMES[(at + 3) % len(NAMES)]}"
        for at, model in enumerate(models)
    }
    rows = [
        row
        | {
            "model": ids[row["model"]],
            "author": ids[row["model"]].split("/")[0],
            "name": NAMES[at % len(NAMES)],
        }
        for at, row in enumerate(tables.models.to_pylist())
    ]
    named = pa.array([ids[model] for model in tables.generations["model"].to_pylist()])
    at = tables.generations.column_names.index("model")
    generations = tables.generations.set_column(at, "model", named)
    models = pa.Table.from_pylist(rows, schema=contract.arrow_schema("models"))
    with opened(generations, tables.labels, models) as log:
        log.name = TITLE
        yield log


def test_every_figure_draws_any_name(nasty):
    drawn = 0
    for exhibit in EXHIBITS:
        try:
            frame = exhibit.table(nasty)
        except NotAvailable:
            continue
        if exhibit.chart and len(frame):
            chart = exhibit.chart(frame)
            json.dumps(vega.spec(chart))
            assert text_alternatives.describe(frame, exhibit.formats, exhibit.unit, chart)
            sample = exhibit.sample(nasty, frame) if exhibit.sample else ""
            figure = figures.figure(chart, exhibit.title, sample)
            said = "".join(ElementTree.parse(io.StringIO(figures.svg(figure))).getroot().itertext())
            drawn += TITLE in said
    assert drawn > 20


def test_a_panel_draws_any_name(nasty):
    for model in retention.triangles(nasty)["model"].unique():
        ElementTree.parse(io.StringIO(figures.svg(figures.figure(cohorts_of(nasty, model), model))))
