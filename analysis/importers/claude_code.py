"""Claude Code: the files of its sessions (~/.claude/projects), one JSON record a line, subagents' files too.

A response is written in several lines, one a block, and each repeats its usage: lines of one message are one request,
with the moment of the first line and the counts of the last. A message that lies in several files (a resumed session,
a subagent's) is one too. By Anthropic's counts cached tokens, those read and those written, lie beside the input, and
are added; reasoning tokens lie inside the output and are not told apart.

A record has no user and, since 2025, no cost: `--user` says who it was, `--list-prices` what it cost. The moment is
that of the response's first line, which is later than the request's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis import contract
from analysis.importing.format import Export, Form, Importer, Part
from analysis.importing.rules import amount, finish_reason, moment, text, whole

_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def _requests(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
    """A file's requests; they are complete where the file ends."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for place, record in records:
        why = _why_none(record)
        if why:
            yield Part(place, None, why)
            continue
        message = record["message"]
        name = str(message.get("id") or record.get("requestId") or record.get("uuid") or place)
        row = {
            "id": name, "at": record.get("timestamp"), "model": message.get("model"),
            "session": record.get("sessionId"),
            "finish": message.get("stop_reason"), "cost": record.get("costUSD"), "app": "Claude Code",
        } | _counts(message["usage"])  # fmt: skip
        if name in found:
            first = found[name][1]
            kept = {
                "at": first["at"],
                "finish": row["finish"] or first["finish"],
                "cost": row["cost"] or first["cost"],
            }
            found[name] = (found[name][0], row | kept)
            yield Part(place, None, "a further line of a response")
        else:
            found[name] = (place, row)
    for place, row in found.values():
        yield Part(place, row)


def _why_none(record: dict[str, Any]) -> str:
    """Why a record is no response of a model; empty if it is one."""
    message = record.get("message")
    if record.get("type") != "assistant":
        return f"no response of a model: a record of type {record.get('type') or 'none'}"
    if not isinstance(message, dict) or not isinstance(message.get("usage"), dict):
        return "a response without usage"
    if message.get("model") == "<synthetic>":
        return "no response of a model: Claude Code wrote it itself"
    return ""


def _counts(usage: dict[str, Any]) -> dict[str, Any]:
    """Tokens by the contract's convention; what is no number is left for the rules."""
    counts = {"completion": usage.get("output_tokens"), "cached": usage.get("cache_read_input_tokens")}
    ins = [usage.get(name) for name in _INPUT]
    if not isinstance(ins[0], int) or not all(isinstance(one, int) for one in ins if one is not None):
        return counts | {"prompt": ins[0] if not isinstance(ins[0], int) else "no sum of its parts"}
    return counts | {"prompt": sum(one or 0 for one in ins)}


_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The way back: a line a response."""
    for row in rows:
        usage = {_INPUT[0]: row["prompt"] - (row["cached"] or 0), "output_tokens": row["completion"]}
        if row["cached"] is not None:
            usage[_INPUT[2]] = row["cached"]
        yield {
            "type": "assistant", "sessionId": row["session"], "uuid": row["id"], "timestamp": row["at"],
            "costUSD": row["cost"],
            "message": {
                "id": row["id"], "type": "message", "role": "assistant", "model": row["model"],
                "stop_reason": _STOPS.get(row["finish"], row["finish"]), "usage": usage,
            },
        }  # fmt: skip


_RULES = {
    "generation_id": text("id"),
    "created_at": moment("at"),
    "app_name": text("app"),
    "model": text("model"),
    "model_permaslug": text("model"),
    "tokens_prompt": whole("prompt"),
    "tokens_completion": whole("completion"),
    "tokens_cached": whole("cached"),
    "cost_total": amount("cost"),
    "finish_reason": finish_reason("finish", also={"pause_turn": "stop"}),
    "session_id": text("session"),
}


def _form(name: str, *marks: str) -> Form:
    always = {"app_name": "as Claude Code"}
    return Form(name=name, kind="json", marks=marks, rules=_RULES, unfold=_requests, partly=always)


SESSION = _form("session", "sessionId", "uuid", "timestamp", "message.role")


IMPORTER = Importer(
    "claude_code",
    "Claude Code",
    (
        SESSION,
        _form("summaries alone", "type", "leafUuid", "summary"),
        _form("snapshots alone", "type", "messageId", "snapshot"),
        _form("index of sessions", "version", "entries"),
    ),
    copies_differ=tuple(name for name in contract.fields("generations") if name != "generation_id"),
    exports=(Export("session", SESSION, fold=_lines, lines=True),),
)
