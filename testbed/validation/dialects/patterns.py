"""Rules as text: what a function of another dialect is in DuckDB, with `_1`, `_2` for its arguments.

A pattern is read by sqlglot once, and its arguments are put into the tree: nothing is replaced in text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from testbed.validation.dialects.column_types import Types

_ARGUMENT = re.compile(r"_(\d)")
UNTRANSLATED = "untranslated_"
"""Begins the name of a call that stands for one that is not translated."""
Rewrite = Callable[[exp.Expr], exp.Expr | None]
"""A rule: the expression that stands for this one, or None where it says nothing."""
Typed = Callable[[exp.Expr, Types], exp.Expr | None]


@dataclass(frozen=True)
class Rules:
    """Rules of a dialect. functions: by the name of a function that sqlglot does not know, in lower case, a pattern for
    each number of arguments. nodes: by the kind of an expression. typed: the same, once types are known.
    notes: what a person should know of a query as it is run. instead: by the name of a function or a word, in lower
    case, what to write in its place, for what is not translated. reader: reads the dialect where sqlglot's own reader
    loses an argument."""

    functions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    nodes: Mapping[type[exp.Expr], Rewrite] = field(default_factory=dict)
    typed: Mapping[type[exp.Expr], Typed] = field(default_factory=dict)
    notes: Callable[[exp.Expr], Sequence[str]] = lambda _: ()
    instead: Mapping[str, str] = field(default_factory=dict)
    reader: type[Dialect] | None = None


def fill(pattern: str, *parts: exp.Expr) -> exp.Expr:
    """An expression by a pattern. Raises IndexError where it asks for more arguments than there are."""
    tree = _read(pattern).copy()
    holder = exp.Paren(this=tree)
    for column in list(holder.find_all(exp.Column)):
        if match := _ARGUMENT.fullmatch(column.name):
            column.replace(_apart(parts[int(match[1]) - 1].copy()))
    return _apart(holder.this.pop())


def by_arguments(patterns: Sequence[str], parts: Sequence[exp.Expr]) -> exp.Expr | None:
    """The first of some patterns that has as many arguments as are given."""
    for pattern in patterns:
        if len({*_ARGUMENT.findall(pattern)}) == len(parts):
            return fill(pattern, *parts)
    return None


def rewritten(statement: exp.Expr, rules: Mapping[type[exp.Expr], Rewrite]) -> exp.Expr:
    """A statement with rules applied, the innermost expression first."""
    for node in reversed(list(statement.dfs())):
        rule = rules.get(type(node))
        found = rule(node) if rule is not None else None
        if found is None or found is node:
            continue
        if node is statement:
            statement = found
        else:
            node.replace(found)
    return statement


def untranslated(name: str) -> exp.Expr:
    """A call that no engine knows, in place of one that would be translated to something else: `refusal` tells it."""
    return exp.Anonymous(this=UNTRANSLATED + name)


def extracting(parts: Mapping[str, str]) -> Rewrite:
    """The rule for EXTRACT by the name of the part, in lower case, of `_1`."""

    def rule(node: exp.Expr) -> exp.Expr | None:
        pattern = parts.get(node.this.name.lower())
        return fill(pattern, node.expression) if pattern else None

    return rule


def is_written(form: str) -> bool:
    """Whether a format is of codes of C alone, with no letter left that sqlglot does not know."""
    return not re.search(r"[A-Za-z']", re.sub(r"%-?[A-Za-z](strict)?", "", form))


def without_dates(part: exp.Expr) -> exp.Expr:
    """An argument without the cast that sqlglot foresees, which cuts a moment to its date."""
    return part.this if isinstance(part, exp.TsOrDsToDate | exp.TimeStrToTime) else part


@cache
def _read(pattern: str) -> exp.Expr:
    return sqlglot.parse_one(pattern, read="duckdb")


def _apart(part: exp.Expr) -> exp.Expr:
    return exp.Paren(this=part) if isinstance(part, exp.Binary | exp.Unary | exp.Between | exp.In) and not isinstance(
        part, exp.Paren | exp.Dot) else part  # fmt: skip
