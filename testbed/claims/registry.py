"""The registry of claims: what the report says, how it is measured, and when it counts as true.

The claims themselves are `claims.yaml`, read and checked as a document: every error names file, line and column.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from sim.config.documents import ProblemAt, ProblemsAt, load_document
from sim.config.schema_errors import parse
from testbed.claims.predicates import AllOf, Any_, StatisticCall
from testbed.claims.statistics import BadCall, bind

REGISTRY = Path(__file__).with_name("claims.yaml")

Role = Literal["definition", "input", "emergent"]
Basis = Literal["stated", "third-party", "ours"]
SectionKey = Literal[
    "platform", "openness", "agentic", "categories", "geography", "retention", "cost", "discussion"
]


# Of the analysis, what only draws, writes pages or compares tables decides no verdict; the exhibits' tables do.
PRESENTING = "report"
DECIDING = ("exhibits", "exhibit.py")


def _call(value: Any) -> Any:
    """`none` is no statistic."""
    return None if value == "none" else value


class Claim(BaseModel):
    """One claim of the report. See the head of claims.yaml for what the keys mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: str = Field(min_length=3)
    text: str = Field(min_length=10, max_length=160)
    reported: str = Field(min_length=1, max_length=200)
    statistic: Annotated[StatisticCall | None, BeforeValidator(_call)]
    predicate: Any_ | None = None
    role: Role
    calibration: bool
    basis: Basis
    note: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Claim:
        parts = isinstance(self.predicate, AllOf)
        if self.statistic is None and not parts:
            if self.predicate is not None:
                raise ProblemAt("predicate", "a predicate without a statistic judges nothing")
            if not self.note:
                raise ProblemAt("statistic", "a claim without a statistic says why in its note")
            if self.calibration:
                raise ProblemAt("calibration", "a claim without a statistic cannot be calibrated to")
        elif self.predicate is None:
            raise ProblemAt("statistic", "a statistic needs a predicate")
        if self.basis == "ours" and not self.note:
            raise ProblemAt("basis", "a band of ours is explained in the note")
        if isinstance(self.predicate, AllOf):
            for number, part in enumerate(self.predicate.of):
                if part.statistic is None and self.statistic is None:
                    raise ProblemAt(
                        ["predicate", "of", number], "neither the part nor the claim has a statistic"
                    )
        return self

    @field_validator("statistic")
    @classmethod
    def _bound(cls, call: StatisticCall | None) -> StatisticCall | None:
        if call is not None:
            _check(call)
        return call

    @field_validator("predicate")
    @classmethod
    def _parts_bound(cls, predicate: Any_ | None) -> Any_ | None:
        if isinstance(predicate, AllOf):
            problems = []
            for number, part in enumerate(predicate.of):
                if part.statistic is not None:
                    try:
                        _check(part.statistic)
                    except ProblemAt as error:
                        problems.append(ProblemAt(["of", number, "statistic", *error.path], error.message))
            if problems:
                raise ProblemsAt(problems)
        return predicate

    @property
    def testable(self) -> bool:
        """Whether the text allows a test at all."""
        return self.predicate is not None


def _check(call: StatisticCall) -> None:
    try:
        bind(call.name, call.arguments)
    except BadCall as error:
        raise ProblemAt(error.key or "name", str(error)) from None


class Section(BaseModel):
    """The claims of one section of the report."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    claims: dict[str, Claim]

    @field_validator("claims")
    @classmethod
    def _ids(cls, claims: dict[str, Claim]) -> dict[str, Claim]:
        wrong = [key for key in claims if not re.fullmatch(r"C\d{2,3}", key)]
        if wrong:
            raise ProblemsAt(
                [ProblemAt(key, "expected the id of a claim such as C07", at_key=True) for key in wrong]
            )
        return claims


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    sections: dict[SectionKey, Section]

    @field_validator("sections")
    @classmethod
    def _once(cls, sections: dict[SectionKey, Section]) -> dict[SectionKey, Section]:
        seen: dict[str, str] = {}
        problems = []
        for key, section in sections.items():
            for claim in section.claims:
                if claim in seen:
                    text = f"{claim} is also in section '{seen[claim]}'"
                    problems.append(ProblemAt([key, "claims", claim], text, at_key=True))
                seen[claim] = key
        if problems:
            raise ProblemsAt(problems)
        return sections


@dataclass(frozen=True)
class Entry:
    """A claim with its id and the section of the report that it belongs to."""

    id: str
    section: SectionKey
    claim: Claim


@dataclass(frozen=True)
class Registry:
    """All claims in the order of the report. digest: hash of the claims and of the code that judges them."""

    entries: tuple[Entry, ...]
    titles: dict[SectionKey, str]
    digest: str

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __getitem__(self, key: str) -> Entry:
        return next(entry for entry in self.entries if entry.id == key)

    def ids(self) -> list[str]:
        """The ids in order."""
        return [entry.id for entry in self.entries]


def load(path: str | Path = REGISTRY) -> Registry:
    """Read and check a registry. Raises sim.ScenarioError with every problem and its place."""
    file = parse(load_document(path), _File)
    entries = [
        Entry(key, section, claim)
        for section, part in file.sections.items()
        for key, claim in part.claims.items()
    ]
    digest = hashlib.sha256(Path(path).read_bytes() + method_digest().encode()).hexdigest()
    return Registry(tuple(entries), {key: part.title for key, part in file.sections.items()}, digest)


@cache
def method_digest() -> str:
    """Hash of the code that turns a log into verdicts: the analysis with its folders but for what only draws, reports
    or compares its tables, the statistics, the predicates and verdicts, and how the scoreboard puts them together."""
    import analysis

    home = Path(__file__).parent
    found = method_files(Path(analysis.__file__).parent)
    rooms = [
        file for room in ("measuring", "predicates", "statistics") for file in (home / room).rglob("*.py")
    ]
    files = [home / f"{name}.py" for name in ("amounts", "scoreboard", "verdict")]
    for file in [*rooms, *files]:
        found[f"testbed/claims/{file.relative_to(home).as_posix()}"] = file
    return digest_of(found)


def method_files(folder: Path) -> dict[str, Path]:
    """The files of the analysis package in `folder` that decide a verdict, by their place: `analysis/inference/...`."""
    places = {file.relative_to(folder): file for file in folder.rglob("*") if file.suffix in (".py", ".csv")}
    return {
        f"{folder.name}/{place.as_posix()}": file
        for place, file in places.items()
        if place.parts[0] != PRESENTING or place.parts[1] in DECIDING
    }


def digest_of(files: Mapping[str, Path]) -> str:
    """Hash of files by their place."""
    parts = hashlib.sha256()
    for place, file in sorted(files.items()):
        parts.update(place.encode() + b"\0" + file.read_bytes() + b"\0")
    return parts.hexdigest()


@cache
def registry() -> Registry:
    """The shipped registry."""
    return load()
