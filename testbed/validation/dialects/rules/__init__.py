"""Rules of the dialects, one file each: what sqlglot leaves out, or gives another value than the dialect documents."""

from testbed.validation.dialects.patterns import Rules
from testbed.validation.dialects.rules import clickhouse

RULES: dict[str, Rules] = {"clickhouse": clickhouse.RULES}


def rules_of(dialect: str) -> Rules:
    """The rules of a dialect; none where sqlglot's translation is all there is."""
    return RULES.get(dialect, Rules())
