"""A log in a table of Spark: the analysis runs there, and small results come back.

    spark:gateway.generations

Of such an address only the table is ours. The session is the one that Spark's own client makes: by spark-submit, by
SPARK_REMOTE (Spark Connect), or by SPARK_HOME and SPARK_CONF_DIR with spark-defaults.conf; on this machine without any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from analysis.sources.errors import LogError, first_line

ENGINE = "pyspark"  # what Ibis calls it
PREFIX = "spark:"
EXAMPLE = "spark:gateway.generations"


@dataclass(frozen=True)
class Opened:
    """A connection to Spark. table: its name. close: stops the session; None where it ran before, and goes on."""

    connection: Any
    table: str
    close: Callable[[], None] | None


def is_address(where: object) -> bool:
    """Whether this is the address of a table of Spark."""
    return isinstance(where, str) and where.startswith(PREFIX)


def table_of(where: str) -> str:
    """The table that an address names. Raises LogError."""
    table = where.removeprefix(PREFIX)
    if not all(part.isidentifier() for part in table.split(".")):
        raise LogError(f"{where}: no name of a table; expected such as {EXAMPLE}")
    return table


def connect(where: str) -> Opened:
    """The session in which the table of an address is looked for. Raises LogError."""
    table = table_of(where)
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise LogError(
            "a table of Spark needs Spark's client, and Java: pip install 'glass-slipper[spark]'"
        ) from None
    running = SparkSession.getActiveSession()
    try:
        session = running or SparkSession.builder.appName("glass-slipper").getOrCreate()
        connection = ibis.pyspark.connect(session)
    except (PySparkException, OSError, RuntimeError) as error:  # RuntimeError: no Java
        raise LogError(f"{where}: Spark does not start ({first_line(error)})") from None
    return Opened(connection, table, None if running else session.stop)


def with_zones(table: ir.Table) -> ir.Table:
    """The table with moments that are told from clocks: Ibis reads both of Spark's types, TIMESTAMP (a moment) and
    TIMESTAMP_NTZ (what a clock shows), as timestamps without a zone."""
    stored = table.op().find(ops.DatabaseTable)
    return table.op().replace({one: one.copy(schema=_schema(one)) for one in stored}).to_expr()


def _schema(table: ops.DatabaseTable) -> ibis.Schema:
    from pyspark.sql.types import TimestampType

    nothing = table.source.compile(table.to_expr().limit(0))
    fields = table.source.raw_sql(nothing).schema.fields
    moments = {field.name for field in fields if isinstance(field.dataType, TimestampType)}
    return ibis.schema(
        {name: "timestamp('UTC')" if name in moments else kind for name, kind in table.schema.items()}
    )


def keep(connection: Any, name: str, step: ir.Table) -> ir.Table:
    """The rows of an expression, kept by the session in memory and, where that is short, on disk."""
    connection.raw_sql(connection.compile(step)).cache().createTempView(name)
    return with_zones(connection.table(name))


def forget(connection: Any, name: str) -> None:
    """Let go of what `keep` kept."""
    connection.raw_sql(f"DROP VIEW IF EXISTS `{name}`")  # which empties the cache, too


def _bit_or(compiler: Any, op: ops.BitOr, *, arg: Any, where: Any) -> Any:
    return compiler.agg.bit_or(arg, where=where)


PySparkCompiler.visit_BitOr = _bit_or  # which Spark has, and Ibis has for Databricks alone
