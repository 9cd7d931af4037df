"""What all kinds of predicates share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from testbed.claims.measuring.measured import Result


class Predicate(BaseModel):
    """What all kinds share. Those of one condition `judge` a result: they raise Untestable where it cannot be told, and
    TypeError for a result of another shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Which named numbers of a result the predicate is about; empty if all."""
        return ()

    def _is(self, result: Result, kind: type[Any]) -> Any:
        if not isinstance(result, kind):
            raise TypeError(f"{type(self).__name__} judges a {kind.__name__}, not a {type(result).__name__}")
        return result
