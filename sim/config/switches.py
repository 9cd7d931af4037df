"""On and off in a scenario."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

WORDS = {"on": True, "off": False, "true": True, "false": False, "yes": True, "no": False}


def _read(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in WORDS:
        return WORDS[value.lower()]
    if not isinstance(value, bool):
        raise ValueError("expected on or off (true and false, yes and no mean the same)")
    return value


Switch = Annotated[bool, BeforeValidator(_read), WithJsonSchema({"enum": [True, False, "on", "off"]})]
"""A bool that a scenario writes as on or off; the words are text in YAML 1.2."""
