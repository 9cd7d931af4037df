"""Days, weeks and months taken wrongly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from analysis.months import month_after
from testbed.validation.mutants.form import Change, Mutant, by_reading, by_requests, by_rows, by_rules, made
from testbed.validation.questions.form import Question
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import Rules, first_of_month, monday, utc_day
from testbed.validation.tables import Row, Tables

ZONES = (
    "America/Los_Angeles", "America/Chicago", "America/New_York", "America/Sao_Paulo", "Europe/London", "Europe/Berlin",
    "Europe/Moscow", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
    "Pacific/Honolulu",
)  # fmt: skip
OFFSETS = (-8, -7, -6, -5, -4, -3, 1, 2, 3, 5.5, 8, 9, 10)
"""Hours that people add to UTC by hand."""
BY_MONTH = ("retention_triangle", "retention_triangle_on_or_after", "retention_triangle_every_month",
            "mean_retention_by_k", "mean_retention_by_cohort", "launch_contrast", "foundational_verdict")  # fmt: skip
BY_WEEK = (
    "active_users", "sessions", "sessions_by_pause", "weekly_openness", "weekly_authors", "spend_region", "tool_share",
    "reasoning_share", "cache_hit_rate", "category_share", "programming_share", "mean_lengths", "programming_length",
)  # fmt: skip
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


def local(zone: str, moment: dt.datetime) -> dt.datetime:
    """A moment by the clock of a zone, without the zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _days(day: Callable[[dt.datetime, str], dt.datetime]) -> Change:
    """Days by another clock, from a moment and the session's zone."""
    return by_rules(lambda rules: replace(rules, day=lambda row: day(row["created_at"], rules.zone).date()))


def _in_zone(zone: str) -> Change:
    return _days(lambda moment, session: local(zone, moment))


def _hours(hours: float) -> Change:
    return _days(lambda moment, session: moment.replace(tzinfo=None) + dt.timedelta(hours=hours))


def _keys_as_moments(rows: list[Row], question: Question, log: Reading) -> list[Row]:
    """Days of the answer as the moments at which they begin in the session's zone."""
    dates = [column.name for column in question.keys if column.holds == "date"]
    for row in rows:
        for name in dates:
            begins = dt.datetime.combine(row[name], dt.time(), ZoneInfo(log.rules.zone))
            row[name] = begins.astimezone(dt.UTC).replace(tzinfo=None)
    return rows


def _uncast(oracle: Any, question: Question) -> Any:
    return by_rows(_keys_as_moments)(_SESSION(oracle, question), question)


def _from_zone(zone: str) -> Change:
    """The UTC clock's time is taken for one of a zone, and shown in the session's."""
    return _days(lambda moment, session: local(session, moment.replace(tzinfo=ZoneInfo(zone))))


def _from_zone_in_utc(zone: str) -> Change:
    """The same, shown in UTC."""
    return _days(lambda moment, session: moment.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC))


def _clock_as_utc(zone: str | None) -> Change:
    """A zone's clock is taken for UTC, and shown in the session's zone; None: the session's own clock."""
    return _days(
        lambda moment, session: local(session, local(zone or session, moment).replace(tzinfo=dt.UTC))
    )


_SESSION = _days(lambda moment, session: local(session, moment))


def _weeks(week: Callable[[dt.date], dt.date]) -> Change:
    return by_rules(lambda rules: replace(rules, week=week))


def sunday(day: dt.date) -> dt.date:
    """The Sunday on or before a day."""
    return day - dt.timedelta(days=(day.weekday() + 1) % 7)


