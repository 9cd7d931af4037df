"""The schema of a mapping file: where each field of a log comes from. Every unknown key is an error with its place.

The sections of its fields are made of the contract: a field's unit says which keys it has.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model, field_validator, model_validator

from analysis import contract
from analysis.contract.nearest_names import did_you_mean
from analysis.importing.format import COST, FALLBACK, REQUIRED, Where
from analysis.importing.mapped.mapping import MoneyUnit, TimeUnit, TokenUnit
from sim.config.documents import ProblemAt
from sim.scenario.json_schema import DIALECT
from sim.settings.values import Settings

NEEDED = tuple(name for name in REQUIRED if name not in (FALLBACK, COST, "generation_id"))
"""Fields that every mapping has; a user and costs can be stated on the command line, and rows without ids are
numbered."""
_WAYS = ("column", "constant", "expression")


class Source(Settings):
    """Where a value comes from: a column, a constant or an expression."""

    column: str | list[str] | None = Field(
        None,
        description="a column of the file, in JSON a path such as usage.cost or choices[0].finish_reason; of several "
        "the first that is not empty counts; metadata>usage.cost is a path in the JSON that a column holds as text",
    )
    constant: str | int | float | bool | None = Field(
        None,
        description="the same value for every row: the account of the import says that the file does not have it",
    )
    expression: str | None = Field(
        None,
        description="SQL of DuckDB over the columns of the row, all of them texts; a column whose name is no word is "
        'put in "quotes". No query, no file, no chance, no clock',
        examples=["CAST(input AS BIGINT) + CAST(cache_read AS BIGINT)"],
    )

    @model_validator(mode="after")
    def _one_way(self) -> Source:
        given = [way for way in _WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            here = f"are {' and '.join(given)}" if given else "is none"
            raise ProblemAt((), f"give one of column, constant, expression; here {here}")
        if self.column == [] or self.column == "":
            raise ProblemAt(("column",), "expected the name of a column, or several")
        return self


class Words(Source):
    """A text, or true or false."""

    values: dict[str, str | bool | None] = Field(
        {},
        description="the log's value for each of the file's (letter case does not count); ~: as if there were none. "
        "Values that are not listed stand as they are",
        examples=[{"anonymous": None}],
    )


class Moment(Source):
    """When the request arrived."""

    unit: TimeUnit | None = Field(
        None,
        description="of whole time since 1970; without it the column holds dates with a time of day (ISO 8601)",
    )
    zone: str = Field("UTC", description="zone of times that state none", examples=["Europe/Berlin"])

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in zoneinfo.available_timezones():
            near = did_you_mean(zone, zoneinfo.available_timezones())
            raise ProblemAt((), f"unknown zone '{zone}'", near or "such as Europe/Berlin")
        return zone


class Duration(Source):
    """A duration; it is rounded to milliseconds."""

    unit: TimeUnit = Field("milliseconds", description="of the column, the constant or the expression")


class Money(Source):
    """An amount of money."""

    unit: MoneyUnit = Field(
        "USD", description="of the column, the constant or the expression; micros: millionths of a dollar"
    )


class Tokens(Source):
    """A count of tokens."""

    unit: TokenUnit = Field("tokens", description="of the column, the constant or the expression")


def _kind(field: contract.Field) -> type[Source]:
    if field.family == "timestamp":
        return Moment
    return {"milliseconds": Duration, "USD": Money, "tokens": Tokens}.get(field.unit or "", Words)


def _entry(field: contract.Field) -> Any:
    kind: Any = _kind(field)
    described = field.meaning + (f" One of {', '.join(field.allowed)}." if field.allowed else "")
    if field.name in NEEDED:
        return Annotated[str | kind, Field(description=described)], ...
    return Annotated[str | kind | None, Field(description=described)], None


Fields: type[BaseModel] = create_model(
    "Fields", __base__=Settings, **{field.name: _entry(field) for field in contract.GENERATIONS}
)
"""A section of the contract's fields: each the name of a column, or a source."""
Fields.__doc__ = "Fields of a log, each as the name of a column, or as a section that says more."


class MappingFile(Settings):
    """A mapping: how the rows of a file become rows of a log. What is not mapped is null."""

    title: str = Field(
        "a mapping", description="what the export is called in the account", examples=["our proxy"]
    )
    records: str | None = Field(
        None,
        description="of JSON whose records hold a list of requests, such as a page of an API: the path of the list. "
        "Each item is a row; what stands around the list is under `parent`",
        examples=["data"],
    )
    aside: dict[str, list[str]] = Field(
        {},
        description="rows that are no requests (embeddings, spans that sum requests up), by the words of a column; "
        "letter case does not count. They are left out, and counted",
        examples=[{"run_type": ["chain", "tool"]}],
    )
    cached: Where | None = Field(
        None,
        description="whether tokens_cached are counted inside tokens_prompt, or beside it and must be added; needed "
        "where tokens_cached is mapped",
    )
    reasoning: Where | None = Field(
        None,
        description="whether tokens_reasoning are counted inside tokens_completion, or beside it and must be added; "
        "needed where tokens_reasoning is mapped",
    )
    fields: Fields = Field(description="fields of the log: a column's name, or more")

    @model_validator(mode="after")
    def _says_how_it_counts(self) -> MappingFile:
        for part, whole, key in (
            ("tokens_cached", "tokens_prompt", "cached"),
            ("tokens_reasoning", "tokens_completion", "reasoning"),
        ):
            if getattr(self.fields, part) is not None and getattr(self, key) is None:
                raise ProblemAt(
                    ("fields", part),
                    f"say whether the file counts {part} inside {whole}",
                    f"write '{key}: inside' or '{key}: outside' above 'fields:'",
                    True,
                )
        return self

    def sources(self) -> Mapping[str, Source]:
        """The sources of the fields that are mapped, by the names of the contract."""
        given = {name: getattr(self.fields, name) for name in type(self.fields).model_fields}
        return {
            name: _kind(contract.fields("generations")[name])(column=one) if isinstance(one, str) else one
            for name, one in given.items()
            if one is not None
        }


def mapping_json_schema() -> dict[str, Any]:
    """The JSON Schema of mapping files, for completion and checks in editors."""
    return {"$schema": DIALECT} | MappingFile.model_json_schema() | {"title": "Mapping"}
