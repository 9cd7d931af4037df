"""The exhibits of categories, geography, retention and cost: complete, drawn, charted; gaps are stated."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re

import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from analysis.report.charts import vega
from analysis.report.exhibits import categories, cost, exhibit, geography, retention
from analysis.report.figures import figure, svg
from analysis.sources.log import NotAvailable
from analysis.sources.scope import Scope
from tests.analysis import rows, vega_lite
from tests.analysis.in_memory import opened
from tests.analysis.rich_log import rich

ALL = (
    *categories.EXHIBITS, *geography.EXHIBITS, *retention.EXHIBITS, *cost.EXHIBITS, *categories.APPENDIX,
)  # fmt: skip
IDS = [found.id for found in ALL]


@pytest.fixture(scope="module")
def tables():
    return rich(rows=6000, users=900)


@pytest.fixture(scope="module")
def log(tables):
    days = {"start": dt.date(2024, 12, 1), "end": dt.date(2025, 11, 30)}
    scope = Scope(study_window=True, beside_study=True)
    with opened(tables.generations, tables.labels, tables.models, **days, scope=scope) as log:
        yield log


def test_every_figure_and_table_has_its_exhibit():
    figures = ["fig19", "fig20", "fig21a", "fig21b", "fig22a", "fig22b", "fig22c", "fig23a", "fig23b", "fig23c",
               "fig24", *(f"fig25{letter}" for letter in "abcdefgh"), "fig26", "fig27", "fig28",
               "fig29a", "fig29b", "fig29c", "table2", "table3"]  # fmt: skip
    assert set(figures) <= set(IDS)
    assert len(IDS) == len(set(IDS))
    assert exhibit("fig26") in ALL
    with pytest.raises(KeyError, match="fig19"):
        exhibit("fig99")
    claimed = {claim for found in ALL for claim in found.claims}
    assert {f"C{i:02d}" for i in range(77, 159)} <= claimed
    assert all(re.fullmatch(r"C\d\d\d?", claim) for claim in claimed)


@pytest.mark.parametrize("found", ALL, ids=IDS)
def test_table_definition_and_chart(found, log):
    text = inspect.getdoc(found.table)
    assert text and not text.startswith("partial(")
    assert found.section == "retention" or "window" in text + (inspect.getdoc(found.queries[0]) or "")
    frame = found.table(log)
    assert len(frame)
    assert set(found.formats) <= set(frame.columns)
    assert found.unit and found.title
    if found.chart is None:
        return
    before = frame.copy()
    spec = vega.spec(found.chart(frame))
    vega_lite.check(spec)
    pd.testing.assert_frame_equal(frame, before)
    text = json.dumps(spec, allow_nan=False)
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert "http" not in text.replace(spec["$schema"], "")  # data inside, nothing to fetch
    assert len(text) < 200_000


@pytest.mark.parametrize("found", [e for e in ALL if e.chart], ids=[e.id for e in ALL if e.chart])
def test_figure_states_its_sample(found, log):
    frame = found.table(log)
    sample = found.sample(log, frame) if found.sample else ""
    made = figure(
        found.chart(frame), found.title, sample
    )  # written out by tests of results and of nasty names
    assert isinstance(made, Figure) and made.axes
    if found.section != "retention":
        assert log.name in made.get_supxlabel()


def test_weeks_are_those_of_the_report_where_the_log_reaches_into_them(log):
    weekly = exhibit("fig19").table(log)
    assert weekly["week"].min() == pd.Timestamp("2025-05-05")
    assert weekly["week"].max() == pd.Timestamp("2025-11-24")
    assert exhibit("fig24").table(log)["week"].min() < pd.Timestamp("2025-05-05")


def test_panels_mark_the_launch_cohort(log):
    cells = exhibit("fig25a").table(log)
    assert set(cells.loc[cells["launch"], "cohort"]) == {pd.Timestamp("2025-05-01")}
    assert cells["observed"].all()
    assert (cells.loc[cells["k"] == 0, "retention"] == 1).all()
    sheet = exhibit("fig25").table(log)
    assert len(sheet[sheet["model"] == "anthropic/claude-sonnet-4"]) == len(cells)


MISSING = {
    "byok": ("fig26", "fig27", "fig27b", "fig28", "table3", "table3b"),
    "continent": ("fig24", "table2b"),
    "country": ("table2c",),
    "language": ("table2",),
    "variant": (),
    "tokens_cached": (),
}


@pytest.mark.parametrize("column", MISSING)
def test_a_missing_column_is_a_gap_where_it_is_needed_and_nowhere_else(column, connect, tables):
    log = connect(tables.generations.drop_columns([column]), tables.labels, tables.models)
    gaps = []
    for found in (e for e in ALL if e.section != "retention"):
        try:
            assert len(found.table(log))
        except NotAvailable as error:
            assert error.column == column
            gaps.append(found.id)
    assert sorted(gaps) == sorted(MISSING[column])


def gaps_of(log):
    """Which exhibits are not available; the others have rows, a figure and a chart."""
    gaps = set()
    for found in ALL:
        try:
            frame = found.table(log)
        except NotAvailable as error:
            assert error.column and error.why
            gaps.add(found.id)
            continue
        assert len(frame)
        if found.chart:
            if found.section != "retention":
                svg(figure(found.chart(frame)))
            json.dumps(vega.spec(found.chart(frame)), allow_nan=False)
    return gaps


LABELLED = {found.id for found in categories.EXHIBITS + categories.APPENDIX} | {"fig26"}


def test_without_labels_and_models(connect, tables):
    assert gaps_of(connect(tables.generations)) == LABELLED | {"table3b"}


def test_empty_columns_are_gaps(connect, tables):
    table = tables.generations
    for name in ("continent", "country", "language", "byok"):
        at = table.schema.get_field_index(name)
        table = table.set_column(
            at, table.schema.field(name), pa.nulls(table.num_rows, table.schema.field(name).type)
        )
    log = connect(table, tables.labels, tables.models)
    gaps = {e.id for e in ALL if e.section in ("geography", "cost") and _gap(e, log)}
    assert gaps == {e.id for e in ALL if e.section in ("geography", "cost")}


def _gap(found, log):
    try:
        found.table(log)
    except NotAvailable:
        return True
    return False


def test_one_user_one_model_one_week(connect):
    table = rows.generations([("u", "x/y", f"2025-06-{day:02d}") for day in (2, 3, 4)])
    tags = rows.labels([("g00000", "/Adult", 0.9), ("g00001", "/Computers & Electronics/Programming", 0.9)])
    log = connect(table, tags, rows.models(rows.model("x/y", "2025-01-01")))
    assert gaps_of(log) == {
        "fig21b", "fig22a", "fig22b", "fig22c", "fig23a", "fig23b", "fig23c", "fig29c", "fig27b", "table3", "table3b",
        "fig25", *(f"fig25{letter}" for letter in "abcdefgh"),
    }  # fmt: skip


def map_of(costs):
    """Five models of a market map, with as many tokens as costs say nothing of."""
    tokens = [5.0, 4.8, 4.1, 4.4, 4.9]
    return pd.DataFrame({
        "name": list("abcde"), "open": [True, False, None, True, False], "log10_cost": costs, "log10_tokens": tokens,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("costs", "said"),
    [([1, 1, 1, 1, 0.2], "(one model alone decides it: no interval)"),
     ([0, 1e-6, 2e-6, 3e-6, 4e-6], "more than +1,000%"), ([0, 0.4, 1.2, 0.9, 0.1], "(95%: ")],
)  # fmt: skip
def test_a_slope_says_in_words_what_decides_it(costs, said):
    caption = exhibit("fig27").chart(map_of(costs)).caption
    assert said in caption and "inf" not in caption


def test_only_own_keys_leaves_no_cost(connect):
    table = rows.generations(
        [("u", "openai/gpt-4", f"2025-06-{day:02d}", {"byok": True}) for day in (2, 3, 4)]
    )
    tags = rows.labels([("g00000", "/Adult", 0.9)])
    gaps = gaps_of(connect(table, tags, rows.models(rows.model("openai/gpt-4", "2023-05-28"))))
    assert {"fig26", "fig27", "fig27b", "fig28", "table3", "table3b"} <= gaps
    assert not {"fig24", "table2", "fig21a"} & gaps


def test_only_free_requests_are_no_cost_but_a_category_of_cost_nothing(connect):
    free = {"variant": "free", "cost_total": 0.0}
    table = rows.generations([("u", "openai/gpt-4", f"2025-06-{day:02d}", free) for day in (2, 3, 4)])
    tags = rows.labels([("g00000", "/Adult", 0.9), ("g00001", "/Computers & Electronics/Programming", 0.9)])
    log = connect(table, tags, rows.models(rows.model("openai/gpt-4", "2023-05-28")))
    gaps = gaps_of(log)
    assert {"fig27", "fig28", "table3"} <= gaps
    frame = exhibit("fig26").table(log)
    assert frame["cost_usd_per_mtok"].tolist() == [0, 0]
    assert frame["paid_usd_per_mtok"].isna().all()
    spend = exhibit("fig20").table(log)
    assert spend["share"].isna().all() and (spend["request_share"] == 1).all()
