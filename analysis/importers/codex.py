"""Codex: the files of its sessions (~/.codex/sessions/**/rollout-*.jsonl), one JSON record a line.

After each request a session counts tokens, of the request and of the whole session so far. A count whose sums are
those of the last one repeats it (Codex writes them for its limits too) and is none. The model is that of the turn. By
OpenAI's counts cached tokens are a part of the input, reasoning tokens of the output; where a count's total says that
reasoning lies beside the output, it is added.

A request has no id: it is the session's with its number in it. A record has no user and no cost: `--user` says who it
was, `--list-prices` what it cost. The moment is that of the count, at the end of the response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.importing.format import Export, Form, Importer, Part
from analysis.importing.rules import moment, text, whole

_PARTS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")


def _requests(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
    session: dict[str, Any] = {}
    model, number = None, 0
    sums: dict[str, Any] | None = None
    for place, record in records:
        kind, payload = record.get("type"), record.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        if kind == "session_meta":
            number = number if payload.get("id") == session.get("id") else 0
            session, sums = payload, None
        model = payload.get("model") or model if kind == "turn_context" else model
        if payload.get("type") != "token_count":
            yield Part(place, None, f"no count of tokens: a record of type {kind or 'none'}")
            continue
        info = payload.get("info")
        last, now = _usage(info, "last_token_usage"), _usage(info, "total_token_usage")
        if last is None and now is None:
            yield Part(place, None, "a count of tokens that is empty")
            continue
        if now is not None and now == sums:
            yield Part(place, None, "a count of tokens that repeats the last")
            continue
        before, sums = sums, now or sums
        usage = last or _difference(sums or {}, before or {})
        number += 1
        yield Part(
            place,
            {
                "id": f"{session['id']}-{number}" if session.get("id") else None, "at": record.get("timestamp"),
                "session": session.get("id"), "app": session.get("originator"), "model": model,
                "provider": session.get("model_provider"), "input": usage.get("input_tokens"),
                "cached": usage.get("cached_input_tokens"), "reasoning": usage.get("reasoning_output_tokens"),
                "output": _output(usage),
            },
        )  # fmt: skip


def _usage(info: Any, name: str) -> dict[str, Any] | None:
    found = info.get(name) if isinstance(info, dict) else None
    return found if isinstance(found, dict) else None


def _difference(sums: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What the session's sums grew by; what is no number is left for the rules."""
    return {
        name: sums[name] - before.get(name, 0) if isinstance(sums[name], int) else sums[name]
        for name in _PARTS
        if name in sums
    }


def _output(usage: Mapping[str, Any]) -> Any:
    """Output with reasoning tokens, by the total."""
    counts = [usage.get(name) for name in ("input_tokens", "reasoning_output_tokens", "total_tokens")]
    out = usage.get("output_tokens")
    if isinstance(out, int) and all(isinstance(one, int) for one in counts):
        given, reasoning, total = (int(one or 0) for one in counts)
        return out + reasoning if total == given + out + reasoning else out
    return out


def _records(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The way back. The rows of a session follow each other."""
    opened, model, sums = (None, None, None), None, dict.fromkeys(_PARTS, 0)
    for row in rows:
        session = row["session"] or row["id"]
        if session != opened[0]:
            model, sums = None, dict.fromkeys(_PARTS, 0)
        if opened != (session, row["app"], row["provider"]):
            opened = (session, row["app"], row["provider"])
            meta = {"id": session, "originator": row["app"], "model_provider": row["provider"]}
            yield _record(row, "session_meta", meta)
        if row["model"] != model:
            model = row["model"]
            yield _record(row, "turn_context", {"model": model})
        counts = (row["input"], row["cached"], row["output"], row["reasoning"], row["input"] + row["output"])
        usage = {name: count for name, count in zip(_PARTS, counts, strict=True) if count is not None}
        sums = {name: sums[name] + usage.get(name, 0) for name in _PARTS}
        info = {"last_token_usage": usage, "total_token_usage": sums if usage["total_tokens"] else None}
        yield _record(row, "event_msg", {"type": "token_count", "info": info})


def _record(row: Mapping[str, Any], kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"timestamp": row["at"], "type": kind, "payload": payload}


SESSION = Form(
    name="session",
    kind="json",
    marks=("timestamp", "type", "payload"),
    rules={
        "generation_id": text("id"),
        "created_at": moment("at"),
        "app_name": text("app"),
        "model": text("model"),
        "model_permaslug": text("model"),
        "provider_name": text("provider"),
        "tokens_prompt": whole("input"),
        "tokens_completion": whole("output"),
        "tokens_reasoning": whole("reasoning"),
        "tokens_cached": whole("cached"),
        "session_id": text("session"),
    },
    unfold=_requests,
    partly={
        "generation_id": "as its session's id and its number in it",
        "session_id": "every request has one: its own where the log has none",
    },
)
_ORDER = ("session_id", "created_at", "generation_id")

IMPORTER = Importer(
    "codex",
    "Codex",
    (SESSION,),
    exports=(Export("session", SESSION, fold=_records, order=_ORDER, lines=True),),
)
