"""An import from end to end: files are looked at, read, resolved, checked, and put in place as a log, or nothing is.

A table on a server is copied to a file first, beside the log that is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.contract import files
from analysis.importing import log_view, model_ids, recognition, source
from analysis.importing.account import Account, Noted, account_of, nameless, ways
from analysis.importing.format import Form, Importer, Served
from analysis.importing.reading import engine, read
from analysis.importing.source import SourceFile
from analysis.importing.writing import COMPRESSION, write_log
from analysis.sources.errors import LogError
from analysis.sources.opening import open_log
from analysis.sources.runs import is_run
from analysis.sources.warehouses import libpq
from analysis.sources.warehouses.served_table import ServedTable, served_table
from analysis.staging import Staging

NAMES = ("log", "models.parquet", "import.json")
"""What an import leaves in its folder: the log, the models table, the account."""


def import_log(
    where: str | Path,
    out: Path,
    importers: Mapping[str, Importer],
    models: pa.Table,
    *,
    name: str | None = None,
    user: str | None = None,
    list_prices: bool = False,
) -> Account:
    """Import the files at `where` (a file, or a folder at any depth) as a log into the folder `out`; or a gateway's
    table on a PostgreSQL server, by the server's address.

    importers: by name. models: the listed models, a table of the contract; ids are resolved by it, and it is written
    beside the log. name: the importer; None: the one that knows the files. user: of rows that name none.
    list_prices: rows that state no cost get that of their model's listed price.

    Raises LogError where no log can be made of it, `files.Foreign` where something in `out` is not ours; then `out` is
    as it was.
    """
    chosen = importers if name is None else {name: recognition.named(importers, name)}
    if is_run(out):
        raise LogError(f"{out}: holds a simulated run; import into another folder (--out)")
    job = _Job(where, out, chosen, model_ids.without_variants(models), user, list_prices)
    served = recognition.served(chosen) if libpq.is_address(where) else None
    if served is None:
        paths, beside = source.find(where, [out / name for name in NAMES])
        looked = [source.look(path) for path in paths]
        known = job.known(looked)
        with Staging(out, NAMES) as staging:
            return job.done(staging, looked, *known, tuple(map(str, beside)))
    with Staging(out, NAMES) as staging:
        copy, unreadable = _copied(str(where), served, chosen, staging.path / "table.csv")
        return job.done(staging, [copy], *job.known([copy]), unreadable)


def served_by(where: str, importers: Mapping[str, Importer]) -> tuple[Importer, Form] | None:
    """The importer and the form of a gateway's table on a server; None where no importer knows it. Raises LogError."""
    served = recognition.served(importers)
    if served is None:
        return None
    with served_table(where, served.table) as table:
        return recognition.importable(importers, _header(table))


def _header(table: ServedTable) -> SourceFile:
    return SourceFile(Path(), "table", "none", True, tuple(table.columns), called=table.place)


def _copied(
    where: str, served: Served, importers: Mapping[str, Importer], path: Path
) -> tuple[SourceFile, tuple[str, ...]]:
    """A copy of a gateway's table, and what of it the user may not read. Raises LogError."""
    with served_table(where, served.table) as table:
        _, (form,) = recognition.recognise(importers, [_header(table)])
        table.refuse_unreadable(form.marks)
        table.copy(form.columns() - table.unreadable, served.shorter, path)
    hidden = sorted(form.columns() & table.unreadable)
    file = replace(source.look(path), called=table.place, key=served.key)
    return file, tuple(f"{table.place}: {name} (no right to read it)" for name in hidden)


@dataclass(frozen=True)
class _Job:
    """An import as it was asked for, see `import_log`. importers: those that may know the files."""

    where: str | Path
    out: Path
    importers: Mapping[str, Importer]
    models: pa.Table
    user: str | None
    list_prices: bool

    def known(self, looked: Sequence[SourceFile]) -> tuple[Importer, list[Form]]:
        """The importer of files, and the form of each. Raises LogError where no log can be made of them."""
        importer, forms = recognition.recognise(self.importers, looked)
        if importer.check:
            importer.check(looked)
        for file, form in zip(looked, forms, strict=True):
            recognition.check_users(file, form, self.user)
            recognition.check_costs(file, form, self.list_prices)
        return importer, forms

    def done(
        self,
        staging: Staging,
        looked: Sequence[SourceFile],
        importer: Importer,
        forms: Sequence[Form],
        beside: tuple[str, ...],
    ) -> Account:
        """Read the files, write the log, and put it in place. Raises LogError."""
        with engine(staging.path) as connection:
            reads = [
                read(connection, number, file, form, self.user, self.list_prices)
                for number, (file, form) in enumerate(zip(looked, forms, strict=True))
            ]
            ids = log_view.make(connection, self.models, importer.copies_differ, self.list_prices)
            account = account_of(connection, importer, reads, ids, beside)
            if not account.written:
                raise LogError(
                    f"{self.where}: no row of it can become a row of a log. {_reasons(account.left_out)}"
                    f"{_rewritten(account.left_out, forms)}"
                )
            if (rows := write_log(connection, staging.path / "log")) != account.written:
                raise RuntimeError(f"{rows:,} rows written, {account.written:,} counted")
        pq.write_table(self.models, staging.path / "models.parquet", **COMPRESSION)
        warnings = (*nameless(account.ids), *_checked(staging.path, self.out))
        account = replace(account, warnings=warnings)
        files.write_text(staging.path / "import.json", json.dumps(account.as_json(), indent=1) + "\n")
        staging.publish()
        return account


def _reasons(left_out: Sequence[Noted]) -> str:
    """Why rows were left out, with an example each."""
    said = [f"{one.why} ({one.rows:,}; {one.examples[0]})" for one in left_out]
    stated = "".join(f" {sentence}" for sentence in ways(left_out))
    return (f"Left out: {'; '.join(said)}.{stated}") if said else "It has no rows"


def _rewritten(left_out: Sequence[Noted], forms: Sequence[Form]) -> str:
    """What to do with a known export in which moments or amounts cannot be read."""
    if not any(form.marks for form in forms) or not any(one.why.startswith(_UNREAD) for one in left_out):
        return ""
    return ". If a spreadsheet rewrote it, a mapping reads moments and numbers as they stand: slipper import guess FILE"


_UNREAD = ("created_at is not ", "cost_total is not ")


def _checked(folder: Path, out: Path) -> tuple[str, ...]:
    """What is odd about the log that was written. Raises LogError if it is none that an analysis would open."""
    try:
        with open_log(folder) as log:
            return tuple(sentence.replace(folder.name, out.name) for sentence in log.warnings)
    except LogError as error:
        why = str(error).replace(str(folder), str(out)).replace(folder.name, out.name)
        raise LogError(f"what was imported is no sound log: {why}") from None
