"""Models as the simulation knows them: public facts, latent parameters, and all of them together.

Prices are USD per million tokens, dates are UTC days, abilities are on one standardised scale (0 = GPT-3.5 Turbo of
January 2024, 4.5 = the best model of late November 2025). A field's annotation says how its column in the CSV files is
read, and the column's name where it is another than the field's.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from analysis.contract import CATEGORIES
from sim.catalogue.cells import MAY_BE_EMPTY, Amount, Count, Day, Flag, Number, Text, for_each, within
from sim.catalogue.names import hint, nearest_name

Origin = Literal["CN", "RoW"]
SizeClass = Literal["small", "medium", "large"]
Reasoning = Literal["none", "hybrid", "always"]
Confidence = Literal["high", "medium", "low"]
FreeKind = Literal["free_variant", "launch_promotion", "stealth", "experimental"]
Informed = Literal["measured", "parent", "assumed"]
Training = Literal["early", "general", "agentic"]


USUAL_REACH = 0.5
"""Reach of a model of which nothing else is said (assumed)."""
UNABLE, KNOWN_AS_USUAL = (0.0,) * len(CATEGORIES), (USUAL_REACH,) * len(CATEGORIES)
"""Ability and reach by category of such a model."""


@dataclass(frozen=True)
class PricePoint:
    """A list price (USD per million tokens) that holds from the day `start` until the next point."""

    start: Annotated[Day, Field(alias="from")]
    prompt: Annotated[Amount, Field(alias="prompt_usd_per_mtok")]
    completion: Annotated[Amount, Field(alias="completion_usd_per_mtok")]
    cached: Annotated[Amount | None, MAY_BE_EMPTY, Field(alias="cached_usd_per_mtok")] = None
    """Price of a prompt token read from cache; None: no cache discount is offered."""
    source: Text = ""


@dataclass(frozen=True)
class FreeWindow:
    """A period of free access, both days included (`end` None: still open at the end of the catalogue)."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day | None, MAY_BE_EMPTY, Field(alias="to")]
    kind: FreeKind
    source: Text = ""
    confidence: Confidence = "medium"


@dataclass(frozen=True)
class ToolTraining:
    """How far a model was trained to call tools, by what its maker says of it; models without an entry: general."""

    training: Training
    source: Text


@dataclass(frozen=True)
class ModelFacts:
    """What anyone may know about a model. `slug` is the gateway's `author/name` id."""

    slug: str
    author: Text
    name: Text
    released: Day
    prices: tuple[PricePoint, ...]
    free_windows: tuple[FreeWindow, ...] = ()
    open_weights: Flag = False
    origin: Origin = "RoW"
    developer_country: Text = "unknown"
    params_total_b: Annotated[Amount | None, MAY_BE_EMPTY] = None
    params_active_b: Annotated[Amount | None, MAY_BE_EMPTY] = None
    size_class: Annotated[SizeClass | None, MAY_BE_EMPTY] = None
    reasoning: Reasoning = "none"
    tools: Flag = True
    tool_training: Training = "general"
    """How far it was trained to call tools: hardly, as chat models are, or for agents."""
    context_tokens: Count = 128_000
    permaslug: Text = ""
    retired: Annotated[Day | None, MAY_BE_EMPTY] = None
    """First day on which the id no longer serves."""
    successor: Annotated[str | None, MAY_BE_EMPTY] = None
    """Id to which the gateway moves the users on the day `retired`."""
    line: Text = ""
    """The maker's product line, whose models follow one another (claude-sonnet); empty: of none."""
    source: Text = ""
    confidence: Confidence = "high"
    note: str = ""

    @property
    def reasoning_optimised(self) -> bool:
        return self.reasoning != "none"


@dataclass(frozen=True)
class ModelLatent:
    """Parameters of the simulation, never part of a log or of `models.parquet`."""

    ability: tuple[Annotated[Number, within(-5, 10)], ...]
    """One value per entry of `CATEGORIES`, in their order, on the scale shared with workload hardness."""
    reach: Annotated[tuple[float, ...], for_each(CATEGORIES), within(0, 1)] = KNOWN_AS_USUAL
    """Share of the market that hears of the model at its release: one value per entry of `CATEGORIES`, from 0 to 1 but
    where a scenario multiplies it (`authors`)."""
    hype: Annotated[Number, within(-5, 5)] = 0.0
    """Perceived minus true ability at release, in units of ability."""
    permissive: Flag = False
    """Tolerates adult and role-play content."""
    basis: Text = "assumed"
    informed: Informed = "assumed"


@dataclass(frozen=True)
class ProviderShare:
    """A host that serves a model: its share of the requests and its typical speed."""

    name: Annotated[Text, Field(alias="provider_name")]
    weight: Amount
    tokens_per_second: Annotated[Number, within(0.1)]
    first_token_ms: Amount
    source: Text = "assumed"


