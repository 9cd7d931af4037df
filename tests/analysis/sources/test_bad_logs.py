"""Bad and bare logs through the commands: a message or a marked gap, no traceback, no silently wrong number."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import shutil
import sys
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import contract, report
from analysis.queries.query import Query
from analysis.report.charts import vega
from analysis.report.exhibits import EXHIBITS
from analysis.report.figures import figure
from analysis.sources.log import Log, NotAvailable
from analysis.sources.opening import open_log
from tests.analysis.in_memory import opened
from tests.analysis.made_log import READ, MadeLog, made, write_run
from tests.analysis.rows import put
from tests.command_line import slipper

BASE = made(rows=400, users=60, label_share=0.5)
WEEK = (dt.date(2025, 10, 6), dt.date(2025, 10, 12))
OPTIONAL = [f.name for f in contract.GENERATIONS if not f.required]
FACTS = [f.name for f in contract.MODELS if not f.required]
READ_FACTS = ("name", "size_class", "reasoning_optimised", "prices", "free_windows", "retired")


def of_one(log: MadeLog) -> MadeLog:
    """One user, one model, one week."""
    moments = pd.date_range("2025-10-06", "2025-10-12 23:00", periods=log.generations.num_rows, tz="UTC")
    rows = put(log.generations, "created_at", list(moments.floor("ms")))
    rows = put(put(rows, "user_id", "u"), "model", "openai/gpt-4o-mini")
    return replace(log, generations=rows, start=WEEK[0], end=WEEK[1])


def silent(log: MadeLog) -> MadeLog:
    """No tokens, no costs."""
    rows = log.generations
    for name in ("tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached", "cost_total"):
        rows = put(rows, name, 0)
    return replace(log, generations=rows)


BARE = {
    "one user, model and week": of_one,
    "no labels": lambda log: replace(log, labels=log.labels.slice(0, 0)),
    "own keys only": lambda log: replace(log, generations=put(log.generations, "byok", True)),
    "no model in the catalogue": lambda log: replace(
        log, generations=put(log.generations, "model", [f"x/{m}" for m in log.generations["model"].to_pylist()])
    ),
    "nothing optional": lambda log: replace(
        log, generations=log.generations.drop_columns(OPTIONAL), models=log.models.drop_columns(FACTS)
    ),
    "no tokens": silent,
}  # fmt: skip
JUDGED = ("own keys only", "nothing optional")
"""Logs of which all claims are judged first; tests/testbed/claims/test_scoreboard.py has more that are odd."""
DRAWN = ("one user, model and week",)
"""Logs whose figures are drawn as well; the tests of the sections draw others."""
COMPARED = ("nothing optional",)
"""Logs that are compared with a copy; their pages have the SQL of each table, which the others leave out."""
GAPS = {  # a gap that the page must state
    "no labels": "the log has no table of category labels",
    "own keys only": "no request outside free variants was charged by the gateway",
    "no model in the catalogue": "no request to any of the eight models",
    "nothing optional": "the log has no such column",
}


def unbroken(capsys, *argv: object) -> tuple[int, str, str]:
    """A command line that may refuse and may not break down."""
    status, out, err = slipper(capsys, *argv)
    assert "internal error" not in err
    return status, out, err


def check_words(text: str) -> None:
    """No number that is none is written out."""
    text = html.unescape(re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL))
    assert not re.findall(r".{30}(?<![\w.])(?:NaN|nan|NaT|inf|Infinity|<NA>)(?![\w.]).{30}", text)


def check_tables(folder: Path) -> None:
    """Shares lie in 0 to 1 and no number is infinite, in all tables of an analysis."""
    for exhibit in EXHIBITS:
        path = folder / "tables" / f"{exhibit.id}.parquet"
        if not path.is_file():
            continue
        frame = pd.read_parquet(path)
        assert not np.isinf(frame.select_dtypes("number").astype("float64")).any(axis=None), exhibit.id
        for column in (c for c, form in exhibit.formats.items() if form == "share" and c in frame):
            if column.startswith("change"):  # a relative change is no part of a whole
                continue
            known = frame[column].astype("float64").dropna()
            assert known.between(0, 1 + 1e-9).all(), (exhibit.id, column)


def check_figures(log: Log) -> None:
    """Each exhibit with a table can be drawn, and has the note that stands under its figure."""
    for exhibit in (e for e in EXHIBITS if e.chart is not None):
        try:
            frame = exhibit.table(log)
        except NotAvailable:
            continue
        if frame.empty:
            continue
        note = exhibit.sample(log, frame) if exhibit.sample is not None else ""
        made = figure(exhibit.chart(frame), exhibit.title, note)
        assert made.get_supxlabel() == note, exhibit.id


def unwritten() -> Future[str]:
    """SQL that is not written. The tables are made all the same."""
    done: Future[str] = Future()
    done.set_result("")
    return done


def nothing_draws(monkeypatch) -> None:
    """An analysis without stills makes no figure: to import what draws is an error."""
    for name in ("matplotlib", "analysis.report.figures", *sys.modules):
        if name.startswith(("matplotlib", "analysis.report.figures")):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delattr(report, "figures", raising=False)


@pytest.mark.parametrize("case", BARE)
def test_a_bare_log_is_judged_analysed_and_drawn_or_compared(capsys, tmp_path, monkeypatch, case):
    """In this order the page has the verdicts, and nothing is analysed again for the comparison."""
    run = write_run(BARE[case](BASE), tmp_path / "run")
    if case not in COMPARED:
        monkeypatch.setattr(Query, "sql_by", lambda *_: unwritten())
    if case not in DRAWN:
        nothing_draws(monkeypatch)
    with open_log(run) as log:  # one for all commands, which ask it much of the same
        monkeypatch.setattr("analysis.open_log", lambda where, **options: nullcontext(log))
        if case in JUDGED:
            status, out, _ = unbroken(capsys, "check", run, "--json", "--quiet")
            assert status == 0
            told = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in the verdicts"))
            assert {claim["status"] for claim in told["claims"]} <= {"holds", "fails", "not_testable"}

        status, _, _ = unbroken(capsys, "analyze", run, "--quiet")
        assert status == 0
        if case in DRAWN:
            check_figures(log)
    page = (run / "report.html").read_text()
    check_words(page)
    check_tables(run)
    assert GAPS.get(case, "") in html.unescape(page)

    if case not in COMPARED:
        return
    other = shutil.copytree(run, tmp_path / "other")
    monkeypatch.setattr(
        "analysis.open_log", lambda where, **options: pytest.fail(f"{where} is analysed again")
    )
    status, _, _ = unbroken(capsys, "compare", run, other, "--out", tmp_path / "out", "--quiet")
    assert status == 0
    check_words((tmp_path / "out" / "compare.html").read_text())


def negative(name: str):
    def spoil(rows: pa.Table) -> pa.Table:
        values = rows[name].to_pylist()
        return put(rows, name, [-value if at % 10 == 0 else value for at, value in enumerate(values)])

    return spoil


def plain(rows: pa.Table) -> pa.Table:
    at = rows.schema.get_field_index("created_at")
    return rows.set_column(at, "created_at", rows["created_at"].cast(pa.timestamp("ms")))


def lost(rows: pa.Table) -> pa.Table:
    field = pa.field("tokens_prompt", pa.int32())
    at = rows.schema.get_field_index("tokens_prompt")
    return rows.set_column(at, field, pa.array([None, *rows["tokens_prompt"].to_pylist()[1:]], pa.int32()))


def without_first(name: str):
    """The first value of a required column is missing."""

    def spoil(rows: pa.Table) -> pa.Table:
        values = [None, *rows[name].to_pylist()[1:]]
        at, field = rows.schema.get_field_index(name), rows.schema.field(name).with_nullable(True)
        return rows.set_column(at, field, pa.array(values, field.type))

    return spoil


def strayed(*moments: str):
    """The first rows have other moments."""

    def spoil(rows: pa.Table) -> pa.Table:
        given = [dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC) for moment in moments]
        return put(rows, "created_at", [*given, *rows["created_at"].to_pylist()[len(given) :]])

    return spoil


def beyond_calendars(rows: pa.Table) -> pa.Table:
    """One moment in the year 20000."""
    moments = [568_971_820_800_000, *rows["created_at"].cast(pa.int64()).to_pylist()[1:]]
    at, field = rows.schema.get_field_index("created_at"), rows.schema.field("created_at")
    return rows.set_column(at, field, pa.array(moments, pa.int64()).cast(field.type))


REFUSED = {
    "no row": (lambda rows: rows.slice(0, 0), "the log is empty"),
    "prompts below 0": (negative("tokens_prompt"), r"\d+ with tokens_prompt below 0"),
    "cached tokens below 0": (negative("tokens_cached"), r"\d+ with tokens_cached below 0"),
    "costs below 0": (negative("cost_total"), r"\d+ with cost_total below 0"),
    "an endless cost": (lambda rows: put(rows, "cost_total", float("nan")), "cost_total infinite or not a number"),
    "a lost count": (lost, "1 with tokens_prompt missing"),
    "a lost moment": (without_first("created_at"), "1 with created_at missing"),
    "a lost model": (without_first("model"), "1 with model missing"),
    "a lost user": (without_first("user_id"), "1 with user_id missing"),
    "an empty user": (
        lambda rows: put(rows, "user_id", ["", "", *rows["user_id"].to_pylist()[2:]]), "2 with user_id empty",
    ),
    "a name with a NUL": (
        lambda rows: put(rows, "model", ["a/\0b", *rows["model"].to_pylist()[1:]]), "a NUL byte in the name of 1 model",
    ),
    "a date far off": (strayed("3000-05-01"), r"to 3000-05-01 \(1\), over 11,\d+ months"),
    "the last date of all": (strayed("9999-12-31T23:00:00"), r"to 9999-12-31 \(1\)"),
    "a date beyond calendars": (beyond_calendars, "cannot be read"),
    "two lost dates": (strayed("1970-01-01", "1970-01-01"), r"from 1970-01-01 \(2 on that day\) to 2025-"),
    "a span too long": (strayed("2061-01-01"), r"to 2061-01-01 \(1\), over 43\d months"),
    "doubled requests": (
        lambda rows: pa.concat_tables([rows, rows.slice(0, 200)]),
        r"\d+ rows, with 200 copies of other rows",
    ),
    "times without a zone": (plain, "timestamp without a time zone"),
    "a flag as text": (
        lambda rows: rows.set_column(rows.schema.get_field_index("byok"), "byok", pa.array(["yes"] * len(rows))),
        "column 'byok' is string, expected bool",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_log_that_would_give_wrong_numbers_is_refused_with_what_to_do(
    capsys, tmp_path, inspected_once, case
):
    spoil, message = REFUSED[case]
    path = tmp_path / "log.parquet"
    pq.write_table(spoil(BASE.generations), path)
    for argv in (
        ("analyze", path, "--out", tmp_path / "out"), ("check", path), ("verdict", path),
        ("compare", path, path, "--out", tmp_path / "out"),
    ):  # fmt: skip
        status, out, err = unbroken(capsys, *argv, "--quiet")
        assert (status, out) == (2, "")
        assert re.search(message, err)
    assert not (tmp_path / "out").exists()
    if "below 0" in message:
        assert "--check-log" in err


def test_a_models_table_with_two_rows_of_a_model_is_refused(capsys, tmp_path):
    path = write_run(
        replace(BASE, models=pa.concat_tables([BASE.models, BASE.models.slice(0, 1)])), tmp_path / "run"
    )
    for argv in (("analyze", path), ("check", path), ("verdict", path)):
        status, _, err = unbroken(capsys, *argv, "--quiet")
        assert status == 2 and "more than one row of" in err


@pytest.mark.parametrize("years", [3, 6])
def test_a_log_of_many_years_has_all_its_cohorts(connect, years):
    """Months are bits of one integer up to 62 of them, and of two beyond."""
    from analysis.queries import retention
    from tests.analysis.rows import generations

    last = dt.date(2019 + years, 12, 15)
    rows = [("a", "x/y", f"{year}-03-02T00:00:00") for year in range(2020, 2020 + years)]
    rows += [("b", "x/y", f"{last.year}-11-02T00:00:00"), ("b", "x/y", f"{last}T00:00:00")]
    log = connect(generations(rows))
    counts = retention.cohort_activity(log)
    old = counts[counts["cohort"] == "2020-03-01"]
    assert old["month"].dt.year.tolist() == list(range(2020, 2020 + years)) and set(old["active"]) == {1}
    new = counts[counts["cohort"] == f"{last.year}-11-01"]
    assert new["month"].dt.month.tolist() == [11, 12]
    assert sum(months.sum() for months in retention.patterns(log)["months"]) == years + 2


def test_values_out_of_the_vocabulary_are_shown_as_they_are(connect):
    from analysis.report.exhibits import exhibit
    from tests.analysis.rows import generations

    rows = [("a", "x/y", f"2025-02-{day:02}T12:00:00", {"continent": place, "country": "XX", "cost_total": 1.0})
            for day in range(3, 25) for place in ("Mars", "Europe")]  # fmt: skip
    shown = exhibit("fig24")
    frame = shown.table(connect(generations(rows)))
    assert set(frame["continent"]) == {"Europe", "Mars"}
    assert "Mars" in json.dumps(vega.spec(shown.chart(frame)))


def cases():
    yield "generations", tuple(name for name in OPTIONAL if name not in READ)
    yield "models", tuple(name for name in FACTS if name not in READ_FACTS)
    for table, read in (("generations", READ), ("models", READ_FACTS)):
        yield from ((table, read[half::2]) for half in (0, 1))


@pytest.fixture(scope="module")
def whole():
    """Each exhibit's table of the log with all columns, opened as those without some are."""
    with opened(BASE.generations, BASE.labels, BASE.models, start=BASE.start, end=BASE.end) as log:
        return {exhibit.id: table_of(exhibit, log) for exhibit in EXHIBITS}


