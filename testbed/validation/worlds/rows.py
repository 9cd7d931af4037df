"""Rows of a world, written short: what is not said is usual."""

from __future__ import annotations

import datetime as dt
from typing import Any

from testbed.validation.tables import Row, Tables, of_rows

USUAL: Row = {
    "app_name": "chat", "model_permaslug": None, "variant": "standard", "provider_name": "Provider",
    "tokens_prompt": 100, "tokens_completion": 50, "tokens_reasoning": 0, "tokens_cached": 0, "cost_total": 0.01,
    "byok": False, "finish_reason": "stop", "tools_offered": None, "streamed": True, "cancelled": False,
    "time_to_first_token_ms": 200, "generation_time_ms": 900, "country": "US", "continent": "North America",
    "language": "en", "session_id": None,
}  # fmt: skip


def moment(text: str) -> dt.datetime:
    """A moment in UTC, from ISO text without a zone; a day is its noon."""
    return dt.datetime.fromisoformat(text if len(text) > 10 else f"{text}T12:00").replace(tzinfo=dt.UTC)


def request(user: str | None, model: str, when: str | dt.datetime, **others: Any) -> Row:
    """A request without an id: see `numbered`. Its account is that of its user, its session its own."""
    created = moment(when) if isinstance(when, str) else when
    row = USUAL | {"user_id": user, "account_id": f"account of {user}", "model": model, "created_at": created}
    row |= {"model_permaslug": f"{model}-001", **others}
    return row | {"tool_called": row["finish_reason"] == "tool_calls"}


def numbered(rows: list[Row]) -> list[Row]:
    """Requests with ids, in the order of their moments."""
    ordered = sorted(rows, key=lambda row: row["created_at"])
    return [{"generation_id": f"gen-{i:05d}"} | row for i, row in enumerate(ordered)]


def facts(model: str, released: str, kind: str = "closed", **others: Any) -> Row:
    """A row of the models table. kind: closed, cn-closed, cn-open or row-open."""
    row: Row = {
        "model": model, "name": model.split("/")[1].replace("-", " ").title(), "author": model.split("/")[0],
        "released": dt.date.fromisoformat(released), "open_weights": kind.endswith("open"),
        "origin": "CN" if kind.startswith("cn") else "RoW",
        "developer_country": "CN" if kind.startswith("cn") else "US",
        "reasoning": "none", "reasoning_optimised": False, "tools": True, "context_tokens": 128_000,
        "model_permaslug": f"{model}-001", "prices": [], "free_windows": [],
    }  # fmt: skip
    return row | others


def price(since: str, prompt: float, completion: float, cached: float | None = None) -> Row:
    """A step of a price path, in USD per million tokens."""
    return {
        "from": dt.date.fromisoformat(since),
        "prompt_usd_per_mtok": prompt,
        "completion_usd_per_mtok": completion,
        "cached_usd_per_mtok": cached,
    }


def label(generation: str, path: str, confidence: float = 0.9) -> Row:
    """A label."""
    return {"generation_id": generation, "path": path, "confidence": confidence}


def log(requests: list[Row], labels: list[Row], models: list[Row]) -> Tables:
    """The tables of these rows."""
    return Tables(of_rows("generations", requests), of_rows("labels", labels), of_rows("models", models))
