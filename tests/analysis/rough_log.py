"""A made log with what real logs have: gaps, free windows, a model that the catalogue lacks, retired models."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa

from analysis import contract
from tests.analysis.made_log import MadeLog, made
from tests.analysis.rows import put

UNLISTED = "baidu/ernie-closed"  # left out of the models table
FREE: dict[str, list[tuple[str, str | None, str]]] = {  # model -> free windows
    "x-ai/grok-code-fast-1": [("2025-08-26", "2025-09-20", "launch_promotion")],
    "openai/gpt-oss-120b": [("2025-08-05", None, "stealth"), ("2025-11-01", None, "free_variant")],
    "deepseek/deepseek-r1": [("2025-01-20", None, "free_variant")],
}
SIZES = {  # model -> size class, retired
    "mistralai/mistral-nemo": ("small", None),
    "deepseek/deepseek-chat": ("medium", None),
    "deepseek/deepseek-chat-v3-0324": ("large", "2025-07-02"),
    "meta-llama/llama-4-maverick": (None, "2025-09-01"),
}


def rough(rows: int = 6000, seed: int = 5) -> MadeLog:
    """The log: a third of the requests cost nothing, and every optional column has nulls."""
    log = made(rows=rows, users=400, seed=seed, label_share=0.3)
    rng = np.random.default_rng(seed)
    table = log.generations

    def holes(name: str, share: float) -> pa.Table:
        column = table[name].combine_chunks()
        missing = rng.random(len(column)) < share
        return put(table, name, pa.array(column.to_pylist(), column.type, mask=missing))

    cost = np.where(rng.random(table.num_rows) < 0.35, 0.0, table["cost_total"].to_numpy())
    table = put(table, "cost_total", pa.array(cost))
    for name in ("finish_reason", "account_id", "tokens_reasoning", "variant"):
        table = holes(name, 0.1)
    models = []
    for row in log.models.to_pylist():
        if row["model"] == UNLISTED:
            continue
        windows = [
            {"from": dt.date.fromisoformat(a), "to": dt.date.fromisoformat(b) if b else None, "kind": kind}
            for a, b, kind in FREE.get(row["model"], [])
        ]
        size, retired = SIZES.get(row["model"], (row["size_class"], None))
        row |= {"free_windows": windows, "size_class": size}
        row["retired"] = dt.date.fromisoformat(retired) if retired else None
        models.append(row)
    catalogue = pa.Table.from_pylist(models, schema=contract.arrow_schema("models"))
    return replace(log, generations=table, models=catalogue)
