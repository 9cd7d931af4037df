"""From rows to a log, in the engine: copies are left out, listed models stand in the place of the source's ids."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from analysis.importing.model_ids import Listed, ModelId
from analysis.importing.reading import FIELDS
from analysis.sources.quoting import identifier


def make(connection: duckdb.DuckDBPyConnection, models: pa.Table) -> list[ModelId]:
    """Make the view `log` of the table `rows`, and the table `copies` of the rows that it leaves out for being one.

    models: the listed models. Returns the ids of the log, the most frequent first.
    """
    _find_copies(connection)
    ids = _resolve(connection, models)
    own = ", ".join(
        {"model": "means AS model", "variant": "coalesce(variant, id_variant) AS variant"}.get(
            name, identifier(name)
        )
        for name in FIELDS
    )
    connection.execute(
        f"CREATE VIEW log AS SELECT {own}, user_from, odd, rows.rowid AS row FROM rows JOIN ids ON rows.model = ids.id "
        f"WHERE {_KEPT}"
    )
    return ids


_KEPT = "wrong IS NULL AND rows.rowid NOT IN (SELECT row FROM copies)"


def _find_copies(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows that say the same as an earlier one in every field. Only those of an id that is there twice are compared."""
    fields = ", ".join(map(identifier, FIELDS))
    connection.execute(
        "CREATE TABLE copies AS WITH twice AS (SELECT generation_id FROM rows WHERE wrong IS NULL GROUP BY 1 HAVING "
        "count(*) > 1), numbered AS (SELECT rowid AS row, row_number() OVER (PARTITION BY "
        f"{fields} ORDER BY rowid) AS nth FROM rows WHERE wrong IS NULL AND generation_id IN (FROM twice)) "
        "SELECT row FROM numbered WHERE nth > 1"
    )


def _resolve(connection: duckdb.DuckDBPyConnection, models: pa.Table) -> list[ModelId]:
    """The table `ids`: what each id means, and its variant for rows that state none."""
    rows = connection.execute(
        f"SELECT model, count(*) FROM rows WHERE {_KEPT} GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    known = Listed(models)
    found = {name: known.resolve(name) for name, _ in rows}
    table = pa.table(
        {
            "id": pa.array(found, pa.string()),
            "means": pa.array([one.model for one in found.values()], pa.string()),
            "id_variant": pa.array([one.variant for one in found.values()], pa.string()),
        }
    )
    connection.register("found_ids", table)
    connection.execute("CREATE TABLE ids AS SELECT * FROM found_ids")
    return [ModelId(name, found[name].model, count, found[name].how) for name, count in rows]
