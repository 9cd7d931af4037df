"""Which days a log covers: holes and stray rows are found, and logs without them have none."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.months import month_end
from analysis.queries import retention
from analysis.sources.conformance import check_conformance, is_conforming
from analysis.sources.coverage import Coverage, Span, of_days
from analysis.sources.log import LogError
from analysis.sources.opening import open_log
from tests.analysis.in_memory import opened
from tests.analysis.rows import generations, model, models

START = dt.date(2025, 1, 1)
DAYS = 300


def day(number):
    return START + dt.timedelta(days=int(number))


def covered(counts, **stated):
    return of_days({day(i): int(n) for i, n in enumerate(counts) if n}, **stated)


T = np.arange(DAYS)
WORKDAY = np.where(T % 7 >= 5, 0.0, 1.0)
BUSY_WEEK = np.where(T % 7 >= 5, 0.3, 1.0)


def _level_changes(rng):
    level = np.full(DAYS, 5.0)
    for begin in rng.integers(0, DAYS, 4):
        level[begin:] *= rng.choice([0.3, 3, 10])
    return level


def _quiet_weeks(rng):
    """Four times one or two weeks at a third to two thirds of the usual: holidays."""
    level = 60 * BUSY_WEEK * rng.lognormal(0, 0.2, DAYS)
    for begin in rng.integers(0, DAYS, 4):
        level[begin : begin + rng.choice([7, 14])] *= rng.uniform(0.35, 0.65)
    return level


def _by_hand(rng):
    """Each month a few users on a few days, as one writes examples."""
    counts = np.zeros(DAYS)
    for month in range(10):
        counts[30 * month + rng.integers(0, 28, 4)] += rng.integers(1, 40)
    return counts


KINDS = {
    "twenty rows in eight months": lambda rng: rng.poisson(0.08, DAYS),
    "three rows a day": lambda rng: rng.poisson(3, DAYS),
    "noisy, quiet weekends": lambda rng: rng.poisson(300 * BUSY_WEEK * rng.lognormal(0, 0.2, DAYS)),
    "growing": lambda rng: rng.poisson(0.5 * np.exp(T / 45) * BUSY_WEEK),
    "growing from nothing": lambda rng: rng.poisson(T / 3),
    "silent weekends": lambda rng: rng.poisson(200 * WORKDAY * rng.lognormal(0, 0.3, DAYS)),
    "few rows, silent weekends": lambda rng: rng.poisson(3 * WORKDAY),
    "bursts": lambda rng: rng.negative_binomial(1, 1 / 101, DAYS),
    "heavy bursts": lambda rng: rng.poisson(20 * rng.pareto(1.2, DAYS)),
    "batches": lambda rng: np.array([rng.integers(50, 150, n).sum() for n in rng.poisson(8, DAYS)]),
    "launches and departures": lambda rng: rng.poisson(_level_changes(rng)),
    "quiet ends of months": lambda rng: np.where(T % 30 >= 28, 1, rng.poisson(50, DAYS)),
    "a job once a month": lambda rng: np.where(T % 30 == 3, 5000, 0),
    "quiet weeks": lambda rng: rng.poisson(_quiet_weeks(rng)),
    "written by hand": _by_hand,
    "a launch, quiet ends of months": lambda rng: np.where(
        (T % 30 >= 28) | (T < 60), 1, 1 + rng.poisson(35, DAYS)
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_logs_without_holes_have_none(kind):
    """A few logs of each kind; the slow test measures the rate."""
    found = [covered(KINDS[kind](np.random.default_rng([7, i]))) for i in range(12)]
    assert sum(bool(coverage.holes) for coverage in found) <= 1
    assert sum(bool(coverage.stray) for coverage in found) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_false_holes_and_cut_ends_are_at_most_one_percent(kind):
    """Of these 1,000 logs of each kind at most 10: what the docstring of analysis/sources/coverage says."""
    found = [covered(KINDS[kind](np.random.default_rng([8, i]))) for i in range(1000)]
    assert sum(bool(coverage.holes) for coverage in found) <= 10
    assert sum(bool(coverage.stray) for coverage in found) <= 10


SEEN_IN = {
    "three rows a day": 21, "noisy, quiet weekends": 3, "growing from nothing": 7, "silent weekends": 21,
    "batches": 7, "bursts": 30, "quiet ends of months": 14,
}  # fmt: skip


@pytest.mark.parametrize("kind", SEEN_IN)
@pytest.mark.parametrize("left", [0, 2])
def test_lost_days_are_found(kind, left):
    length, hits = SEEN_IN[kind], 0
    for i in range(12):
        rng = np.random.default_rng([9, i])
        counts = KINDS[kind](rng)
        begin = int(rng.integers(130, 160))
        counts[begin : begin + length] = 0
        counts[rng.integers(begin, begin + length, left if length > 7 else 0)] += 1
        (lost, *others) = covered(counts).holes or (None,)
        if lost is not None and not others:
            near = abs((lost.first - day(begin)).days) + abs((lost.last - day(begin + length - 1)).days)
            hits += near <= 4
    assert hits >= 10


def test_lost_weeks_far_from_each_other_are_found():
    counts = np.random.default_rng(1).poisson(40, DAYS)
    for begin in (60, 120, 200, 250):
        counts[begin : begin + 7] = 0
    holes = covered(counts).holes
    assert [(h.first, h.days) for h in holes] == [(day(b), 7) for b in (60, 120, 200, 250)]


REPEATED = {
    "three of four days": (3000, (100, 180, 250), 4),
    "three of three days": (40, (60, 150, 220), 3),
    "eight of ten days": (1000, (30, 70, 110, 150, 190, 220, 250, 280), 10),
    "five single days": (1000, (50, 99, 121, 182, 260), 1),
}


@pytest.mark.parametrize("name", REPEATED)
def test_losses_that_repeat_do_not_hide_each_other(name):
    level, begins, length = REPEATED[name]
    counts = np.random.default_rng(3).poisson(level, DAYS)
    for begin in begins:
        counts[begin : begin + length] = 0
    assert [(h.first, h.days) for h in covered(counts).holes] == [(day(b), length) for b in begins]


def test_silences_at_equal_intervals_are_a_habit_and_long_ones_are_told():
    counts = np.random.default_rng(4).poisson(1000, DAYS)
    assert not covered(np.where(T % 14 == 3, 0, counts)).holes
    ends = {d: n for i, n in enumerate(counts) if (d := day(i)).day < 29}
    assert (of_days(ends).holes, of_days(ends).sentences) == ((), ())
    fortnights = of_days({d: n for i, n in enumerate(counts) if (d := day(i)).day < 21})
    assert not fortnights.holes
    assert "2025-01-21 to 2025-01-31" in fortnights.sentences[0]
    assert "habit" in fortnights.sentences[0]


@pytest.mark.parametrize("before", [1, 30, 300])
@pytest.mark.parametrize("since", [4, 10, 25])
def test_a_loss_just_after_a_launch_is_a_hole(before, since):
    rng = np.random.default_rng(5)
    counts = np.where(T < 61, before, rng.poisson(1000, DAYS))
    counts[61 + since : 61 + since + 14] = 0
    assert covered(counts).holes == (Span(day(61 + since), day(61 + since + 13)),)


@pytest.mark.parametrize("begin, end", [(62, 82), (64, 84), (69, 89), (69, 77), (120, 145)])
def test_a_loss_in_the_month_of_a_launch_is_found_among_quiet_ends_of_months(begin, end):
    counts = KINDS["a launch, quiet ends of months"](np.random.default_rng(6))
    counts[begin:end] = 0
    assert covered(counts).holes == (Span(day(begin), day(end - 1)),)


@pytest.mark.parametrize(
    "left, holes, thin", [(0.0, 1, 0), (1 / 16, 1, 0), (0.1, 1, 0), (0.2, 0, 1), (0.4, 0, 0)]
)
def test_weeks_with_a_part_of_their_rows(left, holes, thin):
    rng = np.random.default_rng(7)
    counts = rng.poisson(1000, DAYS)
    counts[120:141] = rng.binomial(counts[120:141], left)
    coverage = covered(counts)
    assert (len(coverage.holes), len(coverage.thin)) == (holes, thin)
    for span in (*coverage.holes, *coverage.thin):
        assert (span.first, span.last) == (day(120), day(140))
        assert f"{day(120)} to {day(140)}" in coverage.sentences[0]
    assert bool(coverage.sentences and "far fewer rows than usual" in coverage.sentences[0]) == bool(thin)


ENDING = ("noisy, quiet weekends", "growing", "silent weekends", "batches", "quiet weeks")


@pytest.mark.parametrize("kind", ENDING)
def test_last_weeks_that_lost_most_rows_are_told_and_count_as_covered(kind):
    """Fixed logs, one miss allowed: of 18,000 logs 8 were missed, where the log was quiet just before the loss."""
    cases = list(itertools.product(range(3), (3, 4, 5, 6), (0.01, 0.02, 0.05)))
    assert sum(not loss_is_told(kind, *case) for case in cases) <= 1


def loss_is_told(kind, seed, weeks, left):
    """Whether the loss at the end of such a log is told: as thin weeks, or as stray rows of which few are left."""
    rng = np.random.default_rng([11, seed])
    counts = np.asarray(KINDS[kind](rng)).copy()
    counts[-7 * weeks :] = rng.binomial(counts[-7 * weeks :], left)
    coverage = covered(counts)
    lost = day(DAYS - 7 * weeks)
    told = (*coverage.thin, *coverage.stray)
    # the log may have had quiet weeks of its own, which are told as well; where the last rows are stray, it ends there
    beginnings = [*(span.first for span in told), coverage.last]
    return (
        bool(told and coverage.sentences)
        and not (coverage.holes and coverage.holes[-1].last >= lost - dt.timedelta(days=7))
        and all(coverage.covers(span.first, span.last) for span in coverage.thin)
        and any(abs((first - lost).days) <= 7 for first in beginnings)
    )


# Departures, and two quiet weeks in one, truly leave a quarter: there telling is right.
@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("launches and departures", "quiet weeks")])
def test_the_last_weeks_of_a_log_that_lost_nothing_are_not_told_thin(kind):
    for i in range(15):
        coverage = covered(KINDS[kind](np.random.default_rng([12, i])))
        assert not any(span.last >= coverage.last - dt.timedelta(days=1) for span in coverage.thin)


def test_a_log_that_ends_slowly_is_not_told_thin():
    """Half of the rows each month, or nine tenths each day for the last weeks: no step, no loss."""
    for level in (1000 * 0.5 ** (T / 30), 1000 * 0.95 ** np.maximum(T - 250, 0)):
        assert not covered(np.random.default_rng(8).poisson(level)).thin


def test_a_lost_day_of_a_large_log_is_a_hole_and_of_a_small_one_is_not():
    for level, holes in ((1000, 1), (4, 0)):
        counts = np.random.default_rng(2).poisson(level, DAYS)
        counts[100] = 0
        assert len(covered(counts).holes) == holes


@pytest.mark.parametrize("where", [-1800, -40, -9, DAYS + 8, DAYS + 300])
@pytest.mark.parametrize("rows", [1, 5])
def test_stray_rows_do_not_extend_what_is_covered(where, rows):
    counts = {day(i): 40 for i in range(DAYS)}
    coverage = of_days(counts | {day(where): rows})
    assert (coverage.first, coverage.last) == (day(0), day(DAYS - 1))
    assert coverage.stray == (Span(day(where), day(where), rows),)
    assert not coverage.holes
    assert f"{rows} row" in coverage.sentences[0]
    assert str(day(where)) in coverage.sentences[0]


def test_stray_rows_at_both_ends_and_several_at_one():
    counts = {day(i): 40 for i in range(DAYS)}
    stray = {day(-900): 1, day(-500): 2, day(-20): 1, day(DAYS + 30): 3}
    coverage = of_days(counts | stray)
    assert (coverage.first, coverage.last) == (day(0), day(DAYS - 1))
    assert {span.first: span.rows for span in coverage.stray} == stray


def test_a_first_or_last_day_that_is_there_in_part_is_not_covered():
    counts = {day(i): 40 for i in range(DAYS)}
    assert of_days(counts | {day(-1): 2}).first == day(0)
    assert of_days(counts | {day(DAYS): 2}).last == day(DAYS - 1)
    assert of_days(counts | {day(DAYS): 30}).last == day(DAYS)


def test_a_small_model_before_a_launch_is_covered():
    """A row a day, and then hundreds: the days before show that the new model was not there."""
    counts = {day(i): 1 if i < 60 else 300 for i in range(DAYS)}
    coverage = of_days(counts)
    assert (coverage.first, coverage.holes, coverage.stray) == (day(0), (), ())


def test_stated_days_win():
    counts = {day(i): 40 for i in range(DAYS)} | {day(DAYS + 40): 1}
    coverage = of_days(counts, day(-30), day(DAYS + 60))
    assert (coverage.first, coverage.last) == (day(-30), day(DAYS + 60))
    assert not coverage.stray
    assert of_days(counts, first=day(10)).first == day(10)


@pytest.mark.parametrize(
    "stated",
    [{"last": day(-1)}, {"first": day(DAYS)}, {"first": day(-40), "last": day(-9)}, {"last": day(-1827)}],
)
def test_stated_days_without_a_record_are_refused(stated):
    with pytest.raises(LogError, match=f"no record on the days .*{day(0)} to {day(DAYS - 1)}"):
        of_days({day(i): 40 for i in range(DAYS)}, **stated)


def test_stated_days_in_the_wrong_order_are_refused():
    for rows in ({day(i): 40 for i in range(DAYS)}, {}):
        with pytest.raises(LogError, match="cannot be after its last"):
            of_days(rows, day(20), day(10))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=200), st.integers(0, 6))
@settings(max_examples=60)
def test_coverage_holds_together_for_any_counts(counts, shift):
    if not any(counts):
        return
    rows = {day(i + shift): n for i, n in enumerate(counts) if n}
    coverage = of_days(rows)
    assert min(rows) <= coverage.first <= coverage.last <= max(rows)
    assert len(coverage.days) == (coverage.last - coverage.first).days + 1
    lost = sum(h.days for h in coverage.holes)
    assert coverage.days.sum() == len(coverage.days) - lost
    outside = {d: n for d, n in rows.items() if not coverage.first <= d <= coverage.last}
    assert sum(span.rows for span in coverage.stray) == sum(outside.values())
    for monday in coverage.complete_weeks():
        assert monday.weekday() == 0
        assert coverage.covers(monday, monday + dt.timedelta(days=6))
    for month in coverage.complete_months():
        assert not coverage.has_hole(month, month_end(month))
    mirrored = of_days({day(400 - (d - START).days): n for d, n in rows.items()})
    assert bool(mirrored.holes) == bool(coverage.holes)


def test_weeks_and_months_with_a_hole_are_not_complete():
    coverage = Coverage(
        dt.date(2025, 1, 1), dt.date(2025, 4, 30), (Span(dt.date(2025, 2, 27), dt.date(2025, 3, 4)),)
    )
    assert [m.month for m in coverage.complete_months()] == [1, 4]
    assert [m.month for m in coverage.observed_months()] == [1, 2, 3, 4]
    assert [m.month for m in coverage.months() if coverage.knows(m)] == [1, 4]
    weeks = coverage.complete_weeks()
    assert dt.date(2025, 2, 17) in weeks
    assert not {dt.date(2025, 2, 24), dt.date(2025, 3, 3)} & set(weeks)
    assert coverage.covered(dt.date(2025, 2, 1), dt.date(2025, 3, 31)) == 26 + 27


# --- in a log


def _log(users=25, lost=(), extra=(), begins=dt.date(2025, 1, 1), last=dt.date(2025, 8, 31)):
    """Cohorts of `users` a month from March on, each member active in every later month on three days; a model with
    eight rows a day beside them. lost: (first, last) days without rows."""
    rows = []
    for n, date in enumerate(pd.date_range(begins, last)):
        rows += [(f"o{n % 40}-{i}", "old/one", date.date()) for i in range(8)]
    for c in range(3, last.month + 1):
        for u in range(users):
            for m in range(c, last.month + 1):
                if m == c or u % 2 == 0:
                    rows += [
                        (f"c{c}-{u}", "new/one", dt.date(2025, m, 1 + (u + 9 * i) % 28)) for i in range(3)
                    ]
    kept = [r for r in rows if not any(a <= r[2] <= b for a, b in lost)]
    return generations([(u, m, f"{d}T12:00:00") for u, m, d in [*kept, *extra]])


def test_a_hole_never_lowers_retention_without_a_mark(connect):
    whole = retention.triangle(connect(_log()), "new/one")
    for lost in ((5, 1, 5, 31), (5, 20, 6, 10), (6, 10, 6, 16)):
        span = (dt.date(2025, *lost[:2]), dt.date(2025, *lost[2:]))
        log = connect(_log(lost=[span]))
        assert log.warnings
        assert str(span[0]) in log.warnings[0]
        cells = retention.triangle(log, "new/one")
        both = cells.merge(whole, on=["cohort", "k"], suffixes=("", "_whole"))
        trusted = both[both["complete"] & ~both["left_truncated"] & ~both["after_hole"]]
        assert len(trusted) > 3
        assert (trusted["retention"] >= trusted["retention_whole"]).all()
        months = [
            m for m in (5, 6) if span[0] <= month_end(dt.date(2025, m, 1)) and span[1] >= dt.date(2025, m, 1)
        ]
        touched = cells["month"].dt.month.isin(months)
        assert not cells.loc[touched, "complete"].any()
        marked = cells.loc[cells["after_hole"], "cohort"].dt.month.unique().tolist()
        assert marked == sorted(
            {c for m in months for c in (m, m + 1) if (cells["cohort"].dt.month == c).any()}
        )


@given(begin=st.integers(10, 225), length=st.integers(1, 60))
@settings(max_examples=8)
def test_wherever_a_hole_lies_no_complete_cell_is_lower_for_it(begin, length):
    """From one day to two months, inside, at the end, before the model or through its launch."""
    held, span = _log(), (day(begin), day(begin + length - 1))
    dates = np.array(held["created_at"].to_pandas().dt.date)
    figures = []
    for rows in (held, held.filter(~((dates >= span[0]) & (dates <= span[1])))):
        with opened(rows) as log:
            figures.append((retention.triangle(log, "new/one").set_index(["cohort", "k"]), log.coverage))
    (whole, _), (cells, coverage) = figures
    trusted = cells[cells["complete"] & ~cells["left_truncated"] & ~cells["after_hole"]]
    assert (trusted["retention"] >= whole.loc[trusted.index, "retention"]).all()
    if length >= 14:  # so long a loss is seen, inside or as the end of the log
        assert not coverage.covers(*span)


def test_a_lost_month_is_unknown_not_zero(connect):
    log = connect(_log(lost=[(dt.date(2025, 5, 1), dt.date(2025, 5, 31))]))
    cells = retention.triangle(log, "new/one")
    may = cells[cells["month"] == "2025-05-01"]
    assert len(may) == 2
    assert may[["active", "retention", "wilson_low", "wilson_high"]].isna().all(axis=None)
    assert not may["observed"].any()
    few = connect(_log(lost=[(dt.date(2025, 5, 1), dt.date(2025, 5, 31))],
                       extra=[("c3-0", "new/one", dt.date(2025, 5, 9))]))  # fmt: skip
    found = retention.triangle(few, "new/one")
    assert found.loc[found["month"] == "2025-05-01", "active"].isna().all()


def test_stray_rows_change_no_triangle_and_are_in_the_totals(connect):
    whole = connect(_log())
    stray = [("z", "other/one", dt.date(2020, 5, 5)), ("c3-1", "new/one", dt.date(2027, 1, 1)),
             ("c4-1", "new/one", dt.date(2024, 3, 1))]  # fmt: skip
    log = connect(_log(extra=stray))
    assert (log.first_day, log.last_day) == (whole.first_day, whole.last_day)
    pd.testing.assert_frame_equal(retention.triangle(log, "new/one"), retention.triangle(whole, "new/one"))
    assert log.rows == whole.rows + 3
    assert "3 rows of" in log.warnings[0]


def test_days_stated_beside_a_log_are_refused(connect):
    log = connect(_log(users=1), check=False)
    for stated in ({"end": dt.date(2020, 1, 1)}, {"start": dt.date(2030, 1, 1)}):
        with pytest.raises(LogError, match="no record on the days"):
            open_log(log.generations, **stated)


def test_weekly_tables_mark_weeks_with_holes(connect):
    from analysis.queries import usage

    frame = usage.weekly(connect(_log(lost=[(dt.date(2025, 5, 6), dt.date(2025, 5, 27))])))
    incomplete = frame.loc[~frame["complete"], "week"]
    assert pd.Timestamp("2025-05-05") in set(incomplete)
    assert pd.Timestamp("2025-05-26") in set(incomplete)
    assert frame.loc[frame["week"] == "2025-04-28", "complete"].all()


def test_the_check_of_a_log_counts_holes_and_stray_rows(connect):
    log = connect(
        _log(
            lost=[(dt.date(2025, 5, 1), dt.date(2025, 5, 31))],
            extra=[("z", "other/one", dt.date(2021, 1, 1))],
        ),
        check=False,
    )
    found = check_conformance(log, only_violations=True).set_index("check")
    assert found.loc["days without a hole", "violations"] == 31
    assert "2025-05-01 to 2025-05-31" in found.loc["days without a hole", "examples"]
    assert found.loc["apart from the rest", "violations"] == 1
    assert "2021-01-01" in found.loc["apart from the rest", "examples"]
    assert is_conforming(check_conformance(log))
    assert (found["severity"] == "warning").all()


def test_the_check_of_a_log_counts_users_before_the_release(connect):
    log = connect(_log(), models=models(model("new/one", "2025-04-01"), model("old/one", "2024-01-01")))
    found = check_conformance(log, only_violations=True).set_index("check")
    assert found.loc["released before its first requests", "violations"] == 25
    assert (
        25 <= found.loc["released before its first requests", "rows"] <= log.rows
    )  # users of a model, not models
    assert "new/one" in found.loc["released before its first requests", "examples"]


def test_a_run_covers_what_its_manifest_states_unless_rows_are_missing(tmp_path):
    import json

    import pyarrow.parquet as pq

    table = _log(lost=[(dt.date(2025, 5, 1), dt.date(2025, 5, 31))])
    run = tmp_path / "run"
    run.joinpath("log").mkdir(parents=True)
    pq.write_table(table, run / "log" / "part.parquet")
    states = {"start": "2025-01-01", "end": "2025-08-31", "title": "t", "schema_version": 1, "scenario": "s",
              "run_id": "r", "seed": 1, "versions": {"glass_slipper": "0.1.0"}, "files": []}  # fmt: skip
    for counted, holes in ((table.num_rows, 0), (table.num_rows + 2000, 1)):
        manifest = states | {"counts": {"generations": counted}}
        run.joinpath("manifest.json").write_text(json.dumps(manifest))
        with open_log(run) as log:
            assert log.manifest is not None
            assert len(log.coverage.holes) == holes
            assert (log.first_day, log.last_day) == (dt.date(2025, 1, 1), dt.date(2025, 8, 31))


def test_a_run_that_lost_its_last_weeks_does_not_cover_them(tmp_path):
    import json

    import pyarrow.parquet as pq

    whole, table = _log(), _log(lost=[(dt.date(2025, 8, 10), dt.date(2025, 8, 31))])
    run = tmp_path / "run"
    run.joinpath("log").mkdir(parents=True)
    pq.write_table(table, run / "log" / "part.parquet")
    manifest = {"start": "2025-01-01", "end": "2025-08-31", "versions": {"glass_slipper": "0.1.0"},
                "counts": {"generations": whole.num_rows}}  # fmt: skip
    run.joinpath("manifest.json").write_text(json.dumps(manifest))
    with open_log(run) as log:
        assert log.last_day == dt.date(2025, 8, 9)
        assert f"lacks {whole.num_rows - table.num_rows:,} of the requests" in " ".join(log.warnings)
    run.joinpath("manifest.json").write_text(json.dumps(manifest | {"counts": 7}))
    with open_log(run) as log:  # nothing is counted: the manifest's days stand
        assert log.last_day == dt.date(2025, 8, 31)
