"""The public catalogue as the log has it: the table `models`, without what only the simulation knows."""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa

from analysis.contract import arrow_schema
from sim.catalogue.models import Catalogue

MODELS_SCHEMA: Final = arrow_schema("models")
"""The public catalogue as the log contract has it."""
"""Schema of `models.parquet`: the public catalogue, facts only."""


def write_models_table(catalogue: Catalogue, end: date) -> pa.Table:
    """The public catalogue as an Arrow table (schema `MODELS_SCHEMA`), as it was known on the day `end`.

    Models, prices, free windows and retirements that begin after `end` are left out; a free window still
    open on `end` has no end yet. Latent parameters never enter.
    """
    rows: list[dict[str, object]] = []
    for model in catalogue.models:
        facts = model.facts
        if facts.released > end:
            continue
        gone = facts.retired is not None and facts.retired <= end
        rows.append(
            {
                "model": facts.slug,
                "name": facts.name,
                "author": facts.author,
                "released": facts.released,
                "open_weights": facts.open_weights,
                "origin": facts.origin,
                "developer_country": facts.developer_country,
                "params_total_b": facts.params_total_b,
                "size_class": facts.size_class,
                "reasoning": facts.reasoning,
                "reasoning_optimised": facts.reasoning_optimised,
                "tools": facts.tools,
                "context_tokens": facts.context_tokens,
                "model_permaslug": facts.permaslug or facts.slug,
                "retired": facts.retired if gone else None,
                "successor": facts.successor if gone else None,
                "prices": [
                    {
                        "from": point.start,
                        "prompt_usd_per_mtok": point.prompt,
                        "completion_usd_per_mtok": point.completion,
                        "cached_usd_per_mtok": point.cached,
                    }
                    for point in facts.prices
                    if point.start <= end
                ],
                "free_windows": [
                    {
                        "from": window.start,
                        "to": window.end if window.end is not None and window.end <= end else None,
                        "kind": window.kind,
                    }
                    for window in facts.free_windows
                    if window.start <= end
                ],
            }
        )
    return pa.Table.from_pylist(rows, schema=MODELS_SCHEMA)
