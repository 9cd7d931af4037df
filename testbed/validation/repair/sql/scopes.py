"""Which columns each SELECT of a query can speak of, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from analysis import contract
from testbed.validation.columns import KNOWN, InputColumns

Family = Literal["text", "number", "flag", "moment", "day", "other", "unknown"]
_FAMILIES: dict[str, Family] = {
    "string": "text", "integer": "number", "float": "number", "boolean": "flag", "timestamp": "moment", "date": "day",
    "list": "other",
}  # fmt: skip


@dataclass(frozen=True)
class Reachable:
    """A column that can be named. source: the name of what it is a column of; origin: the contract's column that it
    hands on as it is, empty if it is worked out; allowed: its values, where they are a list."""

    source: str
    name: str
    family: Family
    origin: str = ""
    allowed: tuple[str, ...] = ()

    def fits(self, other: Reachable) -> bool:
        """Whether it may stand in another one's place."""
        days = ("moment", "day")
        return "unknown" in (self.family, other.family) or self.family == other.family or (
            self.family in days and other.family in days
        )  # fmt: skip


Columns = tuple[Reachable, ...]


class Scopes:
    """The columns of the SELECTs of a statement."""

    def __init__(self, statement: exp.Expr, columns: InputColumns) -> None:
        self._tables = {columns.table(table).lower(): _contract(table, columns) for table in KNOWN}
        self._held: dict[int, Columns] = {}
        self._made: dict[int, Columns] = {}
        self.statement = statement

    def of(self, node: exp.Expr) -> Columns:
        """What a node can speak of: the sources of its SELECT, and of those around it."""
        found: Columns = ()
        select = node if isinstance(node, exp.Select) else node.find_ancestor(exp.Select)
        while select is not None:
            found += self.sources(select)
            select = select.find_ancestor(exp.Select)
        return found

    def sources(self, select: exp.Select) -> Columns:
        """The columns of what a SELECT reads from."""
        if id(select) not in self._held:
            self._held[id(select)] = ()  # for who reads from himself
            self._held[id(select)] = tuple(self._read(select))
        return self._held[id(select)]

    def _read(self, select: exp.Select) -> Iterator[Reachable]:
        first = select.args.get("from_")
        joined = [join.this for join in select.args.get("joins") or ()]
        for one in [*([first.this] if first is not None else []), *joined]:
            alias = one.alias_or_name
            if isinstance(one, exp.Table):
                found = self._table(one, select)
            elif isinstance(one, exp.Subquery):
                found = self._output(one.this)
            else:
                found = ()
            yield from (replace(column, source=alias) for column in found)

    def _table(self, table: exp.Table, select: exp.Select) -> Columns:
        name = table.name.lower()
        around: exp.Expr | None = select
        while around is not None:
            with_ = around.args.get("with_") if isinstance(around, exp.Query) else None
            for cte in with_.expressions if with_ is not None else ():
                if cte.alias.lower() == name:
                    return self._output(cte.this)
            around = around.parent
        return self._tables.get(name, ())

    def _output(self, query: exp.Expr) -> Columns:
        """The columns that a query gives."""
        if id(query) not in self._made:
            self._made[id(query)] = ()
            self._made[id(query)] = tuple(self._given(query))
        return self._made[id(query)]

    def _given(self, query: exp.Expr) -> Iterator[Reachable]:
        while isinstance(query, exp.SetOperation | exp.Subquery):
            query = query.this
        if not isinstance(query, exp.Select):
            return
        sources = self.sources(query)
        for one in query.expressions:
            if isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
                of = one.table if isinstance(one, exp.Column) else ""
                yield from (column for column in sources if not of or column.source == of)
                continue
            if not one.alias_or_name:
                continue
            inner = one.this if isinstance(one, exp.Alias) else one
            known = next(iter(named(sources, inner)), None) if isinstance(inner, exp.Column) else None
            if known is not None:
                yield replace(known, source="", name=one.alias_or_name)
            else:
                yield Reachable("", one.alias_or_name, family(inner, sources))


def named(columns: Columns, node: exp.Column) -> Columns:
    """The columns that a name can mean."""
    return tuple(
        one for one in columns
        if one.name.lower() == node.name.lower() and (not node.table or one.source.lower() == node.table.lower())
    )  # fmt: skip


def family(node: exp.Expr, sources: Columns) -> Family:
    """What an expression holds, as far as its form tells."""
    while isinstance(node, exp.Paren | exp.Window | exp.Filter | exp.Alias):
        node = node.this
    if isinstance(node, exp.Column):
        return next((one.family for one in named(sources, node)), "unknown")
    if isinstance(node, exp.Cast):
        to = node.args["to"]
        if to.is_type("date"):
            return "day"
        return (
            "text"
            if to.is_type(*exp.DataType.TEXT_TYPES)
            else "moment"
            if to.is_type("timestamp")
            else "number"
        )
    if isinstance(
        node, exp.Predicate | exp.Boolean | exp.Not | exp.Connector | exp.LogicalOr | exp.LogicalAnd
    ):
        return "flag"
    if isinstance(
        node, exp.Count | exp.Sum | exp.Avg | exp.Div | exp.Mul | exp.RowNumber | exp.Rank | exp.DateDiff
    ):
        return "number"
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc | exp.LastDay | exp.TsOrDsToDate):
        return "day"
    if isinstance(node, exp.AtTimeZone):
        return "moment"
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Min | exp.Max | exp.Coalesce | exp.Nullif | exp.AnyValue | exp.Add | exp.Sub):
        return family(node.this, sources)
    return "unknown"


def _contract(table: str, columns: InputColumns) -> Columns:
    if table == "taxonomy":
        values = {"category": contract.CATEGORIES}
        return tuple(
            Reachable("", columns.column(table, name), "text", name, values.get(name, ()))
            for name in KNOWN[table]
        )
    return tuple(
        Reachable(
            "",
            columns.column(table, one.name),
            _FAMILIES[one.family],
            one.name,
            one.allowed or one.known or (),
        )
        for one in contract.FIELDS[table]  # type: ignore[index]
    )
