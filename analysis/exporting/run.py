"""An export from end to end: a log is read in batches, written as a format has it, and accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from analysis import contract
from analysis.exporting.model_names import ModelNames
from analysis.exporting.records import NAME, batch_query, folded, header
from analysis.exporting.target import Target
from analysis.importing.account import SUMMED
from analysis.importing.format import CALLED, OPTIONS, Export, Importer
from analysis.importing.model_ids import with_own
from analysis.importing.recognition import named
from analysis.json_values import plain
from analysis.sources.errors import LogError
from analysis.sources.log import Log

_BATCH = 50_000  # rows at a time
_LETTERS = 1 << 20  # of records that are written at a time


@dataclass(frozen=True)
class Exported:
    """What an export did.

    rows: requests written. totals: their tokens and USD. not_carried: fields that the form does not have. partly: those
    that it has in part, and what of them. labels: whether the log has labels; no form has them. versions_lost: rows
    that name their model instead of its version, which would not lead back to it. misread: models of the log that an
    import takes for another one. needs: options that an import of the file needs.
    """

    format: str
    title: str
    form: str
    file: str
    rows: int
    totals: Mapping[str, float]
    not_carried: tuple[str, ...]
    partly: Mapping[str, str]
    labels: bool
    versions_lost: int
    misread: Mapping[str, str]
    needs: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The account for programs."""
        return dict(plain(asdict(self)))


def chosen(
    importers: Mapping[str, Importer], name: str, form: str | None, target: Target
) -> tuple[Importer, Export]:
    """The importer of this name, and how it writes such a file. Raises LogError."""
    importer = named(importers, name)
    fits = [one for one in importer.exports if one.form.kind == target.kind]
    found = next((one for one in fits if form in (None, one.name)), None)
    if found is not None:
        return importer, found
    known = ", ".join(f"{one.name} ({CALLED[one.form.kind]})" for one in importer.exports) or "none"
    what = CALLED[target.kind] if form is None else f"'{form}' as {CALLED[target.kind]}"
    raise LogError(f"{target.path}: {importer.title} has no form {what} that can be written; known: {known}")


def export_log(
    log: Log,
    importer: Importer,
    export: Export,
    target: Target,
    models: pa.Table,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Write a log in a form of a gateway into a file, and account for it.

    models: the listed models by which an import resolves ids, a table of the contract; those of the log go before
    them. progress: told how many rows of how many are written.

    Memory does not grow with the log. Raises `files.Foreign` where something is in the way of the file, LogError.
    """
    target.check_free(overwrite)
    if export.lines:
        target = Target(target.path, target.kind, "lines", target.packed)
    names, totals = ModelNames(_listed(log, models)), _Totals()
    chunks = _texts(log, export, names, totals, progress)
    if export.fold is not None:
        chunks = _chunks(folded(export, (text for chunk in chunks for text in chunk)))
    target.write(header(export), chunks)
    lacks = export.lacks()
    needs = [option.partition(" ")[0] for name, option in OPTIONS.items() if name in lacks]
    return Exported(
        importer.name, importer.title, export.form.name, str(target.path), totals.rows, totals.sums, lacks,
        export.form.in_part(lacks), log.labels is not None, names.lost(), names.misread(), tuple(needs),
    )  # fmt: skip


class _Totals:
    """Rows and sums of what went by."""

    def __init__(self) -> None:
        self.rows = 0
        self.sums: dict[str, float] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch."""
        self.rows += batch.num_rows
        for name in SUMMED:
            if name in batch.schema.names:
                total = pc.sum(batch[name]).as_py()
                self.sums[name] = self.sums.get(name, 0) + (total or 0)


def _texts(
    log: Log, export: Export, names: ModelNames, totals: _Totals, progress: Callable[[int, int], None]
) -> Iterator[list[str]]:
    """The text of each row, in the order of the export, a batch at a time."""
    columns = [name for name in contract.fields("generations") if name in log.columns]
    rows = log.generations.select(*columns).order_by([name for name in export.order if name in columns])
    query = batch_query(export, frozenset(columns), "batch")
    progress(0, log.rows)
    with duckdb.connect() as engine:
        for batch in log.connection.to_pyarrow_batches(rows, chunk_size=_BATCH):
            totals.add(batch)
            engine.register("batch", _with_names(batch, names))
            yield [text for (text,) in engine.execute(query).fetchall()]
            engine.unregister("batch")
            progress(totals.rows, log.rows)


def _with_names(batch: pa.RecordBatch, names: ModelNames) -> pa.Table:
    """A batch with its moments in UTC without a zone, and the names of its models."""
    table = pa.Table.from_batches([batch])
    at = table.schema.get_field_index("created_at")
    moments = table["created_at"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    table = table.set_column(at, "created_at", moments)
    models = table["model"].cast(pa.string()).combine_chunks()
    versions = pa.nulls(len(table), pa.string())
    if "model_permaslug" in table.column_names:
        versions = table["model_permaslug"].cast(pa.string()).combine_chunks()
    return table.append_column(NAME, names.of(models, versions))


def _chunks(texts: Iterator[str]) -> Iterator[list[str]]:
    """Texts in chunks of about as many letters: a record may hold many rows."""
    chunk: list[str] = []
    letters = 0
    for text in texts:
        chunk.append(text)
        letters += len(text)
        if letters > _LETTERS:
            yield chunk
            chunk, letters = [], 0
    yield chunk


def _listed(log: Log, models: pa.Table) -> pa.Table:
    """The listed models, those of the log before others of the same name."""
    columns = ["model", "model_permaslug"]
    listed = models.select(columns)
    if log.models is None or not set(columns) <= set(log.models.columns):
        return listed
    own = log.models.select(*columns).to_pyarrow().cast(listed.schema)
    return with_own(listed, own)
