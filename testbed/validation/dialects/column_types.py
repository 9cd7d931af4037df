"""Types of the expressions of a query, as far as they follow from the contract's columns, and whole-number division."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from analysis import contract
from testbed.validation.columns import InputColumns

OF_POSTGRES = frozenset({"postgres", "redshift"})
"""Dialects in which a sum of 64-bit numbers is a decimal and a part of a moment no whole number by type, so that their
division has a rest, and in which the difference of two dates is a whole number of days."""
TYPES = {"string": "VARCHAR", "int32": "INT", "int64": "BIGINT", "float32": "REAL", "float64": "DOUBLE",
         "bool": "BOOLEAN", "date32": "DATE"}  # fmt: skip
NULLABLE = {
    (table, one.name) for table, fields in contract.FIELDS.items() for one in fields if one.nullable
} | {("generations", "user_id")}
"""Columns whose type has nulls in the user's warehouse; logs without users are among the worlds."""
_NUMBER = "expression"


class Types:
    """Types of the expressions of a statement. Judged on a copy in which every column has its table, since only there
    its type is known; empty where that copy cannot be made."""

    def __init__(self, statement: exp.Expr, dialect: str, columns: InputColumns) -> None:
        for i, node in enumerate(statement.walk()):
            node.meta[_NUMBER] = i
        self.nullable = {columns.column(table, one) for table, one in NULLABLE}
        schema: dict[str, Any] = {columns.table(table): _types(table, columns) for table in contract.TABLES}
        self._found: dict[int, exp.DataType] = {}
        try:
            known = qualify(statement.copy(), dialect=dialect, schema=schema, validate_qualify_columns=False)
            known = annotate_types(known, schema, _metadata(dialect), dialect=dialect)
        except SqlglotError:
            return
        for node in known.walk():
            if _NUMBER in node.meta and node.type is not None:
                self._found.setdefault(node.meta[_NUMBER], node.type)

    def is_a(self, part: exp.Expr | None, *types: exp.DType) -> bool:
        """Whether an expression is known to be of one of these types."""
        while isinstance(part, exp.Paren):
            part = part.this
        found = self._found.get(part.meta.get(_NUMBER, -1)) if part is not None else None
        return found is not None and found.is_type(*types)

    def is_whole(self, part: exp.Expr | None) -> bool:
        """Whether it is known to be of whole numbers."""
        return self.is_a(part, *exp.DataType.INTEGER_TYPES)


class LikelyTypes(Types):
    """Types of a statement that differs in a few words from one whose types are known: what is written alike is taken
    for the same. A tenth of the work; where it matters, `Types` has the last word."""

    def __init__(self, known: exp.Expr, dialect: str, columns: InputColumns) -> None:
        super().__init__(known, dialect, columns)
        numbers = {node.meta[_NUMBER]: node for node in known.walk() if _NUMBER in node.meta}
        self._alike = {numbers[i].sql(): kind for i, kind in self._found.items() if i in numbers}

    def is_a(self, part: exp.Expr | None, *types: exp.DType) -> bool:
        """Whether an expression is likely of one of these types."""
        found = self._likely(part)
        return found is not None and found.is_type(*types)

    def _likely(self, part: exp.Expr | None) -> exp.DataType | None:
        while isinstance(part, exp.Paren):
            part = part.this
        if part is None:
            return None
        found = self._alike.get(part.sql())
        if found is None and isinstance(part, exp.Literal):
            found = exp.DataType.build("varchar" if part.is_string else "int" if part.is_int else "double")
        if found is None and isinstance(part, exp.Add | exp.Sub | exp.Mul):
            both = (self._likely(part.this), self._likely(part.expression))
            whole = all(one is not None and one.is_type(*exp.DataType.INTEGER_TYPES) for one in both)
            found = both[0] if whole else None
        if found is None and isinstance(part, exp.Cast):
            found = part.args["to"]
        return exp.DataType.build("bigint") if found is None and isinstance(part, exp.Count) else found


def truncated_cast(node: exp.Expr, types: Types) -> exp.Expr | None:
    """A cast to whole numbers, in a dialect that cuts the rest off; DuckDB's rounds."""
    whole = node.args["to"].is_type(*exp.DataType.INTEGER_TYPES)
    if whole and types.is_a(node.this, *exp.DataType.FLOAT_TYPES, exp.DType.DECIMAL):
        return type(node)(this=exp.Trunc(this=node.this.copy()), to=node.args["to"].copy())
    return None


def rounded_to_even(node: exp.Expr, types: Types) -> exp.Expr | None:
    """ROUND of a float, in a dialect that rounds halves to the even neighbour; DuckDB's rounds them away from 0."""
    if not types.is_a(node.this, *exp.DataType.FLOAT_TYPES):
        return None
    decimals = node.args.get("decimals") or exp.Literal.number(0)
    return exp.Anonymous(this="round_even", expressions=[node.this.copy(), decimals.copy()])


def whole_average(node: exp.Expr, types: Types) -> exp.Expr | None:
    """An average of whole numbers, in a dialect in which it is one itself."""
    inner = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if not types.is_whole(inner) or isinstance(node.parent, exp.Window | exp.Filter):
        return None
    return exp.cast(exp.Trunc(this=node.copy()), exp.DType.BIGINT)


def whole_division(node: exp.Expr, types: Types) -> exp.Expr | None:
    """A division of whole numbers, in a dialect in which it is one itself."""
    if not (types.is_whole(node.this) and types.is_whole(node.expression)):
        return None
    whole = exp.IntDiv(this=node.this, expression=node.expression)
    whole.meta.update(node.meta)  # its type, for a division around it
    return whole


def _types(table: contract.Table, columns: InputColumns) -> Mapping[str, str]:
    return {
        columns.column(table, one.name): TYPES.get(one.type, "TIMESTAMPTZ") for one in contract.FIELDS[table]
    }


def _metadata(dialect: str) -> dict[Any, Any]:
    """How sqlglot finds the type of an expression in a dialect, with what it gets wrong or does not know."""
    known: dict[Any, Any] = dict(Dialect.get_or_raise(dialect).EXPRESSION_METADATA)
    known[exp.AtTimeZone] = {"returns": exp.DType.TIMESTAMP}
    known[exp.TsOrDsDiff] = {"returns": exp.DType.BIGINT}
    if dialect in OF_POSTGRES:
        known[exp.Extract] = {"returns": exp.DType.DOUBLE}
        known[exp.Sum] = {"annotator": _widened(known[exp.Sum]["annotator"])}
        known[exp.Sub] = {"annotator": _days_between(known[exp.Sub]["annotator"])}
    return known


def _widened(plain: Any) -> Any:
    """The sum of 64-bit numbers is a decimal."""

    def annotated(annotator: Any, total: exp.Sum) -> Any:
        found = plain(annotator, total)
        if total.this.is_type("bigint"):
            found.type = exp.DataType.build("decimal")
        return found

    return annotated


def _days_between(plain: Any) -> Any:
    """The difference of two dates is a whole number of days."""

    def annotated(annotator: Any, difference: exp.Sub) -> Any:
        found = plain(annotator, difference)
        if difference.this.is_type("date") and difference.expression.is_type("date"):
            found.type = exp.DataType.build("int")
        return found

    return annotated
