"""What an inspection finds, measured on one small world: each fault at a rate at which it is found, and none of a clean
world; and the page that says so."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.inspection.check import CHECKS
from analysis.inspection.remedies import REMEDIES
from analysis.sources import conformance
from testbed import shipped
from testbed.studies.inspection import __main__ as study
from testbed.studies.inspection import planting as p
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made

CONTRACT = Path(conformance.__file__).read_text(encoding="utf-8")
QUICK = ("retries", "huge counts", "dated aliases")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return p.world_of(shipped.find("report-small"), 100, 5, tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_is_found_at_its_highest_rate(world, name):
    (one,) = (one for one in p.PLANTINGS if one.name == name)
    found = {finding.check for finding in p.inspected(one.plant(world, one.rates[-1]), world).findings}
    assert found & set(one.checks)


def test_the_page_counts_what_was_found_and_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "FEW", 60)
    monkeypatch.setattr(study, "MANY", 80)
    monkeypatch.setattr(study, "CLEAN", ("nulls/base",))
    few = ("exact duplicates", "late rows", "missing days", "costs all zero")
    kept = [replace(one, rates=one.rates[-1:]) for one in p.PLANTINGS if one.name in few]
    kept[0] = replace(kept[0], rates=(0.05, 0.1))
    monkeypatch.setattr(p, "PLANTINGS", tuple(kept))
    store = study.Store(tmp_path / "kept.jsonl")
    page = study.page(store, tmp_path, worlds=1, clean=1)
    assert "0 of 1 clean worlds were warned of (0.0%)" in page
    for rate in (5, 10):
        assert f"| exact duplicates | {rate}% of the rows | 1 of 1 |  | unique |" in page
    assert (
        "| late rows | 20% of the rows | – |  | none |" in page
        and "| costs all zero | 100% of the rows | 1 of 1 |" in page
    )
    assert re.search(r"\| missing days \| 10% of the days \| [01] of 1 \| [01] of 1 \|", page)
    monkeypatch.setattr(p, "inspected", lambda *_: pytest.fail("measured again"))
    assert study.page(study.Store(store.path), tmp_path, worlds=1, clean=1) == page


def test_the_page_that_is_shipped_has_a_line_for_each_fault_and_rate_and_few_false_alarms():
    text = study.PAGE.read_text(encoding="utf-8")
    rates = sum(len(one.rates) for one in p.PLANTINGS)
    table = text[text.index("## Planted faults") :]
    assert sum(line.startswith("| ") for line in table.splitlines()) == rates + 1
    alarms, of = map(int, re.search(r"(\d+) of (\d+) clean worlds", text).groups())
    assert of >= 100 and alarms <= 0.01 * of


def test_each_finding_has_a_remedy_and_the_page_says_it():
    tables = made(rows=500, users=50)
    with opened(tables.generations, tables.labels, tables.models) as log:
        contract = set(conformance.check_conformance(log)["check"])
    assert len(contract) > 25 and contract | set(CHECKS) <= set(REMEDIES)
    assert all(
        f'"{name}"' in CONTRACT for name in set(REMEDIES) - set(CHECKS) - contract - {"optional columns"}
    )
    assert study.remedies() in study.PAGE.read_text(encoding="utf-8")
