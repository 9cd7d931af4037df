"""Why claims fail in the report world, as far as it is known: `reasons.yaml`, read and checked as a document.

Every error names file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from analysis.contract.nearest_names import did_you_mean
from sim.config.documents import ProblemAt, ProblemsAt, load_document
from sim.config.schema_errors import parse
from testbed.claims.registry import registry

FILE = Path(__file__).with_name("reasons.yaml")
UNKNOWN = "no reason known yet"


class Known(BaseModel):
    """A reason. name: of its kind, for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: ClassVar[str]

    text: str = Field(min_length=10, max_length=400)

    @property
    def about(self) -> str:
        """The kind, with what it is about."""
        return self.name

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"


class Contradiction(Known):
    """The claim cannot hold together with others. claims: these others, as the integer programme names them."""

    name: ClassVar[str] = "contradiction"
    kind: Literal["contradiction"]
    claims: tuple[str, ...]

    @property
    def about(self) -> str:
        """See Known."""
        return f"{self.name} with {', '.join(self.claims)}" if self.claims else f"{self.name} in itself"


class MissingMechanism(Known):
    """The world lacks a cause."""

    name: ClassVar[str] = "missing mechanism"
    kind: Literal["missing_mechanism"]
    mechanism: str = Field(min_length=3)

    @property
    def about(self) -> str:
        """See Known."""
        return f"{self.name} ({self.mechanism})"


class Stricter(Known):
    """The predicate asks more than the report says. quote: the report's words."""

    name: ClassVar[str] = "stricter than the report"
    kind: Literal["stricter_than_report"]
    quote: str = Field(min_length=10)

    @property
    def about(self) -> str:
        """See Known."""
        return f"{self.name} (“{self.quote}”)"


class Scale(Known):
    """The world is too small. users: how large a world would tell."""

    name: ClassVar[str] = "scale"
    kind: Literal["scale"]
    users: int = Field(gt=0)

    @property
    def about(self) -> str:
        """See Known."""
        return f"{self.name} (a world of {self.users:,} users would tell)"


class Structure(Known):
    """What is fitted cannot bring it about."""

    name: ClassVar[str] = "structure of the fit"
    kind: Literal["structure_of_fit"]


class OpenQuestion(Known):
    """It fails, and nobody knows why."""

    name: ClassVar[str] = "open question"
    kind: Literal["open_question"]


KINDS: tuple[type[Known], ...] = (
    Contradiction, MissingMechanism, Stricter, Scale, Structure, OpenQuestion,
)  # fmt: skip
Reason = Annotated[
    Contradiction | MissingMechanism | Stricter | Scale | Structure | OpenQuestion,
    Field(discriminator="kind"),
]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    worlds: tuple[str, ...] = Field(min_length=1)
    reasons: dict[str, Reason]

    @field_validator("reasons")
    @classmethod
    def _claims(cls, reasons: dict[str, Reason]) -> dict[str, Reason]:
        problems = [ProblemAt(claim, said, at_key=True) for claim in reasons if (said := _unfit(claim))]
        for claim, reason in reasons.items():
            for number, other in enumerate(reason.claims if isinstance(reason, Contradiction) else ()):
                said = "a claim is not named beside itself" if other == claim else _unfit(other)
                if said:
                    problems.append(ProblemAt([claim, "claims", number], said))
        if problems:
            raise ProblemsAt(problems)
        return reasons


def _unfit(claim: str) -> str:
    """Why a claim can have no reason; empty if it can."""
    claims = registry()
    if claim not in claims.ids():
        hint = did_you_mean(claim, claims.ids())
        return f"no claim '{claim}'" + (f", {hint}" if hint else "")
    return "" if claims[claim].claim.testable else f"no log can test {claim}, so it cannot fail"


@dataclass(frozen=True)
class Reasons:
    """The known reasons by claim. worlds: names of the scenarios that they are about."""

    worlds: tuple[str, ...]
    of: Mapping[str, Known]

    @property
    def contradictory(self) -> frozenset[str]:
        """All claims that a contradiction names."""
        found = {claim: one.claims for claim, one in self.of.items() if isinstance(one, Contradiction)}
        return frozenset(found) | frozenset(other for others in found.values() for other in others)

    def about(self, world: str, settings: Sequence[str] = ()) -> Reasons | None:
        """These, if they are about a world; None where it is another one, or one with settings changed."""
        return self if world in self.worlds and not settings else None

    def line(self, claim: str) -> str:
        """Why a claim fails, in words."""
        return str(self.of[claim]) if claim in self.of else UNKNOWN

    def counts(self, claims: Sequence[str]) -> Iterator[tuple[str, int]]:
        """How many of some claims fail for a reason of each kind, those without one last; kinds of none left out."""
        for kind in KINDS:
            if count := sum(isinstance(self.of.get(claim), kind) for claim in claims):
                yield kind.name, count
        if count := sum(claim not in self.of for claim in claims):
            yield UNKNOWN, count


def load(path: str | Path = FILE) -> Reasons:
    """Read and check reasons. Raises sim.ScenarioError with every problem and its place."""
    file = parse(load_document(path), _File)
    return Reasons(file.worlds, file.reasons)


@cache
def reasons() -> Reasons:
    """The shipped reasons."""
    return load()
