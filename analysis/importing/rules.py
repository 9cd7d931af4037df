"""Rules of columns: how a field of the contract is read from the text that a source has for it.

Every source is read as text first, whatever its kind, so that a value which cannot be read is seen and listed. A rule
names the places where the value may lie: the first one that is not empty counts. A place is a column of a table, or a
path into a JSON record such as `usage.cost`; `metadata>usage.cost` is the path `usage.cost` in the JSON that a column
or a path holds as a text or as an object.

A rule reads both ways: `slipper export` writes a field of a log to the place where an import looks for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analysis.importing import finish_reasons
from analysis.sources.quoting import text_literal
from analysis.sources.soundness import YEARS

MOST_WHOLE = 2**31 - 1
"""The largest whole number that the contract holds (int32)."""
MARK = 0.000001
"""What stands for an amount above 0 that a log does not hold, in USD."""
ISO = "%Y-%m-%dT%H:%M:%S.%gZ"
"""How a moment is written, in UTC."""


PER_SECOND: Final[Mapping[str, int]] = {
    "seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9,
}  # fmt: skip
"""How many of a unit of time make a second."""


def first(texts: Sequence[str]) -> str:
    """SQL of the first text that is not empty."""
    return f"coalesce({', '.join(texts)})"


@dataclass(frozen=True)
class Rule:
    """How one field is read.

    places: where its value may lie.
    parse: from the SQL of a text to the SQL of its value, which is null where the text cannot be read.
    expected: what the text should be, for people.
    join: from the SQL of the text at each place, NULL where there is none, to the SQL of the one text that is parsed.
    numeric: whether `parse` reads numbers as it reads their texts; where a file has numbers, none is made a text then.
    write: from the SQL of a field's value to the SQL of what an export writes; it may name other fields of the log.
        None: it is written with another field.
    at: the place that it is written to (empty: the first one).
    """

    places: tuple[str, ...]
    parse: Callable[[str], str]
    expected: str
    join: Callable[[Sequence[str]], str] = first
    write: Callable[[str], str] | None = str
    at: str = ""
    numeric: bool = False


def text(*places: str) -> Rule:
    """Text as it stands."""
    return Rule(places, lambda t: t, "text")


def whole(*places: str, each: int = 1) -> Rule:
    """A whole number from 0 on: tokens, milliseconds. each: how many one of the source is (thousands: 1000)."""

    def parse(t: str) -> str:
        said = f"TRY_CAST({t} AS DOUBLE)" if each == 1 else f"TRY_CAST({t} AS DECIMAL(28, 9)) * {each}"
        number = f"TRY_CAST({t if each == 1 else said} AS BIGINT)"  # rounds, hence the comparison
        return f"(CASE WHEN {number} BETWEEN 0 AND {MOST_WHOLE} AND {number} = {said} THEN {number} END)"

    return Rule(
        places,
        parse,
        f"a whole number from 0 to {MOST_WHOLE:,}{'' if each == 1 else f' over {each:,}'}",
        write=lambda value: value if each == 1 else f"({value} / {each})",
        numeric=True,
    )


def milliseconds(*places: str, unit: str) -> Rule:
    """A duration, rounded to milliseconds. unit: one of `PER_SECOND`."""

    def parse(t: str) -> str:
        number = f"round(TRY_CAST({t} AS DOUBLE) * 1000 / {PER_SECOND[unit]})"
        return f"(CASE WHEN {number} BETWEEN 0 AND {MOST_WHOLE} THEN CAST({number} AS BIGINT) END)"

    return Rule(
        places,
        parse,
        f"{unit} from 0 on",
        write=lambda value: f"({value} / 1000 * {PER_SECOND[unit]})",
        numeric=True,
    )


def amount(*places: str, per_usd: float = 1) -> Rule:
    """An amount of money from 0 on, in USD. per_usd: how many units of the source make a dollar (100: it has cents)."""

    def parse(t: str) -> str:
        number = f"TRY_CAST({t} AS DOUBLE)"
        usd = number if per_usd == 1 else f"({number} / {per_usd!r})"
        return f"(CASE WHEN isfinite({number}) AND {number} >= 0 THEN {usd} END)"

    return Rule(
        places,
        parse,
        "an amount of money from 0 on",
        write=lambda value: value if per_usd == 1 else f"({value} * {per_usd!r})",
        numeric=True,
    )


def flag(*places: str) -> Rule:
    """True or false."""

    def parse(t: str) -> str:
        return f"(CASE WHEN lower({t}) IN ('true', '1') THEN true WHEN lower({t}) IN ('false', '0') THEN false END)"

    return Rule(places, parse, "true or false")


def above_zero(*places: str) -> Rule:
    """True where an amount is more than 0, false where it is 0. A log does not hold the amount: it is written as
    `MARK`."""

    def parse(t: str) -> str:
        number = f"TRY_CAST({t} AS DOUBLE)"
        return f"(CASE WHEN isfinite({number}) AND {number} >= 0 THEN {number} > 0 END)"

    return Rule(
        places,
        parse,
        "a number from 0 on",
        write=lambda value: f"CASE {value} WHEN true THEN {MARK!r} WHEN false THEN 0 END",
        numeric=True,
    )


def moment(*places: str, zone: str = "UTC", written: str = ISO) -> Rule:
    """A date with a time of day (ISO 8601). zone: of one that states none, by its IANA name. written: the format in
    which it is exported, in UTC."""
    return Rule(
        places,
        lambda t: _utc(_stamp(t, zone)),
        f"a date with a time of day, such as 2025-11-30 12:00:00, {_YEARS}",
        write=lambda value: _written(value, written),
    )


def milliseconds_between(start: str, end: str) -> Rule:
    """From one moment to a later one; null where one of them is missing."""

    def join(texts: Sequence[str]) -> str:
        return f"CAST(epoch_ms({_stamp(texts[1])}) - epoch_ms({_stamp(texts[0])}) AS VARCHAR)"

    return replace(whole(start, end), join=join, write=after, at=end)


def after(milliseconds: str) -> str:
    """SQL of the moment so long after a request of a log, as it is written."""
    return _written(f"(created_at + to_milliseconds(CAST({milliseconds} AS BIGINT)))")


def is_before(one: str, other: str) -> Rule:
    """Whether a moment is before another; null where one of them is missing."""
    return replace(
        flag(one, other),
        join=lambda texts: f"CAST({_stamp(texts[0])} < {_stamp(texts[1])} AS VARCHAR)",
    )


def unix_seconds(*places: str) -> Rule:
    """Seconds since 1970, with or without a fraction."""
    return unix(*places, unit="seconds")


def unix(*places: str, unit: str) -> Rule:
    """Time since 1970. unit: one of `PER_SECOND`."""
    per_second = PER_SECOND[unit]

    def parse(t: str) -> str:
        number = f"TRY_CAST({t} AS DOUBLE)"
        near = f"{number} BETWEEN 0 AND {5 * 10**9 * per_second}"  # the year 2128
        if unit == "seconds":  # a fraction is only nearly what was written
            whole_ms = f"CAST(round({number} * 1000) AS BIGINT)"
        elif unit == "nanoseconds":  # more digits than a double has
            whole_ms = f"TRY_CAST({t} AS BIGINT) // 1000000"
        else:
            whole_ms = f"CAST(floor({number} * 1000 / {per_second}) AS BIGINT)"
        return _utc(f"CASE WHEN {near} THEN make_timestamp(({whole_ms}) * 1000) END")

    return Rule(
        places,
        parse,
        f"{unit} since 1970, {_YEARS}",
        write=lambda value: f"CAST(floor(epoch_ms({value}) / 1000.0 * {per_second}) AS BIGINT)",
        numeric=True,
    )


def finish_reason(*places: str, also: Mapping[str, str] | None = None) -> Rule:
    """Why the response ended, in a vendor's word for it (`finish_reasons.WORDS`). also: more words of this source."""
    words = dict(finish_reasons.WORDS) | {word.lower(): reason for word, reason in (also or {}).items()}

    def parse(t: str) -> str:
        cases = " ".join(f"WHEN {text_literal(word)} THEN {text_literal(to)}" for word, to in words.items())
        return f"(CASE replace(lower({t}), '-', '_') {cases} END)"

    return Rule(places, parse, "a known reason to finish, such as stop or tool_calls")


