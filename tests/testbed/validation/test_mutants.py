"""Known-wrong answers to small logs, beside what they are by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from testbed.validation.mutants import mutants_of
from testbed.validation.questions import questions
from testbed.validation.recognition import Case, KnownAnswers
from testbed.validation.tables import Row
from testbed.validation.worlds.rows import log, numbered, request

MODEL = "acme/one"
END = request("other", "acme/two", "2025-06-30")  # the log ends with a whole month


def answer(question: str, way: str, rows: list[Row]) -> list[dict[str, Any]]:
    """The rows of an answer with the mistake that is made in this way."""
    known = KnownAnswers(questions()[question])
    (mutant,) = [one for one in mutants_of(known.question) if one.way == way]
    arguments = (
        {"model": MODEL} if known.question.takes_model else {"top": 10} if question == "top_models" else {}
    )
    found = known.answer((mutant,), Case("one", log(numbered(rows), [], []), arguments=arguments))
    assert found is not None
    keys = [column.name for column in known.question.keys]
    return [
        dict(zip(keys, key, strict=True)) | values for key, values in sorted(found.values.items(), key=str)
    ]


def used(user: str, *days: str) -> list[Row]:
    return [request(user, MODEL, f"2025-{day}") for day in days]


def active(question: str, way: str, rows: list[Row]) -> dict[tuple[int, float], float]:
    """Who is active, by the cohort's month and k."""
    found = answer(question, way, [*rows, END])
    return {(row["cohort"].month, row["k"]): row["active"] for row in found}


def test_who_comes_back_after_a_pause_is_new_again():
    rows = used("u", "01-05", "02-05", "04-05", "05-05") + used("v", "04-09")
    sizes = answer("cohort_sizes", "after a month without use", rows)
    assert {row["cohort"].month: row["users"] for row in sizes} == {1: 1, 4: 2}
    way = "after a month without use"
    everything = active("retention_triangle", way, rows)
    assert [everything[1, k] for k in range(6)] == [1, 1, 0, 1, 1, 0]
    assert [everything[4, k] for k in range(3)] == [2, 1, 0]
    streaks = active("retention_triangle", f"{way}, active until the next", rows)
    assert [streaks[1, k] for k in range(6)] == [1, 1, 0, 0, 0, 0]


def test_who_never_uses_the_model_is_never_active():
    found = active(
        "retention_triangle_on_or_after",
        "by the first request to any model, of all users",
        used("u", "06-05"),
    )
    assert found == {(6, 0): 1}  # beside the other user of June


@pytest.mark.parametrize(("question", "way", "expected"), [
    ("retention_triangle_on_or_after", "the largest of the later counts", [3, 2, 2, 2, 1, 0]),
    ("retention_triangle_on_or_after", "the sum of the later counts", [7, 4, 3, 3, 1, 0]),
    ("retention_triangle_every_month", "the smallest of the counts so far", [3, 1, 0, 0, 0, 0]),
])  # fmt: skip
def test_counts_of_months_are_taken_for_users(question, way, expected):
    rows = used("u", "01-05", "02-05", "04-05") + used("v", "01-06", "04-06") + used("w", "01-07", "05-07")
    found = active(question, way, rows)
    assert [found[1, k] for k in range(6)] == expected


def test_only_the_month_before_is_asked_for():
    rows = used("u", "01-05", "03-05", "04-05", "05-05")
    found = active("retention_triangle_every_month", "in the month and the one before", rows)
    assert [found[1, k] for k in range(6)] == [1, 0, 0, 1, 1, 0]


def test_months_between_the_ends_of_months_are_whole():
    rows = used("u", "01-31", "02-28")
    ways = "months between, the ends of two months whole ones apart", "whole months from the first day"
    assert [active("retention_triangle", way, rows)[1, 1] for way in ways] == [1, 0]


@pytest.mark.parametrize(("way", "cells"), [
    ("months in which the log has requests alone", {(1, 0), (1, 2), (1, 5), (3, 0), (3, 3)}),
    ("ages of the first cohort in such months alone", {(1, 0), (1, 2), (1, 5), (3, 0), (3, 2)}),
    ("ages at which somebody is active alone", {(1, 0), (1, 2), (3, 0), (3, 2)}),
])  # fmt: skip
def test_months_and_ages_are_those_of_the_log(way, cells):
    rows = used("u", "01-05", "03-05") + used("v", "03-06")
    assert set(active("retention_triangle", way, rows)) == cells


