"""The form of a mutant: a question's oracle with one mistake in it, and what mutants are made of.

Mutants are made to be put into each other: the oracle with two mistakes is a mutant of a mutant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testbed.validation.questions.form import Kind, Oracle, Question
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import Rules
from testbed.validation.tables import Row, Tables

Change = Callable[[Oracle, Question], Oracle]
"""From an oracle, and the question that it answers, to an oracle with a mistake."""


@dataclass(frozen=True, eq=False)
class Instead:
    """A change that puts another oracle in place of the question's. make, options: for one of a family, what makes its
    oracles, and how this one is made; two of a family with different options go together."""

    oracle: Callable[[Reading], Iterable[Row]]
    make: Callable[..., Callable[[Reading], Iterable[Row]]] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, oracle: Oracle, question: Question) -> Oracle:
        """The other oracle."""
        return self.oracle

    def goes_with(self, other: Instead) -> bool:
        """Whether both can be made at once."""
        return (
            self.make is not None and self.make is other.make and not set(self.options) & set(other.options)
        )

    def joined(self, other: Instead) -> Instead:
        """Both at once."""
        assert self.make is not None
        return of_family(self.make, **self.options, **other.options)


@dataclass(frozen=True, eq=False)
class OtherRules:
    """A change of the rules under which an oracle reads."""

    edit: Callable[[Rules], Rules]

    def __call__(self, oracle: Oracle, question: Question) -> Oracle:
        """The oracle under the other rules."""
        return lambda log: oracle(under(log, self.edit))


@dataclass(frozen=True, eq=False)
class Mutant:
    """A mistake as it is made: the trap that it falls into, the way in words, and what it does to an oracle.

    only: the questions that it is made for; all that name the trap if empty. zoned: whether its answer depends on the
    session's time zone.
    """

    trap: str
    way: str
    change: Change
    only: frozenset[str] = frozenset()
    zoned: bool = False

    @property
    def depth(self) -> int:
        """Where it stands among others: another oracle innermost, other rules, which all within read by, outermost."""
        return 0 if isinstance(self.change, Instead) else 2 if isinstance(self.change, OtherRules) else 1


def together(question: Question, mutants: Sequence[Mutant]) -> Oracle:
    """The question's oracle with all these mistakes. ValueError if it has none."""
    oracle = question.oracle
    if oracle is None:
        raise ValueError(f"question '{question.name}' has no oracle")
    inner: Instead | None = None
    for mutant in sorted(mutants, key=lambda one: one.depth):
        change = mutant.change
        if isinstance(change, Instead):
            change = inner.joined(change) if inner is not None and inner.goes_with(change) else change
            inner = change
        oracle = change(oracle, question)
    return oracle


def can_meet(first: Mutant, second: Mutant) -> bool:
    """Whether two mistakes can be made together: of two other oracles, only those of one family."""
    one, other = first.change, second.change
    return not (isinstance(one, Instead) and isinstance(other, Instead)) or one.goes_with(other)


def by_rules(edit: Callable[[Rules], Rules]) -> Change:
    """The oracle reads under other rules."""
    return OtherRules(edit)


def under(log: Reading, edit: Callable[[Rules], Rules]) -> Reading:
    """The log under other rules."""
    return replace(log, rules=edit(log.rules))


def by_reading(edit: Callable[[Reading], Rules]) -> Change:
    """The oracle reads under rules that depend on the log."""
    return lambda oracle, question: lambda log: oracle(replace(log, rules=edit(log)))


def by_requests(edit: Callable[[list[Row], Tables], list[Row]]) -> Change:
    """The oracle reads other requests."""

    def other(rules: Rules) -> Rules:
        return replace(rules, requests=lambda tables: edit(rules.requests(tables), tables))

    return by_rules(other)


def keeping(condition: Callable[[Row], bool]) -> Change:
    """The oracle reads the requests of which this holds, and no others."""
    return by_requests(lambda rows, tables: [row for row in rows if condition(row)])


def changing(edit: Callable[[Row], Row]) -> Change:
    """The oracle reads other values: those that `edit` says instead."""
    return by_requests(lambda rows, tables: [row | edit(row) for row in rows])


def instead(oracle: Callable[[Reading], Iterable[Row]]) -> Change:
    """Another oracle stands in its place."""
    return Instead(oracle)


def of_family(make: Callable[..., Callable[[Reading], Iterable[Row]]], **options: Any) -> Instead:
    """Another oracle stands in its place: one of a family, made with these options."""
    return Instead(make(**options), make, options)


def columns_of(question: Question, kind: Kind) -> list[str]:
    """The names of the columns of this kind."""
    return [column.name for column in question.values if column.kind == kind]


def rounded(kind: Kind, digits: int, factor: float = 1) -> Change:
    """The columns of this kind are rounded at the end, as so many times what they are."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        names = columns_of(question, kind)
        for row in rows:
            for name in names:
                if row.get(name) is not None:
                    row[name] = round(factor * row[name], digits)
            yield row

    return by_rows(edit)


def by_rows(edit: Callable[[list[Row], Question, Reading], Iterable[Row]]) -> Change:
    """The rows of the answer are changed at its end."""
    return lambda oracle, question: lambda log: edit([dict(row) for row in oracle(log)], question, log)


def filled(change: Change) -> Change:
    """Rows that the change loses are there, with 0 in every column."""

    def full(oracle: Oracle, question: Question) -> Oracle:
        wrong, zeros = change(oracle, question), {column.name: 0 for column in question.values}

        def both(log: Reading) -> Iterable[Row]:
            held = [dict(row) for row in wrong(log)]
            known = {key_of(row, question) for row in held}
            lost = (dict(row) for row in oracle(log) if key_of(row, question) not in known)
            return held + [row | zeros for row in lost]

        return both

    return full


def ratios_only(change: Change) -> Change:
    """The change is made in the columns that are no sums: those are right."""

    def part(oracle: Oracle, question: Question) -> Oracle:
        wrong, sums = change(oracle, question), [c.name for c in question.values if c.extensive]
        if not sums:
            return wrong

        def mixed(log: Reading) -> Iterable[Row]:
            right = {key_of(row, question): row for row in oracle(log)}
            for row in wrong(log):
                own = right.get(key_of(row, question))
                yield dict(row) if own is None else dict(row) | {name: own[name] for name in sums}

        return mixed

    return part


def key_of(row: Any, question: Question) -> tuple[Any, ...]:
    """What names a row of an answer."""
    return tuple(row[column.name] for column in question.keys)


def made(
    trap: str, *ways: tuple[str, Change], only: Sequence[str] = (), zoned: bool = False
) -> tuple[Mutant, ...]:
    """The mutants of a trap, one a way."""
    return tuple(Mutant(trap, way, change, frozenset(only), zoned) for way, change in ways)