def table_of(exhibit, log):
    try:
        return exhibit.table(log)
    except NotAvailable as gap:
        return str(gap)


@pytest.mark.parametrize(("table", "columns"), list(cases()), ids=lambda value: str(value)[:40])
def test_without_columns_every_other_table_is_the_same_or_says_why_not(connect, whole, table, columns):
    """What no query reads is left out together, the rest by halves: a gap names a column that makes it. Each column
    alone is left out in the tests of the queries and of the sections."""
    tables = {"generations": BASE.generations, "labels": BASE.labels, "models": BASE.models}
    tables[table] = tables[table].drop_columns(list(columns))
    log = connect(**tables, start=BASE.start, end=BASE.end)
    for exhibit in EXHIBITS:
        found, expected = table_of(exhibit, log), whole[exhibit.id]
        if isinstance(found, str):
            same = isinstance(expected, str) and found == expected
            assert same or any(column in found for column in columns), exhibit.id
        else:
            assert len(found) and set(found.columns) == set(expected.columns)
            if not set(columns) & {*READ, *READ_FACTS}:
                pd.testing.assert_frame_equal(found, expected)


def test_what_cannot_be_followed_is_not_left_aside(tmp_path, capsys):
    """A table's name where files have none, a log without a name, results below a link that leads nowhere."""
    write_run(BASE, tmp_path / "log", manifest=False)
    status, _, err = slipper(capsys, "inspect", tmp_path / "log", "--table", "requests")
    assert status == 2 and "only a DuckDB file or a server has tables" in err
    status, _, err = slipper(capsys, "inspect", "")
    assert status == 2 and "no name of a log" in err
    status, _, err = slipper(capsys, "inspect", tmp_path / "log", "--html", "")
    assert status == 2 and "argument --html: expected a value, and it is empty" in err
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    status, _, err = slipper(capsys, "analyze", tmp_path / "log", "--out", tmp_path / "link" / "results")
    assert status == 2 and "is a link that leads nowhere" in err
