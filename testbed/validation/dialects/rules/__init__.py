"""Rules of the dialects, one file each: what sqlglot leaves out, or gives another value than the dialect documents."""

from testbed.validation.dialects.patterns import Rules
from testbed.validation.dialects.rules import (
    bigquery,
    clickhouse,
    mysql,
    postgres,
    redshift,
    snowflake,
    spark,
    trino,
    tsql,
)

RULES: dict[str, Rules] = {
    "bigquery": bigquery.RULES,
    "clickhouse": clickhouse.RULES,
    "mysql": mysql.RULES,
    "postgres": postgres.RULES,
    "redshift": redshift.RULES,
    "snowflake": snowflake.RULES,
    **dict.fromkeys(("spark", "spark2", "databricks"), spark.RULES),
    **dict.fromkeys(("trino", "presto", "athena"), trino.RULES),
    **dict.fromkeys(("tsql", "fabric"), tsql.RULES),
}


def rules_of(dialect: str) -> Rules:
    """The rules of a dialect; none where sqlglot's translation is all there is."""
    return RULES.get(dialect, Rules())
