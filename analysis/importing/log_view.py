"""From rows to a log, in the engine: copies are left out, listed models stand in the place of the source's ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import duckdb
import pyarrow as pa

from analysis.importing.model_ids import Listed, ModelId, Resolved, split_variant
from analysis.importing.reading import FIELDS
from analysis.sources.quoting import identifier


def make(
    connection: duckdb.DuckDBPyConnection, models: pa.Table, copies_differ: Collection[str], list_prices: bool
) -> list[ModelId]:
    """Make the view `log` of the table `rows`, and the table `copies` of the rows that it leaves out for being one.

    models: the listed models. copies_differ: fields in which a copy may differ. list_prices: rows that state no cost
    get that of their model's listed price. Returns the ids of the log, the most frequent first.
    """
    _find_copies(connection, copies_differ)
    _resolve(connection, models)
    if list_prices:
        _price(connection, models)
    rows = connection.execute(
        f"SELECT model, means, how, count(*) FROM rows {_NAMED} WHERE {_KEPT} GROUP BY ALL ORDER BY 4 DESC, 1, 2"
    ).fetchall()
    shown = {
        "generation_id": "coalesce(generation_id, concat('row-', rows.rowid + 1)) AS generation_id",
        "model": "means AS model",
        "model_permaslug": "CASE model_permaslug WHEN model THEN plain ELSE model_permaslug END AS model_permaslug",
        "variant": "coalesce(variant, id_variant) AS variant",
    }
    own = ", ".join(shown.get(name, identifier(name)) for name in FIELDS)
    connection.execute(
        f"CREATE VIEW log AS SELECT {own}, user_from, odd, listed, rows.rowid AS row FROM rows "
        f"{_NAMED} WHERE {_KEPT}"
    )
    return [ModelId(name, means, count, how) for name, means, how, count in rows]


_NAMED = "JOIN ids ON rows.model = ids.id AND rows.model_else IS NOT DISTINCT FROM ids.other"
_KEPT = "wrong IS NULL AND rows.rowid NOT IN (SELECT row FROM copies)"


def _find_copies(connection: duckdb.DuckDBPyConnection, differ: Collection[str]) -> None:
    """Rows that say the same as an earlier one in every field, but those in which copies differ. Only those of an id
    that is there twice are compared."""
    fields = ", ".join(identifier(name) for name in FIELDS if name not in differ)
    connection.execute(
        "CREATE TABLE copies AS WITH twice AS (SELECT generation_id FROM rows WHERE wrong IS NULL GROUP BY 1 HAVING "
        "count(*) > 1), numbered AS (SELECT rowid AS row, row_number() OVER (PARTITION BY "
        f"{fields} ORDER BY rowid) AS nth FROM rows WHERE wrong IS NULL AND generation_id IN (FROM twice)) "
        "SELECT row FROM numbered WHERE nth > 1"
    )


def _resolve(connection: duckdb.DuckDBPyConnection, models: pa.Table) -> None:
    """The table `ids`: what each id means, and its variant for rows that state none. One that means no listed model
    means what the row calls its model elsewhere, where that is one."""
    rows = connection.execute(f"SELECT DISTINCT model, model_else FROM rows WHERE {_KEPT}").fetchall()
    known = Listed(models)
    found = [_meant(known, name, other) for name, other in rows]
    table = pa.table(
        {
            "id": pa.array([name for name, _ in rows], pa.string()),
            "other": pa.array([other for _, other in rows], pa.string()),
            "means": pa.array([one.model for one in found], pa.string()),
            "how": pa.array([one.how for one in found], pa.string()),
            "plain": pa.array([split_variant(name)[0] for name, _ in rows], pa.string()),
            "id_variant": pa.array([one.variant for one in found], pa.string()),
        }
    )
    connection.register("found_ids", table)
    connection.execute("CREATE TABLE ids AS SELECT * FROM found_ids")


def _meant(known: Listed, name: str, other: str | None) -> Resolved:
    found = known.resolve(name)
    if found.how or other is None or not (elsewhere := known.resolve(other)).how:
        return found
    return replace(elsewhere, how=f"by its other name {other}")


def _price(connection: duckdb.DuckDBPyConnection, models: pa.Table) -> None:
    """Costs of rows that state none: at the price of their model on their day, cached tokens at theirs; what a gateway
    takes for writing a cache, and discounts, are not listed. Rows whose model has no price are marked."""
    prices = [
        (
            row["model"],
            price["from"],
            *(price[f"{name}_usd_per_mtok"] for name in ("prompt", "completion", "cached")),
        )
        for row in models.to_pylist()
        for price in row.get("prices") or ()
    ]
    connection.execute(
        "CREATE TABLE prices (model VARCHAR, since DATE, fresh DOUBLE, shown DOUBLE, kept DOUBLE)"
    )
    if prices:
        connection.executemany("INSERT INTO prices VALUES (?, ?, ?, ?, ?)", prices)
    kept = "coalesce(tokens_cached, 0)"
    usd = f"((tokens_prompt - {kept}) * fresh + {kept} * coalesce(kept, fresh) + tokens_completion * shown) / 1e6"
    connection.execute(
        f"UPDATE rows SET listed = true, cost_total = priced.usd FROM (SELECT rows.rowid AS row, "
        f"CASE WHEN coalesce(variant, id_variant) = 'free' THEN 0 ELSE {usd} END AS usd FROM rows "
        f"{_NAMED} ASOF JOIN prices ON ids.means = prices.model AND rows.created_at >= "
        f"prices.since WHERE cost_total IS NULL AND {_KEPT}) AS priced WHERE rows.rowid = priced.row"
    )
    connection.execute(
        "UPDATE rows SET wrong = {'what': 'cost_total is empty, and its model has no listed price on its day', "
        f"'found': model}} WHERE cost_total IS NULL AND {_KEPT}"
    )