def _from_first_day(log: Reading) -> Rules:
    first = min((log.rules.day(row) for row in log.requests), default=dt.date.min)
    return replace(log.rules, week=lambda day: first + (day - first) // WEEK * WEEK)


def _iso_week_in_calendar_year(day: dt.date) -> dt.date:
    number = day.isocalendar().week
    try:
        return dt.date.fromisocalendar(day.year, number, 1)
    except ValueError:  # the year has no week 53
        return dt.date.fromisocalendar(day.year, 52, 1) + WEEK


def _week_cut_by_year(day: dt.date) -> dt.date:
    return max(monday(day), dt.date(day.year, 1, 1))


def _edge_weeks_dropped(first: bool, last: bool) -> Change:
    def dropped(rows: list[Row], question: Question, log: Reading) -> list[Row]:
        weeks = list(log.weeks)
        name = next(column.name for column in question.keys if column.holds == "date")
        gone = {week for week, is_gone in zip(weeks[:1] + weeks[-1:], (first, last), strict=False) if is_gone}
        return [row for row in rows if row[name] not in gone]

    return by_rows(dropped)


def _partial_weeks_dropped(first: bool, last: bool) -> Change:
    """Without the weeks of which the log lacks the first day, or the last one."""

    def dropped(rows: list[Row], question: Question, log: Reading) -> list[Row]:
        days = sorted(set(map(log.rules.day, log.requests)))
        gone = {log.rules.week(days[0])} if first and days and days[0].weekday() else set()
        gone |= {log.rules.week(days[-1])} if last and days and days[-1].weekday() < 6 else set()
        return [row for row in rows if row["week"] not in gone]

    return by_rows(dropped)


def _order(order: Callable[[dt.date], Any]) -> Change:
    return by_rules(lambda rules: replace(rules, order=order))


def _months(months: Callable[[dt.date, dt.date], int]) -> Change:
    return by_rules(lambda rules: replace(rules, months=months))


def _ends(end: Callable[[dt.date], dt.date]) -> Change:
    return by_rules(lambda rules: replace(rules, end=end))


def _last_day_of_model(log: Reading) -> dt.date | None:
    return max((log.rules.day(row) for row in log.of_model), default=None)


def _is_midnight(row: Row) -> bool:
    moment: dt.datetime = row["created_at"]
    return moment.astimezone(dt.UTC).time() == dt.time()


def _is_sunday(row: Row) -> bool:
    return utc_day(row).weekday() == 6


def _is_last_of_month(row: Row) -> bool:
    return (utc_day(row) + DAY).day == 1


def _cut(gone: Callable[[Row], bool]) -> Change:
    """Requests of which this holds are of no week and of no model; the log still ends with the last of all."""

    def other(rules: Rules) -> Rules:
        return replace(
            rules,
            requests=lambda tables: [row for row in rules.requests(tables) if not gone(row)],
            last_day=lambda log: max(map(log.rules.day, rules.requests(log.tables)), default=None),
        )

    return by_rules(other)


def _without_last_day(rows: list[Row], tables: Tables) -> list[Row]:
    last = max(map(utc_day, rows), default=None)
    return [row for row in rows if utc_day(row) != last]


def _mondays_twice(rows: list[Row], tables: Tables) -> list[Row]:
    """BETWEEN two Mondays: their first moments are of the week before, too."""
    moment = dt.timedelta(microseconds=1)
    return rows + [
        row | {"created_at": row["created_at"] - moment}
        for row in rows
        if utc_day(row).weekday() == 0 and _is_midnight(row)
    ]


class _Part(dt.date):
    """The Monday of a week of which a part is taken for a week of its own: equal to that of the same part alone."""

    part: object

    @classmethod
    def of(cls, day: dt.date, part: object) -> _Part:
        """The Monday of a day's week, for this part."""
        made = cls.fromordinal(monday(day).toordinal())
        made.part = part
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Part) and self.part == other.part and super().__eq__(other)

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.part))


def _by_year_and(number: Callable[[dt.date], int]) -> Change:
    """Weeks by the calendar year and a number of the week, each called the week of its first day with requests."""

    def weeks(log: Reading) -> Rules:
        first: dict[tuple[int, int], dt.date] = {}
        for day in map(log.rules.day, log.requests):
            first[day.year, number(day)] = min(day, first.get((day.year, number(day)), day))
        return replace(
            log.rules, week=lambda day: _Part.of(first[day.year, number(day)], (day.year, number(day)))
        )

    return by_reading(weeks)


def _ends_in_utc(change: Change) -> Change:
    """Days by another clock, but the log ends with the UTC day of its last request."""

    def other(oracle: Any, question: Question) -> Any:
        end = by_rules(
            lambda rules: replace(rules, last_day=lambda log: max(map(utc_day, log.requests), default=None))
        )
        return end(change(oracle, question), question)

    return other


def following(day: dt.date) -> dt.date:
    """The first day of the month after a day's."""
    return month_after(day, 1)


