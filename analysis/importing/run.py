"""An import from end to end: files are looked at, read, resolved, checked, and put in place as a log, or nothing is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.contract import files
from analysis.importing import log_view, model_ids, recognition, source
from analysis.importing.account import Account, Noted, account_of, ways
from analysis.importing.format import Importer
from analysis.importing.reading import engine, read
from analysis.importing.writing import COMPRESSION, write_log
from analysis.sources.errors import LogError
from analysis.sources.opening import open_log
from analysis.sources.runs import is_run
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
    """Import the files at `where` (a file, or a folder at any depth) as a log into the folder `out`.

    importers: by name. models: the listed models, a table of the contract; ids are resolved by it, and it is written
    beside the log. name: the importer; None: the one that knows the files. user: of rows that name none.
    list_prices: rows that state no cost get that of their model's listed price.

    Raises LogError where no log can be made of it, `files.Foreign` where something in `out` is not ours; then `out` is
    as it was.
    """
    paths, beside = source.find(where, [out / name for name in NAMES])
    chosen = importers if name is None else {name: recognition.named(importers, name)}
    looked = [source.look(path) for path in paths]
    importer, forms = recognition.recognise(chosen, looked)
    if importer.check:
        importer.check(looked)
    for file, form in zip(looked, forms, strict=True):
        recognition.check_users(file, form, user)
        recognition.check_costs(file, form, list_prices)
    if is_run(out):
        raise LogError(f"{out}: holds a simulated run; import into another folder (--out)")
    models = model_ids.without_variants(models)
    with Staging(out, NAMES) as staging, engine(staging.path) as connection:
        reads = [
            read(connection, number, file, form, user, list_prices)
            for number, (file, form) in enumerate(zip(looked, forms, strict=True))
        ]
        ids = log_view.make(connection, models, importer.copies_differ, list_prices)
        account = account_of(connection, importer, reads, ids, tuple(map(str, beside)))
        if not account.written:
            raise LogError(f"{where}: no row of it can become a row of a log. {_reasons(account.left_out)}")
        if (rows := write_log(connection, staging.path / "log")) != account.written:
            raise RuntimeError(f"{rows:,} rows written, {account.written:,} counted")
        pq.write_table(models, staging.path / "models.parquet", **COMPRESSION)
        account = replace(account, warnings=_checked(staging.path, out))
        files.write_text(staging.path / "import.json", json.dumps(account.as_json(), indent=1) + "\n")
        staging.publish()
    return account


def _reasons(left_out: Sequence[Noted]) -> str:
    """Why rows were left out, with an example each."""
    said = [f"{one.why} ({one.rows:,}; {one.examples[0]})" for one in left_out]
    stated = "".join(f" {sentence}" for sentence in ways(left_out))
    return (f"Left out: {'; '.join(said)}.{stated}") if said else "It has a header, and no rows"


def _checked(folder: Path, out: Path) -> tuple[str, ...]:
    """What is odd about the log that was written. Raises LogError if it is none that an analysis would open."""
    try:
        with open_log(folder) as log:
            return tuple(sentence.replace(folder.name, out.name) for sentence in log.warnings)
    except LogError as error:
        why = str(error).replace(str(folder), str(out)).replace(folder.name, out.name)
        raise LogError(f"what was imported is no sound log: {why}") from None
