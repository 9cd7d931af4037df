"""Checks when a log is opened: columns, counts that no sum bears, dates that cannot be meant, doubled rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import ibis.expr.types as ir

from analysis import contract
from analysis import vocabulary as v
from analysis.months import months_between
from analysis.numerals import counted
from analysis.sources import columns, doubles
from analysis.sources.errors import LogError, engine_errors, first_line

if TYPE_CHECKING:
    from analysis.sources.log import Log

YEARS = (2015, 2100)  # a request of a year before the first or after the last has a wrong date (assumed)
MOST_MONTHS = (
    300  # from a log's first to its last request: what is kept of each month grows with them (assumed)
)
PARTS = (  # a part of a count, and the whole that it cannot exceed
    ("tokens_cached", "tokens_prompt"),
    ("tokens_reasoning", "tokens_completion"),
)
SIDES: tuple[Literal["labels", "models"], ...] = ("labels", "models")


def settle_sides(log: Log, named: Collection[str]) -> None:
    """Leave out side tables that do not conform, with a warning: a table that is only called `models` or `labels` may
    be about something else. Those that the caller named, and those of a run of ours, must conform."""
    for name in SIDES:
        table: ir.Table | None = getattr(log, name)
        if table is None or name in named:
            continue
        found = log.file_problems.pop(name, [])
        wrong = [problem.what for problem in found] or [
            what for _, what in columns.problems(name, table.schema())
        ]
        if wrong:
            setattr(log, name, None)
            what = found[0].files[0] if found else f"its table '{name}'"
            log.leave_out(
                name, f"{what} does not conform to the log contract: {'; '.join(wrong[:2])}"
                f"{' and more' if len(wrong) > 2 else ''}",
            )  # fmt: skip


def check_columns(log: Log) -> None:
    """Refuse a log without its required columns or with wrong types."""
    for name, found in log.file_problems.items():
        columns.refuse_files(name, found)
    for name, given in (("generations", log.stored), ("labels", log.labels), ("models", log.models)):
        if given is None:
            continue
        wrong = [what for _, what in columns.problems(name, given.schema())]
        if wrong:
            raise LogError(
                f"{log.name}: the {name} table does not conform to the log contract: " + "; ".join(wrong)
                + ". `slipper schema log` prints the contract."
            )  # fmt: skip


def measure(log: Log, check: bool, tolerate: bool = False) -> None:
    """Count the rows and find the first and the last moment, and what no sum bears, in one query.

    tolerate: warn of such rows and of copies where a log would be refused for them.
    """
    wanted: dict[str, ir.Value] = {"rows": log.generations.count()}
    unsound = _unsound_counts(log) if check else {}
    if check:
        wanted |= unsound
        wanted["without an id"] = v.count_where(
            log.generations.generation_id.isnull() | (log.generations.generation_id == "")
        )
    kind = log.generations.schema().get("created_at")
    if kind is not None and kind.is_timestamp():
        moment = v.utc(log.generations.created_at)
        wanted |= {"start": moment.min(), "end": moment.max()}
    try:
        found = log.generations.aggregate(**wanted).to_pyarrow().to_pylist()[0]
    except engine_errors(OverflowError) as error:  # OverflowError: dates before the year 1 or after 9999
        raise LogError(f"{log.name}: the log cannot be read ({first_line(error)})") from None
    log.rows = int(found["rows"])
    log.start, log.end = _utc(found.get("start")), _utc(found.get("end"))
    if not check:
        return
    if not log.rows:
        raise LogError(f"{log.name}: the log is empty: it has the columns but not one row")
    _check_counts(log, unsound, found, tolerate)
    _check_dates(log)
    _check_names(log)
    if found["without an id"]:
        log.warn(
            f"{found['without an id']:,} of {counted(log.rows, 'row')} without a generation_id: no label can be theirs."
        )
    doubles.judge(log, tolerate)
    _check_models_once(log)


def _unsound_counts(log: Log) -> dict[str, ir.Value]:
    """Counts of rows that would spoil sums and cohorts, by their wording for people."""
    rows = log.generations
    counts: dict[str, ir.Value] = {
        f"{name} missing": v.count_where(rows[name].isnull()) for name in ("created_at", "user_id", "model")
    }
    # One id for all whose user is not known would be one user.
    counts["user_id empty"] = v.count_where(rows.user_id == "")
    for field in contract.GENERATIONS:
        if field.unit not in ("tokens", "USD") or field.name not in log.columns:
            continue
        column = rows[field.name]
        counts[f"{field.name} below 0"] = v.count_where(column < 0)
        if field.required:
            counts[f"{field.name} missing"] = v.count_where(column.isnull())
        if column.type().is_floating():
            counts[f"{field.name} infinite or not a number"] = v.count_where(column.isnan() | column.isinf())
    for part, whole in PARTS:
        if part in log.columns:
            counts[f"{part} above {whole}"] = v.count_where(rows[part] > rows[whole])
    return counts


def _check_counts(log: Log, kinds: Collection[str], found: dict[str, Any], tolerate: bool) -> None:
    """Refuse a log with rows that `_unsound_counts` counted: sums and shares over them would be wrong in silence."""
    unsound = [f"{found[what]:,} with {what}" for what in kinds if found[what]]
    apart = [
        f"{part} are a part of {whole}: where they are recorded apart, add them to it. "
        for part, whole in PARTS
        if found.get(f"{part} above {whole}")
    ]
    if unsound and tolerate:
        log.warn(
            f"{counted(log.rows, 'row')}, of which {', '.join(unsound)}: sums and shares over them are wrong."
        )
    elif unsound:
        raise LogError(
            f"{log.name}: {counted(log.rows, 'row')}, of which {', '.join(unsound)}. Sums and shares over such rows "
            f"would be wrong: correct them or leave them out. {''.join(apart)}`slipper analyze LOG --check-log` shows "
            "examples."
        )


def _check_names(log: Log) -> None:
    """Refuse a NUL byte in a model's name: no query could ask for it."""
    table = log.generations.select("model").distinct().to_pyarrow()
    broken = sorted(repr(name) for name in table["model"].to_pylist() if "\0" in str(name))
    if broken:
        raise LogError(
            f"{log.name}: a NUL byte in the name of {counted(len(broken), 'model')}, such as {broken[0]}: "
            "correct such rows or leave them out"
        )