def test_windows_are_rounded():
    rows = used("u", "01-01", "01-15", "01-17")
    found = active("retention_triangle_30_days", "moments over 30 days, rounded", rows)
    assert [found[1, k] for k in (0, 1, 2)] == [1, 1, 0]


def test_means_of_nobody_are_missing():
    """Nobody of the second cohort comes back: its mean is missing, and does not count in the mean at k."""
    rows, way = used("u", "04-05", "05-05") + used("v", "05-06"), "shares of nobody, which no mean counts"
    by_cohort = answer("mean_retention_by_cohort", way, [*rows, END])
    assert [(row["cohort"].month, row["retention"]) for row in by_cohort] == [(4, 1.0), (5, None)]
    by_k = answer("mean_retention_by_k", way, [*rows, END])
    assert [(row["k"], row["retention"]) for row in by_k if row["k"]] == [(1, 1.0), (2, None)]


def test_equal_amounts_fall_together_in_a_union():
    rows = [request("u", MODEL, "2025-06-02", tokens_prompt=prompt, tokens_completion=completion)
            for prompt, completion in ((7, 3), (3, 5), (7, 0))]  # fmt: skip
    (row,) = answer("top_models", "prompt and completion tokens by UNION", rows)
    assert row["tokens"] == 7 + 3 + 5


@pytest.mark.parametrize(("way", "tokens", "cost"), [
    ("all of them, in the money alone", 1, 7.0), ("known ones, in the money alone", 1, 3.0),
    ("known ones, in the tokens alone", 11, 1.0), ("all of them, in the tokens alone", 111, 1.0),
])  # fmt: skip
def test_own_keys_are_in_one_of_two_sums(way, tokens, cost):
    rows = [
        request(
            "u", MODEL, "2025-06-02", byok=byok, tokens_prompt=number, tokens_completion=0, cost_total=usd
        )
        for byok, number, usd in ((False, 1, 1.0), (True, 10, 2.0), (None, 100, 4.0))
    ]
    (row,) = answer("effective_cost", way, rows)
    assert (row["charged_tokens"], row["cost_usd"]) == (tokens, cost)
    assert row["cost_usd_per_mtok"] == pytest.approx(1e6 * cost / tokens)


def elastic(way: str) -> float:
    """The slope of models of 100, 10 and 1 USD a million tokens, with 10, 100 and 1000 of them: -1 if it is right."""
    rows = [request("u", f"acme/{tokens}", "2025-06-02", tokens_prompt=tokens, tokens_completion=0, cost_total=0.001)
            for tokens in (10, 100, 1000)]  # fmt: skip
    (row,) = answer("elasticity", way, rows)
    assert isinstance(row["slope"], float)
    return row["slope"]


def test_a_variance_of_the_other_kind_makes_another_slope():
    assert elastic("covariance of the population, variance of the sample") == pytest.approx(-2 / 3)
    assert elastic("covariance of the sample, variance of the population") == pytest.approx(-3 / 2)


@pytest.mark.parametrize(
    ("way", "cost", "tokens"), [("to the cost", 1, 0), ("to the tokens", 0, 1), ("to both", 1, 1)]
)
def test_one_is_added_before_the_logarithm(way, cost, tokens):
    x, y = np.log10(np.array([100, 10, 1]) + cost), np.log10(np.array([10, 100, 1000]) + tokens)
    assert elastic(way) == pytest.approx(np.polyfit(x, y, 1)[0])


def test_means_over_months_with_somebody_are_0_where_there_is_none():
    """u comes back in one of two months, v never."""
    rows = used("u", "04-05", "06-05") + used("v", "05-06")
    found = answer("mean_retention_by_cohort", "without cells of nobody, 0 where none is left", [*rows, END])
    assert [(row["cohort"].month, row["retention"]) for row in found] == [(4, 1.0), (5, 0.0)]


