"""ClickHouse, by its reference. Its moments have a zone of their own, here UTC, whatever the session's."""

from __future__ import annotations

from testbed.validation.dialects import translate
from tests.testbed.validation.dialects.conftest import AS_CONTRACT

CK = "clickhouse"


CASES = [
    ("toTimeZone(created_at, 'UTC')", "sunday", "2025-01-05 23:30:00"),
    ("toDate(toTimeZone(created_at, 'Asia/Tokyo'))", "sunday", "2025-01-06"),
    ("toStartOfMonth(toTimeZone(created_at, 'Asia/Tokyo'))", "turn", "2025-01-01"),
    ("toMonday(created_at)", "sunday", "2024-12-30"),
    ("toMonday(created_at, 'Asia/Tokyo')", "sunday", "2025-01-06"),
    ("toStartOfWeek(created_at)", "sunday", "2025-01-05"),  # mode 0: Sunday
    ("toStartOfWeek(created_at, 0)", "turn", "2024-12-29"),
    ("toStartOfWeek(created_at, 1)", "sunday", "2024-12-30"),
    ("toStartOfWeek(created_at, 1, 'UTC')", "turn", "2024-12-30"),
    ("toStartOfWeek(created_at, 1, 'Asia/Tokyo')", "sunday", "2025-01-06"),
    ("toStartOfMonth(created_at)", "turn", "2024-12-01"),
    ("toStartOfMonth(created_at, 'Asia/Tokyo')", "turn", "2025-01-01"),
    ("toString(toStartOfMonth(created_at))", "turn", "2024-12-01"),
    ("date_trunc('month', created_at, 'Asia/Tokyo')", "turn", "2025-01-01"),
    ("date_trunc('week', created_at)", "sunday", "2024-12-30"),
    ("toStartOfDay(created_at)", "sunday", "2025-01-05"),
    ("toStartOfHour(created_at)", "sunday", "2025-01-05 23:00:00"),
    ("toStartOfQuarter(created_at)", "turn", "2024-10-01"),
    ("toStartOfInterval(created_at, INTERVAL 1 WEEK)", "sunday", "2024-12-30"),
    ("toStartOfInterval(created_at, INTERVAL 20 MINUTE)", "sunday", "2025-01-05 23:20:00"),
    ("toLastDayOfMonth(created_at)", "sunday", "2025-01-31"),
    ("toDate(created_at)", "sunday", "2025-01-05"),
    ("toDate(created_at, 'UTC')", "sunday", "2025-01-05"),
    ("toDate(created_at, 'Asia/Tokyo')", "sunday", "2025-01-06"),
    ("toDate('2025-01-31')", "sunday", "2025-01-31"),
    ("toDateTime(created_at, 'UTC')", "sunday", "2025-01-05 23:30:00"),
    ("created_at >= toDateTime('2025-01-06 08:30:00', 'Asia/Tokyo')", "sunday", "true"),
    ("created_at > toDateTime('2025-01-06 08:30:00', 'Asia/Tokyo')", "sunday", "false"),
    ("toYYYYMM(created_at)", "turn", "202412"),
    ("toYYYYMM(created_at, 'Asia/Tokyo')", "turn", "202501"),
    ("toYYYYMMDD(created_at)", "turn", "20241231"),
    ("toRelativeMonthNum(created_at) - toRelativeMonthNum(toDate('2024-11-30'))", "turn", "1"),
    ("toRelativeWeekNum(created_at) - toRelativeWeekNum(toDate('2025-01-05'))", "end", "4"),
    ("toRelativeWeekNum(toDate('2025-01-06')) - toRelativeWeekNum(created_at)", "sunday", "1"),
    ("toUnixTimestamp(created_at)", "sunday", "1736119800"),
    ("toUnixTimestamp64Milli(created_at)", "sunday", "1736119800000"),
    ("formatDateTime(created_at, '%Y-%m')", "turn", "2024-12"),
    ("formatDateTime(created_at, '%Y-%m', 'Asia/Tokyo')", "turn", "2025-01"),
    ("toYear(created_at)", "turn", "2024"),
    ("toHour(created_at, 'Asia/Tokyo')", "turn", "8"),
    ("toDayOfWeek(created_at)", "sunday", "7"),
    ("toDayOfWeek(created_at, 3)", "sunday", "1"),
    ("toISOWeek(created_at)", "turn", "1"),
    ("toISOYear(created_at)", "turn", "2025"),
    ("toWeek(created_at, 3)", "turn", "1"),
    ("toWeek(created_at)", "turn", "52"),  # the first Sunday of 2024 was 7 January
    ("addMonths(toDate(created_at), 1)", "end", "2025-02-28"),
    ("subtractDays(toDate(created_at), 31)", "end", "2024-12-31"),
    ("created_at + INTERVAL 1 MONTH", "end", "2025-02-28 12:00:00"),
    ("created_at + toIntervalMonth(1)", "end", "2025-02-28 12:00:00"),
    ("dateDiff('month', toDate('2025-01-31'), toDate('2025-02-01'))", "end", "1"),
    ("dateDiff('month', created_at, toDateTime('2025-01-01 00:00:00'))", "turn", "1"),
    ("dateDiff('month', created_at, toDateTime('2025-01-01 00:00:00'), 'Asia/Tokyo')", "turn", "0"),
    ("dateDiff('week', created_at, toDate('2025-01-06'))", "sunday", "1"),
    ("dateDiff('week', toDate('2025-01-04'), created_at)", "sunday", "0"),
    ("dateDiff('day', created_at, toDateTime('2025-01-06 00:30:00'))", "sunday", "1"),
    ("age('day', created_at, toDateTime('2025-01-06 00:30:00'))", "sunday", "0"),
    ("age('month', created_at, toDateTime('2025-02-28 12:00:00'))", "end", "0"),
    ("age('month', created_at, toDateTime('2025-03-31 12:00:00'))", "end", "2"),
    ("age('month', created_at, toDateTime('2025-03-31 11:59:59'))", "end", "1"),
    ("intDiv(tokens_prompt, 2)", "turn", "1"),
    ("tokens_prompt / 2", "turn", "1.5"),
    ("toUInt64(2.7)", "turn", "2"),
    ("CAST(2.7 AS Int32)", "turn", "2"),
    ("toFloat64(tokens_prompt)", "turn", "3.0"),
    ("splitByChar('/', model)[1]", "turn", "x"),
    ("multiIf(byok, 'own', tokens_prompt > 2, 'more', 'less')", "turn", "more"),
    ("multiIf(byok, 'own', tokens_prompt > 5, 'more', 'less')", "turn", "less"),
    ("empty(user_id)", "end", "true"),
    ("empty(user_id)", "turn", None),
    ("notEmpty(user_id)", "sunday", "true"),
    ("isNull(user_id)", "turn", "true"),
    ("coalesce(nullIf(user_id, ''), account_id)", "end", "b"),
    ("least(1, NULL)", "turn", "1"),
    ("model || finish_reason", "sunday", None),
    ("concat(model, finish_reason)", "sunday", None),
    ("formatDateTime(created_at, '%Y-%m-%d %H:%i:%S')", "sunday", "2025-01-05 23:30:00"),
    ("formatDateTime(created_at, '%M')", "turn", "December"),
    ("toUnixTimestamp(toTimeZone(created_at, 'Asia/Tokyo'))", "sunday", "1736119800"),
    ("DAYOFWEEK(created_at)", "sunday", "7"),
    ("toYearWeek(created_at, 3)", "turn", "202501"),
    ("toYearWeek(created_at)", "turn", "202452"),
]  # fmt: skip


