"""Exports made by hand, and their import: what comes in is compared with what was written, never with the importer."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.importers import importers
from analysis.importing.account import Account
from analysis.importing.run import import_log
from testbed.commands.import_log import listed_models

SAMPLES = Path(__file__).parent / "samples"
"""Real rows; samples/README.md says whose."""
COLUMNS = (
    "generation_id", "created_at", "cost_total", "cost_web_search", "cost_cache", "cost_file_processing",
    "byok_usage_inference", "tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached",
    "model_permaslug", "provider_name", "variant", "cancelled", "streamed", "user", "finish_reason_raw",
    "finish_reason_normalized",
    "generation_time_ms", "time_to_first_token_ms", "api_key_disabled", "api_key_name", "app_name",
)  # fmt: skip
"""OpenRouter's activity export of 2026: 24 columns."""
OLDER = tuple(name for name in COLUMNS if name not in ("tokens_cached", "user", "api_key_disabled"))
"""As it was before: 21 columns."""
SEVEN = (
    "generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug",
    "provider_name",
)  # fmt: skip
"""The least that it is cut down to: a request a row, and nobody who sent it."""


PERMASLUGS = ("anthropic/claude-4.5-haiku-20251001", "openai/gpt-4o-2024-05-13", "new/model-20260101")


def request(number: int, **changes: Any) -> dict[str, Any]:
    """A row of the activity export, made up. Numbers differ from row to row, and sums have no pattern."""
    moment = dt.datetime(2025, 11, 3) + dt.timedelta(minutes=37 * number, milliseconds=number)
    row = {
        "generation_id": f"gen-{1762128000 + number}-{number:04d}",
        "created_at": moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "cost_total": f"{0.000123 * (number % 17 + 1):.6f}",
        "byok_usage_inference": "0.5" if number % 5 == 0 else "0",
        "tokens_prompt": 100 + number * 7,
        "tokens_completion": 60 + number * 3,
        "tokens_reasoning": number % 50,
        "tokens_cached": number % 90,
        "model_permaslug": PERMASLUGS[number % 3],
        "provider_name": ("Google", "Azure")[number % 2],
        "variant": ("standard", "free")[number % 4 == 0],
        "cancelled": ("false", "true")[number % 7 == 0],
        "streamed": ("true", "false")[number % 3 == 0],
        "user": ("", "ann", "bob")[number % 3],
        "finish_reason_raw": ("end_turn", "STOP", "tool_use")[number % 3],
        "finish_reason_normalized": ("stop", "", "tool_calls")[number % 3],
        "generation_time_ms": 1000 + number,
        "time_to_first_token_ms": "" if number % 6 == 0 else 300 + number,
        "api_key_disabled": "false",
        "api_key_name": "key-a",
        "app_name": 'Writer, "new"' if number % 8 == 0 else "Coder",
    }  # fmt: skip
    return row | changes


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = COLUMNS, delimiter: str = ",") -> str:
    """Rows as CSV with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(
        text, columns, restval="", extrasaction="ignore", delimiter=delimiter, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@cache
def models() -> pa.Table:
    """The models of the shipped catalogue."""
    return listed_models(None)


def put(folder: Path, content: str | bytes, name: str = "export.csv") -> Path:
    """A file in a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def imported(
    folder: Path, content: str | bytes, name: str = "export.csv", **options: Any
) -> tuple[Account, pa.Table]:
    """The account of the import of one file, and the log, in the order of its moments."""
    account = import_log(put(folder, content, name), folder / "log", importers(), models(), **options)
    return account, written(folder / "log")


def written(out: Path) -> pa.Table:
    """The generations of an imported log."""
    return pq.read_table(out / "log", partitioning=None).sort_by(
        [("created_at", "ascending"), ("generation_id", "ascending")]
    )
