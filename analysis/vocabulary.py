"""The small vocabulary of Ibis idioms in which every analysis is written; all casts live here.

Why a vocabulary: engines differ where analysts do not expect it. Integer division truncates on PostgreSQL, sums
of 32-bit integers become 128-bit ones on DuckDB, weeks start on Sunday on BigQuery, days are those of the session's
zone. Each idiom below has one meaning on all engines and in all sessions: days, weeks and months are UTC ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import ibis
import ibis.expr.types as ir

from analysis import operations

DAY = 86_400 * operations.MICROSECONDS
FAR = dt.date(9999, 12, 31)  # the end of what still holds


def utc(moment: ir.TimestampValue) -> ir.TimestampValue:
    """What a clock in UTC shows at a moment: without a zone, so that no session's zone can matter. A timestamp without
    a zone is taken for such a clock's."""
    return operations.UtcClock(moment).to_expr() if _zoned(moment) else moment


def day(moment: ir.TimestampValue) -> ir.DateValue:
    """The UTC day of a moment."""
    return _date(moment, "day")


def week(moment: ir.TimestampValue) -> ir.DateValue:
    """The UTC Monday of a moment's week, as a date."""
    return _date(moment, "week")


def month(moment: ir.TimestampValue) -> ir.DateValue:
    """The first UTC day of a moment's calendar month, as a date."""
    return _date(moment, "month")


def _date(moment: ir.TimestampValue, unit: Literal["day", "week", "month"]) -> ir.DateValue:
    if _zoned(moment):
        return operations.UtcDate(moment, unit).to_expr()
    return moment.truncate(unit[0].upper()).date()


def _zoned(moment: ir.TimestampValue) -> bool:
    return moment.type().timezone is not None


def day_of_month(moment: ir.TimestampValue) -> ir.IntegerValue:
    """The UTC day of a moment in its month: 1 to 31, as int32."""
    return utc(moment).day()


def month_number(moment: ir.TimestampValue, start: dt.date) -> ir.IntegerValue:
    """Calendar months from the month of `start` to a moment's, as int32: 0 in the month of `start`."""
    clock = utc(moment)
    months = (clock.year() - start.year) * 12 + clock.month() - start.month
    return months.cast("int32")