_SHORTEST = len("2025-11-30 12:00")  # a date alone is no moment
_YEARS = f"in the years {YEARS[0]} to {YEARS[1]}"


def _stamp(t: str, zone: str = "UTC") -> str:
    """A text as a moment in UTC, or null. zone: of a text that states none."""
    zoned = (
        f"regexp_matches(substr({t}, {_SHORTEST + 1}), '[-+A-Za-z]')"  # TIMESTAMP alone leaves the zone out
    )
    moved = f"CAST(TRY_CAST({t} AS TIMESTAMPTZ) AS TIMESTAMP)"
    naive = f"TRY_CAST({t} AS TIMESTAMP)"
    if zone != "UTC":
        naive = f"CAST(timezone({text_literal(zone)}, {naive}) AS TIMESTAMP)"
    utc = f"CASE WHEN {zoned} THEN {moved} ELSE {naive} END"
    return f"CASE WHEN length({t}) >= {_SHORTEST} THEN {utc} END"


def _written(stamp: str, form: str = ISO) -> str:
    return f"strftime({stamp}, {text_literal(form)})"


def _utc(stamp: str) -> str:
    """A moment cut to milliseconds; null outside the years in which a log can be."""
    bounds = f"TIMESTAMP '{YEARS[0]}-01-01' AND TIMESTAMP '{YEARS[1]}-12-31 23:59:59.999'"
    return f"(CASE WHEN ({stamp}) BETWEEN {bounds} THEN date_trunc('milliseconds', {stamp}) END)"
