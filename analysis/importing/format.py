"""What an importer says of its gateway: its forms of export, and how a row of each becomes a row of the contract."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from analysis import contract
from analysis.importing.rules import Rule
from analysis.importing.source import SourceFile
from analysis.sources.soundness import PARTS

Where = Literal["inside", "outside"]
"""Whether a part of a count (cached, reasoning tokens) lies inside its whole (prompt, completion) or beside it."""
Kind = Literal["table", "json"]
CALLED: Mapping[Kind, str] = {"table": "CSV", "json": "JSON"}
"""What people call files of a kind."""
PART_OF: Mapping[str, str] = {whole: part for part, whole in PARTS}
"""By count of tokens, its part."""

DERIVED = ("tool_called",)
"""Fields that follow from others by the contract's own definition where a form has no rule for them."""
REQUIRED = tuple(f.name for f in contract.GENERATIONS if f.required)
FALLBACK = "user_id"
"""The field that the user of the command may state where a row has none."""
COST = "cost_total"
"""The field that listed prices may give where the user of the command says so."""
OPTIONS: Mapping[str, str] = {FALLBACK: "--user NAME", COST: "--list-prices"}
"""By field: the option of `slipper import` for a source without it."""
IMPLIED = {
    "variant": "at the end of the model's id, such as :free; the standard one is not named",
    "tool_called": "as the finish reason says: not known where there is none",
}
"""What forms without a rule for these fields carry of them."""


class Part(NamedTuple):
    """What a record of a file holds: one row. place: where it stands, for people. value: the JSON object that the rules
    read. wrong: why it is no row (empty: it is one)."""

    place: str
    value: Mapping[str, Any] | None
    wrong: str = ""


Unfold = Callable[[Iterator[tuple[str, Any]]], Iterator[Part]]
"""From the records of a file, each with its place, to the rows that they hold; a table's record maps names to texts."""
Fold = Callable[[Iterator[dict[str, Any]]], Iterator[dict[str, Any]]]
"""The way back, for exports: from rows as the form's rules read them to the records of a file."""


@dataclass(frozen=True)
class Form:
    """One form in which a gateway exports.

    name: for people, such as "activity export".
    kind: a table with a header (CSV), or JSON records (one a line, an array, or one object).
    marks: places that every file of this form has; by them it is recognised. Empty: any file, which a mapping is for.
    rules: how each field of the contract is read. What has no rule is null. `model` is read as the source spells it and
        resolved afterwards.
    aside: rows that are no requests to a language model (embeddings, health checks), by their word at a place; they are
        left out.
    cached, reasoning: whether cached tokens lie inside tokens_prompt, reasoning tokens inside tokens_completion. Beside
        it, they are added, since the contract counts them inside.
    unfold: makes the rows of records that hold several or none, or that must be counted by rules of their own; it reads
        record by record, and the rules read what it gives. None: a record is a row.
    refused: why a file of this form can never become a log, and what to export instead; such a form has no rules.
    numbered: its rows have no ids; they are called by their number among all rows that were read.
    partly: fields that this form carries in part, and what of them; said after an import and an export.
    """

    name: str
    marks: tuple[str, ...]
    rules: Mapping[str, Rule] = field(default_factory=dict)
    kind: Kind = "table"
    aside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cached: Where = "inside"
    reasoning: Where = "inside"
    unfold: Unfold | None = None
    refused: str = ""
    numbered: bool = False
    partly: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.rules) - set(contract.fields("generations"))
        stated_later = {
            FALLBACK,
            *([COST] if self.unfold or not self.marks else []),
            *(["generation_id"] if self.numbered else []),
        }
        missing = set(REQUIRED) - stated_later - set(self.rules)
        if unknown:
            raise ValueError(f"{self.name}: no fields of the contract: {', '.join(sorted(unknown))}")
        if missing and not self.refused:
            raise ValueError(f"{self.name}: no rule for {', '.join(sorted(missing))}, which every log has")

    def lacks(self, columns: Collection[str] | None = None) -> tuple[str, ...]:
        """Fields of the contract that this form does not carry. columns: of a table that may have some alone."""
        outer = {
            name: {place.partition(">")[0] for place in rule.places} for name, rule in self.rules.items()
        }
        has = {
            name for name, places in outer.items() if columns is None or not places or places & set(columns)
        }
        has |= set(DERIVED) if "finish_reason" in has else set()
        has |= {"variant"} - set(self.rules)  # it lies in the model's id
        return tuple(name for name in contract.fields("generations") if name not in has)

    def columns(self) -> frozenset[str]:
        """The columns of a table that this form looks at."""
        named = (*self.marks, *self.aside, *(place for rule in self.rules.values() for place in rule.places))
        return frozenset(place.partition(">")[0] for place in named)

    def beside(self, whole: str) -> str | None:
        """The part that the source counts beside a count of tokens, and not inside it; None where there is none."""
        where = {"tokens_prompt": self.cached, "tokens_completion": self.reasoning}.get(whole, "inside")
        return PART_OF[whole] if where == "outside" else None

    def in_part(self, lacks: Collection[str]) -> dict[str, str]:
        """What of a field this form carries, for fields that it carries in part. lacks: those that are not carried."""
        implied = {name: what for name, what in IMPLIED.items() if name not in self.rules}
        return {name: what for name, what in {**implied, **self.partly}.items() if name not in lacks}


