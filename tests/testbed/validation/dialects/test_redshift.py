"""Redshift, by its SQL reference; moments as TIMESTAMPTZ, whose days are those of the session's zone."""

from __future__ import annotations

CASES = [
    ("DATE_TRUNC('week', created_at)", "sunday", "2024-12-30", "2025-01-06"),
    ("DATEDIFF(month, '2025-01-31'::date, '2025-02-01'::date)", "end", "1"),
    ("DATEDIFF(hour, '2025-01-05 23:59:00'::timestamp, '2025-01-06 00:01:00'::timestamp)", "end", "1"),
    ("DATEADD(month, 1, '2025-01-31'::date)", "end", "2025-02-28"),
    ("DATEADD(month, 1, '2025-02-28'::date)", "end", "2025-03-28"),
    ("ADD_MONTHS('2025-02-28'::date, 1)", "end", "2025-03-31"),
    ("CONVERT_TIMEZONE('Asia/Tokyo', '2024-12-31 23:30:00'::timestamp)", "end", "2025-01-01 08:30:00"),
    ("CONVERT_TIMEZONE('UTC', 'Asia/Tokyo', '2024-12-31 23:30:00'::timestamp)", "end", "2025-01-01 08:30:00"),
    ("created_at AT TIME ZONE 'UTC'", "sunday", "2025-01-05 23:30:00"),
    ("LAST_DAY(created_at)", "turn", "2024-12-31", "2025-01-31"),
    ("MONTHS_BETWEEN('2025-02-28'::date, '2025-01-31'::date)", "end", "1.0"),
    ("NVL(user_id, 'nobody')", "turn", "nobody"),
    ("tokens_prompt / 2", "turn", "1"),
    ("AVG(tokens_prompt)", "*", "5"),
    ("AVG(tokens_prompt::float)", "*", "5.0"),
    ("GREATEST(1, NULL)", "turn", "1"),
    ("CONCAT(model, finish_reason)", "sunday", None),
    ("model || finish_reason", "sunday", None),
    ("EXTRACT(dow FROM created_at)", "sunday", "0", "1"),
    ("DATE_PART(week, created_at)", "turn", "1"),
    ("DATE_PART(dow, created_at)", "sunday", "0", "1"),
    ("TO_CHAR(created_at AT TIME ZONE 'UTC', 'YYYY-MM')", "turn", "2024-12"),
    ("TO_CHAR(created_at AT TIME ZONE 'UTC', 'IYYY-IW')", "turn", "2025-01"),
    ("APPROXIMATE COUNT(DISTINCT user_id)", "*", "2"),
    ("MEDIAN(tokens_prompt)", "*", "4.0"),
    ("LISTAGG(user_id, ',') WITHIN GROUP (ORDER BY user_id)", "*", ",u"),
    ("SPLIT_PART(model, '/', 1)", "turn", "x"),
    ("TRUNC(created_at)", "sunday", "2025-01-05", "2025-01-06"),
    ("DECODE(byok, true, 1, 0)", "turn", "0"),
    ("NVL2(user_id, 1, 2)", "turn", "2"),
]  # fmt: skip


def test_values(differing):
    assert differing(CASES, "redshift") == {}
