"""Rows of a log as the records of an export: one SQL expression a form, made from the form's rules.

The text of a record is made in the engine, whether it is a line of CSV or a JSON object. Where a form unfolds its
records, the engine makes the rows that the form's rules read, and the form folds them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis import contract
from analysis.importing.format import Export
from analysis.sources.quoting import identifier, text_literal

NAME = "written_name"
"""The column of a batch with the name of each row's model (`analysis.exporting.model_names`)."""
_STEP = re.compile(r'"[^"]+"|[^.>\[\]"]+|\[[^\]]+\]')
_LIST = "[]"
_TYPES: Mapping[contract.Family, str] = {
    "string": "VARCHAR", "integer": "BIGINT", "float": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP",
}  # fmt: skip
_SUFFIXES = tuple(name for name in contract.VARIANTS if name != "standard")
"""Variants that an id of a model can carry, as `:free`."""


def batch_query(export: Export, columns: frozenset[str], batch: str) -> str:
    """SQL of the text of each row of the table `batch`, in its order.

    columns: those of the contract that the batch has; its moments are UTC without a zone.
    """
    fields = ", ".join(
        f"CAST({identifier(name) if name in columns else 'NULL'} AS {_TYPES[field.family]}) AS {identifier(name)}"
        for name, field in contract.fields("generations").items()
    )
    values = _values(export)
    is_table = export.form.kind == "table" and export.fold is None
    text = _line(export, values) if is_table else f"CAST({_json(_tree(values))} AS VARCHAR)"
    return f"SELECT {text} AS text FROM (SELECT {fields}, {NAME} FROM {batch})"


def header(export: Export) -> str:
    """The first line of a table."""
    return csv_line(export.columns)


def folded(export: Export, rows: Iterator[str]) -> Iterator[str]:
    """The records of rows, both as texts."""
    assert export.fold is not None
    for record in export.fold(json.loads(row) for row in rows):
        if export.form.kind == "table":
            yield csv_line([_cell(record.get(name)) for name in export.columns])
        else:
            yield json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def csv_line(cells: tuple[str, ...] | list[str]) -> str:
    """Cells as a line, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list, bool)) else str(value)


def _values(export: Export) -> dict[str, str]:
    """By place, the SQL of what is written there."""
    places = export.places()
    values = {}
    for name, place in places.items():
        if place in values:  # a model and its version share it
            continue
        write = export.form.rules[name].write
        assert write is not None
        values[place] = write(_field(name, export, places))
    return values | dict(export.also)


def _field(name: str, export: Export, places: Mapping[str, str]) -> str:
    """SQL of a field's value, before its rule writes it."""
    if name == "model":
        shares = places.get("model_permaslug") == places[name]
        return f"{NAME if shares else 'model'}{_suffix(export)}"
    if (part := export.form.beside(name)) in places:
        return f"({name} - coalesce({part}, 0))"
    return identifier(name)


def _suffix(export: Export) -> str:
    """The variant at the end of a model's id, where a form has no other place for it."""
    if "variant" in export.form.rules:
        return ""
    known = ", ".join(map(text_literal, _SUFFIXES))
    return f" || CASE WHEN variant IN ({known}) THEN concat(':', variant) ELSE '' END"


# --- SQL of a record's text -----------------------------------------------------------------------------------

Tree = dict[str, Any]


def _tree(values: Mapping[str, str]) -> Tree:
    """Values by place as a tree of the steps to them."""
    tree: Tree = {}
    for place, sql in values.items():
        *steps, last = [_LIST if step[0] == "[" else step.strip('"') for step in _STEP.findall(place)]
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
        node[last] = sql
    return tree


def _json(node: Tree | str) -> str:
    if isinstance(node, str):
        return node
    if _LIST in node:
        return f"json_array({_json(node[_LIST])})"
    pairs = ", ".join(f"{text_literal(name)}, {_json(inner)}" for name, inner in node.items())
    return f"json_object({pairs})"


def _line(export: Export, values: Mapping[str, str]) -> str:
    """SQL of a line of CSV."""
    tree = _tree(values)
    cells = [f"CAST({_json(tree[name])} AS VARCHAR)" if name in tree else "''" for name in export.columns]
    return f"concat_ws(',', {', '.join(map(_quoted, cells))})"


def _quoted(cell: str) -> str:
    """SQL of a cell, in quotation marks where it needs them; empty where it is null."""
    if cell == "''":
        return cell
    quoted = f"""concat('"', replace({cell}, '"', '""'), '"')"""
    return f"""coalesce(CASE WHEN regexp_matches({cell}, '[",\\r\\n]') THEN {quoted} ELSE {cell} END, '')"""
