"""The claims as linear conditions on a tensor: for every claim its parts, each linear or with the reason why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from testbed.calibration.linear.readings import MONEY, Ratio
from testbed.calibration.linear.registry import read_off
from testbed.calibration.linear.required import required
from testbed.calibration.linear.requirements import NotLinear, Requirement, bounds
from testbed.calibration.linear.results import Result
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.tables import Pick
from testbed.claims.predicates import AllOf, Predicate, StatisticCall
from testbed.claims.registry import Entry, Registry, registry

Rate = Literal["lengths", "prices"]


@dataclass(frozen=True)
class LinearPart:
    """One condition of a claim. number: from 1, as the scoreboard counts them. result: what its statistic is on a
    tensor; None with the reason in `why_not`."""

    claim: str
    number: int
    statistic: StatisticCall
    predicate: Predicate
    result: Result | None
    why_not: str = ""

    @property
    def name(self) -> str:
        """What people call it: the claim, the part, the statistic."""
        return f"{self.claim} ({self.number}) {self.statistic.name.partition('.')[2].replace('_', ' ')}"

    @cached_property
    def exactly(self) -> Requirement:
        """What makes it true, without room. Raises NotLinear."""
        return self.requirement()

    @cached_property
    def set_by(self) -> Rate | None:
        """What of the world it rests on, if it is a rate: the lengths of requests, which who uses what hardly moves, or
        the prices of a model. The tensor takes these from the world."""
        if self.result is None:
            return None
        ratios = (r for bound in bounds(self.exactly) for _, r in bound.reading.terms)
        rates = {_rate(ratio) for ratio in ratios}
        return rates.pop() if len(rates) == 1 else None

    def requirement(self, room: float = 0.0) -> Requirement:
        """What makes it true, with room inside its bands. Raises NotLinear."""
        if self.result is None:
            raise NotLinear(self.why_not)
        return required(self.predicate, self.result, room)


@dataclass(frozen=True)
class LinearClaim:
    """A claim with its parts."""

    entry: Entry
    parts: tuple[LinearPart, ...]

    @property
    def id(self) -> str:
        """The claim's id."""
        return self.entry.id

    @property
    def linear_parts(self) -> tuple[LinearPart, ...]:
        """The parts that are linear."""
        return tuple(part for part in self.parts if part.result is not None)

    @property
    def why_not(self) -> str:
        """Why it is not, or not in all parts; empty if it is."""
        if not self.parts:
            return "the text allows no test"
        reasons = dict.fromkeys(f"({p.number}) {p.why_not}" for p in self.parts if p.result is None)
        return "; ".join(reasons)


def linear_claims(
    setting: Setting, only: Collection[str] | None = None, claims: Registry | None = None
) -> tuple[LinearClaim, ...]:
    """All claims, or some by id, as far as they are linear on tensors of a setting."""
    found = registry() if claims is None else claims
    return tuple(_claim(setting, entry) for entry in found if only is None or entry.id in only)


def _claim(setting: Setting, entry: Entry) -> LinearClaim:
    claim = entry.claim
    if claim.predicate is None:
        return LinearClaim(entry, ())
    if not isinstance(claim.predicate, AllOf):
        assert claim.statistic is not None
        return LinearClaim(entry, (_part(setting, entry.id, 1, claim.statistic, claim.predicate),))
    parts = []
    for number, part in enumerate(claim.predicate.of, start=1):
        call = part.statistic or claim.statistic
        assert call is not None
        parts.append(_part(setting, entry.id, number, call, part.predicate))
    return LinearClaim(entry, tuple(parts))


def _part(setting: Setting, claim: str, number: int, call: StatisticCall, predicate: Predicate) -> LinearPart:
    try:
        result = read_off(setting, call.name, call.arguments)
        found = LinearPart(claim, number, call, predicate, result)
        _ = found.exactly  # raises where the predicate asks what is not linear
    except NotLinear as reason:
        return LinearPart(claim, number, call, predicate, None, str(reason))
    return found


def picks_of(claims: Iterable[LinearClaim]) -> list[Pick]:
    """The conditions on models that the linear parts of claims name, each once. Models and authors that a statistic
    goes through one by one without naming them do not count: they may be pooled."""
    parts = [part for claim in claims for part in claim.linear_parts]
    named = {
        name for part in parts for name in _texts([part.statistic.arguments, part.predicate.model_dump()])
    }
    picks = dict.fromkeys(
        pick
        for part in parts
        for bound in bounds(part.exactly)
        for amount in bound.reading.amounts
        for pick in amount.picks
    )
    return [pick for pick in picks if _one(pick) is None or _one(pick) in named]


def _rate(ratio: Ratio) -> Rate | None:
    """What a ratio of two quantities of the same requests rests on; None for other ratios, and for rates of several
    models that who uses what moves as well."""
    part, whole = ratio.part, ratio.whole
    if (
        whole is None
        or part.quantity == whole.quantity
        or (part.picks, part.seen) != (whole.picks, whole.seen)
    ):
        return None
    if whole.quantity == "requests" or part.quantity == "prompt_tokens":
        return "lengths"
    one_model = any(isinstance(pick.model, str) for pick in part.picks)
    return "prices" if part.quantity in MONEY and one_model else None


def _one(pick: Pick) -> str | None:
    """The one model, or the one author, that a condition asks for and nothing else."""
    given = pick.model_dump(exclude_none=True)
    name = given.get("model", given.get("author"))
    return name if len(given) == 1 and isinstance(name, str) else None


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value and in what it holds, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)
