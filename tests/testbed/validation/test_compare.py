"""How answers are compared: columns, kinds, tolerances, rows that differ."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from testbed.validation.compare import compare
from testbed.validation.questions import Column, Question
from testbed.validation.questions.form import OPTIONAL


def question(*columns: Column) -> Question:
    return Question("asked", "test", "What?", "This.", columns, lambda log: (), "", "")


SHARES = question(
    Column("week", "key", "week", of="date"),
    Column("kind", "key", "kind", of="text", missing_as="unknown"),
    Column("tokens", "count", "tokens"),
    Column("share", "share", "share"),
    Column("cost", "money", "cost", required=False),
)
RIGHT = SHARES.framed([
    {"week": dt.date(2025, 6, 2), "kind": "open", "tokens": 10, "share": 1 / 3, "cost": 1.5},
    {"week": dt.date(2025, 6, 2), "kind": "unknown", "tokens": 20, "share": 2 / 3, "cost": 2.5},
    {"week": dt.date(2025, 6, 9), "kind": "open", "tokens": 0, "share": None, "cost": 0.0, "optional": True},
])  # fmt: skip


def given(**columns):
    """The right answer with other columns, without the row that may be left out."""
    return RIGHT[~RIGHT[OPTIONAL]][["week", "kind", "tokens", "share"]].assign(**columns)


def test_the_same_is_exact_whatever_the_order_of_rows_and_columns():
    assert compare(SHARES, RIGHT, RIGHT).verdict == "exact"
    assert compare(SHARES, RIGHT, given()[["share", "tokens", "kind", "week"]].iloc[::-1]).verdict == "exact"


def test_extra_columns_are_allowed_and_told():
    found = compare(SHARES, RIGHT, given(remark="x"))
    assert found.verdict == "exact" and found.answer and found.answer.extra == ("remark",)


@pytest.mark.parametrize("week", [
    [dt.date(2025, 6, 2)] * 2,
    ["2025-06-02"] * 2,
    ["2025-06-02 00:00:00+00"] * 2,
    [pd.Timestamp("2025-06-02", tz="UTC")] * 2,
    [pd.Timestamp("2025-06-01 17:00", tz="America/Los_Angeles")] * 2,
    np.array(["2025-06-02"] * 2, "datetime64[ns]"),
])  # fmt: skip
def test_days_may_come_in_any_form(week):
    assert compare(SHARES, RIGHT, given(week=week)).verdict == "exact"


def test_a_day_that_is_another_moment_is_another_day():
    found = compare(SHARES, RIGHT, given(week=[pd.Timestamp("2025-06-02", tz="Asia/Kolkata")] * 2))
    assert found.verdict == "wrong" and found.differing == 4  # two missing, two that should not be there


@pytest.mark.parametrize("kind", [["open", None], ["open", float("nan")], ["open", "unknown"]])
def test_a_missing_key_stands_for_its_name(kind):
    assert compare(SHARES, RIGHT, given(kind=kind)).verdict == "exact"


def test_numbers_may_come_as_decimals():
    assert compare(SHARES, RIGHT, given(tokens=[Decimal(10), Decimal(20)])).verdict == "exact"


@pytest.mark.parametrize(("share", "verdict"), [
    ([1 / 3 + 1e-14, 2 / 3], "exact"),
    ([0.333, 0.667], "within tolerance"),
    ([0.33, 0.67], "wrong"),
    ([None, 2 / 3], "wrong"),
    ([float("inf"), 2 / 3], "wrong"),
    ([33.3, 66.7], "wrong"),
])  # fmt: skip
def test_shares_may_be_rounded_to_three_decimals(share, verdict):
    assert compare(SHARES, RIGHT, given(share=share)).verdict == verdict


def test_counts_have_no_tolerance():
    assert compare(SHARES, RIGHT, given(tokens=[10.0, 20.0])).verdict == "exact"
    found = compare(SHARES, RIGHT, given(tokens=[10.0, 21.0]))
    assert found.verdict == "wrong"
    assert [(d.what, d.keys["kind"]) for d in found.differences] == [("tokens differs", "unknown")]


def test_money_may_be_rounded_and_is_compared_where_it_is_given():
    assert compare(SHARES, RIGHT, given(cost=[1.5, 2.5])).verdict == "exact"
    assert (
        compare(SHARES, RIGHT, given(cost=np.array([1.50001, 2.5], "float32"))).verdict == "within tolerance"
    )
    assert compare(SHARES, RIGHT, given(cost=[1.5, 2.6])).verdict == "wrong"


def test_an_optional_row_must_be_right_where_it_is_given():
    row = RIGHT.drop(columns=OPTIONAL)
    assert compare(SHARES, RIGHT, row).verdict == "exact"
    assert compare(SHARES, RIGHT, row.assign(share=row["share"].fillna(0.0))).verdict == "wrong"


def test_missing_rows_doubled_rows_and_rows_too_many_are_told_apart():
    one = given().iloc[:1]
    assert [d.what for d in compare(SHARES, RIGHT, one).differences] == ["missing"]
    assert [d.what for d in compare(SHARES, RIGHT, pd.concat([given(), one])).differences] == [
        "more than one row"
    ]
    other = one.assign(kind="other")
    found = compare(SHARES, RIGHT, pd.concat([given(), other]))
    assert [d.what for d in found.differences] == ["should not be there"]
    assert "1 row differs" in found.why and "too many" in found.why


def test_differing_rows_come_in_the_order_of_keys_and_no_more_than_are_shown():
    wide = SHARES.framed(
        {
            "week": dt.date(2025, 1, 6) + dt.timedelta(weeks=i),
            "kind": "open",
            "tokens": i,
            "share": 0.5,
            "cost": 1,
        }
        for i in range(20)
    )
    found = compare(SHARES, wide, wide.assign(tokens=wide["tokens"] + 1).iloc[::-1], shown=3)
    assert found.differing == 20
    assert [d.right["tokens"] for d in found.differences] == [0, 1, 2]
    assert [d.given["tokens"] for d in found.differences] == [1, 2, 3]


def test_names_are_matched_whatever_their_case_and_else_by_type_and_order():
    assert compare(SHARES, RIGHT, given().rename(columns=str.upper)).verdict == "exact"
    renamed = given().set_axis(["monday", "source", "n", "part"], axis=1)
    found = compare(SHARES, RIGHT, renamed)
    assert found.verdict == "exact"
    assert found.match == (
        "columns taken: monday as week (by type and order), source as kind (by type and order), "
        "n as tokens (by type and order), part as share (by type and order)"
    )


def test_a_whole_number_stands_for_a_count_before_it_stands_for_a_share():
    turned = given()[["week", "kind", "share", "tokens"]].set_axis(["a", "b", "c", "d"], axis=1)
    assert compare(SHARES, RIGHT, turned).verdict == "exact"
    # divided as whole numbers: the share is all 0, and is found to be wrong, not to be missing
    found = compare(SHARES, RIGHT, given(share=[0, 0]).rename(columns={"share": "part"}))
    assert found.verdict == "wrong" and "share differs" in found.differences[0].what


@pytest.mark.parametrize(("frame", "said"), [
    (lambda: given().drop(columns=["share"]), "no column for share: expected week, kind, tokens, share"),
    (lambda: given(share=["a", "b"]), "column 'share' holds 'a', expected numbers"),
    (lambda: given(share=["0.3", "0.7"]), "column 'share' holds '0.3', expected numbers"),
    (lambda: given(week=["June", "July"]), "column 'week' holds 'June', expected dates"),
    (lambda: pd.DataFrame(), "the answer has none"),
    (lambda: pd.concat([given(), given()[["share"]]], axis=1), "two columns have the name share"),
])  # fmt: skip
def test_an_answer_of_another_shape_is_wrong_and_told_why(frame, said):
    found = compare(SHARES, RIGHT, frame())
    assert found.verdict == "wrong" and said in found.why


def test_an_answer_without_rows_lacks_them_all():
    found = compare(SHARES, RIGHT, given().iloc[:0])
    assert found.verdict == "wrong" and found.differing == 2


def test_one_row_without_keys():
    one = question(Column("slope", "mean", "slope"), Column("good", "flag", "whether"))
    right = one.framed([{"slope": -0.5, "good": True}])
    assert compare(one, right, pd.DataFrame({"slope": [-0.5], "good": [True]})).verdict == "exact"
    assert compare(one, right, pd.DataFrame({"slope": [-0.5], "good": [1]})).verdict == "exact"
    assert (
        compare(one, right, pd.DataFrame({"slope": [-0.5003], "good": [True]})).verdict == "within tolerance"
    )
    assert compare(one, right, pd.DataFrame({"slope": [-0.5], "good": [False]})).verdict == "wrong"
    assert compare(one, right, pd.DataFrame({"slope": [-0.5, -0.5], "good": [True, True]})).verdict == "wrong"
