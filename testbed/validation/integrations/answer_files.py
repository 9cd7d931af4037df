"""Answers that lie as files, one a world: what dbt or another engine made of the worlds, to be judged.

A world's answer is `NAME.csv`, `NAME.parquet`, or a table in `NAME.duckdb`, where NAME is that of the world's file.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.contract.nearest_names import did_you_mean
from analysis.sources.quoting import identifier
from testbed.failure import BadInput
from testbed.validation.integrations import world_files
from testbed.validation.integrations.world_files import file_name
from testbed.validation.sandbox import Limits, Outcome, reply
from testbed.validation.sandbox.jail.answer import Refused, described
from testbed.validation.tables import Tables
from testbed.validation.worlds import World

ENDINGS = (".csv", ".parquet", ".duckdb")
"""Where several lie there, the first is taken: a world's own file ends as the last."""


class AnswerFiles:
    """The answers of a folder. table: the table that holds one, in files of DuckDB; SCHEMA.TABLE where several schemas
    have one. model: what the model is called in the worlds that were asked; the folder's own list says it, if there is
    one. Raises BadInput for a folder without any answer."""

    def __init__(
        self, folder: str | Path, table: str, *, model: str | None = None, limits: Limits | None = None
    ) -> None:
        self.folder, self.table, self.limits = Path(folder), table, limits or Limits()
        if not self.folder.is_dir():
            raise BadInput(f"{self.folder}: no such folder; expected one with an answer for each world")
        held = world_files.listed(self.folder)
        if model is None and held is not None:
            model = held["model"]
        self.worlds = world_files.chosen(model)
        self._digests = {one["name"]: one["digest"] for one in held["worlds"]} if held is not None else {}
        if not any(self._file(world) for world in self.worlds):
            raise BadInput(
                f"{self.folder}: holds no answer; expected one for each world, such as {self._expected(self.worlds[0])}"
            )

    def run(self, tables: Tables, zone: str = "UTC") -> Outcome:
        """The answer for one of the worlds, known by its tables; nothing is run, so that no other log has one, and the
        zone is that of the session in which it was made."""
        world = next((world for world in self.worlds if world.tables is tables), None)
        if world is None:
            return Outcome(failure="error", reason=f"{self.folder}: no answer lies here for this log")
        path = self._file(world)
        if path is None:
            return Outcome(
                failure="error", reason=f"{self.folder}: no answer: expected {self._expected(world)}"
            )
        if self._digests.get(world.name, "") not in ("", world_files.digest(world)):
            reason = f"{path}: made from a world of another version: write the worlds anew"
            return Outcome(failure="error", reason=reason)
        try:
            frame, notes = self._read(path)
            held = described(frame, self.limits.rows, self.limits.columns)
        except (Refused, reply.NoTable, BadInput) as error:
            return Outcome(failure="answer", reason=f"{path}: {error}")
        except (OSError, ValueError, pa.ArrowException, duckdb.Error) as error:
            first = (str(error).splitlines() or [""])[0]
            return Outcome(failure="error", reason=f"{path}: cannot be read: {first}")
        kinds = {str(name): str(kind) for name, kind in frame.dtypes.items()}
        return Outcome(
            reply.table_of(held["columns"]), kinds=kinds, notes=(*notes, *(str(n) for n in held["notes"]))
        )

    def _file(self, world: World) -> Path | None:
        paths = [self.folder / f"{file_name(world.name)}{ending}" for ending in ENDINGS]
        return next((path for path in paths if path.is_file()), None)

    def _expected(self, world: World) -> str:
        name = file_name(world.name)
        return f"{name}.csv, {name}.parquet, or {name}.duckdb with a table {self.table}"

    def _read(self, path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
        if path.suffix == ".csv":
            return reply.read_csv(path.read_text(encoding="utf-8-sig"), self.limits)
        if path.suffix == ".parquet":
            return pq.read_table(path).to_pandas(), ()
        with duckdb.connect(str(path), read_only=True) as connection:
            relation = self._relation(connection)
            return connection.execute(f"FROM {relation} LIMIT {self.limits.rows + 1}").df(), ()

    def _relation(self, connection: duckdb.DuckDBPyConnection) -> str:
        """The table's full name. Raises BadInput if there is none, or several."""
        schema, _, name = self.table.rpartition(".")
        query = """SELECT table_schema, table_name FROM information_schema.tables
            WHERE table_catalog = current_database() ORDER BY ALL"""
        there = connection.execute(query).fetchall()
        found = [one for one in there if one[1] == name and schema in ("", one[0])]
        if not found:
            names = [one[1] for one in there]
            hint = did_you_mean(name, names) or f"it holds {', '.join(names)}"
            raise BadInput(f"no table '{self.table}': {hint}")
        if len(found) > 1:
            both = " and ".join(f"{one[0]}.{one[1]}" for one in found)
            raise BadInput(f"holds {both}: name one with its schema")
        return ".".join(map(identifier, found[0]))