def microseconds(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Whole microseconds of a moment since 1970-01-01 00:00 UTC, as int64."""
    return operations.UnixMicroseconds(moment).to_expr()


def seconds(moment: ir.TimestampValue) -> ir.FloatingValue:
    """Seconds of a moment since 1970-01-01 00:00 UTC, with their fractions, as float64."""
    return ratio(microseconds(moment), ibis.literal(operations.MICROSECONDS))


def months_between(first: ir.DateValue, later: ir.DateValue) -> ir.IntegerValue:
    """Calendar months from the month of one day to that of another, as int32."""
    months = (later.year() - first.year()) * 12 + later.month() - first.month()
    return months.cast("int32")


def months_after(start: dt.date, months: ir.IntegerValue) -> ir.DateValue:
    """The first day of the month that is a number of months after the month of `start`."""
    return ibis.date(start.replace(day=1).isoformat()) + months.as_interval("M")


def numbers(count: int) -> ir.IntegerColumn:
    """0 .. count - 1 as int32: each row as often as there are numbers."""
    # Spark lets nothing stand around what makes rows
    return operations.Elements(ibis.range(0, count).cast("array<int32>")).to_expr()


def elements(rows: ir.Value) -> ir.Value:
    """Each record of a list, on a row of its own; of a list that the engine holds as JSON, too."""
    return operations.Elements(rows.array if rows.type().is_json() else rows).to_expr()


def part(record: ir.Value, name: str, kind: Literal["date", "float64", "string"]) -> ir.Value:
    """A value of a record, by its name."""
    value = record[name]
    if record.type().is_json():
        value = value.float if kind == "float64" else value.str
    return value.cast(kind)


BITS = 62  # of an int64 that no engine takes for a sign


def bit(position: ir.IntegerValue, size: int) -> ir.IntegerValue:
    """The int64 with only the bit of a position set; 0 where the position is not in 0 .. size - 1 (size <= BITS).

    Shifted down from the highest bit: an engine takes a small literal for a 32-bit integer, in which bit 31 overflows.
    """
    top = ibis.literal(1 << (size - 1), "int64")
    inside = position.between(0, size - 1)
    return inside.ifelse(top >> (size - 1 - inside.ifelse(position, 0)).cast("int32"), 0)


def has_bit(word: ir.IntegerValue, position: ir.IntegerValue) -> ir.BooleanValue:
    """Whether the bit of a position (int32) is set in an int64."""
    return ((word >> position) & ibis.literal(1, "int64")) == 1


def ratio(numerator: ir.Value, denominator: ir.Value) -> ir.Value:
    """numerator over denominator as float64, null where the denominator is 0 or null: the only division here."""
    return numerator.cast("float64") / denominator.cast("float64").nullif(0.0)


def total(column: ir.NumericColumn) -> ir.Value:
    """Sum of an integer column as int64 (nulls left out)."""
    return column.cast("int64").sum().cast("int64")


def amount(column: ir.NumericColumn) -> ir.Value:
    """Sum of a money column as float64 (nulls left out)."""
    return column.cast("float64").sum()


def total_where(column: ir.NumericColumn, condition: ir.BooleanValue) -> ir.Value:
    """Sum of an integer column over the rows where the condition is true, as int64; 0 if there are none."""
    return condition.ifelse(column.cast("int64"), ibis.literal(0, "int64")).sum().cast("int64")


def count_where(condition: ir.BooleanValue) -> ir.Value:
    """Number of rows where the condition is true (null is not true), as int64."""
    return condition.ifelse(1, 0).sum().cast("int64")


def periods(
    moment: ir.TimestampValue | dt.date, since: ir.TimestampValue | dt.date, days: int
) -> ir.IntegerValue:
    """Whole periods of so many days between two moments, as int64: 0 in the first. A day stands for its begin in
    UTC."""
    until, begin = (
        _instant(one) if isinstance(one, dt.date) else microseconds(one) for one in (moment, since)
    )
    return ratio(until - begin, ibis.literal(days * DAY)).floor().cast("int64")


def _instant(day: dt.date) -> ir.IntegerScalar:
    return ibis.literal((day - dt.date(1970, 1, 1)).days * DAY, "int64")


def tokens_total(log: ir.Table) -> ir.IntegerColumn:
    """Prompt plus completion tokens of each row, as int64; they include reasoning and cached tokens."""
    return log.tokens_prompt.cast("int64") + log.tokens_completion.cast("int64")


def whole(column: ir.NumericColumn, by: Sequence[ir.Column]) -> ir.Value:
    """The column's sum within each group, on every row of the group, as int64."""
    return column.sum().over(ibis.window(group_by=list(by))).cast("int64")


def whole_amount(column: ir.NumericColumn, by: Sequence[ir.Column]) -> ir.Value:
    """A money column's sum within each group, on every row of the group, as float64."""
    return column.cast("float64").sum().over(ibis.window(group_by=list(by)))


def within(day: ir.DateValue, window: tuple[dt.date, dt.date] | None) -> ir.BooleanValue:
    """True for days inside the window, both ends included; always true without a window."""
    if window is None:
        return ibis.literal(True)
    return day.between(ibis.date(window[0].isoformat()), ibis.date(window[1].isoformat()))


def in_byte_order(text: ir.StringValue) -> ir.StringValue:
    """A text to order by, byte by byte: PostgreSQL orders text by the rules of a language."""
    return operations.InByteOrder(text).to_expr()


def on_days(moment: ir.TimestampValue, first: dt.date | None, last: dt.date | None) -> ir.BooleanValue:
    """Whether a moment is of the UTC days from the first to the last, both included; None: without such an end.

    The moments themselves are compared: engines skip files and partitions of other days, which they cannot do where a
    day must be made of each moment.
    """
    zone = dt.UTC if _zoned(moment) else None
    asked = []
    if first is not None:
        asked.append(moment >= dt.datetime.combine(first, dt.time(), zone))
    if last is not None and last < FAR:
        asked.append(moment < dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone))
    return ibis.and_(*asked)


def author(model: ir.StringValue) -> ir.StringValue:
    """The author's slug: what stands before the slash of a model id."""
    return model.split("/")[0]


def free_variant(log: ir.Table) -> ir.BooleanValue:
    """Whether a row was served by a free variant; false where the log does not record variants."""
    if "variant" not in log.columns:
        return ibis.literal(False)
    return (log.variant == "free").fill_null(False)
