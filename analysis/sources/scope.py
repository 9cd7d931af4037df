"""What of a log is looked at: which days, over which windows, and whether the study stands beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from analysis import vocabulary as v
from analysis.sources.errors import LogError

if TYPE_CHECKING:
    from analysis.sources.log import Log


@dataclass(frozen=True)
class Scope:
    """What an analysis looks at.

    first, last: of the log only the rows of these UTC days, both included (None: from its beginning, to its end).
    study_window: exhibits are drawn over the windows of the study (`analysis.study`); None: where the run's scenario
    says that it rebuilds the study, unless days are asked for. beside_study: what the study says stands beside what the
    log shows; None: where a run wrote the log.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    study_window: bool | None = None
    beside_study: bool | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise LogError(f"no day lies from {self.first} to {self.last}: exchange them")

    @property
    def cut(self) -> bool:
        """Whether days are asked for."""
        return self.first is not None or self.last is not None

    @property
    def words(self) -> str:
        """The days that are asked for, for people."""
        return f"from {self.first or 'the beginning'} to {self.last or 'the end'}"


def keep(log: Log) -> None:
    """Leave out of a log the rows outside of the days of its scope, and the labels of such rows.

    Of a run the covered days are those that its manifest states and that are asked for, unless it lacks rows; of any
    other log the kept rows tell. Raises LogError if there is no row on these days.
    """
    scope = log.scope
    kind = log.generations.schema().get("created_at")
    if not scope.cut or kind is None or not kind.is_timestamp():
        return  # without moments there are no days: the checks of the columns say so
    moment = v.utc(log.generations.created_at)
    counts = log.generations.aggregate(
        rows=log.generations.count(),
        kept=v.count_where(_asked(log.generations, scope)),
        start=moment.min(),
        end=moment.max(),
    )
    found = counts.to_pyarrow().to_pylist()[0]
    if not found["kept"]:
        ends = (
            f"; the log runs from {found['start']:%Y-%m-%d} to {found['end']:%Y-%m-%d}"
            if found["rows"]
            else ""
        )
        raise LogError(f"{log.name}: no row {scope.words}{ends}")
    cut(log)
    log.cut_stated_days(int(found["rows"]))


def cut(log: Log) -> None:
    """Have the tables of a log hold the rows of the days of its scope alone; nothing is asked of an engine."""
    log.generations, log.stored = (t.filter(_asked(t, log.scope)) for t in (log.generations, log.stored))
    if log.labels is not None and {"generation_id"} <= log.columns & set(log.labels.columns):
        log.labels = log.labels.semi_join(log.generations, "generation_id")


def _asked(rows: ir.Table, scope: Scope) -> ir.BooleanValue:
    """Whether rows are of the days that are asked for."""
    return v.on_days(rows.created_at, scope.first, scope.last)
