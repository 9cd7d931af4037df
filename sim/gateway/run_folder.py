"""Writes a run: the log and its labels as Parquet by UTC week, the public catalogue, the truth, the manifest.

A run folder is written aside and renamed when it is whole, so that it exists complete or not at all.
"""

import datetime as dt
import json
import math
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.contract import CATEGORIES, FINISH_REASONS, arrow_schema, files
from sim.agents.planted_loyalty import PlantedLoyalty
from sim.agents.population import Users, Workloads
from sim.agents.spells import Kind, Reason
from sim.catalogue import MODELS_SCHEMA, Catalogue, write_models_table
from sim.compiled import compiled
from sim.gateway.classifier import Classifier, Labels
from sim.gateway.identity import Identities
from sim.gateway.ids import account_codes, id_array
from sim.market import Market
from sim.randomness import Draws
from sim.scenario import Scenario
from sim.scenario.calendar import PromotionEvent
from sim.traffic.blocks import Traffic
from sim.traffic.records import MILLIS_PER_DAY, NONE, Records

COMPRESSION = {"compression": "zstd", "compression_level": 1}
DICTIONARY_COLUMNS = [
    "app_name", "model", "model_permaslug", "variant", "provider_name", "finish_reason", "country", "continent",
    "language",
]  # fmt: skip
"""Not the ids of users and accounts: the codec finds their repeats, in fewer bytes than a dictionary of each file."""
_EPOCH = dt.date(1970, 1, 1)


PERSON = np.dtype([
    ("account", np.int32), ("app", np.int32), ("country", np.int32), ("continent", np.int32), ("language", np.int32),
    ("byok", np.bool_),
], align=True)  # fmt: skip
"""What the log says of a user, as codes of the names."""


# --- columns ------------------------------------------------------------------------------------------------


