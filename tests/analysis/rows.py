"""Hand-made generations for scripted tests: `generations([(user, model, "2025-05-03"), ...])`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from analysis import contract

DEFAULTS: dict[str, Any] = {
    "account_id": "a", "app_name": "chat", "model_permaslug": None, "variant": "standard", "provider_name": "P",
    "tokens_prompt": 100, "tokens_completion": 50, "tokens_reasoning": 0, "tokens_cached": 0, "cost_total": 0.001,
    "byok": False, "finish_reason": "stop", "tools_offered": None, "tool_called": False, "streamed": True,
    "cancelled": False, "time_to_first_token_ms": 200, "generation_time_ms": 900, "country": "US",
    "continent": "North America", "language": "en", "session_id": "s",
}  # fmt: skip


def generations(rows: Iterable[tuple[str, str, str] | tuple[str, str, str, dict[str, Any]]]) -> pa.Table:
    """Rows of (user, model, moment[, other columns]) as a generations table of the contract; moments are ISO, UTC."""
    records = []
    for i, (user, model, moment, *other) in enumerate(rows):
        created = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
        record = {"generation_id": f"g{i:05d}", "created_at": created, "user_id": user, "model": model}
        records.append(record | (other[0] if other else {}))
    return filled(records)


def filled(records: list[dict[str, Any]]) -> pa.Table:
    """Records as a generations table of the contract. What none of them says is the default in one piece, which takes a
    third of the time of a value for each."""
    schema = contract.arrow_schema("generations")
    said = set().union(*records)
    assert said <= set(schema.names), said.difference(schema.names)
    return pa.table(
        [
            pa.array([record.get(name, DEFAULTS.get(name)) for record in records], kind)
            if name in said
            else pa.repeat(pa.scalar(DEFAULTS.get(name), kind), len(records))
            for name, kind in zip(schema.names, schema.types, strict=True)
        ],
        schema=schema,
    )


def labels(rows: Iterable[tuple[str, str, float]]) -> pa.Table:
    """Rows of (generation id, path, confidence) as a labels table of the contract."""
    names = ("generation_id", "path", "confidence")
    records = [dict(zip(names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(records, schema=contract.arrow_schema("labels"))


def model(slug: str, released: str, **facts: Any) -> dict[str, Any]:
    """One row of the models table."""
    row: dict[str, Any] = {
        "model": slug, "name": slug.split("/")[1].upper(), "author": slug.split("/")[0],
        "released": dt.date.fromisoformat(released), "open_weights": False, "origin": "RoW", "developer_country": "US",
        "params_total_b": None, "size_class": None, "reasoning": "none", "reasoning_optimised": False, "tools": True,
        "context_tokens": 8000, "model_permaslug": None, "retired": None, "successor": None, "prices": [],
        "free_windows": [],
    }  # fmt: skip
    return row | facts


def models(*rows: dict[str, Any]) -> pa.Table:
    """Rows of `model` as a models table of the contract."""
    return pa.Table.from_pylist(list(rows), schema=contract.arrow_schema("models"))


def put(table: pa.Table, name: str, values: object) -> pa.Table:
    """The table with other values in a column of the same type: an array, a list, or one value for all rows."""
    field = table.schema.field(name)
    if not isinstance(values, (pa.Array, list)):
        values = [values] * table.num_rows
    column = values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type)
    return table.set_column(table.schema.get_field_index(name), field, column)
