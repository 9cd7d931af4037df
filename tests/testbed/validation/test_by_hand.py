"""Answers worked out by hand on the worlds of a few rows."""

from __future__ import annotations

import datetime as dt

import pytest

from testbed.validation.questions import OPTIONAL, questions
from testbed.validation.worlds import battery


def answer(world: str, name: str, optional: bool = False):
    """The rows of the oracle's answer as tuples, without those that may be left out."""
    made, question = battery()[world], questions()[name]
    frame = question.answer(made.tables, **made.arguments(question))
    frame = frame if optional else frame[~frame[OPTIONAL]]
    columns = [column.name for column in question.columns if column.required]
    return [tuple(map(plain, row)) for row in frame[columns].itertuples(index=False)]


def plain(value):
    if isinstance(value, dt.datetime):
        return f"{value:%m-%d}"
    if isinstance(value, float):
        return None if value != value else int(value) if value == int(value) else pytest.approx(value)
    return value


# a, b, c begin in May; b is back on the last second of June, a on the first of August; d begins in June, back in July
MAY, JUNE = "05-01", "06-01"
THIRD = pytest.approx(1 / 3)


def test_retention_of_four_users():
    assert answer("four users", "retention_triangle") == [
        (MAY, 1, 3, 1, THIRD), (MAY, 2, 3, 0, 0), (MAY, 3, 3, 1, THIRD), (JUNE, 1, 1, 1, 1), (JUNE, 2, 1, 0, 0),
    ]  # fmt: skip


def test_month_0_may_be_listed_and_is_1():
    whole = answer("four users", "retention_triangle", optional=True)
    assert [row for row in whole if row[1] == 0] == [(MAY, 0, 3, 3, 1), (JUNE, 0, 1, 1, 1)]


def test_the_other_definitions_of_four_users():
    # a: 72 days after the first request, in window 2; b: to the second 30 days after it, in window 1; d: 44 days
    assert answer("four users", "retention_triangle_30_days") == [
        (MAY, 1, 3, 1, THIRD), (MAY, 2, 3, 1, THIRD), (JUNE, 1, 1, 1, 1),
    ]  # fmt: skip
    assert answer("four users", "retention_triangle_on_or_after") == [
        (MAY, 1, 3, 2, pytest.approx(2 / 3)), (MAY, 2, 3, 1, THIRD), (MAY, 3, 3, 1, THIRD),
        (JUNE, 1, 1, 1, 1), (JUNE, 2, 1, 0, 0),
    ]  # fmt: skip
    assert answer("four users", "retention_triangle_every_month") == [
        (MAY, 1, 3, 1, THIRD), (MAY, 2, 3, 0, 0), (MAY, 3, 3, 0, 0), (JUNE, 1, 1, 1, 1), (JUNE, 2, 1, 0, 0),
    ]  # fmt: skip


def test_retention_over_a_year():
    # of a, b and c, who begin in February 2024, a is back after 1 and after 12 months, b after 13, c after 11
    rows = answer("over a year", "retention_triangle")
    assert len(rows) == 24 + 14
    february = [row for row in rows if row[0] == "02-01" and row[3]]
    assert february == [("02-01", k, 3, 1, THIRD) for k in (1, 11, 12, 13)]
    assert [row[1] for row in rows if row[0] == "12-01" and row[3]] == [1, 13]


def test_models_that_reason_without_the_flag_do_not_count():
    assert answer("over a year", "reasoning_share") == []


def test_means_and_sizes_of_four_users():
    assert answer("four users", "mean_retention_by_k") == [(1, pytest.approx(2 / 3)), (2, 0), (3, THIRD)]
    assert answer("four users", "mean_retention_by_cohort") == [(MAY, pytest.approx(2 / 9)), (JUNE, 0.5)]
    assert answer("four users", "cohort_sizes") == [
        ("acme/one", MAY, 3), ("acme/one", JUNE, 1), ("beta/two", "04-01", 1), ("beta/two", "08-01", 1),
    ]  # fmt: skip


FIRST, SECOND = "06-02", "06-09"


