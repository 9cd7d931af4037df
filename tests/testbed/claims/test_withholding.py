"""`slipper check --k-anonymity`: what is shown of the claims is made of whole cells that are not small."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from analysis.disclosure.grids import COHORTS, GRIDS, LABEL_GRIDS
from analysis.report.withholding import shown
from analysis.sources.log import NotAvailable
from testbed.claims import scoreboard, withholding
from testbed.claims.measuring.measured import Groups, Measured
from testbed.claims.registry import registry
from testbed.claims.statistics.registry import bind, statistics
from tests.analysis.disclosure.test_suppression import louder
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made, write_run
from tests.analysis.rows import put
from tests.command_line import slipper

LEAST = 3


def test_every_statistic_that_is_shown_names_grids_that_there_are():
    grids = {grid.name for grid in (*GRIDS, *LABEL_GRIDS)} | {COHORTS}
    named = {*withholding.STANDS_ON, *withholding.BY_MODELS}
    assert named <= statistics().keys() and not set(withholding.STANDS_ON) & withholding.BY_MODELS
    assert {cell for cells in withholding.STANDS_ON.values() for cell in cells} <= grids


@pytest.mark.parametrize(("name", "arguments", "cells"), [
    ("rivals.stays", {"model": "a/b", "cohort": "2025-05-01", "rival": "c/d"}, None),
    ("retention.rise", {"model": "a/b", "cohort": "2025-05-01", "around": 4}, None),
    ("agentic.first_week_of_tools_offered", {}, None),
    ("geography.token_shares", {"place": "country", "of": ["US"]}, None),
    ("geography.token_shares", {"place": "continent", "of": ["Asia"]}, ("continents",)),
    ("openness.share", {"of": {"open": True}, "measure": "tool_tokens"}, ("tools by model",)),
    ("categories.share", {"category": "programming", "of": {"model": "a/b"}}, None),
    ("categories.share", {"category": "programming"}, ("categories", "labelled requests")),
    ("categories.share_in", {"category": "programming", "groups": {"x": {"size": "small"}}}, None),
])  # fmt: skip
def test_what_no_grid_crosses_is_withheld(log, name, arguments, cells):
    assert withholding.stands_on(log, name, bind(name, arguments)) == cells


@pytest.fixture(scope="module")
def tables():
    """A log of which a part has to be left out, and much can be shown."""
    log = made(rows=9000, users=1500, seed=5, models=4, label_share=1)
    return log.generations, log.labels, log.models


@pytest.fixture(scope="module")
def log(tables):
    with opened(*tables) as found:
        yield in_window(found)


def in_window(log):
    """The log, as those of worlds that rebuild the report are looked at."""
    log.scope = replace(log.scope, study_window=True)
    return log


def board(log, least=LEAST):
    """What is shown of claims of all sections, but those on cohorts, and which requests it is made of."""
    only = {"C08", "C12", "C18", "C25", "C35", "C51", "C55", "C63", "C68", "C74", "C75", "C87", "C95", "C109",
            "C133", "C140", "C160"}  # fmt: skip
    with shown(log, least) as (safe, account):
        lines = {j.entry.id: scoreboard.line(j) for j in scoreboard.score(safe, only, account=account).judged}
        return lines, set(safe.generations.generation_id.to_pyarrow().to_pylist()), account


def within_weeks(generations: pa.Table) -> pa.Table:
    """The same requests at other moments of their weeks, but those of the first and the last week."""
    day = 86_400_000
    moments = generations["created_at"].cast(pa.int64()).to_numpy()
    weeks = (moments + 3 * day) // (7 * day)  # from Monday on
    inner = (weeks > weeks.min()) & (weeks < weeks.max())
    elsewhere = weeks * 7 * day - 3 * day + np.random.default_rng(1).integers(0, 7 * day, len(weeks))
    column = pa.array(np.where(inner, elsewhere, moments)).cast(generations.schema.field("created_at").type)
    return put(generations, "created_at", column)


def test_nothing_that_is_shown_depends_on_what_was_left_out_nor_on_days(log, tables):
    one, kept, account = board(log)
    assert len(kept) < log.rows and sum(line["simulated"] != "–" for line in one.values()) > 12
    with opened(within_weeks(louder(tables[0], kept)), *tables[1:]) as other:
        two, same, told = board(in_window(other))
    assert same == kept and replace(told, cohort_cells=account.cohort_cells) == account
    for id, line in one.items():
        for name in ("status", "simulated", "n", "reason"):
            assert two[id][name] == line[name], (id, name)
        assert two[id]["value"] == (None if line["value"] is None else pytest.approx(line["value"], rel=1e-9))


def test_a_part_of_0_is_withheld(monkeypatch, log):
    entry = next(entry for entry in registry() if entry.id == "C12")
    with shown(log, LEAST) as (safe, account):
        for result in (Measured(0.0), Groups({"a": Measured(0.2), "b": Measured(0.0)}), Measured(-math.inf)):
            monkeypatch.setattr(withholding, "measure", lambda *_, result=result: result)
            judged = scoreboard.judge(safe, entry, account)
            assert judged.verdict.status == "not_testable" and judged.withheld
            assert "which may stand for a few users" in judged.verdict.reason


def test_what_nothing_protects_is_not_even_measured(monkeypatch, log):
    monkeypatch.setattr(withholding, "measure", lambda *_: 1 / 0)
    with shown(log, LEAST) as (_, account):
        assert account is not None
        for withheld, cells in ((account, None), (replace(account, grids=("models",)), ("models",))):
            monkeypatch.setattr(withholding, "stands_on", lambda *_, cells=cells: cells)
            with pytest.raises(NotAvailable, match="withheld: "):
                withholding.measured(log, "openness.weekly_tokens", {}, withheld)


def test_what_is_about_the_reports_window_needs_cells_of_that_window(tables):
    with opened(*tables) as log, shown(log, LEAST) as (safe, account):
        entry = next(entry for entry in registry() if entry.id == "C140")
        verdict = scoreboard.judge(safe, entry, account).verdict
    assert "the cells of this log are of all its days" in verdict.reason


def test_the_command_shows_and_keeps_no_more(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_run(made(rows=6000, users=900, seed=5, models=4), tmp_path / "a")
    status, out, err = slipper(capsys, "check", "a", "--k-anonymity", 7, "--json", "--markdown", "page.md")
    assert status == 0, err
    told = json.loads(out)
    assert told["k_anonymity"]["k"] == 7 and not told["warnings"]
    assert all(set(one) == {"check", "severity", "touches"} for one in told["inspection"]["findings"])
    assert not Path("a/verdicts.json").exists()
    page = Path("page.md").read_text()
    assert "k-anonymity, k = 7" in page and "--k-anonymity 7` on" in page
    assert "claims cannot be shown so, in whole or in part" in page
    status, out, _ = slipper(capsys, "check", "a", "--k-anonymity", 7, "--only", "C12,C117")
    assert status == 0 and "withheld" in " ".join(out.split())
    status, _, err = slipper(capsys, "check", "report-small", "--seeds", 2, "--k-anonymity", 7)
    assert status == 2 and "--k-anonymity are about a log" in err
    status, _, err = slipper(capsys, "check", "a", "--k-anonymity", 5000)
    assert status == 2 and "fewer than 5000 users" in err