def _check_dates(log: Log) -> None:
    """Refuse a log with a date that cannot be meant: months without end would be kept, and launches be invented."""
    if log.start is None or log.end is None:
        raise LogError(f"{log.name}: created_at is endless in some rows: correct them or leave them out")
    months = months_between(log.start, log.end) + 1
    if YEARS[0] <= log.start.year and log.end.year <= YEARS[1] and months <= MOST_MONTHS:
        return
    day = v.day(log.generations.created_at)
    at = {"first": log.start.date(), "last": log.end.date()}
    rows = log.generations.aggregate(**{name: v.count_where(day == on) for name, on in at.items()})
    count = rows.to_pyarrow().to_pylist()[0]
    raise LogError(
        f"{log.name}: the requests run from {at['first']} ({count['first']:,} on that day) to {at['last']} "
        f"({count['last']:,}), over {counted(months, 'month')}, and a log holds the years {YEARS[0]} to {YEARS[1]} and "
        f"at most {MOST_MONTHS} months. A wrong date invents a launch: correct such rows or leave them out."
    )


def _check_models_once(log: Log) -> None:
    """Refuse a models table with more than one row of a model."""
    if log.models is None:
        return
    table = log.models
    counts = table.group_by("model").aggregate(n=table.count())
    doubled = sorted(counts.filter(counts.n > 1).to_pandas()["model"].astype(str))
    if doubled:
        raise LogError(
            f"{log.name}: the models table has more than one row of {', '.join(doubled[:5])}"
            f"{' and others' if len(doubled) > 5 else ''}: sums over their facts would be doubled, and dates of "
            "release would contradict each other. Keep one row a model."
        )


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    if moment is None:
        return None
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
