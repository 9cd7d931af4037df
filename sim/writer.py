"""Writes a run: the log and its labels as Parquet by UTC week, the public catalogue, the truth, the manifest.

A run folder is written aside and renamed when it is whole, so that it exists complete or not at all.
"""

import datetime as dt
import errno
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit
from numpy.typing import NDArray

from analysis.contract import FINISH_REASONS, arrow_schema
from sim.catalogue import CATEGORIES, Catalogue, write_models_table
from sim.market import Market
from sim.observation import Classifier, Labels
from sim.population import Users, Workloads
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario
from sim.search import Kind, Reason
from sim.traffic import MILLIS_PER_DAY, NONE, Records, Traffic

COMPRESSION = {"compression": "zstd", "compression_level": 1}
DICTIONARY_COLUMNS = [
    "user_id", "account_id", "app_name", "model", "model_permaslug", "variant", "provider_name", "finish_reason",
    "country", "continent", "language",
]  # fmt: skip
_EPOCH = dt.date(1970, 1, 1)
_ALPHABET = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype=np.uint8)  # Crockford's base 32
_CODE = 13  # digits of base 32 for 64 bits


# --- strings ------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _spell_ids(prefix, seconds, codes, alphabet, out):  # type: ignore[no-untyped-def]
    """Fixed-width ids into `out`: prefix, then (if there are any) ten digits of seconds and a dash, then the code."""
    at = 0
    for i in range(len(codes)):
        for letter in prefix:
            out[at] = letter
            at += 1
        if len(seconds):
            number = seconds[i]
            for digit in range(9, -1, -1):
                out[at + digit] = 48 + number % 10
                number //= 10
            out[at + 10] = 45
            at += 11
        code = codes[i]
        for digit in range(13):
            out[at + digit] = alphabet[code & np.uint64(31)]
            code >>= np.uint64(5)
        at += 13


def id_array(prefix: str, codes: NDArray[np.uint64], seconds: NDArray[np.int64] | None = None) -> pa.Array:
    """Opaque ids `prefix` + [seconds-] + 13 letters for 64 random bits."""
    n = len(codes)
    seconds = np.zeros(0, dtype=np.int64) if seconds is None else seconds
    width = len(prefix) + _CODE + (11 if len(seconds) else 0)
    out = np.empty(n * width, dtype=np.uint8)
    _spell_ids(np.frombuffer(prefix.encode(), dtype=np.uint8), seconds, codes, _ALPHABET, out)
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(out)])


