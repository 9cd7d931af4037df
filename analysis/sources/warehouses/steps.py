"""Steps that analyses share, kept in the engine that holds the log."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from analysis.sources.warehouses import postgres, spark


def keep(connection: Any, name: str, step: ir.Table) -> ir.Table:
    """The rows of an expression as a temporary table. An engine that has none, or allows none, raises an error of its
    own, or NotImplementedError."""
    if connection.name == postgres.ENGINE:
        return postgres.keep(connection, name, step)
    if connection.name == spark.ENGINE:
        return spark.keep(connection, name, step)
    return connection.create_table(name, obj=step, temp=True)


def forget(connection: Any, name: str) -> None:
    """Drop a table that `keep` made."""
    if connection.name == spark.ENGINE:
        spark.forget(connection, name)
    else:
        connection.drop_table(name, force=True)