@dataclass(frozen=True)
class CatalogueModel:
    """A model: facts and latent parameters side by side."""

    facts: ModelFacts
    latent: ModelLatent

    @property
    def slug(self) -> str:
        return self.facts.slug

    @property
    def author(self) -> str:
        return self.facts.author

    @property
    def released(self) -> date:
        return self.facts.released

    @classmethod
    def build(
        cls,
        slug: str,
        *,
        released: date,
        price_usd_per_mtok: float | None = None,
        prompt_usd_per_mtok: float | None = None,
        completion_usd_per_mtok: float | None = None,
        cached_usd_per_mtok: float | None = None,
        prices: Sequence[PricePoint] | None = None,
        ability: Mapping[str, float] | float = 0.0,
        reach: Mapping[str, float] | float = USUAL_REACH,
        hype: float = 0.0,
        permissive: bool = False,
        **facts: object,
    ) -> CatalogueModel:
        """Make a model from code or from a scenario.

        `price_usd_per_mtok` sets prompt and completion price alike (an effective price); the pair
        `prompt_usd_per_mtok` / `completion_usd_per_mtok` sets them apart; `prices` gives a whole dated path.
        `ability` is one number for all categories, or a mapping from category to number (others 0); so is `reach`
        (others 0.5).
        Further keywords are fields of `ModelFacts`. Raises ValueError, in plain words, for the impossible.
        """
        if prices is None:
            prompt = prompt_usd_per_mtok if prompt_usd_per_mtok is not None else price_usd_per_mtok
            completion = (
                completion_usd_per_mtok if completion_usd_per_mtok is not None else price_usd_per_mtok
            )
            if prompt is None or completion is None:
                raise ValueError(f"{slug}: give price_usd_per_mtok, or both prompt and completion price")
            prices = [PricePoint(released, prompt, completion, cached_usd_per_mtok, "scenario")]
        made = ModelFacts(
            **{  # type: ignore[arg-type]
                "author": slug.partition("/")[0],
                "name": slug.partition("/")[2] or slug,
                "permaslug": slug,
                "source": "scenario",
                **facts,
                "slug": slug,
                "released": released,
                "prices": tuple(prices),
            }
        )
        try:
            able, known = by_category(ability, UNABLE), by_category(reach, KNOWN_AS_USUAL)
        except ValueError as error:
            raise ValueError(f"{slug}: {error}") from None
        return cls(made, ModelLatent(able, known, hype, permissive, "scenario", "assumed")).checked()

    def checked(self) -> CatalogueModel:
        """This model. Raises ValueError, in plain words, if it is impossible."""
        problem = next(contradictions(self.facts), None)
        if problem is not None:
            raise ValueError(f"{self.slug}: {problem.sentence}")
        return self


def by_category(given: Mapping[Any, float] | float, before: Sequence[float]) -> tuple[float, ...]:
    """One value per entry of `CATEGORIES`: of a number for all, or of a mapping (those not in it stay as before).

    Raises ValueError, in plain words, for an unknown category.
    """
    if not isinstance(given, Mapping):
        return (float(given),) * len(CATEGORIES)
    for category in given:
        if category not in CATEGORIES:
            raise ValueError(f"unknown category {category!r}{hint(category, CATEGORIES)}")
    return tuple(float(given.get(category, old)) for category, old in zip(CATEGORIES, before, strict=True))