@pytest.mark.parametrize(("way", "months"), [
    ("without cohorts of the log's first month", {3, 4}),
    ("without cohorts of the log's first month, unless that is whole", {3, 4}),
    ("without the model's first cohort", {4}),
    ("of 2 users or more", {3}),
    ("from the cohorts first month to the logs last, 0", {3, 4, 5, 6}),
    ("from the logs first month to the cohorts last, 0", {1, 2, 3, 4}),
])  # fmt: skip
def test_other_cohorts_are_there(way, months):
    rows = [*used("u", "03-05"), *used("v", "03-06"), *used("w", "04-05"), END]
    found = answer("retention_triangle", way, [request("other", "acme/two", "2025-01-02"), *rows])
    assert {row["cohort"].month for row in found} == months


def test_the_last_cells_are_dropped():
    rows = used("u", "04-05") + used("v", "06-06")
    ways = (
        "the last of each cohort",
        "the last of each cohort, but for month 0",
        "as if the log ended a month before",
    )
    assert [set(active("retention_triangle", way, rows)) for way in ways] == [
        {(4, 0), (4, 1)}, {(4, 0), (4, 1), (6, 0)}, {(4, 0), (4, 1)},
    ]  # fmt: skip


@pytest.mark.parametrize(("way", "expected"), [
    ("in any month from 1 to k", [1, 0, 1, 1]), ("those who are not active", [0, 1, 0, 1]),
    ("the month after the first is 0", [0, 1, 0]),
])  # fmt: skip
def test_others_are_active(way, expected):
    found = active("retention_triangle", way, used("u", "03-05", "05-05"))
    assert [found[3, k] for k in range(len(expected))] == expected


def test_later_counts_are_added_beside_the_whole_cohort():
    rows = used("u", "03-05", "05-05", "06-05") + used("v", "03-05")
    ways = (
        "the sum of the later counts, all of the cohort at 0",
        "the sum of the later counts, or all of the cohort",
    )
    found = [active("retention_triangle_on_or_after", way, rows) for way in ways]
    assert [[one[3, k] for k in range(4)] for one in found] == [[2, 2, 2, 1], [2, 2, 2, 1]]


def test_weeks_without_requests_are_rows():
    rows = [request("u", MODEL, "2025-06-02"), request("u", MODEL, "2025-06-16")]
    found = answer("active_users", "with 0", rows)
    assert {row["week"].day: row["users"] for row in found} == {2: 1, 9: 0, 16: 1}


MONDAY = "2025-06-02"


@pytest.mark.parametrize(("question", "way", "expected"), [
    ("active_users", "the mean of seven days", 3 / 7), ("active_users", "the most of a day", 2),
    ("active_users", "with 2 requests or more", 1), ("sessions", "of 2 requests or more", 1),
    ("sessions", "sessions of each day, added up", 3), ("sessions_by_pause", "of 2 requests or more", 0),
    ("sessions_by_pause", "1800 minutes", 2),
])  # fmt: skip
def test_people_and_sessions_are_counted_otherwise(question, way, expected):
    """u comes on two days with one session, v once."""
    rows = [request("u", MODEL, MONDAY, session_id="s"), request("u", MODEL, "2025-06-03", session_id="s"),
            request("v", MODEL, MONDAY, session_id="t")]  # fmt: skip
    (row,) = answer(question, way, rows)
    assert row["users" if question == "active_users" else "sessions"] == pytest.approx(expected)


@pytest.mark.parametrize(("way", "expected"), [
    ("without errors, in the parts alone", 0.5), ("without errors, in the whole alone", 1.0),
    ("completion tokens, in the parts alone", 0.25), ("1 less the share", 0.5), ("means", 1.0),
])  # fmt: skip
def test_a_part_of_a_share_is_taken_otherwise(way, expected):
    """Of two requests of 100 tokens each one ends in a tool call, and one in an error."""
    rows = [request("u", MODEL, MONDAY, finish_reason=reason, tokens_prompt=50, tokens_completion=50)
            for reason in ("tool_calls", "error")]  # fmt: skip
    (row,) = answer("tool_share", way, rows)
    assert row["share"] == pytest.approx(expected)
