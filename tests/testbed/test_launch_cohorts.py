"""What became of launch cohorts: on a truth made by hand, and on a page."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import sim
from testbed.studies.launch_cohorts import study
from testbed.studies.launch_cohorts.__main__ import main
from testbed.studies.launch_cohorts.study import FATES, PAGE, cohort_of
from tests.sim.traffic_world import shipped
from tests.testbed.test_truth_checks import DAYS, NEW, OLD, RIVAL, truth_of

JANUARY = 110  # a day of a year from 1 October, in which NEW begins on 15 January
USER = [
    [(NEW, "home", JANUARY, DAYS, "horizon")],  # stays
    [(NEW, "home", JANUARY, 240, "moved"), (RIVAL, "rival", 237, 240, "embedded"),
     (RIVAL, "home", 240, DAYS, "horizon")],  # found a better one
    [(NEW, "home", JANUARY, 240, "ended")],  # done
    [(NEW, "home", JANUARY, 240, "price")],  # lost
    [(NEW, "trial", JANUARY, 113, "misfit")],  # no fit
    [(OLD, "home", 5, DAYS, "horizon"), (NEW, "rival", JANUARY, 113, "returned")],  # went back
    [(OLD, "home", 5, DAYS, "horizon"), (NEW, "rival", 200, 203, "returned")],  # of a later cohort
]  # fmt: skip


def truth(users=USER):
    spells = [
        (user, *spell) for user, spells in enumerate(users) for spell in sorted(spells, key=lambda s: s[2])
    ]
    return truth_of(spells, np.full(len(users), -1))


def test_every_user_of_a_cohort_has_one_fate():
    found = cohort_of(truth(), "new", "2025-01", 5)
    assert found is not None and found.users == 6
    assert (found.looked, found.compared, found.settled) == pytest.approx((1 / 6, 1 / 6, 4 / 6))
    fates = {"stay": 0.25, "found a better one": 0.25, "are done": 0.25, "lost it": 0.25}
    assert found.fates == pytest.approx(dict.fromkeys(FATES, 0.0) | fates)
    assert found.retention == pytest.approx(1 / 6)


def test_a_move_within_the_line_is_an_upgrade():
    made = truth()
    made.line[[NEW, RIVAL]] = 7
    found = cohort_of(made, "new", "2025-01", 5)
    assert found is not None and found.fates["upgraded"] == 0.25 and found.fates["found a better one"] == 0


def test_a_move_counts_from_the_month_in_which_it_is_made():
    """A home that falls silent in May and is left in July was not left in June."""
    late = [
        (NEW, "home", JANUARY, 240, "silent"), (RIVAL, "rival", 277, 280, "embedded"),
        (RIVAL, "home", 280, DAYS, "horizon"),
    ]  # fmt: skip
    june, july = (cohort_of(truth([late]), "new", "2025-01", age) for age in (5, 6))
    assert june is not None and june.fates == dict.fromkeys(FATES, 0.0) | {"are silent": 1.0}
    assert july is not None and july.fates == dict.fromkeys(FATES, 0.0) | {"found a better one": 1.0}


def test_before_they_leave_all_who_settled_stay():
    found = cohort_of(truth(), "new", "2025-01", 1)
    assert found is not None and found.fates["stay"] == 1.0 and found.retention == pytest.approx(4 / 6)


@pytest.mark.parametrize("kind", ["multihomed", "beside"])
@pytest.mark.parametrize(("end", "fate"), [(DAYS, "keep it beside another"), (250, "found a better one")])
def test_who_left_it_may_keep_it_beside_another(kind, end, fate):
    """June begins on day 243: until day 250 it is used in June, and not in July."""
    both = [
        (NEW, "home", JANUARY, 200, "moved"), (RIVAL, "rival", 197, 200, "embedded"),
        (RIVAL, "home", 200, DAYS, "horizon"), (NEW, kind, 200, end, "horizon"),
    ]  # fmt: skip
    june, july = (cohort_of(truth([both]), "new", "2025-01", age) for age in (5, 6))
    assert june is not None and june.fates["keep it beside another"] == 1.0 and june.retention == 1.0
    assert july is not None and july.fates[fate] == 1.0 and july.fates["stay"] == 0.0


def test_nobody_is_no_cohort():
    assert cohort_of(truth(), "new", "2025-08", 1) is None


def test_the_page_is_filled_from_a_run(tmp_path, monkeypatch, capsys):
    run = sim.run(shipped("one-frontier-model"), users=400, out=tmp_path, workers=1).path
    monkeypatch.setattr(study, "COHORTS", (("new/frontier", "2025-01", 1), ("no/such", "2025-01", 1)))
    page = tmp_path / "mine.md"
    shutil.copy(PAGE, page)
    assert main([str(run), "--out", str(page), "--overwrite"]) == 0
    row = next(line for line in page.read_text().splitlines() if line.startswith("| new/frontier, 2025-01"))
    logged = row.split("|")[-2].strip()
    assert "% of " in logged and "no/such" not in page.read_text()
    assert main([str(tmp_path / "none"), "--out", str(page), "--overwrite"]) == 2
    assert "no folder" in capsys.readouterr().err