def test_functions_of_one_request(differing):
    assert differing(CASES, CK) == {}


def test_the_zone_of_a_session_means_nothing():
    assert not translate("SELECT toDate(created_at) FROM generations", CK, AS_CONTRACT).zoned


AGGREGATES = [
    ("uniqExact(user_id)", "2"),  # nulls are nobody
    ("uniq(user_id)", "2"),
    ("countDistinct(account_id)", "2"),
    ("uniqExact(user_id, account_id)", "2"),
    ("uniqExactIf(account_id, byok)", "2"),
    ("countIf(byok)", "2"),
    ("countIf(user_id, byok = 0)", "0"),
    ("sumIf(tokens_prompt, byok)", "12"),
    ("avgIf(tokens_prompt, byok)", "6.0"),
    ("sumIf(tokens_prompt, model = 'none')", "0"),
    ("avgIf(tokens_prompt, model = 'none')", "nan"),
    ("minIf(created_at, model = 'none')", "1970-01-01"),
    ("minIf(created_at, byok)", "2025-01-05 23:30:00"),
    ("maxIf(finish_reason, model = 'none')", None),  # nullable
    ("length(groupArray(user_id))", "2"),
    ("length(groupUniqArray(account_id))", "2"),
    ("quantile(0.5)(tokens_prompt)", "4.0"),
    ("quantile(0.25)(tokens_prompt)", "3.5"),
    ("quantileExact(0.5)(tokens_prompt)", "4"),
    ("quantileExactIf(0.5)(tokens_prompt, byok)", "8"),  # of two elements the upper one
    ("median(tokens_prompt)", "4.0"),
    ("sumIf(tokens_prompt, byok) / countIf(byok)", "6.0"),
    ("argMin(model, created_at)", "x/y"),
]  # fmt: skip


