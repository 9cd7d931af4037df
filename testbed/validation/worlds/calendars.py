"""Worlds whose calendar is special: where they end, what they span, what lies at the edges of months and weeks."""

from __future__ import annotations

import datetime as dt

from testbed.validation.questions.rules import monday, utc_day
from testbed.validation.tables import Tables
from testbed.validation.worlds.crowd import FOCAL, crowd, loyal
from testbed.validation.worlds.rows import request
from testbed.validation.worlds.world import World

FAR = (
    ("NZ", "Oceania", 13), ("US", "North America", -10), ("IN", "Asia", 5.5), ("JP", "Asia", 9),
    ("BR", "South America", -3),
)  # fmt: skip
"""Country, continent, hours before UTC."""


def whole_months() -> Tables:
    """Whole months; users of the launch month stay to the end."""
    made = crowd(32, "2025-01-01", "2025-10-31")
    loyal(made, 20, dt.date(2025, 2, 1), 9, failing=5)
    return made.tables()


def cut_month() -> Tables:
    """The log ends on the 17th of a month."""
    return crowd(2, "2025-02-03", "2025-08-17").tables()


def year_turn() -> Tables:
    """The log spans a new year; the week of 30 December 2024 lies in both."""
    made = crowd(3, "2024-10-15", "2025-03-31")
    for user, day in (("user-01", "2024-12-30"), ("user-02", "2024-12-31T23:59:59"), ("user-01", "2025-01-01T00:00"),
                      ("user-02", "2025-01-05T23:59:59"), ("user-03", "2025-01-06T00:00")):  # fmt: skip
        made.requests.append(request(user, FOCAL, day, account_id="account-00", session_id="new year"))
    return made.tables()


def leap_day() -> Tables:
    """The log holds 29 February, ends on one of a month of 31, and has users who begin on the last days of January."""
    made = crowd(4, "2023-12-04", "2024-05-31")
    for user, *days in (
        ("leap-1", "2024-01-30T08:00", "2024-02-29T07:59:59", "2024-02-29T08:00", "2024-03-30"),
        ("leap-2", "2024-02-29T00:00", "2024-03-29T23:59:59", "2024-03-30T00:00", "2024-04-29"),
        ("leap-3", "2024-02-29T23:59:59", "2024-03-01T00:00", "2024-05-31"),
        ("leap-4", "2024-01-31", "2024-03-01"),
    ):
        made.requests += [request(user, FOCAL, day, session_id=f"{user} {day}") for day in days]
    return made.tables()


def ends_on_leap_day() -> Tables:
    """The log ends on 29 February: that month is complete."""
    return crowd(5, "2023-09-01", "2024-02-29", users=24).tables()


def far_zones() -> Tables:
    """Users who live far from UTC send requests in the hours in which their month or week is another one."""
    made = crowd(6, "2025-02-01", "2025-07-31", users=20)
    edges = [dt.datetime(2025, month, 1, tzinfo=dt.UTC) for month in (3, 4, 5, 6, 7)]
    edges += [dt.datetime(2025, 3, 10, tzinfo=dt.UTC) + dt.timedelta(weeks=3 * i) for i in range(6)]
    for number, (country, continent, hours) in enumerate(FAR):
        for i, edge in enumerate(edges):
            if (i + number) % 2:
                continue
            ahead = dt.timedelta(hours=abs(hours) * 0.8)
            moment = edge - ahead if hours > 0 else edge + ahead
            made.requests.append(request(
                f"far-{number}", FOCAL, moment, country=country, continent=continent, session_id=f"far {number} {i}",
                tokens_prompt=4000 + 100 * i, cost_total=0.05, finish_reason="tool_calls" if i % 3 else "stop",
            ))  # fmt: skip
    return made.tables()


def empty_week() -> Tables:
    """One week without a request, and a model that nobody uses for a month."""
    made = crowd(7, "2025-04-01", "2025-09-30", users=24)
    quiet = dt.date(2025, 6, 16)
    made.requests = [
        row
        for row in made.requests
        if monday(utc_day(row)) != quiet and not (row["model"] == FOCAL and utc_day(row).month == 7)
    ]
    return made.tables()


WORLDS = (
    World(
        "whole months",
        "some hundred requests over ten whole months; a launch cohort that stays",
        whole_months,
        FOCAL,
    ),
    World("cut month", "ends on the 17th of a month", cut_month, FOCAL),
    World("year's turn", "spans a new year; one week lies in both", year_turn, FOCAL),
    World("leap day", "holds 29 February, and users who begin on the last days of January", leap_day, FOCAL),
    World(
        "ends on a leap day", "ends on 29 February, which makes the month complete", ends_on_leap_day, FOCAL
    ),
    World("far zones", "users far from UTC, at the edges of months and weeks", far_zones, FOCAL),
    World("empty week", "a week without a request, a month without one to the model", empty_week, FOCAL),
)
