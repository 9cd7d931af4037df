"""A mapping as an importer: each field of the contract is a column, a constant or an expression of the file.

It gives the importer's two forms, of tables and of JSON records. Rows, places, accounts follow as for any gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from analysis import contract
from analysis.importing.format import Form, Importer, Where
from analysis.importing.mapped.expressions import FAILED, Expression
from analysis.importing.mapped.lists import rows_at
from analysis.importing.rules import (
    Rule,
    amount,
    finish_reason,
    first,
    flag,
    milliseconds,
    moment,
    text,
    unix,
    whole,
)
from analysis.importing.source import SourceFile
from analysis.sources.quoting import text_literal

NAME: Final = "mapped"
"""What `slipper import` calls it."""
TimeUnit = Literal["seconds", "milliseconds", "microseconds", "nanoseconds"]
MoneyUnit = Literal["USD", "cents", "micros", "nanodollars"]
TokenUnit = Literal["tokens", "thousand tokens"]
PER_USD: Final[Mapping[str, int]] = {"USD": 1, "cents": 100, "micros": 10**6, "nanodollars": 10**9}
TOKENS: Final[Mapping[str, int]] = dict(zip(get_args(TokenUnit), (1, 1000), strict=True))


@dataclass(frozen=True)
class MappedField:
    """Where one field comes from: columns of which the first that is not empty counts, or a constant, or an expression.

    unit: of a number; of a moment, whole time since 1970 in this unit, and without one a text. zone: of moments that
    state none. values: the contract's word for each of the source's; None: as if there were nothing.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    expression: Expression | None = None
    unit: str | None = None
    zone: str | None = None
    values: Mapping[str, str | None] | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.expression.columns if self.expression else self.columns

    def rule(self, name: str) -> Rule:
        """The rule of the field of this name."""
        rule = replace(self._parsed(contract.fields("generations")[name]), places=self.places)
        if self.constant is not None:
            constant = text_literal(self.constant)
            return replace(rule, join=lambda _: constant)
        if self.expression is None and not self.values:
            return rule
        if self.expression is None:
            return replace(rule, join=lambda texts: first([self._translated(one) for one in texts]))
        join, parse = self.expression.join, rule.parse
        return replace(
            rule,
            join=lambda texts: self._translated(join(texts)),
            parse=lambda t: parse(f"(CASE WHEN NOT starts_with({t}, {text_literal(FAILED)}) THEN {t} END)"),
        )

    def _parsed(self, field: contract.Field) -> Rule:
        """How the field's text is parsed."""
        if field.family == "timestamp":
            return unix(unit=self.unit) if self.unit else moment(zone=self.zone or "UTC")
        if field.unit == "milliseconds":
            return milliseconds(unit=self.unit or "milliseconds")
        if field.unit == "USD":
            return amount(per_usd=PER_USD[self.unit or "USD"])
        if field.unit == "tokens":
            return whole(each=TOKENS[self.unit or "tokens"])
        if field.name == "finish_reason":
            return finish_reason()
        return flag() if field.family == "boolean" else text()

    def _translated(self, t: str) -> str:
        """SQL of a text in the contract's words. Letter case does not count."""
        if not self.values:
            return t
        cases = " ".join(
            f"WHEN {text_literal(word.lower())} THEN {'NULL' if to is None else text_literal(to)}"
            for word, to in self.values.items()
        )
        return f"(CASE lower({t}) {cases} ELSE {t} END)"


def importer(
    title: str,
    fields: Mapping[str, MappedField],
    *,
    cached: Where = "inside",
    reasoning: Where = "inside",
    records: str | None = None,
    aside: Mapping[str, Sequence[str]] | None = None,
    check: Callable[[Sequence[SourceFile]], None] | None = None,
) -> Importer:
    """The importer of a mapping. title: for people. fields: by name of the contract; without `generation_id`, rows are
    numbered. records: where in a record of JSON the list of rows is; None: it is a row. aside: by column, the words of
    rows that are left out. check: see `Importer`."""
    rules = {name: field.rule(name) for name, field in fields.items()}
    forms = tuple(
        Form(
            name=title,
            kind=kind,
            marks=(),
            rules=rules,
            cached=cached,
            reasoning=reasoning,
            unfold=rows_at(records) if records and kind == "json" else None,
            numbered="generation_id" not in rules,
            aside={place: tuple(map(str.lower, words)) for place, words in (aside or {}).items()},
        )
        for kind in ("table", "json")
    )
    return Importer(NAME, title, forms, check=check)