def test_aggregates(differing):
    assert differing([(one, "*", given) for one, given in AGGREGATES], CK) == {}


def test_an_aggregate_over_no_rows_is_the_default_of_its_type(rows):
    totals = "sum(tokens_prompt), avg(tokens_prompt), max(account_id), max(model), maxOrNull(model)"
    query = f"SELECT {totals} FROM generations WHERE model = ''"
    assert rows(query, CK) == [("0", "nan", None, "", None)]  # account_id can be null
    assert rows("SELECT model, sum(tokens_prompt) FROM generations WHERE model = '' GROUP BY 1", CK) == []


def test_a_row_before_the_frame_is_the_default_of_its_type(rows):
    def first(expression):
        order = "(ORDER BY created_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
        return rows(f"SELECT {expression} OVER {order} FROM generations ORDER BY created_at", CK)

    assert [one for (one,) in first("lagInFrame(tokens_prompt)")] == ["0", "3", "4"]
    assert [one for (one,) in first("lagInFrame(tokens_prompt, 1, 9)")] == ["9", "3", "4"]
    assert first("lagInFrame(created_at)")[0] == ("1970-01-01",)
    assert [one for (one,) in first("lagInFrame(user_id)")] == [None, None, "u"]
    assert [one for (one,) in first("leadInFrame(tokens_prompt)")] == ["4", "8", "0"]


def test_nulls_come_last_in_either_order(rows):
    for order in ("ASC", "DESC"):
        found = rows(f"SELECT user_id FROM generations ORDER BY user_id {order} LIMIT 2", CK)
        assert (None,) not in found


def test_clauses_of_its_own(rows):
    assert rows("SELECT generation_id FROM generations FINAL PREWHERE byok WHERE tokens_prompt < 5", CK) == [
        ("sunday",)
    ]
    first = "SELECT account_id, generation_id FROM generations ORDER BY created_at DESC LIMIT 1 BY account_id"
    assert sorted(rows(first, CK)) == [("a", "sunday"), ("b", "end")]


def test_nulls_of_an_outer_join_are_told():
    query = (
        "SELECT l.category FROM generations AS g LEFT JOIN labels AS l ON l.generation_id = g.generation_id"
    )
    (note,) = translate(query, CK, AS_CONTRACT).notes
    assert "join_use_nulls = 1" in note
    assert translate(f"{query} SETTINGS join_use_nulls = 1", CK, AS_CONTRACT).notes == ()
