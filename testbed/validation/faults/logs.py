"""Faults of data as worlds: one small clean log, and the same log with each fault that a scenario can plant.

The faults are those of `sim.gateway.faults`, on the tables of a world. These worlds are no part of the battery: where a
fault makes the right answer unknowable, no query can be judged right or wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.validation.questions.rules import utc_day
from testbed.validation.tables import Tables
from testbed.validation.worlds.calendars import FAR
from testbed.validation.worlds.crowd import FOCAL, PLACES, crowd, loyal
from testbed.validation.worlds.rows import request
from testbed.validation.worlds.world import World

if TYPE_CHECKING:
    from sim.gateway.faults import Ground

SEED = 1
HOSTS = 6
ZONES = {country: 0.0 for country, _ in PLACES} | {"CA": -5.0} | {country: hours for country, _, hours in FAR}
"""Hours before UTC, by country."""


@dataclass(frozen=True)
class FaultyLog:
    """A fault of data on the clean log.

    fault: its key in a scenario; settings: its values there. mend: what undoes it, where a log with the fault still
    tells what is right; empty where nobody can tell from it.
    """

    name: str
    about: str
    fault: str
    settings: Mapping[str, Any] = field(repr=False)
    mend: str = ""

    def of(self, clean: World) -> World:
        """The world with the fault in it."""
        return World(
            self.name,
            self.about,
            lambda: with_faults(clean.tables, {self.fault: dict(self.settings)}),
            clean.model,
        )


ONCE = "count each generation_id once"
LISTED = "look aliases up in model_permaslug, or in the models table"
FAULTY_LOGS = (
    FaultyLog("exact duplicates", "one row in ten is there twice", "duplicates", {"share": 0.1}, ONCE),
    FaultyLog("retries", "one request in ten is sent again, under a new id", "retries", {"share": 0.1}),
    FaultyLog("late rows", "one row in five comes late: the order of the rows is another", "late_rows",
              {"share": 0.2, "days": 40}),
    FaultyLog("missing days", "one day in ten is missing", "missing_days", {"share": 0.1}),
    FaultyLog("sample of requests", "four requests in five are kept", "sampling", {"kept": 0.8}),
    FaultyLog("sample of users", "four users in five are kept", "sampling", {"kept": 0.8, "by": "user"}),
    FaultyLog("cut in a month", "the log ends on the 17th of a month, that goes on", "truncation",
              {"last_day": "2025-08-17"}),
    FaultyLog("cut in a day", "the log ends on a month's last day, at nine in the morning", "truncation",
              {"last_day": "2025-08-31", "hours": 9}),
    FaultyLog("clocks off", "some providers' clocks are nine hours off", "clock_skew", {"share": 0.5, "hours": 9}),
    FaultyLog("mixed zones", "half of the users' times are local ones", "mixed_zones", {"share": 0.5}),
    FaultyLog("users missing", "one user_id in ten is missing", "nulls", {"columns": {"user_id": 0.1}}),
    FaultyLog("regions missing", "one country and continent in ten is missing", "nulls",
              {"columns": {"country": 0.1, "continent": 0.1}}),
    FaultyLog("finish reasons missing", "one finish reason in ten is missing", "nulls",
              {"columns": {"finish_reason": 0.1}}),
    FaultyLog("costs missing", "one cost in twenty is missing", "nulls", {"columns": {"cost_total": 0.05}}),
    FaultyLog("negative counts", "the tokens of one request in twenty are -1", "negative_counts", {"share": 0.05}),
    FaultyLog("huge counts", "the prompt of one request in a hundred is a thousand times too long", "huge_counts",
              {"share": 0.01}),
    FaultyLog("ids reset", "all users have new ids from May on", "id_reset", {"date": "2025-05-01"}),
    FaultyLog("shared keys", "a third of the users is logged under five ids", "shared_keys",
              {"share": 0.33, "keys": 5}),
    FaultyLog("dated aliases", "one request in five names the model by its dated version", "aliases", {"share": 0.2},
              LISTED),
    FaultyLog("bare aliases", "one request in five names the model without its author", "aliases",
              {"share": 0.2, "spelling": "bare"}, LISTED),
    FaultyLog("regions from May on", "country and continent are recorded from May on", "schema_drift",
              {"missing_before": {"country": "2025-05-01", "continent": "2025-05-01"}}),
    FaultyLog("cached tokens until May", "cached tokens are not recorded from May on", "schema_drift",
              {"missing_from": {"tokens_cached": "2025-05-01"}}),
    FaultyLog("finish reasons renamed", "finish reasons are a vendor's words from May on", "finish_reasons",
              {"date": "2025-05-01"}, "read a vendor's words as the contract's: tool_use is tool_calls"),
)  # fmt: skip


@cache
def clean_log() -> World:
    """The log without a fault: nothing in it is missing, and requests come from several providers."""
    return World("clean log", "some hundred requests without a fault", _clean, FOCAL)


def _clean() -> Tables:
    """Whole months with a launch cohort that stays, and users far from UTC at the edges of months."""
    made = crowd(32, "2025-01-01", "2025-10-31")
    loyal(made, 20, dt.date(2025, 2, 1), 9)
    for number in range(12):
        east = number % 2 == 0
        for month in (3 + number // 2, 4 + number // 2):
            edge = dt.datetime(2025, month, 1, tzinfo=dt.UTC)
            moment = edge + dt.timedelta(hours=-4 if east else 5, minutes=number)
            country, continent = ("JP", "Asia") if east else ("US", "North America")
            made.requests.append(request(
                f"far-{number:02d}", FOCAL, moment, country=country, continent=continent,
                session_id=f"far {number} {month}",
            ))  # fmt: skip
    for row in made.requests:
        row["provider_name"] = f"Provider {(utc_day(row).toordinal() + len(row['model'])) % HOSTS}"
    return made.tables()


def with_faults(tables: Tables, faults: Mapping[str, Any], seed: int = SEED) -> Tables:
    """Tables with faults of data, which a scenario would have under `observation.faults`: the same rows are hit each
    time. Rows lie in the order in which they arrive; labels of lost requests are lost."""
    from sim.gateway.faults import FaultSettings, Rows, plant
    from sim.gateway.faults.losses import still_there

    rows, _ = plant(FaultSettings.model_validate(faults), Rows.of(tables.generations), _ground(tables, seed))
    labels = still_there(tables.labels, rows)
    if rows.late_ms.any():
        rows = rows.take(np.argsort(rows.created_ms + rows.late_ms, kind="stable"))
    return Tables(rows.table, labels, tables.models)


def _ground(tables: Tables, seed: int) -> Ground:
    from sim.gateway.faults import Ground
    from sim.gateway.ids import id_array
    from sim.randomness import Draws

    days = [utc_day(row) for row in tables.requests]
    return Ground(Draws(seed), min(days), max(days), ZONES, id_array)
