"""Patterns by name, with checked arguments; every claim of the report is one, by its id."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field

from testbed import binding
from testbed.arguments import hint
from testbed.binding import BadArgument
from testbed.claims.measuring.measured import Unit
from testbed.claims.statistics import Untestable
from testbed.claims.statistics.registry import Needs
from testbed.patterns.outcome import Outcome

MODULES = ("claim", "retention", "market", "verdict")

MODEL = "model"
"""The argument of a pattern that names a model, as the log does."""

Age = Annotated[int, Field(ge=1, le=600)]
"""Months since joining: R(0) is 1 by definition, and nothing is asked of it."""
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]

_REGISTRY: dict[str, Pattern] = {}


@dataclass(frozen=True)
class Number:
    """A number behind an answer, with its unit. value: None where the run has none."""

    value: float | None
    unit: Unit = "share"


@dataclass(frozen=True)
class Found:
    """What a pattern says of one run. holds: None where the run cannot tell. value: the number behind it, if it is one.
    why: for people, with the numbers. numbers: further ones by name, for a table over the replicates. line: of a claim,
    what the scoreboard shows of it (`scoreboard.line`)."""

    holds: bool | None
    value: float | None = None
    why: str = ""
    numbers: Mapping[str, Number] = field(default_factory=dict)
    line: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """A registered pattern. function: takes an outcome and arguments."""

    name: str
    function: Callable[..., Found]
    needs: Needs
    about: str  # one sentence
    is_claim: bool = False  # of the report


@dataclass(frozen=True)
class Bound:
    """A pattern with its arguments."""

    pattern: Pattern
    arguments: Mapping[str, Any]

    def ask(self, outcome: Outcome) -> Found:
        """The pattern's answer. A run that holds too little answers None; any other error is the caller's."""
        from analysis.sources.log import NotAvailable

        try:
            return self.pattern.function(outcome, **self.arguments)
        except (Untestable, NotAvailable) as gap:
            return Found(None, None, str(gap))


F = TypeVar("F", bound=Callable[..., Found])


def pattern(
    name: str, needs: Needs = "activity", about: str = "", is_claim: bool = False
) -> Callable[[F], F]:
    """Decorator: register a function as a pattern. about: a sentence (default: its docstring's first); is_claim: of
    the report."""

    def register(function: F) -> F:
        if name in _REGISTRY and _REGISTRY[name].function is not function:
            raise ValueError(f"two patterns are called '{name}'")
        text = about or " ".join((function.__doc__ or name).split()).partition(". ")[0].rstrip(".")
        _REGISTRY[name] = Pattern(name, function, needs, text, is_claim)
        return function

    return register


@dataclass(frozen=True)
class Argument:
    """An argument of a pattern. allowed: what may be given, in words."""

    name: str
    allowed: str
    required: bool
    default: Any = None


def arguments_of(one: Pattern) -> list[Argument]:
    """The arguments that a pattern takes after the outcome, in order."""
    from testbed.terminal.schema_text import kind_of

    found = []
    for name, parameter in binding.parameters_of(one.function).items():
        schema = binding.adapter(one.function, name).json_schema()
        allowed = kind_of(schema, schema.get("$defs", {}))
        if name == MODEL:
            allowed = "a model, as author/slug"
        required = parameter.default is parameter.empty
        found.append(Argument(name, allowed, required, None if required else parameter.default))
    return found


def patterns() -> dict[str, Pattern]:
    """All patterns by name."""
    for module in MODULES:
        import_module(f"testbed.patterns.{module}")
    return dict(_REGISTRY)


def matching(name: str) -> list[str]:
    """Names that a name or a glob such as `*-boomerang` stands for, in the order of registration."""
    return fnmatch.filter(patterns(), name) if _is_glob(name) else [n for n in patterns() if n == name]


def _is_glob(name: str) -> bool:
    return any(sign in name for sign in "*?[")


class BadPattern(BadArgument):
    """A pattern that does not exist, or arguments that it does not take. key: the argument, None for the name."""


def bind(name: str, arguments: Mapping[str, Any] | None = None) -> Bound:
    """A pattern with checked arguments. Raises BadPattern."""
    known = patterns()
    if name not in known:
        raise BadPattern(None, f"no pattern '{name}'{hint(name, known)}; `slipper patterns` lists them")
    return Bound(known[name], binding.bind(known[name].function, name, arguments or {}, BadPattern))


@cache
def method_digest() -> str:
    """Hash of the code and the claims that judge an outcome: another version may judge otherwise. The registry's digest
    holds the analysis and the statistics."""
    from testbed.claims import registry

    here = Path(__file__).parent
    files = {file.name: file for file in here.glob("*.py")}
    return hashlib.sha256((registry.registry().digest + registry.digest_of(files)).encode()).hexdigest()
