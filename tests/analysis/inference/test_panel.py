"""Panels and their counts: against plain loops, and from logs whose answer is known by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.cohorts.log_panel import UNKNOWN_TENURE, NoPanel
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import month_range
from analysis.inference.verdict.judging import judge, verdicts
from analysis.queries import retention
from analysis.report.pages.launch_verdicts import judgement
from tests.analysis.in_memory import opened
from tests.analysis.rows import generations, model, models
from tests.analysis.sources.test_coverage import _log


def random_panel(
    seed: int, users: int = 60, months: int = 5, organisations: int | None = None, spread: int = 1
) -> Panel:
    rng = np.random.default_rng(seed)
    cohort = rng.integers(0, months - 1, users)
    active = (rng.random((users, months)) < 0.4) & (np.arange(months) > cohort[:, None])
    active[np.arange(users), cohort] = True
    codes = rng.integers(0, organisations, users) * spread if organisations else None
    return Panel("m", month_range(months), cohort, active, organisation=codes, min_cohort=1)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10_000),
    organisations=st.sampled_from([None, 7, 80]),
    spread=st.sampled_from([1, 10**9]),
)
def test_counts_equal_plain_loops_over_clusters(seed, organisations, spread):
    """Of few large organisations, and of many that mostly have one user; whatever the numbers that name them."""
    panel = random_panel(seed, organisations=organisations, spread=spread)
    cells = panel.cells
    p = np.random.default_rng(seed).random(len(cells.age))
    codes = panel.organisation if organisations else np.arange(panel.users)
    expected = np.zeros((len(p), len(p)))
    for code in np.unique(codes):
        own = codes == code
        r = np.zeros(len(p))
        for i, (c, k) in enumerate(zip(cells.cohort, cells.age, strict=True)):
            members = own & (panel.cohort == c)
            r[i] = panel.active[members, c + k].sum() - members.sum() * p[i]
        expected += np.outer(r, r)
    np.testing.assert_allclose(cells.scatter(p), expected, atol=1e-8)
    for i, (c, k) in enumerate(zip(cells.cohort, cells.age, strict=True)):
        assert cells.size[i] == (panel.cohort == c).sum()
        assert cells.count[i] == panel.active[panel.cohort == c, c + k].sum()


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), spread=st.sampled_from([1, 10**9]))
def test_organisations_as_users_equal_plain_loops(seed, spread):
    panel = random_panel(seed, organisations=40, spread=spread)
    panel = replace(
        panel, requests=np.random.default_rng(seed).integers(1, 9, panel.active.shape) * panel.active
    )
    whole = panel.by_organisation()
    for i, code in enumerate(np.unique(panel.organisation)):
        own = panel.organisation == code
        assert whole.cohort[i] == panel.cohort[own].min()
        np.testing.assert_array_equal(whole.active[i], panel.active[own].any(axis=0))
        np.testing.assert_array_equal(whole.requests[i], panel.requests[own].sum(axis=0))
    assert not whole.has_organisations
    assert panel.has_organisations


def test_clusters_are_counted_some_at_a_time_with_the_same_result(monkeypatch):
    whole = random_panel(5, users=300, organisations=40).cells
    monkeypatch.setattr("analysis.inference.cohorts.panel.CLUSTERS_AT_ONCE", 7)
    parts = random_panel(5, users=300, organisations=40).cells
    for name in ("size", "count", "cross", "cross_size", "sizes", "clusters"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_dropping_a_cohort_equals_counting_without_it():
    panel = random_panel(3, users=200)
    less, again = panel.cells.without(1), panel.keep(panel.cohort != 1).cells
    for name in ("cohort", "age", "size", "count", "cross"):
        np.testing.assert_array_equal(getattr(less, name), getattr(again, name))


def test_until_leaves_out_later_months():
    cells = random_panel(3).cells.until(2)
    assert (cells.cohort + cells.age).max() == 2


def test_small_cohorts_are_not_tested():
    cohort = np.repeat([0, 1], [50, 5])
    active = np.zeros((55, 4), bool)
    active[np.arange(55), cohort] = True
    assert Panel("m", month_range(4), cohort, active, min_cohort=10).tested == [0]


def test_arrays_make_the_panel_that_their_rows_say():
    panel = Panel.from_arrays(
        user=["b", "a", "a", "c", "a"], month=[1, 0, 2, 9, 0], months=month_range(3), requests=[4, 1, 2, 7, 10],
        organisation=["x", "x", "x", "y", "x"],
    )  # fmt: skip
    assert panel.users == 2  # c came after the last month
    np.testing.assert_array_equal(panel.cohort, [0, 1])
    np.testing.assert_array_equal(panel.active, [[True, False, True], [False, True, False]])
    np.testing.assert_array_equal(panel.requests, [[11, 0, 2], [0, 4, 0]])
    assert panel.has_organisations
    merged = panel.by_organisation()
    np.testing.assert_array_equal(merged.active, [[True, True, True]])
    np.testing.assert_array_equal(merged.requests, [[11, 4, 2]])


def test_arrays_of_unequal_length_or_a_negative_month_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        Panel.from_arrays([1, 2], [0], months=month_range(2))
    with pytest.raises(ValueError, match="negative"):
        Panel.from_arrays([1], [-1], months=month_range(2))


ROWS = [
    ("u1", "x/new", "2025-01-20"), ("u1", "x/new", "2025-01-21"), ("u1", "x/new", "2025-02-03"),
    ("u2", "x/new", "2025-02-10", {"account_id": "b", "country": "US"}),
    ("u2", "x/new", "2025-02-11", {"account_id": "b", "country": "DE"}),
    ("u2", "x/new", "2025-04-02", {"account_id": "b"}),
    ("u3", "x/old", "2025-01-05"), ("u3", "x/new", "2025-03-01"),
    ("u4", "x/old", "2025-04-10"),
]  # fmt: skip


@pytest.fixture
def small_log(connect):
    catalogue = models(model("x/new", "2025-01-15"), model("x/old", "2024-06-01"))
    return connect(generations(ROWS), models=catalogue)


def test_a_log_becomes_a_panel_of_complete_months(small_log):
    panel = Panel.from_log(small_log, "x/new", min_cohort=1)
    assert panel.months == (dt.date(2025, 1, 1), dt.date(2025, 2, 1), dt.date(2025, 3, 1))
    assert panel.months_dropped == (dt.date(2025, 4, 1),)  # the log ends on 10 April
    assert panel.launch == 0
    np.testing.assert_array_equal(
        panel.active, [[True, True, False], [False, True, False], [False, False, True]]
    )
    np.testing.assert_array_equal(panel.days, [[2, 1, 0], [0, 2, 0], [0, 0, 1]])
    np.testing.assert_array_equal(
        panel.day_bits, [[3 << 19, 1 << 2, 0], [0, 3 << 9, 0], [0, 0, 1]]
    )  # 20 and 21 January, 3 February; 10 and 11 February; 1 March
    assert panel.by_organisation().day_bits is None
    np.testing.assert_array_equal(panel.keep(panel.cohort == 1).day_bits, panel.day_bits[1:2])
    np.testing.assert_array_equal(panel.requests, [[2, 1, 0], [0, 2, 0], [0, 0, 1]])
    np.testing.assert_array_equal(panel.shared, [False, True, False])
    assert len(np.unique(panel.organisation)) == 2


def test_the_partial_month_can_be_kept(small_log):
    panel = Panel.from_log(small_log, "x/new", min_cohort=1, keep_partial_month=True)
    assert panel.active[1].tolist() == [False, True, False, True]


def test_windows_count_from_the_first_request(small_log):
    panel = Panel.from_log(small_log, "x/new", min_cohort=1, windows="30 days")
    assert panel.windows == "30 days"
    assert panel.months == (dt.date(2025, 1, 1), dt.date(2025, 2, 1))
    assert panel.active[0].tolist() == [True, False]  # 3 February is 14 days after 20 January


def test_windows_count_from_the_first_request_to_any_of_the_ids(connect):
    rows = [("u1", "x/old", "2025-01-05"), ("u1", "x/new", "2025-02-10"), ("u2", "x/new", "2025-05-02")]
    log = connect(
        generations(rows), models=models(model("x/new", "2025-01-02"), model("x/old", "2025-01-02"))
    )
    panel = Panel.from_log(log, "x/new", min_cohort=1, windows="30 days", aliases={"x/old": "x/new"})
    assert panel.active[0].tolist() == [True, True, False]
    alone = Panel.from_log(log, "x/new", min_cohort=1, windows="30 days")
    assert alone.active[0].tolist() == [True, False]


def test_aliases_count_as_the_model_that_followed(small_log):
    panel = Panel.from_log(small_log, "x/new", min_cohort=1, aliases={"x/old": "x/new"})
    assert panel.users == 3  # u4 came in the month left out
    assert panel.active[panel.cohort == 0].sum(axis=1).tolist() == [2, 2]  # u3 now begins in January


def test_the_logs_first_month_is_no_cohort_of_an_older_model(small_log):
    panel = Panel.from_log(small_log, "x/old", min_cohort=1)
    assert panel.left_truncated
    assert panel.launch is None
    assert 0 not in panel.tested


def test_a_verdict_names_all_months_whose_users_may_be_older_than_the_log(connect):
    rows = [("u1", "x/old", f"2025-0{m}-{d}") for m, d in ((1, 10), (2, 13), (3, 13), (4, 30))]
    panel = Panel.from_log(connect(generations(rows)), "x/old", min_cohort=1)
    assert panel.left_truncated == (0, 1)
    assert "January 2025 and February 2025: may hold users who are older than the log" in " ".join(
        judge(panel).notes
    )


def test_launch_and_verdict_agree_on_a_month_with_lost_days_and_on_the_remedy(connect):
    facts = models(model("new/one", "2025-03-01"), model("old/one", "2024-01-01"))
    log = connect(_log(lost=[(dt.date(2025, 3, 5), dt.date(2025, 3, 20))]), models=facts)
    assert retention.launch_cohort(log, "new/one") == (None, "release date")
    (verdict,) = verdicts(log, ["new/one"], min_cohort=1)
    assert verdict.classification.kind == "insufficient data"
    assert verdict.caveats[0] == (
        "What would do: a log with the lost days loaded again (2025-03-05 to 2025-03-20)."
    )
    assert verdict.caveats[1].startswith("March 2025: the log lost days")
    assert list(judgement(verdict).limits) == verdict.caveats[1:]
    held = np.bitwise_count(verdict.panel.covered)
    assert (held[0], held[1]) == (31 - 16, 30)


def test_a_release_that_the_log_contradicts_is_a_caveat(connect):
    facts = models(model("new/one", "2025-04-01"), model("old/one", "2024-01-01"))
    (verdict,) = verdicts(connect(_log(), models=facts), ["new/one"], min_cohort=1)
    assert any("released 2025-04-01, but 25 users" in said for said in verdict.caveats)
    assert not any("released" in note for note in verdict.notes)  # said once


def test_a_model_that_the_log_never_saw_has_no_panel(small_log):
    with pytest.raises(NoPanel, match="no requests to 'x/none'"):
        Panel.from_log(small_log, "x/none")


def test_a_window_counts_only_where_it_is_over_for_who_came_last(connect):
    """Who joins on 31 January has the window of month 1 until 2 April: a log of January to March does not hold it."""
    rows = [("u1", "x/new", "2025-01-31"), ("u1", "x/new", "2025-03-31"), ("u2", "x/new", "2025-02-28")]
    catalogue = models(model("x/new", "2025-01-02"))

    def months(last):
        log = connect(generations([*rows, ("u9", "x/old", last)]), models=catalogue)
        return len(Panel.from_log(log, "x/new", min_cohort=1, windows="30 days").months)

    assert months("2025-04-02") == 2
    with pytest.raises(NoPanel):
        months("2025-03-31")


def test_time_on_the_platform_is_unknown_of_who_may_be_older_than_the_log(connect):
    rows = [
        ("old", "x/any", "2025-01-01"),
        ("early", "x/new", "2025-01-10"),  # first seen on the log's tenth day: new, or older than the log
        ("patient", "x/any", "2025-01-05"), ("patient", "x/new", "2025-02-10"),  # a month or more, whatever it was
        ("young", "x/new", "2025-02-20"),
        ("end", "x/any", "2025-04-30"),
    ]  # fmt: skip
    log = connect(generations(rows), models=models(model("x/new", "2025-01-02")))
    panel = Panel.from_log(log, "x/new", min_cohort=1)
    assert panel.tenure.tolist() == [UNKNOWN_TENURE, 36, 0]  # early, patient, young


# --- organisations


def _accounts(log, name="x/new"):
    panel = Panel.from_log(log, name, min_cohort=1)
    return panel.organisation.tolist(), panel


def test_an_organisation_is_known_from_any_month_and_any_model(connect):
    rows = [(f"u{i}", "x/new", f"2025-0{m}-03", {"account_id": None if m > 2 or i > 3 else "org"})
            for i in range(6) for m in (2, 3, 4)]  # fmt: skip
    rows.append(("u4", "x/old", "2025-03-01", {"account_id": "org"}))
    log = connect(generations(rows), start=dt.date(2025, 1, 1), end=dt.date(2025, 4, 30))
    codes, panel = _accounts(log)
    assert len(set(codes[:5])) == 1
    assert codes[5] not in codes[:5]
    assert panel.has_organisations


def test_rotated_accounts_are_one_organisation(connect):
    """a and b share k1, b and c share k2 within one month, d has k3 alone."""
    given = [("a", "k1"), ("b", "k1"), ("b", "k2"), ("c", "k2"), ("d", "k3")]
    rows: list[tuple[Any, ...]] = [(user, "x/new", "2025-02-03", {"account_id": key}) for user, key in given]
    rows += [(user, "x/new", "2025-03-03", {"account_id": None}) for user in "abcd"]
    log = connect(generations(rows), start=dt.date(2025, 1, 1), end=dt.date(2025, 4, 30))
    codes, _ = _accounts(log)
    assert len(set(codes[:3])) == 1
    assert codes[3] != codes[0]


@given(
    order=st.randoms(use_true_random=False), keys=st.lists(st.sampled_from("pqrst"), min_size=24, max_size=24)
)
@settings(max_examples=8)
def test_a_panel_does_not_depend_on_the_order_of_rows(order, keys):
    rows = [(f"u{i % 8}", "x/new", f"2025-0{2 + i % 3}-0{1 + i % 7}", {"account_id": key if i % 5 else None})
            for i, key in enumerate(keys)]  # fmt: skip
    table = generations(rows)
    shuffled = list(range(len(rows)))
    order.shuffle(shuffled)
    panels = []
    for held in (table, table.take(shuffled)):
        with opened(held, start=dt.date(2025, 1, 1), end=dt.date(2025, 4, 30)) as log:
            panels.append(Panel.from_log(log, "x/new", min_cohort=1))
    one, other = panels
    for name in ("cohort", "active", "organisation", "requests", "days", "tenure"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


# --- months that the log does not cover


def _holed(panel, month):
    known = np.ones((len(panel.months),) * 2, bool)
    known[:, month] = False
    return replace(panel, known=known, mixed=(month, month + 1))


def test_cells_of_months_that_are_not_covered_are_left_out():
    whole = random_panel(4)
    panel = _holed(whole, 3)
    cells = panel.cells
    assert not np.any(cells.cohort + cells.age == 3)
    assert not set(panel.tested) & {3, 4}
    kept = whole.cells.chosen(np.flatnonzero(
        (whole.cells.cohort + whole.cells.age != 3) & ~np.isin(whole.cells.cohort, [3, 4])
    ))  # fmt: skip
    np.testing.assert_array_equal(cells.share, kept.share)
    assert panel.ages(0).shape[1] == 3  # silence in month 3 would pass for absence


def test_every_month_is_not_known_after_one_that_is_not_covered():
    from analysis.inference.cohorts.retention_definitions import retention_by

    panel = _holed(random_panel(4), 3)
    table = retention_by("every month", panel)
    first = table[table["cohort"] == pd.Timestamp(panel.months[0])]
    assert first["k"].tolist() == [1, 2]