@dataclass(frozen=True)
class Catalogue:
    """Models sorted by release day, then slug, and the hosts that serve them."""

    models: tuple[CatalogueModel, ...]
    hosts: Mapping[str, tuple[ProviderShare, ...]] = field(default_factory=dict)
    """Hosts by slug or author; `*open` and `*closed` are the pools for authors that have no entry."""

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.models, key=lambda model: (model.released, model.slug)))
        object.__setattr__(self, "models", ordered)
        slugs = [model.slug for model in ordered]
        if len(set(slugs)) != len(slugs):
            double = sorted(slug for slug in set(slugs) if slugs.count(slug) > 1)
            raise ValueError(f"models named twice: {', '.join(double)}")

    @cached_property
    def _by_slug(self) -> dict[str, CatalogueModel]:
        return {model.slug: model for model in self.models}

    @cached_property
    def _position(self) -> dict[str, int]:
        return {model.slug: number for number, model in enumerate(self.models)}

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def __len__(self) -> int:
        return len(self.models)

    def __getitem__(self, slug: str) -> CatalogueModel:
        """The model with this slug; KeyError names the nearest known slug."""
        try:
            return self._by_slug[slug]
        except KeyError:
            raise KeyError(f"unknown model {slug!r}{hint(slug, self._by_slug)}") from None

    def index(self, slug: str) -> int:
        """Position of a model in `models`; KeyError names the nearest known slug."""
        return self._position[self[slug].slug]

    def nearest(self, slug: str) -> str | None:
        """The known slug most like `slug`, or None if none is alike."""
        return nearest_name(slug, self._by_slug)

    def price_on(self, slug: str, day: date) -> PricePoint:
        """List price of a model on a day; before its release the launch price. Free windows do not enter."""
        prices = self[slug].facts.prices
        return prices[max(bisect_right([point.start for point in prices], day) - 1, 0)]

    def providers_for(self, slug: str) -> tuple[ProviderShare, ...]:
        """Hosts of a model, weights summing to 1: those of the slug, else of its author, else of its pool.

        Without any entry the author itself is the one host, at a typical speed (assumed).
        """
        facts = self[slug].facts
        for key in (slug, facts.author, "*open" if facts.open_weights else "*closed"):
            if key in self.hosts:
                shares = self.hosts[key]
                total = sum(share.weight for share in shares)
                return tuple(replace(share, weight=share.weight / total) for share in shares)
        return (ProviderShare(facts.author, 1.0, 60.0, 800.0),)

    def with_models(self, models: Iterable[CatalogueModel]) -> Catalogue:
        """A catalogue in which these models are added, or stand in place of those with the same slug."""
        return Catalogue(
            tuple({**self._by_slug, **{model.slug: model for model in models}}.values()), self.hosts
        )

    def without(self, slugs: Iterable[str]) -> Catalogue:
        """A catalogue without these models; a successor that is gone is forgotten."""
        gone = set(slugs)
        kept = [model for model in self.models if model.slug not in gone]
        return Catalogue(
            tuple(
                replace(model, facts=replace(model.facts, successor=None))
                if model.facts.successor in gone
                else model
                for model in kept
            ),
            self.hosts,
        )

    def digest(self) -> str:
        """SHA-256 (hex) of the whole content: equal content gives an equal digest on any machine."""
        sums = hashlib.sha256()
        for model in self.models:
            sums.update(repr(model).encode())
        for key in sorted(self.hosts):
            sums.update(repr((key, self.hosts[key])).encode())
        return sums.hexdigest()


@dataclass(frozen=True)
class Contradiction:
    """Something impossible in one model: in which table, its entry there and column, and what is wrong."""

    table: Literal["models", "prices", "free_windows"]
    index: int
    column: str
    message: str

    @property
    def sentence(self) -> str:
        """The message with its subject, for where no column is shown beside it."""
        if not self.message.startswith(("is ", "overlaps ")):
            return self.message
        return f"{'a free window' if self.table == 'free_windows' else self.column} {self.message}"


def contradictions(facts: ModelFacts) -> Iterator[Contradiction]:
    """What is impossible in a model's facts, one by one."""
    if not facts.slug.partition("/")[2]:
        yield Contradiction("models", 0, "slug", f"{facts.slug!r} is not author/name")
    if not facts.open_weights and facts.size_class is not None:
        yield Contradiction("models", 0, "size_class", "is given, but the weights are closed")
    if facts.params_total_b is not None and (facts.params_active_b or 0) > facts.params_total_b:
        yield Contradiction("models", 0, "params_active_b", "is more than params_total_b")
    if facts.retired is not None and facts.retired <= facts.released:
        yield Contradiction(
            "models", 0, "retired", f"{facts.retired} is not after the release {facts.released}"
        )
    if facts.successor is not None and facts.retired is None:
        yield Contradiction("models", 0, "successor", "is given, but the model never retires")
    if facts.successor == facts.slug:
        yield Contradiction("models", 0, "successor", "is the model itself")
    for index, point in enumerate(facts.prices):
        if min(point.prompt, point.completion, point.cached or 0.0) < 0:
            yield Contradiction("prices", index, "prompt_usd_per_mtok", "a price is negative")
        if point.cached is not None and point.cached > point.prompt:
            yield Contradiction("prices", index, "cached_usd_per_mtok", "is more than the prompt price")
        if index == 0 and point.start != facts.released:
            text = f"the first price is of {point.start}, the release is {facts.released}"
            yield Contradiction("prices", index, "from", text)
        if index and point.start <= facts.prices[index - 1].start:
            yield Contradiction("prices", index, "from", "price rows must be in order of date")
    previous: FreeWindow | None = None
    for index, window in enumerate(facts.free_windows):
        if window.end is not None and window.end < window.start:
            yield Contradiction("free_windows", index, "to", f"{window.end} is before {window.start}")
        if window.start < facts.released:
            yield Contradiction("free_windows", index, "from", f"is before the release {facts.released}")
        if previous is not None and (previous.end is None or window.start <= previous.end):
            yield Contradiction("free_windows", index, "from", "overlaps the window before it")
        previous = window
