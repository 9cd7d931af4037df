"""Retention on small logs whose triangles can be worked out by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from analysis.proportions import wilson
from analysis.queries import retention
from tests.analysis.rows import generations, model, models

NEW, OLD = "new/one", "old/one"


def _table(log, name, **options):
    cells = retention.triangle(log, name, **options)
    seen = cells[cells["observed"]]
    return {(f"{r.cohort:%Y-%m}", r.k): (r.users, r.active) for r in seen.itertuples()}


@pytest.fixture
def small(connect):
    """Users a, b, c of NEW from May 2025 on (a comes back after a gap), d from June; OLD since before the log."""
    rows = [
        ("a", NEW, "2025-05-20T10:00:00"), ("a", NEW, "2025-05-21T10:00:00"), ("a", NEW, "2025-08-01T00:00:00"),
        ("b", NEW, "2025-05-31T23:59:59"), ("b", NEW, "2025-06-30T23:59:59"),
        ("c", NEW, "2025-05-25T12:00:00"),
        ("d", NEW, "2025-06-01T00:00:00"), ("d", NEW, "2025-07-15T12:00:00"),
        ("a", OLD, "2025-04-02T12:00:00"), ("z", OLD, "2025-08-20T12:00:00"),
    ]  # fmt: skip
    facts = models(model(NEW, "2025-05-20"), model(OLD, "2024-01-01"))
    return connect(generations(rows), models=facts, start=dt.date(2025, 4, 1), end=dt.date(2025, 8, 20))


def test_gaps_are_allowed_and_silent_months_are_zero(small):
    assert _table(small, NEW) == {
        ("2025-05", 0): (3, 3), ("2025-05", 1): (3, 1), ("2025-05", 2): (3, 0), ("2025-05", 3): (3, 1),
        ("2025-06", 0): (1, 1), ("2025-06", 1): (1, 1), ("2025-06", 2): (1, 0),
    }  # fmt: skip


def test_cells_after_the_log_are_unobserved_and_missing_not_zero(small):
    cells = retention.triangle(small, NEW)
    beyond = cells[~cells["observed"]]
    assert [(f"{r.cohort:%Y-%m}", r.k) for r in beyond.itertuples()] == [("2025-06", 3)]
    assert beyond[["active", "retention", "wilson_low", "wilson_high"]].isna().all(axis=None)


def test_the_last_month_is_incomplete_where_the_log_ends_inside_it(small):
    cells = retention.triangle(small, NEW)
    assert set(cells.loc[~cells["complete"], "month"]) >= {pd.Timestamp("2025-08-01")}
    assert cells.loc[cells["observed"] & (cells["month"] < "2025-08-01"), "complete"].all()
    old = retention.triangle(small, OLD)
    assert old.loc[old["cohort"] == "2025-08-01", "complete"].tolist() == [False] * 5


@pytest.mark.parametrize(("end", "complete"), [("2025-06-29", False), ("2025-06-30", True)])
def test_a_month_is_complete_from_its_last_day_on(connect, end, complete):
    rows = [("a", NEW, "2025-05-02T00:00:00"), ("a", NEW, "2025-06-02T00:00:00")]
    cells = retention.triangle(connect(generations(rows), end=dt.date.fromisoformat(end)), NEW)
    june = cells["observed"] & (cells["month"] == "2025-06-01")
    assert cells.loc[june, "complete"].tolist() == [complete]
    assert cells.loc[cells["month"] == "2025-05-01", "complete"].tolist() == [True]


@pytest.mark.parametrize(
    ("released", "truncated"), [("2025-04-09", True), ("2025-04-10", False), ("2025-04-11", False)]
)
def test_a_model_released_on_the_first_day_of_the_log_is_seen_from_its_start(connect, released, truncated):
    rows = generations([("a", NEW, "2025-04-12T00:00:00")])
    log = connect(rows, models=models(model(NEW, released)), start=dt.date(2025, 4, 10))
    assert retention.triangle(log, NEW)["left_truncated"].tolist() == [truncated]


def test_triangles_are_made_once_for_all_models(small, monkeypatch):
    both = retention.triangles(small)
    monkeypatch.setattr(retention, "cohort_activity", lambda log: pytest.fail("made again"))
    for name in (OLD, NEW):
        part = retention.triangle(small, name)
        pd.testing.assert_frame_equal(part, both[both["model"] == name].reset_index(drop=True))
    assert retention.triangles(small, [NEW])["model"].unique().tolist() == [NEW]


def test_exposure_counts_the_days_since_the_release(small):
    cells = retention.triangle(small, NEW).drop_duplicates("cohort").set_index("cohort")
    assert cells["exposure_days"].to_dict() == {
        pd.Timestamp("2025-05-01"): 12,
        pd.Timestamp("2025-06-01"): 30,
    }
    # first requests on the 20th, 25th and 31st leave 12, 7 and 1 days of May
    assert cells.loc["2025-05-01", "mean_exposure_days"] == pytest.approx((12 + 7 + 1) / 3)


def test_first_use_in_the_first_month_of_a_log_is_left_truncated_for_older_models(small):
    old = retention.triangle(small, OLD).drop_duplicates("cohort").set_index("cohort")["left_truncated"]
    assert old.to_dict() == {pd.Timestamp("2025-04-01"): True, pd.Timestamp("2025-08-01"): False}
    assert not retention.triangle(small, NEW)["left_truncated"].any()


def test_min_cohort_leaves_out_and_small_marks(small):
    assert set(retention.triangle(small, NEW, min_cohort=2)["users"]) == {3}
    marks = retention.triangle(small, NEW, small=2).drop_duplicates("cohort")["small"].tolist()
    assert marks == [False, True]


def test_unknown_model_gives_an_empty_table_of_the_same_shape(small):
    empty = retention.triangle(small, "no/such")
    assert empty.empty
    assert list(empty.columns) == list(retention.TRIANGLE_COLUMNS)


def test_months_are_utc_months_whatever_the_zone_of_the_writer(connect):
    rows = generations([("a", NEW, "2025-05-31T23:30:00"), ("a", NEW, "2025-06-01T00:30:00")])
    import pyarrow as pa

    kolkata = rows["created_at"].cast(pa.timestamp("ms", tz="Asia/Kolkata"))
    rows = rows.set_column(1, "created_at", kolkata)
    log = connect(rows)
    assert _table(log, NEW) == {("2025-05", 0): (1, 1), ("2025-05", 1): (1, 1)}


def _cohorts(connect, sizes, released="2025-01-15", facts=True):
    """A log to July 2025: of the cohort of each month, `stay` of `n` users come back in every later month."""
    rows = []
    for month, (n, stay) in sizes.items():
        for user in range(n):
            rows.append((f"u{month}-{user}", NEW, f"2025-{month:02d}-20T00:00:00"))
            later = range(month + 1, 8) if user < stay else ()
            rows += [(f"u{month}-{user}", NEW, f"2025-{m:02d}-05T00:00:00") for m in later]
    table = models(model(NEW, released)) if facts else None
    return connect(generations(rows), models=table, start=dt.date(2024, 12, 1), end=dt.date(2025, 7, 31))


def test_launch_contrast_compares_with_cohorts_two_months_later(connect):
    log = _cohorts(connect, {1: (20, 10), 2: (10, 9), 3: (10, 2), 4: (20, 2), 5: (4, 4)})
    found = retention.launch_contrast(log, NEW, months=(3, 4), min_cohort=5).set_index("k")
    at3 = found.loc[3]
    assert (at3["launch"], at3["launch_users"]) == (0.5, 20)
    assert at3["later"] == pytest.approx(
        (2 / 10 + 2 / 20) / 2
    )  # unweighted; May is too small, February too early
    assert (at3["later_cohorts"], at3["later_users"]) == (2, 30)
    assert at3["ratio"] == pytest.approx(0.5 / 0.15)
    assert at3["spread"] == pytest.approx(0.9 - 0.1)
    assert at3["spread_later"] == pytest.approx(0.1)
    assert found.loc[4, "later"] == pytest.approx(0.2)  # only March has a month 4 in the log
    assert (found["basis"] == "release date").all()


def test_launch_contrast_leaves_incomplete_months_out(connect):
    rows = [(f"u{i}", NEW, "2025-01-20T00:00:00") for i in range(5)]
    rows += [(f"v{i}", NEW, "2025-03-20T00:00:00") for i in range(5)]
    days = {"start": dt.date(2025, 1, 1), "end": dt.date(2025, 6, 10)}
    log = connect(generations(rows), models=models(model(NEW, "2025-01-15")), **days)
    found = retention.launch_contrast(log, NEW, months=(3,), min_cohort=5).iloc[0]
    assert (found["launch"], found["later_cohorts"]) == (0.0, 0)
    assert pd.isna(found["later"])
    assert pd.isna(found["ratio"])


def test_launch_contrast_compares_with_cohorts_of_newcomers_alone(connect):
    from tests.analysis.sources.test_coverage import _log

    facts = models(model("new/one", "2025-03-01"), model("old/one", "2024-01-01"))
    whole, lost = (
        retention.launch_contrast(
            connect(_log(lost=days), models=facts), "new/one", months=(1,), min_cohort=5
        ).iloc[0]
        for days in ([], [(dt.date(2025, 5, 20), dt.date(2025, 6, 10))])
    )
    assert (whole["later_cohorts"], lost["later_cohorts"]) == (3, 0)  # nor those of June and July


def test_launch_cohort_without_a_models_table_is_the_first_month_seen(connect):
    log = _cohorts(connect, {2: (3, 1), 3: (3, 1)}, facts=False)
    assert retention.launch_cohort(log, NEW) == (dt.date(2025, 2, 1), "first month seen")
    assert retention.launch_cohort(log, "no/such") == (None, "first month seen")


def test_a_launch_before_the_log_has_no_launch_cohort(connect):
    log = _cohorts(connect, {1: (6, 2), 3: (6, 2)}, released="2024-10-01")
    assert retention.launch_cohort(log, NEW) == (None, "release date")
    assert retention.launch_contrast(log, NEW, min_cohort=1)["launch"].isna().all()


def test_wilson_interval_of_known_values():
    low, high = wilson([0, 5, 10, 1], [10, 10, 10, 0])
    assert low[:3] == pytest.approx([0.0, 0.2366, 0.7225], abs=1e-4)
    assert high[:3] == pytest.approx([0.2775, 0.7634, 1.0], abs=1e-4)
    assert pd.isna(low[3])
