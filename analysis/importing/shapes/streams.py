"""Streamed responses of a chat API as they were saved: events of the server, of which each has a piece of a response.

The pieces of a response bear its id. Its usage is in the last one, its reason to finish in one before. Comments
(": OPENROUTER PROCESSING") and names of events say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

BEGINS = ("data:", "event:", ":", "id:", "retry:")
"""What a line of events begins with."""
_DATA = BEGINS[0]
_END = "[DONE]"


def responses(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The responses of a file of events, as JSON, with the line on which each begins; what is no event stands as it
    is."""
    begun, response = 0, dict[str, Any]()
    for number, line in enumerate(lines, 1):
        text = line.strip()
        data = text.removeprefix(_DATA).strip() if text.startswith(_DATA) else ""
        piece = _object(data)
        goes_on = not text or (text.startswith(BEGINS) and not data)
        if goes_on or (piece is not None and response and piece.get("id") == response.get("id")):
            _add(response, piece or {})
            continue
        if response:
            yield begun, json.dumps(response)
        response = {}
        if piece is not None:
            begun = number
            _add(response, piece)
        elif data != _END:
            yield number, text
    if response:
        yield begun, json.dumps(response)


def _add(response: dict[str, Any], piece: dict[str, Any]) -> None:
    """Put a piece to a response: of each value the last one that is there, of texts none."""
    choices = piece.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    said = {name: value for name, value in choice.items() if name.endswith("finish_reason") and value}
    if said or (piece and "choices" not in response):
        response["choices"] = [response.get("choices", [{}])[0] | said]
    response.update(
        (name, value) for name, value in piece.items() if name != "choices" and value not in (None, {})
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
