"""What of a log is looked at: its own days unless others are asked for; and where the study stands beside it."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from analysis.queries import retention, usage
from analysis.report.exhibits import EXHIBITS, exhibit, exhibits_of
from analysis.report.looked_at import panels_of
from analysis.report.results import write_analysis
from analysis.sources.conformance import check_conformance
from analysis.sources.errors import LogError
from analysis.sources.opening import open_log
from analysis.sources.scope import Scope
from tests.analysis.rows import generations, labels, model, models

FIRST, WEEKS, STUDIED = dt.date(2025, 11, 3), 20, 4  # four weeks lie in the study's main window
DEAR, SONNET = "acme/dear", "anthropic/claude-sonnet-4"
FACTS = models(model(DEAR, "2025-11-03", open_weights=True, origin="CN"), model(SONNET, "2025-05-22"),
               model("deepseek/deepseek-r1", "2025-11-17"))  # fmt: skip


def rows():
    """A row each day of three users; what a request costs rises tenfold after the study's window."""
    for day in range(7 * WEEKS):
        moment = f"{FIRST + dt.timedelta(days=day)}T12:00:00"
        price = {"cost_total": 0.001 if day < 7 * STUDIED else 0.01}
        yield from ((f"u{n}", (DEAR, SONNET)[n % 2], moment, price) for n in range(3))


LOG = generations(rows())
DAYS = {"start": FIRST, "end": FIRST + dt.timedelta(days=7 * WEEKS - 1)}


def weeks(log, id="fig02"):
    return exhibit(id).table(log)["week"].nunique()


def paid(log):
    return exhibit("fig27").table(log)["cost_usd_per_mtok"].max()


def test_exhibits_are_of_all_days_of_a_log_and_say_so(connect):
    log = connect(LOG, models=FACTS)
    assert weeks(log) == WEEKS
    assert paid(log) == pytest.approx((4 * 0.001 + 16 * 0.01) / 20 / 150e-6)
    for one in EXHIBITS:
        said = one.definition_on(log)
        assert "Weeks shown" not in said and "main window" not in said, one.id
    assert f"all that this log covers, {log.first_day} to {log.last_day}" in exhibit("fig27").definition_on(
        log
    )


@pytest.mark.parametrize("declared", [True, False])
def test_the_studys_windows_are_taken_where_a_run_declares_them_or_they_are_asked_for(connect, declared):
    log = connect(LOG, models=FACTS, **({} if declared else {"scope": Scope(study_window=True)}))
    log.manifest = {"study_window": True} if declared else None
    assert weeks(log) == STUDIED and paid(log) == pytest.approx(0.001 / 150e-6)
    assert "from 2024-11-04 to 2025-11-30" in exhibit("fig27").definition_on(log)
    log = connect(LOG, models=FACTS, scope=Scope(study_window=False))
    log.manifest = {"study_window": True}
    assert weeks(log) == WEEKS


def test_days_that_are_asked_for_are_all_that_is_read(connect):
    first, last = dt.date(2025, 12, 1), dt.date(2025, 12, 28)
    marked = labels([("g00000", "/Science", 0.9), ("g00084", "/Science", 0.9), ("g00085", "/Science", 0.9)])
    log = connect(LOG, labels=marked, models=FACTS, scope=Scope(first, last))
    assert (log.rows, log.first_day, log.last_day) == (3 * 28, first, last)
    assert log.start.date() == first and log.end.date() == last
    assert log.labels.count().execute() == 2
    assert usage.by_model(log)["requests"].sum() == 3 * 28
    assert set(retention.triangle(log, SONNET)["cohort"].dt.month) == {12}
    assert log.unshared().scope == log.scope and "2025, 12, 29" in usage.weekly.sql(log)
    assert connect(LOG, scope=Scope(first)).last_day == DAYS["end"]
    assert connect(LOG, scope=Scope(last=last)).first_day == FIRST


def test_days_outside_of_the_log_and_days_in_the_wrong_order_are_refused(connect):
    with pytest.raises(
        LogError, match="no row from 2027-01-01 to the end; the log runs from 2025-11-03 to 2026-03-22"
    ):
        connect(LOG, scope=Scope(dt.date(2027, 1, 1)))
    with pytest.raises(LogError, match="no day lies from 2026-01-02 to 2026-01-01"):
        Scope(dt.date(2026, 1, 2), dt.date(2026, 1, 1))


def test_a_run_keeps_of_its_stated_days_those_that_are_asked_for(run_folder):
    with open_log(run_folder) as whole:
        first, last, rows = whole.first_day, whole.last_day, whole.rows
    cut = first + dt.timedelta(days=40)
    with open_log(run_folder, scope=Scope(cut)) as log:
        assert (log.first_day, log.last_day, log.coverage.basis) == (cut, last, "stated")
        assert 0 < log.rows < rows and not log.coverage.lost and log.start.date() >= cut
        found = check_conformance(log, only_violations=True)
        assert found.empty, found  # no label of a row that is left out


def test_what_the_study_says_stands_beside_a_run_alone_or_where_it_is_asked_for(connect):
    log = connect(LOG, models=FACTS)
    assert [panel.letter + panel.reading for panel in panels_of(log)] == ["", ""]
    assert panels_of(log)[1].name == "CLAUDE-SONNET-4"
    assert set(exhibit("fig01").table(log)["releases"]) == {""}
    for one in exhibits_of(log):
        assert not one.claims and not one.choice and not one.of_study
        said = one.definition_on(log)
        assert not re.search(r"[Cc]laims? C\d", said), (one.id, said)
    assert {"fig25", "table3"}.isdisjoint(one.id for one in exhibits_of(log))
    beside = connect(LOG, models=FACTS, scope=Scope(beside_study=True))
    assert exhibits_of(beside) == EXHIBITS and panels_of(beside)[1].letter == "a"
    assert "DeepSeek R1" in set(exhibit("fig01").table(beside)["releases"])


def test_the_page_of_a_log_says_nothing_of_the_study_and_of_simulation(connect, tmp_path):
    log = connect(LOG, models=FACTS)
    page = write_analysis(log, tmp_path / "out")["report"].read_text()
    body = page.partition("<body>")[2].partition("<script>\n")[0].lower()
    for word in ("the study reads", "claims of the report", "report:", "of the report's", "c117"):
        assert word not in body, body[body.index(word) - 200 :][:400]
    assert "of all these days" in body
