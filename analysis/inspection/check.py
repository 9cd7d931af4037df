"""A check: its name, how bad it is, which parts of a report it touches, and a small function that looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from analysis.inspection.remedies import REMEDIES
from analysis.numerals import percent

if TYPE_CHECKING:
    from analysis.inspection.facts import Facts

Severity = Literal["error", "warning", "note"]
Part = Literal["openness", "agentic", "categories", "geography", "retention", "cost"]
"""A section of the report, by its key."""
PARTS: tuple[Part, ...] = get_args(Part)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True)
class Found:
    """What a check found. count: rows that it is about, of so many; examples: values or places."""

    words: str
    count: int
    of: int
    examples: str = ""


@dataclass(frozen=True)
class Finding:
    """A check that found something.

    severity: `error`, some analysis would be wrong; `warning`, look at it; `note`, only told. touches: sections of the
    report whose numbers it may change; all of them where it is about each row. told: the log's own warnings
    say it, too.
    """

    check: str
    severity: Severity
    touches: tuple[Part, ...]
    words: str
    count: int
    of: int
    examples: str = ""
    told: bool = False

    @property
    def sentence(self) -> str:
        """What was found, in a sentence for people; the check's name, where no more may be said (`named`)."""
        if not self.words:
            return self.check
        share = f" ({percent(self.count / self.of)} of {self.of:,})" if self.of else ""
        places = f", such as {self.examples}" if self.examples else ""
        return f"{self.check}: {self.words} [{self.count:,}{share}{places}]"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES.get(self.check, "")

    def named(self) -> Finding:
        """The same without words, counts and examples: they tell of single rows."""
        return replace(self, words="", count=0, of=0, examples="")

    def as_json(self) -> dict[str, Any]:
        """The finding for programs."""
        named = {"check": self.check, "severity": self.severity, "touches": list(self.touches)}
        return named if not self.words else named | {
            "words": self.words,
            "count": self.count, "of": self.of, "examples": self.examples, "remedy": self.remedy,
        }  # fmt: skip


@dataclass(frozen=True)
class Check:
    """A check. look: what it finds in the facts of a log, or None."""

    name: str
    severity: Severity
    touches: tuple[Part, ...]
    look: Callable[[Facts], Found | None]

    def of(self, facts: Facts) -> Finding | None:
        """What it finds."""
        found = self.look(facts)
        if found is None:
            return None
        return Finding(
            self.name, self.severity, self.touches, found.words, found.count, found.of, found.examples
        )


CHECKS: dict[str, Check] = {}


def check(
    name: str, severity: Severity, *touches: Part
) -> Callable[[Callable[[Facts], Found | None]], Callable[[Facts], Found | None]]:
    """Decorator: put a function on the list of checks. touches: none stands for all parts."""

    def put(look: Callable[[Facts], Found | None]) -> Callable[[Facts], Found | None]:
        CHECKS[name] = Check(name, severity, touches or PARTS, look)
        return look

    return put
