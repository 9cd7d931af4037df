"""The known name that a wrong name was meant to be. A model's name may lack its author."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.contract.nearest_names import nearest


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name` (a slug may lack its author), or None if none is alike."""
    names = list(known)
    if close := nearest(name, names):
        return close[0]
    by_tail = {candidate.rpartition("/")[2]: candidate for candidate in reversed(names)}
    tail = nearest(name.rpartition("/")[2], by_tail)
    return by_tail[tail[0]] if tail else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'X'?` for the nearest known name, or nothing."""
    near = nearest_name(name, known)
    return f"did you mean '{near}'?" if near else ""


def hint(name: str, known: Iterable[str]) -> str:
    """The same to end a message with."""
    said = did_you_mean(name, known)
    return f"; {said}" if said else ""
