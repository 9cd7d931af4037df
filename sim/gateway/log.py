"""The log and its labels: records become Arrow tables of the contract, and these Parquet files by UTC week.

What is wrong with the data (`sim.gateway.faults`) befalls a block on its way into its files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.contract import FINISH_REASONS, arrow_schema
from sim.agents.population import Users, Workloads
from sim.catalogue import Catalogue
from sim.compiled import compiled
from sim.gateway.classifier import Classifier, Labels
from sim.gateway.columns import COMPRESSION, EPOCH, coded, integers
from sim.gateway.faults import Ground, Plant, Planted, Rows, plant
from sim.gateway.faults.losses import arrival_weeks, still_there
from sim.gateway.identity import Identities
from sim.gateway.ids import account_codes, id_array
from sim.gateway.models import is_free_variant, listed_name
from sim.randomness import Draws
from sim.scenario import Scenario
from sim.traffic.blocks import Traffic
from sim.traffic.records import MILLIS_PER_DAY, NONE, Records

DICTIONARY_COLUMNS = [
    "app_name", "model", "model_permaslug", "variant", "provider_name", "finish_reason", "country", "continent",
    "language",
]  # fmt: skip
"""Not the ids of users and accounts: the codec finds their repeats, in fewer bytes than a dictionary of each file."""

PERSON = np.dtype([
    ("account", np.int32), ("app", np.int32), ("country", np.int32), ("continent", np.int32), ("language", np.int32),
    ("byok", np.bool_),
], align=True)  # fmt: skip
"""What the log says of a user, as codes of the names."""


@compiled
def _describe(people, user, account, app, country, continent, language, byok):  # type: ignore[no-untyped-def]
    """The columns that say the same of all requests of a user."""
    for i in range(len(user)):
        person = people[user[i]]
        account[i], app[i], country[i] = person.account, person.app, person.country
        continent[i], language[i], byok[i] = person.continent, person.language, person.byok


@dataclass
class Written:
    """What was written: numbers of generations, of labels and of prompts that were cut; by fault, what it fell on."""

    generations: int = 0
    labels: int = 0
    prompts_cut: int = 0
    planted: dict[str, Planted] = field(default_factory=dict)

    def add(self, other: Written) -> None:
        """Count what else was written."""
        self.generations += other.generations
        self.labels += other.labels
        self.prompts_cut += other.prompts_cut
        for key, found in other.planted.items():
            self.planted.setdefault(key, Planted()).update(found)

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        planted = {key: [[*on, rows] for on, rows in found.items()] for key, found in self.planted.items()}
        return vars(self) | {"planted": planted}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Written:
        """What `as_json` told."""
        planted = {
            key: Planted({Plant(of, became): rows for of, became, rows in found})
            for key, found in told["planted"].items()
        }
        return cls(**{**told, "planted": planted})


class LogWriter:
    """Turns blocks of records into Arrow tables of the contract and writes them."""

    def __init__(
        self,
        scenario: Scenario,
        catalogue: Catalogue,
        users: Users,
        workloads: Workloads,
        traffic: Traffic,
        classifier: Classifier,
        draws: Draws,
    ) -> None:
        self.traffic, self.classifier, self.work, self.users = traffic, classifier, workloads, users
        self.start_ms = (scenario.start - EPOCH).days * MILLIS_PER_DAY
        self.identities = Identities(scenario, users, draws)
        self.user_codes = self.identities.first
        self.account_codes = account_codes(draws, users.account)
        self.user_ids = id_array("usr-", self.user_codes)
        accounts, account_of = np.unique(self.account_codes, return_inverse=True)
        self.accounts = id_array("acc-", accounts)
        names = users.names
        places = [scenario.population.countries[c].continent for c in names.countries]
        self.continents = sorted(set(places))
        continent_of = np.array([self.continents.index(place) for place in places])
        self.people = np.empty(len(users), dtype=PERSON)
        for column, codes in (
            ("account", account_of), ("app", users.app), ("country", users.country), ("language", users.language),
            ("continent", continent_of[users.country]), ("byok", users.byok),
        ):  # fmt: skip
            self.people[column] = codes
        self.models = pa.array([listed_name(m.slug) for m in catalogue.models], pa.string())
        self.permaslugs = pa.array([m.facts.permaslug or m.slug for m in catalogue.models], pa.string())
        self.providers = pa.array(traffic.providers, pa.string())
        self.countries = pa.array(names.countries, pa.string())
        self.languages = pa.array(names.languages, pa.string())
        self.apps = pa.array(names.apps, pa.string())
        self.only_free = np.array([is_free_variant(m.slug) for m in catalogue.models])
        self.finish = pa.array(FINISH_REASONS, pa.string())
        self.schema = arrow_schema("generations")
        recorded = scenario.observation.tools_offered_from
        self.offered_from_ms = None if recorded is None else (recorded - EPOCH).days * MILLIS_PER_DAY
        self.logged = pa.schema([_dictionary_field(column) for column in self.schema])
        self.faults = scenario.observation.faults
        zones = {name: place.utc_offset_hours for name, place in scenario.population.countries.items()}
        self.ground = Ground(draws, scenario.start, scenario.end, zones, id_array)

    def table(self, records: Records, block: int) -> pa.Table:
        """One block's generations as an Arrow table of the contract, strings dictionary-encoded."""
        r, people, new_array = records, self.traffic.users_of(block), self.traffic.memory.array
        account, app, country, continent, language = (new_array(len(r), np.int32) for _ in range(5))
        byok = new_array(len(r), np.bool_)
        _describe(self.people[people], r.user, account, app, country, continent, language, byok)
        created = np.add(r.day_millis, self.start_ms, out=new_array(len(r), np.int64))
        seconds = np.floor_divide(created, 1000, out=new_array(len(r), np.int64))
        model, provider, variant, finish = (new_array(len(r), np.int32) for _ in range(4))
        model[:], provider[:] = r.model, r.provider
        # The default mode of `take` would fill a second array first, to keep `out` whole on errors.
        free = np.take(self.only_free, r.model, out=new_array(len(r), np.bool_), mode="clip")
        np.logical_or(r.free, free, out=variant)
        no_finish = np.equal(r.finish, NONE, out=new_array(len(r), np.bool_))
        np.multiply(r.finish, ~no_finish, out=finish)
        offered_null = None if self.offered_from_ms is None else created < self.offered_from_ms
        columns = {
            "generation_id": id_array("gen-", r.key, seconds, new_array),
            "created_at": pa.array(created).view(pa.timestamp("ms", tz="UTC")),
            "user_id": coded(r.user, self._ids(people, r)),
            "account_id": coded(account, self.accounts),
            "app_name": coded(app, self.apps),
            "model": coded(model, self.models),
            "model_permaslug": coded(model, self.permaslugs),
            "variant": coded(variant, ("standard", "free")),
            "provider_name": coded(provider, self.providers),
            "tokens_prompt": pa.array(r.tokens_prompt),
            "tokens_completion": pa.array(r.tokens_completion),
            "tokens_reasoning": pa.array(r.tokens_reasoning),
            "tokens_cached": pa.array(r.tokens_cached),
            "cost_total": pa.array(r.cost),
            "byok": pa.array(byok),
            "finish_reason": coded(finish, self.finish, no_finish),
            "tools_offered": pa.array(r.tools_offered, mask=offered_null),
            "tool_called": pa.array(r.finish == FINISH_REASONS.index("tool_calls")),
            "streamed": pa.array(r.streamed),
            "cancelled": pa.array(no_finish),
            "time_to_first_token_ms": integers(r.first_token_ms, ~r.streamed),
            "generation_time_ms": pa.array(r.generation_ms),
            "country": coded(country, self.countries),
            "continent": coded(continent, self.continents),
            "language": coded(language, self.languages),
            "session_id": id_array("ses-", r.session, new_array=new_array),
        }
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.logged)

    def _ids(self, people: slice, records: Records) -> pa.Array:
        """The ids of a block's users in the week of its records."""
        if not self.identities.change or not len(records):
            return self.user_ids[people]
        day = self.traffic.scenario.start + dt.timedelta(milliseconds=int(records.day_millis[0]))
        return id_array("usr-", self.identities.codes(people, day))

    def labels_table(self, records: Records, table: pa.Table, block: int) -> pa.Table:
        """The labels of one block."""
        category = self.work.category[records.workload + self.traffic.work_of(block).start]
        labels: Labels = self.classifier.label(records.key, category)
        columns = [
            table.column("generation_id").take(pa.array(labels.record)),
            coded(labels.path, self.classifier.paths),
            pa.array(labels.confidence),
        ]
        schema = pa.schema([_dictionary_field(column) for column in arrow_schema("labels")])
        return pa.Table.from_arrays(columns, schema=schema)

    def write(self, folder: Path, week: int, block: int) -> Written:
        """Make and write one block of one week."""
        records = self.traffic.records(week, block)
        if not len(records):
            return Written()
        monday = self.traffic.weeks()[week][0]
        table = self.table(records, block)
        labels = self.labels_table(records, table, block)
        generations, planted = len(table), dict[str, Planted]()
        if any(self.faults.planted):
            rows, planted = plant(self.faults, Rows.of(table), self.ground)
            generations, labels = len(rows), still_there(labels, rows)
            for file, part in self._files(folder / "log", rows, monday, block):
                write_log_file(part, file)
        else:
            write_log_file(table, _part(folder / "log", monday, block))
        if len(labels):
            file = _part(folder / "labels", monday, block)
            pq.write_table(labels, file, use_dictionary=["path"], **COMPRESSION)
        return Written(generations, len(labels), records.prompts_cut, planted)

    def _files(self, log: Path, rows: Rows, monday: dt.date, block: int) -> Iterator[tuple[Path, pa.Table]]:
        """The files of a block: one in its week's folder, and one more in each folder of a week in which rows arrive
        late, or to which their clock has moved them."""
        weeks, late = arrival_weeks(rows, self.ground), rows.late_ms > 0
        here = (weeks == (monday - EPOCH).days) & ~late
        if here.any():
            yield _part(log, monday, block), rows.take(here).table
        for week in np.unique(weeks[~here]):
            there = EPOCH + dt.timedelta(days=int(week))
            yield _part(log, there, block, monday), rows.take((weeks == week) & ~here).table


def write_log_file(table: pa.Table, file: Path) -> None:
    """One Parquet file of the log, with the codec and encodings of every log file."""
    pq.write_table(
        table, file, use_dictionary=DICTIONARY_COLUMNS, column_encoding={"created_at": "DELTA_BINARY_PACKED"},
        write_statistics=["created_at"], **COMPRESSION,
    )  # fmt: skip


def _dictionary_field(column: pa.Field) -> pa.Field:
    """The contract's field, as the log's tables hold it in memory."""
    if column.type == pa.string() and column.name not in ("generation_id", "session_id"):
        return column.with_type(pa.dictionary(pa.int32(), pa.string()))
    return column


def _part(folder: Path, monday: dt.date, block: int, made: dt.date | None = None) -> Path:
    """File of a block in a week's folder; folders of a week are named by its Monday, the first day or not. made: the
    Monday of the block's own week, where it is another file than that of the folder's own blocks."""
    week = folder / f"week={monday.isoformat()}"
    week.mkdir(parents=True, exist_ok=True)
    return week / f"part-{block:05d}{f'-{made.isoformat()}' if made else ''}.parquet"
