"""Names that are columns and aliases of the SELECT list: some dialects mean the alias where DuckDB means the column.

BigQuery means it in GROUP BY and HAVING, ClickHouse in WHERE too; sqlglot knows which dialects do.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect


def aliases_first(statement: exp.Expr, dialect: str) -> None:
    """Put the aliased expressions in the place of their names, where the dialect reads them so."""
    rules = Dialect.get_or_raise(dialect)
    if not rules.FORCE_EARLY_ALIAS_REF_EXPANSION:
        return
    for select in statement.find_all(exp.Select):
        aliased = _aliased(select)
        for clause in (
            ("group", "having") if rules.EXPAND_ONLY_GROUP_ALIAS_REF else ("where", "group", "having")
        ):
            part = select.args.get(clause)
            for column in list(part.find_all(exp.Column)) if part is not None else ():
                meant = aliased.get(column.name)
                if meant is None or column.table or column.find_ancestor(exp.Select) is not select:
                    continue
                if not meant.find(exp.Window, *(() if clause == "having" else (exp.AggFunc,))):
                    column.replace(meant.copy())


def _aliased(select: exp.Select) -> dict[str, exp.Expr]:
    """What the aliases of a SELECT stand for; an alias may name one before it."""
    found: dict[str, exp.Expr] = {}
    for one in select.selects:
        if not _stands_for_more(one):
            continue
        meant = exp.Paren(this=one.this.copy())
        for column in list(meant.find_all(exp.Column)):
            if column.name in found and not column.table and column.name != one.alias:
                column.replace(found[column.name].copy())
        found[one.alias] = meant
    return found


def _stands_for_more(one: exp.Expr) -> bool:
    """An alias of something else than itself; a literal in GROUP BY would be read as a position."""
    if not isinstance(one, exp.Alias) or isinstance(one.this, exp.Literal):
        return False
    return not (isinstance(one.this, exp.Column) and one.this.name == one.alias)
