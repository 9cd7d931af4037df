"""Reads a mapping file into an importer. Everything that is wrong with it is told with file, line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from analysis.contract import fields as contract_fields
from analysis.contract.nearest_names import did_you_mean
from analysis.importing.format import Importer
from analysis.importing.mapped.expressions import Expression, ExpressionError, expression
from analysis.importing.mapped.lists import looked_into
from analysis.importing.mapped.mapping import MappedField, importer
from analysis.importing.source import SourceFile
from sim.config.documents import Document, Problem, ScenarioError, load_document
from sim.config.problems import Path as KeyPath
from sim.config.schema_errors import parse
from testbed.failure import BadInput
from testbed.mapping.schema import MappingFile, Source

_SHOWN = 20  # columns of a file that are listed
_EVERY_ROW = ("generation_id", "created_at")  # what no two rows can share


def read_mapping(path: str | Path) -> Importer:
    """The importer that a mapping file describes; it refuses files without the columns. Raises BadInput."""
    try:
        document = load_document(path)
        mapping = parse(document, MappingFile)
        sources = mapping.sources()
        expressions, problems = _expressions(document, sources)
        problems += _constants(document, sources)
        if problems:
            raise ScenarioError(problems)
    except ScenarioError as error:
        raise BadInput(str(error)) from None
    mapped = {name: _mapped(source, expressions.get(name)) for name, source in sources.items()}

    def check(files: Sequence[SourceFile]) -> None:
        if mapping.records:
            tables = [
                document.problem(("records",), f"{file.path}: a table has no lists", "leave it out")
                for file in files
                if file.is_table
            ]
            if tables:
                raise BadInput(str(ScenarioError(tables)))
            files = [looked_into(file, mapping.records) for file in files]
        missing = list(_missing(document, mapped, files))
        missing += [
            document.problem(("aside", place), f"{files[0].path}: no column '{place}'")
            for place in mapping.aside
            if not any(file.holds(place.partition(">")[0]) for file in files)
        ]
        if missing:
            raise BadInput(str(ScenarioError(missing)))

    return importer(
        f"{mapping.title} ({path})",
        mapped,
        cached=mapping.cached or "inside",
        reasoning=mapping.reasoning or "inside",
        records=mapping.records,
        aside=mapping.aside,
        check=check,
    )


def _mapped(source: Source, found: Expression | None) -> MappedField:
    column = source.column or ()
    values = {word: None if to is None else _text(to) for word, to in getattr(source, "values", {}).items()}
    return MappedField(
        columns=(column,) if isinstance(column, str) else tuple(column),
        constant=None if source.constant is None else _text(source.constant),
        expression=found,
        unit=getattr(source, "unit", None),
        zone=getattr(source, "zone", None),
        values=values,
    )


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _expressions(
    document: Document, sources: Mapping[str, Source]
) -> tuple[dict[str, Expression], list[Problem]]:
    """The checked expressions by field, and what is wrong with others."""
    found: dict[str, Expression] = {}
    problems: list[Problem] = []
    for name, source in sources.items():
        if source.expression is not None:
            try:
                found[name] = expression(source.expression)
            except ExpressionError as error:
                problems.append(document.problem(("fields", name, "expression"), str(error)))
    return found, problems


def _constants(document: Document, sources: Mapping[str, Source]) -> list[Problem]:
    """What cannot be the same in all rows, and values that a field does not have."""
    problems = []
    for name, source in sources.items():
        field = contract_fields("generations")[name]
        if source.constant is not None and name in _EVERY_ROW:
            hint = "leave it out, and rows are numbered" if name == "generation_id" else ""
            problems.append(
                document.problem(("fields", name, "constant"), "this cannot be the same in every row", hint)
            )
        elif source.constant is not None and not _fits(_text(source.constant), field.family, field.allowed):
            wanted = f"one of {', '.join(field.allowed)}" if field.allowed else _WANTED[field.family]
            problems.append(document.problem(("fields", name, "constant"), f"expected {wanted}"))
        if name == "model" and isinstance(source.constant, str) and "/" not in source.constant:
            problems.append(
                document.problem(
                    ("fields", name, "constant"),
                    "models are named author/slug",
                    f"where nobody knows it: not-recorded/{source.constant.replace(' ', '-')}",
                )
            )
        allowed = ("true", "false") if field.family == "boolean" else field.allowed
        for word, to in getattr(source, "values", {}).items():
            if to is not None and allowed and _text(to) not in allowed:
                problems.append(
                    document.problem(
                        ("fields", name, "values", word),
                        f"expected one of {', '.join(allowed)}, or ~",
                        did_you_mean(_text(to), allowed),
                    )
                )
    return problems


_WANTED = {"integer": "a whole number from 0 on", "float": "a number from 0 on", "boolean": "true or false"}


def _fits(text: str, family: str, allowed: tuple[str, ...] | None) -> bool:
    if family == "boolean":
        return text in ("true", "false")
    if family in ("integer", "float"):
        try:
            return float(text) >= 0 and (family == "float" or float(text).is_integer())
        except ValueError:
            return False
    return not allowed or text in allowed


def _missing(
    document: Document, mapped: Mapping[str, MappedField], files: Sequence[SourceFile]
) -> Iterator[Problem]:
    """Columns that no file has. Of JSON the first records are known: a path that they lack is missing only of what
    every row needs, since others are often empty."""
    needed = {name for name, field in contract_fields("generations").items() if field.required}
    tables = [file for file in files if file.is_table]
    for name, field in mapped.items():
        outer = [place.partition(">")[0] for place in field.places]
        absent = [place for place in outer if not any(file.holds(place) for file in files)]
        all_absent = name in needed and bool(outer) and len(absent) == len(outer)
        if not absent or not (len(tables) == len(files) or all_absent):
            continue
        known = list(dict.fromkeys(column for file in files for column in _columns(file)))
        key = "expression" if field.expression else "column"
        path: KeyPath = ("fields", name, key)
        if document.node(path) is None:  # the short form: a column's name alone
            path = ("fields", name)
        listed = f"it has {', '.join(known[:_SHOWN])}{', ...' if len(known) > _SHOWN else ''}"
        where = str(files[0].path) if len(files) == 1 else f"{len(files)} files"
        yield document.problem(
            path, f"{where}: no column '{absent[0]}'", f"{did_you_mean(absent[0], known)} {listed}".strip()
        )


def _columns(file: SourceFile) -> list[str]:
    """Names of a table's columns, or the paths of the first JSON record."""
    if file.is_table:
        return list(file.columns)
    return [path for record in file.samples[:1] for path in _paths(record, "")]


def _paths(value: object, at: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _paths(inner, f"{at}.{name}" if at else str(name))
    else:
        yield at
