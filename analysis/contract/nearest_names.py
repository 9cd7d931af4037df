"""The known names nearest to one that nobody knows: the one rule behind every hint.

Scenarios and logs are both read by people who mistype, so both rooms give hints; hence the rule is a part of the
contract. Letter case does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

ALIKE = 0.6  # least likeness of two names, from 0 to 1 (the default of difflib)


def nearest(name: str, known: Iterable[str], most: int = 1, alike: float = ALIKE) -> list[str]:
    """Up to `most` of the known names that are spelt much like this one, the nearest first. alike: how much at least,
    from 0 to 1."""
    by_case: dict[str, list[str]] = {}
    for other in dict.fromkeys(known):
        by_case.setdefault(other.lower(), []).append(other)
    close = get_close_matches(name.lower(), list(by_case), n=most, cutoff=alike)
    return [other for found in close for other in by_case[found]][:most]


def did_you_mean(name: str, known: Iterable[str], shown: Mapping[str, str] | None = None) -> str:
    """`did you mean 'X'?` for the nearest known name, or nothing. shown: what is said in the place of a known name."""
    near = nearest(name, known)
    return f"did you mean '{(shown or {}).get(near[0], near[0])}'?" if near else ""