def _coded(
    codes: NDArray[Any], names: Sequence[str] | pa.Array, null: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Dictionary-encoded strings; `null` marks missing ones."""
    values = names if isinstance(names, pa.Array) else pa.array(list(names), pa.string())
    indices = pa.array(codes.astype(np.int32, copy=False), mask=null)
    return pa.DictionaryArray.from_arrays(indices, values)


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
        self.user_codes = draws.bits(Purpose.USER_ID, np.arange(len(users)))
        self.account_codes = draws.bits(Purpose.ACCOUNT_ID, users.account)
        names = users.names
        self.models = pa.array([listed_name(m.slug) for m in catalogue.models], pa.string())
        self.permaslugs = pa.array([m.facts.permaslug or m.slug for m in catalogue.models], pa.string())
        self.providers = pa.array(traffic.providers, pa.string())
        self.countries = pa.array(names.countries, pa.string())
        places = [scenario.population.countries[c].continent for c in names.countries]
        self.continents = sorted(set(places))
        self.continent_of = np.array([self.continents.index(place) for place in places], dtype=np.int32)
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
        r, first = records, self.traffic.users_of(block).start
        created = r.day_millis + self.start_ms
        # Records are ordered by user: runs of one user make a small dictionary for each block.
        change = np.flatnonzero(np.diff(r.user, prepend=-1))
        present = r.user[change] + first
        run = np.repeat(np.arange(len(change), dtype=np.int32), np.diff(np.append(change, len(r))))
        accounts, account_of_run = np.unique(self.account_codes[present], return_inverse=True)
        country = self.users.country[present].astype(np.int32)[run]
        no_finish = r.finish == NONE
        offered_null = None if self.offered_from_ms is None else created < self.offered_from_ms
        columns = {
            "generation_id": id_array("gen-", r.key, created // 1000),
            "created_at": pa.array(created).view(pa.timestamp("ms", tz="UTC")),
            "user_id": _coded(run, id_array("usr-", self.user_codes[present])),
            "account_id": _coded(account_of_run[run], id_array("acc-", accounts)),
            "app_name": _coded(self.users.app[present][run], self.apps),
            "model": _coded(r.model, self.models),
            "model_permaslug": _coded(r.model, self.permaslugs),
            "variant": _coded((r.free | self.only_free[r.model]).astype(np.int32), ("standard", "free")),
            "provider_name": _coded(r.provider, self.providers),
            "tokens_prompt": pa.array(r.tokens_prompt),
            "tokens_completion": pa.array(r.tokens_completion),
            "tokens_reasoning": pa.array(r.tokens_reasoning),
            "tokens_cached": pa.array(r.tokens_cached),
            "cost_total": pa.array(r.cost),
            "byok": pa.array(self.users.byok[present][run]),
            "finish_reason": _coded(np.where(no_finish, 0, r.finish), self.finish, no_finish),
            "tools_offered": pa.array(r.tools_offered, mask=offered_null),
            "tool_called": pa.array(r.finish == FINISH_REASONS.index("tool_calls")),
            "streamed": pa.array(r.streamed),
            "cancelled": pa.array(no_finish),
            "time_to_first_token_ms": pa.array(r.first_token_ms, mask=~r.streamed),
            "generation_time_ms": pa.array(r.generation_ms),
            "country": _coded(country, self.countries),
            "continent": _coded(self.continent_of[country], self.continents),
            "language": _coded(self.users.language[present][run], self.languages),
            "session_id": id_array("ses-", r.session),
        }
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.logged)

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

    def write(self, folder: Path, week: int, block: int) -> tuple[int, int]:
        """Make and write one block of one week. Returns the numbers of generations and labels."""
        records = self.traffic.records(week, block)
        if not len(records):
            return 0, 0
        monday = self.traffic.weeks()[week][0]
        table = self.table(records, block)
        write_log_file(table, _part(folder / "log", monday, block))
        labels = self.labels_table(records, table, block)
        if len(labels):
            file = _part(folder / "labels", monday, block)
            pq.write_table(labels, file, use_dictionary=["path"], **COMPRESSION)
        return len(table), len(labels)


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


def write_models(folder: Path, catalogue: Catalogue, scenario: Scenario) -> int:
    """The public catalogue: what an analyst may know by the end of the world."""
    rows = write_models_table(catalogue, scenario.end).to_pylist()
    for row in rows:
        row["model"] = listed_name(row["model"])
    table = pa.Table.from_pylist(rows, schema=arrow_schema("models"))
    pq.write_table(table, folder / "models.parquet", **COMPRESSION)
    return len(table)


def write_truth(
    folder: Path,
    scenario: Scenario,
    catalogue: Catalogue,
    market: Market,
    users: Users,
    workloads: Workloads,
    spells: dict[str, NDArray[np.int32]],
    writer: LogWriter,
) -> None:
    """What no real log holds: users, workloads, spells, market events, and the models' latent parameters."""
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

    Leaving the context without `publish` removes what was written. A run at work holds a lock on its hidden folder;
    one that nobody locks was left by a process that was killed, and the next run in the same place removes it.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = self._aside()
        self._replaced: list[Path] = []
        self._lock: int | None = None

    def _aside(self) -> Path:
        return self.final.parent / f".partial-{self.final.name}-{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> "RunFolder":
        self.final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(self.final.parent)
        try:
            while self._lock is None:  # another run's sweep may come between the two
                self.path.mkdir()
                self._lock = _lock(self.path, wait=True)
        except BaseException:
            self._clean()
            raise
        return self

    def publish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and give the folder its name; what bore it before is moved aside as a whole."""
        (self.path / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
        while True:
            try:
                self.path.rename(self.final)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            self._replaced.append(self._aside())
            with suppress(FileNotFoundError):  # another run may have moved it
                self.final.rename(self._replaced[-1])

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clean()

    def _clean(self) -> None:
        for folder in (self.path, *self._replaced):
            shutil.rmtree(folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)


def _lock(folder: Path, wait: bool = False) -> int | None:
    """A descriptor that holds the lock of a folder; None if it is gone, or (unless `wait`) if another one holds it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _sweep(folder: Path) -> None:
    """Remove what killed runs left aside."""
    for left in folder.glob(".partial-*"):
        with suppress(OSError):  # not ours to remove
            handle = _lock(left)
            if handle is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(handle)
