"""What is said of a mend: where, what stands there, what to write, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.numerals import counted
from testbed.validation.questions.known_traps import Trap
from testbed.validation.repair.form import Mend, Place, Repair

LONGEST = 120
"""Characters of a piece of code in a sentence."""


def told(place: Place) -> str:
    """One place and what to do there."""
    where = f"line {place.line}"
    if not place.was and not place.becomes:  # blanks before it, which have a meaning in Python
        return f"{where}: move this line out of the block in which it is, or into the one above it"
    if not place.was:
        return f"{where}, column {place.column}: put in `{_short(place.becomes)}`"
    if not place.becomes:
        return f"{where}: leave out `{_short(place.was)}`"
    return f"{where}: write `{_short(place.becomes)}` for `{_short(place.was)}`"


def change(mend: Mend) -> str:
    """All places of a mend."""
    return "; ".join(told(place) for place in mend.places)


def advice(mend: Mend, worlds: int) -> str:
    """A mend as a line of advice."""
    count = "this one change" if len(mend.places) == 1 else f"these {len(mend.places)} changes"
    if mend.beside:
        names = " and ".join(trap.name for trap in mend.beside)
        said = " ".join(trap.advice for trap in mend.beside)
        return f"{change(mend)}. Then one known mistake is left: {names}. {said}"
    return f"{change(mend)}: with {count} it is right on all {counted(worlds, 'world')}."


def traps(found: Repair | None) -> tuple[Trap, ...]:
    """The mistake that the first mend shows, as one with a name, and those that are left beside it."""
    if found is None or not found.mends:
        return ()
    first = found.mends[0]
    return (Trap(first.kind, f"{advice(first, found.worlds)}"), *first.beside)


def lines(found: Repair) -> Iterator[str]:
    """What else a person is told: other mends, and how far the search went."""
    for other in found.mends[1:]:
        yield f"Or: {other.kind}: {change(other)}."
    yield reach(found)


def reach(found: Repair) -> str:
    """How far the search went."""
    seconds = f"{found.seconds:.0f} s"
    if found.mends:
        return (
            f"Found among {counted(found.known, 'small change')} of the code in {seconds}; it is right on these "
            "worlds, which proves nothing about others."
        )
    if found.exhausted:
        return (
            f"None of {counted(found.known, 'small change')} of the code makes it right: the mistake lies in several "
            f"lines, or in what is not written ({seconds})."
        )
    return (
        f"No small change that makes it right was found in {seconds}; not all were tried: --repair-seconds gives "
        "the search more."
    )


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 3]}..."