MUTANTS: tuple[Mutant, ...] = (
    *made("local time", *((f"days in {zone}", _in_zone(zone)) for zone in ZONES)),
    *made("local time", *((f"days {hours:+g} hours from UTC", _hours(hours)) for hours in OFFSETS)),
    *made("local time", *((f"days in {zone}, the log's end in UTC", _ends_in_utc(_in_zone(zone))) for zone in ZONES),
          only=BY_MONTH),
    *made("local time", ("days in the session's zone, the log's end in UTC", _ends_in_utc(_SESSION)), zoned=True,
          only=BY_MONTH),
    *made("local time", ("days in the session's zone", _SESSION),
          ("days that begin in the session's zone, as moments", _uncast), zoned=True),
    *made("zone cast twice", *((f"UTC taken for {zone}, shown in UTC", _from_zone_in_utc(zone)) for zone in ZONES)),
    *made("zone cast twice", *((f"UTC taken for {zone}", _from_zone(zone)) for zone in ZONES),
          *((f"{zone} taken for UTC", _clock_as_utc(zone)) for zone in ZONES),
          ("the session's clock taken for UTC", _clock_as_utc(None)), zoned=True),
    *made(
        "Sunday weeks",
        ("weeks from Sunday", _weeks(sunday)),
        ("weeks from Sunday, named by the Monday in them", _weeks(lambda day: sunday(day) + DAY)),
        ("weeks from Monday, named by their Sunday", _weeks(lambda day: monday(day) + 6 * DAY)),
        ("weeks from Sunday, named by their Saturday", _weeks(lambda day: sunday(day) + 6 * DAY)),
        ("weeks from Monday, named by the Monday after", _weeks(lambda day: monday(day) + WEEK)),
        ("weeks from Saturday", _weeks(lambda day: day - dt.timedelta(days=(day.weekday() + 2) % 7))),
        ("weeks from the log's first day", by_reading(_from_first_day)),
    ),
    *made(
        "weeks end on Monday",
        ("weeks from Tuesday to Monday, named by their Monday", _weeks(lambda day: monday(day - DAY) + WEEK)),
        ("weeks from Tuesday to Monday, named by the Monday before", _weeks(lambda day: monday(day - DAY))),
        ("weeks from Tuesday to Monday, named by their Tuesday", _weeks(lambda day: monday(day - DAY) + DAY)),
    ),
    *made(
        "year of the week",
        ("ISO weeks in the year of the day", _weeks(_iso_week_in_calendar_year)),
        ("weeks cut at the year's turn", _weeks(_week_cut_by_year)),
        ("by year and ISO week", _by_year_and(lambda day: day.isocalendar().week)),
        ("by year and week from Monday", _by_year_and(lambda day: int(f"{day:%W}"))),
        ("by year and week from Sunday", _by_year_and(lambda day: int(f"{day:%U}"))),
    ),
    *made(
        "edge weeks dropped",
        ("without the last week", _edge_weeks_dropped(False, True)),
        ("without the first and the last week", _edge_weeks_dropped(True, True)),
        ("without the first week", _edge_weeks_dropped(True, False)),
        ("without the first and the last week, unless they are whole", _partial_weeks_dropped(True, True)),
        ("without the first week, unless it is whole", _partial_weeks_dropped(True, False)),
        ("without the last week, unless it is whole", _partial_weeks_dropped(False, True)),
    ),
    *made(
        "text dates",
        ("months ordered as 2025-9", _order(lambda day: f"{day.year}-{day.month}")),
        ("months ordered as 09/2025", _order(lambda day: f"{day.month:02d}/{day.year}")),
        ("months ordered as 9/2025", _order(lambda day: f"{day.month}/{day.year}")),
        ("months ordered by their names", _order(lambda day: f"{day:%b %Y}")),
    ),
    *made(
        "month number without year",
        ("months by their numbers", _months(lambda first, second: second.month - first.month)),
        ("months without whole years", _months(lambda first, second: (second.month - first.month) % 12)),
    ),
    *made("partial last month", ("the month in which the log ends, too", _ends(following))),
    *made("whole last month dropped", ("without the month in which the log ends", _ends(first_of_month))),
    *made("end of the model's own use", ("the log ends with the model's last request",
          by_rules(lambda rules: replace(rules, last_day=_last_day_of_model)))),
    *made("last day cut off",
          ("Sundays, but for their first moment", _cut(lambda row: _is_sunday(row) and not _is_midnight(row))),
          ("Sundays", _cut(_is_sunday)),
          ("the log's last day", by_requests(_without_last_day)),
          ("the first moment of each week twice", by_requests(_mondays_twice)), only=BY_WEEK),
    *made("last day cut off",
          ("the last day of each month, but for its first moment",
           _cut(lambda row: _is_last_of_month(row) and not _is_midnight(row))),
          ("the last day of each month", _cut(_is_last_of_month)), only=BY_MONTH),
)  # fmt: skip