def _coded(
    codes: NDArray[Any], names: Sequence[str] | pa.Array, null: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Dictionary-encoded strings; `null` marks missing ones."""
    values = names if isinstance(names, pa.Array) else pa.array(list(names), pa.string())
    return pa.DictionaryArray.from_arrays(_integers(codes.astype(np.int32, copy=False), null), values)


def _integers(values: NDArray[np.int32], null: NDArray[np.bool_] | None) -> pa.Array:
    """Integers; `null` marks missing ones."""
    bits = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(pa.int32(), len(values), [bits, pa.py_buffer(values)])


@compiled
def _describe(people, user, account, app, country, continent, language, byok):  # type: ignore[no-untyped-def]
    """The columns that say the same of all requests of a user."""
    for i in range(len(user)):
        person = people[user[i]]
        account[i], app[i], country[i] = person.account, person.app, person.country
        continent[i], language[i], byok[i] = person.continent, person.language, person.byok


# --- the log ------------------------------------------------------------------------------------------------


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
        self.start_ms = (scenario.start - _EPOCH).days * MILLIS_PER_DAY
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
        self.only_free = np.array([m.slug.endswith(":free") for m in catalogue.models])
        self.finish = pa.array(FINISH_REASONS, pa.string())
        self.schema = arrow_schema("generations")
        recorded = scenario.observation.tools_offered_from
        self.offered_from_ms = None if recorded is None else (recorded - _EPOCH).days * MILLIS_PER_DAY
        self.logged = pa.schema([_dictionary_field(field) for field in self.schema])

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
            "user_id": _coded(r.user, self._ids(people, r)),
            "account_id": _coded(account, self.accounts),
            "app_name": _coded(app, self.apps),
            "model": _coded(model, self.models),
            "model_permaslug": _coded(model, self.permaslugs),
            "variant": _coded(variant, ("standard", "free")),
            "provider_name": _coded(provider, self.providers),
            "tokens_prompt": pa.array(r.tokens_prompt),
            "tokens_completion": pa.array(r.tokens_completion),
            "tokens_reasoning": pa.array(r.tokens_reasoning),
            "tokens_cached": pa.array(r.tokens_cached),
            "cost_total": pa.array(r.cost),
            "byok": pa.array(byok),
            "finish_reason": _coded(finish, self.finish, no_finish),
            "tools_offered": pa.array(r.tools_offered, mask=offered_null),
            "tool_called": pa.array(r.finish == FINISH_REASONS.index("tool_calls")),
            "streamed": pa.array(r.streamed),
            "cancelled": pa.array(no_finish),
            "time_to_first_token_ms": _integers(r.first_token_ms, ~r.streamed),
            "generation_time_ms": pa.array(r.generation_ms),
            "country": _coded(country, self.countries),
            "continent": _coded(continent, self.continents),
            "language": _coded(language, self.languages),
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
            _coded(labels.path, self.classifier.paths),
            pa.array(labels.confidence),
        ]
        schema = pa.schema([_dictionary_field(field) for field in arrow_schema("labels")])
        return pa.Table.from_arrays(columns, schema=schema)

    def write(self, folder: Path, week: int, block: int) -> tuple[int, int, int]:
        """Make and write one block of one week. Returns the numbers of generations, labels and cut prompts."""
        records = self.traffic.records(week, block)
        if not len(records):
            return 0, 0, 0
        monday = self.traffic.weeks()[week][0]
        table = self.table(records, block)
        write_log_file(table, _part(folder / "log", monday, block))
        labels = self.labels_table(records, table, block)
        if len(labels):
            file = _part(folder / "labels", monday, block)
            pq.write_table(labels, file, use_dictionary=["path"], **COMPRESSION)
        return len(table), len(labels), records.prompts_cut


def write_log_file(table: pa.Table, file: Path) -> None:
    """One Parquet file of the log, with the codec and encodings of every log file."""
    pq.write_table(
        table, file, use_dictionary=DICTIONARY_COLUMNS, column_encoding={"created_at": "DELTA_BINARY_PACKED"},
        write_statistics=["created_at"], **COMPRESSION,
    )  # fmt: skip


def _dictionary_field(field: pa.Field) -> pa.Field:
    """The contract's field, as the log's tables hold it in memory."""
    if field.type == pa.string() and field.name not in ("generation_id", "session_id"):
        return field.with_type(pa.dictionary(pa.int32(), pa.string()))
    return field


def _part(folder: Path, monday: dt.date, block: int) -> Path:
    """File of a block in its week's folder; folders of a week are named by its Monday, the first day or not."""
    week = folder / f"week={monday.isoformat()}"
    week.mkdir(parents=True, exist_ok=True)
    return week / f"part-{block:05d}.parquet"


def listed_name(slug: str) -> str:
    """A model's name in the log: the variant has a column of its own."""
    return slug.removesuffix(":free")


# --- models, truth ------------------------------------------------------------------------------------------


def write_models(folder: Path, catalogue: Catalogue, scenario: Scenario, market: Market) -> int:
    """The public catalogue: what an analyst may know by the end of the world, after the market has run.

    Prices are those that were in force, changes by the scenario's calendar and by authors' strategies included.
    """
    rows = write_models_table(catalogue, scenario.end).to_pylist()
    for row in rows:
        slug = row["model"]
        row["prices"] = _price_path(
            row["prices"], market.price_history[:, catalogue.index(slug)], scenario.start
        )
        row["free_windows"] += [
            {"from": e.date, "to": e.until if e.until <= scenario.end else None, "kind": "promotion"}
            for e in scenario.calendar
            if isinstance(e, PromotionEvent) and e.model == slug and e.date <= scenario.end
        ]
        row["free_windows"].sort(key=lambda window: window["from"])
        row["model"] = listed_name(slug)
    table = pa.Table.from_pylist(rows, schema=MODELS_SCHEMA)
    pq.write_table(table, folder / "models.parquet", **COMPRESSION)
    return len(table)


def _price_path(
    listed: list[dict[str, Any]], history: NDArray[np.float64], start: dt.date
) -> list[dict[str, Any]]:
    """The list prices before `start`, and from then on the daily prices (days x 3) where they change."""
    path = [point for point in listed if point["from"] < start]
    changes = np.flatnonzero((history[1:] != history[:-1]).any(axis=1)) + 1
    for day in [0, *changes.tolist()]:
        prompt, completion, cached = history[day].tolist()
        point = {
            "from": start + dt.timedelta(days=day),
            "prompt_usd_per_mtok": prompt,
            "completion_usd_per_mtok": completion,
            "cached_usd_per_mtok": cached if cached < prompt else None,  # none: no discount
        }
        if not math.isnan(prompt) and not (path and _same_price(path[-1], point)):
            path.append(point)
    return path


def _same_price(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other[key] for key in other if key != "from")


def write_truth(
    folder: Path,
    scenario: Scenario,
    catalogue: Catalogue,
    market: Market,
    users: Users,
    workloads: Workloads,
    spells: dict[str, NDArray[np.int32]],
    writer: LogWriter,
    planted: PlantedLoyalty,
) -> None:
    """What no real log holds: users, workloads, spells, market events, and the models' latent parameters.

    Where ids can be reset, also which ids are one user's; where loyal users are planted, also who they are.
    """
    truth = folder / "truth"
    truth.mkdir()

    def dates(days: NDArray[np.int32]) -> pa.Array:
        bounded = np.clip(days, -(2**20), 2**20).astype(np.int32)  # lives may outlast any calendar
        return pa.array(bounded + np.int32((scenario.start - _EPOCH).days)).view(pa.date32())

    def save(name: str, columns: dict[str, Any]) -> None:
        pq.write_table(pa.table(columns), truth / f"{name}.parquet", **COMPRESSION)

    names = users.names
    models = [listed_name(m.slug) for m in catalogue.models]
    none = users.wave_model < 0
    save("users", {
        "user_id": id_array("usr-", writer.user_codes),
        "account_id": id_array("acc-", writer.account_codes),
        "arrival": dates(users.arrival),
        "leave": dates(users.leave),
        "segment": _coded(users.segment, names.segments),
        "country": _coded(users.country, names.countries),
        "language": _coded(users.language, names.languages),
        "byok": users.byok,
        "curiosity": users.curiosity,
        "regularity": users.regularity,
        "price_sensitivity": users.price_sensitivity,
        "wave_model": _coded(np.where(none, 0, users.wave_model), models, none),
    })  # fmt: skip
    pinned = workloads.pinned_model < 0
    save("workloads", {
        "workload": np.arange(len(workloads), dtype=np.int32),
        "user_id": id_array("usr-", writer.user_codes[workloads.user]),
        "category": _coded(workloads.category, CATEGORIES),
        "hardness": workloads.hardness,
        "willingness_usd_per_mtok": np.exp(np.clip(workloads.log_willingness, -30, 30)),
        "needs_tools": workloads.needs_tools,
        "needs_permissive": workloads.needs_permissive,
        "context_tokens": workloads.context_tokens,
        "accepts_free": workloads.accepts_free,
        "requests_per_day": workloads.requests_per_day,
        "start": dates(workloads.start),
        "end": dates(workloads.end),
        "pinned_model": _coded(np.where(pinned, 0, workloads.pinned_model), models, pinned),
    })  # fmt: skip
    save("spells", {
        "workload": spells["workload"],
        "model": _coded(spells["model"], models),
        "kind": _coded(spells["kind"], [k.name.lower() for k in Kind]),
        "start": dates(spells["start"]),
        "end": dates(spells["end"]),
        "embedded_since": dates(spells["since"]),
        "end_reason": _coded(spells["reason"], [r.name.lower() for r in Reason]),
    })  # fmt: skip
    if scenario.observation.id_resets_per_month:
        rows, codes, since = writer.identities.resets()
        save("identities", {
            "user_id": id_array("usr-", writer.user_codes[rows]),
            "logged_as": id_array("usr-", codes),
            "since": dates(since),
        })  # fmt: skip
    if scenario.planted_loyalty is not None:
        loyal = planted.users()
        save("planted", {
            "user_id": id_array("usr-", writer.user_codes[loyal]),
            "model": _coded(np.full(len(loyal), planted.model), models),
        })  # fmt: skip
    events = market.events
    save("events", {
        "date": dates(np.array([e.day for e in events], dtype=np.int32)),
        "event": pa.array([e.event for e in events], pa.string()),
        "model": pa.array([models[e.model] for e in events], pa.string()),
        "detail": pa.array([e.detail for e in events], pa.string()),
    })  # fmt: skip
    save("abilities", {
        "model": models,
        "reach": [m.latent.reach for m in catalogue.models],
        "hype": [m.latent.hype for m in catalogue.models],
        "permissive": [m.latent.permissive for m in catalogue.models],
        **{category: [m.latent.ability[i] for m in catalogue.models] for i, category in enumerate(CATEGORIES)},
    })  # fmt: skip


# --- the folder ---------------------------------------------------------------------------------------------


class RunFolder:
    """A run's folder, written aside under a hidden name and renamed by `publish`.

    What bears the name already is replaced as a whole, and only if all of it is ours (`analysis.contract.files`):
    entering the context and publishing raise `files.Foreign` otherwise. Leaving the context without `publish` removes
    what was written. A run at work holds a lock on its hidden folder; one that nobody locks was left by a process that
    was killed, and the next run in the same place removes it. Whoever renames anything there holds the lock of the
    folder above.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = self._aside("partial")
        self._lock: int | None = None

    def _aside(self, kind: str) -> Path:
        return self.final.parent / f".{kind}-{self.final.name}-{files.token()}"

    def __enter__(self) -> "RunFolder":
        self.final.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(self.final.parent):
            _sweep(self.final.parent)
            if os.path.lexists(self.final):
                files.check_all(self.final)
            self.path.mkdir()
            self._lock = files.lock(self.path)
        return self

    def publish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and the list of files, and give the folder its name."""
        write_manifest(self.path, manifest)
        files.write(self.path, files.marks_of(self.path, sorted(path.name for path in self.path.iterdir())))
        with files.locked(self.final.parent):
            replaced = self._aside("replaced")
            if os.path.lexists(self.final):
                self.final.rename(replaced)
            try:
                if os.path.lexists(replaced):
                    files.check_all(replaced, self.final)
                self.path.rename(self.final)
            except BaseException:
                if os.path.lexists(replaced) and not self.final.exists():
                    replaced.rename(self.final)
                raise
            if os.path.lexists(replaced):
                shutil.rmtree(replaced, ignore_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a run's manifest; one that is there is replaced as a whole."""
    files.write_text(folder / files.MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _sweep(folder: Path) -> None:
    """Remove what killed runs left aside; put back what one had moved away. Call it with the folder's lock."""
    left = []
    for path in folder.glob(".*-*"):
        named = _LEFT.fullmatch(path.name)
        if named is None:
            continue
        if named["kind"] == "replaced" and not os.path.lexists(folder / named["run"]):
            path.rename(folder / named["run"])
        else:
            left.append(path)
    for path in files.abandoned(left):
        shutil.rmtree(path, ignore_errors=True)


_LEFT = re.compile(rf"\.(?P<kind>partial|replaced)-(?P<run>.+)-{files.TOKEN}")