@dataclass(frozen=True)
class Export:
    """How `slipper export` writes a form: each field to the place where the form's rule for it looks first.

    name: what `--form` calls it. columns: of a table, its header; those that no field is written to stay empty.
    at: fields that are written to another place. also: what else stands in each row, as SQL by its place.
    without: fields that are not written, though the form has them.
    fold: makes the records of rows, where the form unfolds its own.
    order: of the rows, as fields of the log. lines: JSON is written as records one a line, whatever the file is called.
    """

    name: str
    form: Form
    columns: tuple[str, ...] = ()
    at: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    fold: Fold | None = None
    order: tuple[str, ...] = ("created_at", "generation_id")
    lines: bool = False

    def places(self) -> dict[str, str]:
        """Where each field is written. A model and its version may share a place; of others the first one has it."""
        found: dict[str, str] = {}
        for name, rule in self.form.rules.items():
            named = [self.at.get(name) or rule.at, *rule.places]
            there = [place for place in named if place and self._has(place)]
            shared = name == "model_permaslug" and there[:1] == [found.get("model")]
            if rule.write is not None and there and (shared or there[0] not in found.values()):
                found[name] = there[0]
        return found

    def _has(self, place: str) -> bool:
        return not self.columns or self.form.unfold is not None or place.partition(">")[0] in self.columns

    def lacks(self) -> tuple[str, ...]:
        """Fields of the contract that are not written."""
        never = self.form.lacks(None if self.form.unfold else self.columns or None)
        taken = {name for name, rule in self.form.rules.items() if rule.write is not None} - set(
            self.places()
        )
        lacks = {*never, *taken, *self.without}
        return tuple(name for name in contract.fields("generations") if name in lacks)


@dataclass(frozen=True)
class Served:
    """The table of a gateway's own PostgreSQL database, which is imported as its export to CSV would be.

    table: its name. key: the column by which its rows are called. shorter: by column of jsonb, SQL of what the rules
    read of it, so that prompts and answers stay on the server.
    """

    table: str
    key: str
    shorter: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Importer:
    """A gateway. name: what `slipper import` calls it. title: its own name. forms: the first that fits best counts.
    copies_differ: fields in which a copy of a row may differ from it. check: refuses files, before they are read, by
    raising what its caller catches. exports: of its forms, the usual ones first. served: its table on a server."""

    name: str
    title: str
    forms: tuple[Form, ...]
    copies_differ: tuple[str, ...] = ()
    check: Callable[[Sequence[SourceFile]], None] | None = None
    exports: tuple[Export, ...] = ()
    served: Served | None = None