def test_tokens_of_two_weeks():
    # tokens: closed 1000, cn-open 500, row-open 500; then closed 200, unknown 800, cn-open 1000
    assert answer("two weeks", "weekly_openness") == [
        (FIRST, "closed", 1000, 0.5), (FIRST, "cn-open", 500, 0.25), (FIRST, "row-open", 500, 0.25),
        (SECOND, "closed", 200, 0.1), (SECOND, "cn-open", 1000, 0.5), (SECOND, "unknown", 800, 0.4),
    ]  # fmt: skip
    assert answer("two weeks", "weekly_authors") == [
        (FIRST, "acme", 0.5), (FIRST, "han", 0.25), (FIRST, "rho", 0.25),
        (SECOND, "acme", 0.1), (SECOND, "ghost", 0.4), (SECOND, "han", 0.5),
    ]  # fmt: skip
    assert sorted(answer("two weeks", "top_models"), key=lambda row: -row[1]) == [
        ("han/open", 1500), ("acme/closed", 1200), ("ghost/new", 800), ("rho/open", 500),
    ]  # fmt: skip
    assert answer("two weeks", "tool_share", optional=True) == [(FIRST, 0.5), (SECOND, 0)]
    assert answer("two weeks", "reasoning_share") == [(FIRST, 0.25), (SECOND, 0.5)]
    # cached 300 of 600 + 300 prompt tokens, one request not known; then 100 of 100 + 500
    assert answer("two weeks", "cache_hit_rate") == [(FIRST, THIRD), (SECOND, pytest.approx(1 / 6))]


def test_money_of_two_weeks():
    assert answer("two weeks", "spend_region") == [
        (FIRST, "Europe", 0.25), (FIRST, "North America", 0.5), (FIRST, "unknown", 0.25),
        (SECOND, "Asia", 0.95), (SECOND, "North America", 0.05),
    ]  # fmt: skip
    # neither the request with the own key nor the free one
    assert answer("two weeks", "effective_cost") == [
        ("acme/closed", 1000, 1, 1000), ("ghost/new", 800, 0.19, 237.5), ("han/open", 500, 0.5, 1000),
        ("rho/open", 500, 0.5, 1000),
    ]  # fmt: skip


def test_users_and_sessions_of_two_weeks():
    assert answer("two weeks", "active_users") == [(FIRST, 2), (SECOND, 3)]
    assert answer("two weeks", "sessions") == [(FIRST, 2), (SECOND, 2)]
    # u1 goes on one second after Sunday's end: no new session
    assert answer("two weeks", "sessions_by_pause") == [(FIRST, 3), (SECOND, 2)]


def test_categories_of_two_weeks():
    # labelled: 1000 tokens of programming and roleplay, 500 of translation; then 800 of programming, 1000 of science
    assert answer("two weeks", "category_share") == [
        (FIRST, "programming", pytest.approx(2 / 3)), (FIRST, "roleplay", pytest.approx(2 / 3)),
        (FIRST, "translation", THIRD),
        (SECOND, "programming", pytest.approx(4 / 9)), (SECOND, "science", pytest.approx(5 / 9)),
    ]  # fmt: skip
    assert answer("two weeks", "programming_share") == [
        (FIRST, pytest.approx(2 / 3)), (SECOND, pytest.approx(4 / 9)),
    ]  # fmt: skip
    assert answer("two weeks", "mean_lengths") == [
        (FIRST, "programming", 600, 400), (FIRST, "roleplay", 600, 400), (FIRST, "translation", 300, 200),
        (SECOND, "programming", 500, 300), (SECOND, "science", 800, 200),
    ]  # fmt: skip
    # all requests: 2000 tokens in 3 of them, in both weeks
    assert answer("two weeks", "programming_length") == [(FIRST, 1.5), (SECOND, 1.2)]


def test_a_launch_cohort_that_stays():
    assert answer("three prices", "launch_contrast") == [(3, 0.5, 0.1), (4, 0.5, 0), (5, 0.5, 0)]
    assert answer("three prices", "foundational_verdict") == [
        ("01-01", True), ("02-01", False), ("03-01", False),
    ]  # fmt: skip


def test_a_launch_cohort_without_a_later_one_beside_it_is_not_foundational():
    # two of three stay to month 5; the cohort of June is seen to month 2
    assert answer("ties", "retention_triangle")[2:5] == [
        ("03-01", k, 3, 2, pytest.approx(2 / 3)) for k in (3, 4, 5)
    ]
    assert answer("ties", "foundational_verdict") == [("03-01", False)]


def test_ten_times_the_price_and_a_tenth_of_the_tokens():
    assert answer("three prices", "elasticity") == [(pytest.approx(-1),)]
    assert answer("three prices", "effective_cost_by_author") == [
        ("acme", 4800, 0.0048, 1), ("beta", 480, 0.0048, 10), ("rho", 48, 0.0048, 100),
    ]  # fmt: skip


def test_ties_go_by_name():
    # nine models have more than 1000 tokens, four have 1000: the first of these in the alphabet is the tenth
    rows = answer("ties", "top_models")
    assert len(rows) == 10 and [name for name, tokens in rows if tokens == 1000] == ["author00/model"]


def test_a_pause_of_just_half_an_hour_ends_no_session():
    # 1 to 4 March: each day's requests of a user are 30 minutes apart
    assert answer("ties", "sessions_by_pause")[0] == ("02-24", 2)


def test_the_single_user():
    rows = answer("one user", "retention_triangle")
    assert [row[1] for row in rows if row[3]] == [1, 3, 6, 11] and len(rows) == 11
