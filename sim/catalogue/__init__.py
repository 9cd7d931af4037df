"""The model catalogue: public facts about models, and the latent parameters that the simulation adds.

A folder holds five CSV files (`models`, `prices`, `free_windows`, `providers`, `abilities`; the columns are
explained in its README). `load_catalogue` reads and checks them all; whatever is wrong is reported as
`FILE:LINE:COLUMN: message`. Prices are USD per million tokens, dates are UTC days, abilities are on one
standardised scale (0 = GPT-3.5 Turbo of January 2024, 4.5 = the best model of late November 2025).
"""

from __future__ import annotations

import csv
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeVar, cast, get_args

import pyarrow as pa

from analysis.contract import CATEGORIES, arrow_schema
from analysis.contract.names import nearest

Origin = Literal["CN", "RoW"]
SizeClass = Literal["small", "medium", "large"]
Reasoning = Literal["none", "hybrid", "always"]
Confidence = Literal["high", "medium", "low"]
FreeKind = Literal["free_variant", "launch_promotion", "stealth", "experimental"]
Informed = Literal["measured", "parent", "assumed"]

_SUCCESSOR_SLACK = timedelta(days=1)
"""A gateway may redirect a retired id up to a day before the successor's listing date."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a catalogue file: where (line 1 is the header) and what."""

    file: str
    line: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class CatalogueError(ValueError):
    """The catalogue cannot be used. `faults` lists every fault found; `str()` gives one line for each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


@dataclass(frozen=True)
class PricePoint:
    """A list price (USD per million tokens) that holds from the day `start` until the next point."""

    start: date
    prompt: float
    completion: float
    cached: float | None = None
    """Price of a prompt token read from cache; None: no cache discount is offered."""
    source: str = ""


@dataclass(frozen=True)
class FreeWindow:
    """A period of free access, both days included (`end` None: still open at the end of the catalogue)."""

    start: date
    end: date | None
    kind: FreeKind
    source: str = ""
    confidence: Confidence = "medium"


@dataclass(frozen=True)
class ModelFacts:
    """What anyone may know about a model. `slug` is the gateway's `author/name` id."""

    slug: str
    author: str
    name: str
    released: date
    prices: tuple[PricePoint, ...]
    free_windows: tuple[FreeWindow, ...] = ()
    open_weights: bool = False
    origin: Origin = "RoW"
    developer_country: str = "unknown"
    params_total_b: float | None = None
    params_active_b: float | None = None
    size_class: SizeClass | None = None
    reasoning: Reasoning = "none"
    tools: bool = True
    context_tokens: int = 128_000
    permaslug: str = ""
    retired: date | None = None
    """First day on which the id no longer serves."""
    successor: str | None = None
    """Id to which the gateway moves the users on the day `retired`."""
    source: str = ""
    confidence: Confidence = "high"
    note: str = ""

    @property
    def reasoning_optimised(self) -> bool:
        return self.reasoning != "none"


@dataclass(frozen=True)
class ModelLatent:
    """Parameters of the simulation, never part of a log or of `models.parquet`."""

    ability: tuple[float, ...]
    """One value per entry of `CATEGORIES`, in their order, on the scale shared with workload hardness."""
    reach: float = 0.5
    """Share of the market (0..1) that hears of the model at its release."""
    hype: float = 0.0
    """Perceived minus true ability at release, in units of ability."""
    permissive: bool = False
    """Tolerates adult and role-play content."""
    basis: str = "assumed"
    informed: Informed = "assumed"


@dataclass(frozen=True)
class ProviderShare:
    """A host that serves a model: its share of the requests and its typical speed."""

    name: str
    weight: float
    tokens_per_second: float
    first_token_ms: float
    source: str = "assumed"


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
        reach: float = 0.5,
        hype: float = 0.0,
        permissive: bool = False,
        **facts: object,
    ) -> CatalogueModel:
        """Make a model from code or from a scenario.

        `price_usd_per_mtok` sets prompt and completion price alike (an effective price); the pair
        `prompt_usd_per_mtok` / `completion_usd_per_mtok` sets them apart; `prices` gives a whole dated path.
        `ability` is one number for all categories, or a mapping from category to number (others 0).
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
        if isinstance(ability, Mapping):
            for category in ability:
                if category not in CATEGORIES:
                    raise ValueError(f"{slug}: unknown category {category!r}{_hint(category, CATEGORIES)}")
            vector = tuple(float(ability.get(category, 0.0)) for category in CATEGORIES)
        else:
            vector = (float(ability),) * len(CATEGORIES)
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
        return cls(made, ModelLatent(vector, reach, hype, permissive, "scenario", "assumed")).checked()

    def checked(self) -> CatalogueModel:
        """This model. Raises ValueError, in plain words, if it is impossible."""
        problem = next(_contradictions(self), None)
        if problem is not None:
            raise ValueError(f"{self.slug}: {problem.sentence}")
        return self


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
            raise KeyError(f"unknown model {slug!r}{_hint(slug, self._by_slug)}") from None

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


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name` (a slug may lack its author), or None if none is alike."""
    names = list(known)
    if close := nearest(name, names):
        return close[0]
    by_tail = {candidate.rpartition("/")[2]: candidate for candidate in reversed(names)}
    tail = nearest(name.rpartition("/")[2], by_tail)
    return by_tail[tail[0]] if tail else None


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest_name(name, known)
    return f"; did you mean {near!r}?" if near else ""


# --- reading ------------------------------------------------------------------------------------------

MODEL_COLUMNS: Final = (
    "slug", "author", "name", "released", "open_weights", "origin", "developer_country",
    "params_total_b", "params_active_b", "size_class", "reasoning", "tools", "context_tokens", "permaslug",
    "retired", "successor", "source", "confidence", "note",
)  # fmt: skip
PRICE_COLUMNS: Final = (
    "slug", "from", "prompt_usd_per_mtok", "completion_usd_per_mtok", "cached_usd_per_mtok", "source",
)  # fmt: skip
FREE_COLUMNS: Final = ("slug", "from", "to", "kind", "source", "confidence")
PROVIDER_COLUMNS: Final = (
    "author", "provider_name", "weight", "tokens_per_second", "first_token_ms", "source",
)  # fmt: skip
ABILITY_COLUMNS: Final = ("slug", "reach", "hype", "permissive", *CATEGORIES, "basis", "informed")


class _Row:
    """One CSV row whose cells are read with a type; a bad cell becomes a fault and a stand-in value."""

    def __init__(self, file: str, line: int, cells: Mapping[str, str], faults: list[Fault]) -> None:
        self.file, self.line, self._cells, self._faults = file, line, cells, faults

    def fault(self, column: str, message: str) -> None:
        self._faults.append(Fault(self.file, self.line, column, message))

    def text(self, column: str) -> str:
        value = self._cells[column].strip()
        if not value:
            self.fault(column, "is empty")
        return value

    def maybe_text(self, column: str) -> str:
        return self._cells[column].strip()

    def _read(self, column: str, convert: Callable[[str], _T], expected: str, otherwise: _T) -> _T:
        raw = self._cells[column].strip()
        try:
            return convert(raw)
        except ValueError:
            self.fault(column, f"expected {expected}, got {raw!r}")
            return otherwise

    def day(self, column: str) -> date:
        return self._read(column, date.fromisoformat, "a date like 2025-01-31", date.min)

    def maybe_day(self, column: str) -> date | None:
        return self.day(column) if self._cells[column].strip() else None

    def number(self, column: str, low: float = float("-inf"), high: float = float("inf")) -> float:
        value = self._read(column, float, "a number", 0.0)
        if not low <= value <= high:
            self.fault(column, f"{value:g} is outside {low:g} .. {high:g}")
        return value

    def maybe_number(self, column: str, low: float = float("-inf")) -> float | None:
        return self.number(column, low) if self._cells[column].strip() else None

    def whole(self, column: str) -> int:
        value = self._read(column, int, "a whole number", 1)
        if value < 1:
            self.fault(column, f"{value} is not positive")
        return value

    def flag(self, column: str) -> bool:
        return self.choice(column, ("true", "false")) == "true"

    def choice(self, column: str, known: Sequence[str]) -> str:
        raw = self._cells[column].strip()
        if raw not in known:
            self.fault(column, f"{raw!r} is not one of {', '.join(known)}{_hint(raw, known)}")
            return known[0]
        return raw


def _rows(path: Path, columns: Sequence[str], faults: list[Fault]) -> Iterator[_Row]:
    try:
        handle = path.open(encoding="utf-8", newline="")
    except OSError as error:
        faults.append(Fault(str(path), 1, columns[0], f"cannot be read: {error.strerror}"))
        return
    with handle:
        reader = csv.reader(handle)
        head = next(reader, [])
        for column in columns:
            if column not in head:
                faults.append(Fault(str(path), 1, column, "column is missing"))
        for column in head:
            if column not in columns:
                faults.append(Fault(str(path), 1, column, f"unknown column{_hint(column, columns)}"))
        if set(head) != set(columns):
            return
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(head):
                faults.append(
                    Fault(str(path), reader.line_num, head[-1], f"{len(cells)} cells instead of {len(head)}")
                )
                continue
            yield _Row(str(path), reader.line_num, dict(zip(head, cells, strict=True)), faults)


def load_catalogue(folder: Path) -> Catalogue:
    """Read and check the catalogue in `folder`. Raises CatalogueError with every fault found."""
    faults: list[Fault] = []
    prices = _read_prices(folder / "prices.csv", faults)
    windows = _read_windows(folder / "free_windows.csv", faults)
    hosts = _read_providers(folder / "providers.csv", faults)
    latents = _read_abilities(folder / "abilities.csv", faults)
    models: dict[str, tuple[_Row, CatalogueModel]] = {}
    for row in _rows(folder / "models.csv", MODEL_COLUMNS, faults):
        slug = row.text("slug")
        if slug in models:
            row.fault("slug", f"{slug} stands already on line {models[slug][0].line}")
            continue
        if slug not in prices:
            row.fault("slug", f"{slug} has no row in prices.csv")
        if slug not in latents:
            row.fault("slug", f"{slug} has no row in abilities.csv")
        facts = _facts(
            row,
            slug,
            tuple(point for _, point in prices.get(slug, [])),
            tuple(window for _, window in windows.get(slug, [])),
        )
        blank = ModelLatent((0.0,) * len(CATEGORIES))
        models[slug] = (row, CatalogueModel(facts, latents[slug][1] if slug in latents else blank))
    if not models:
        raise CatalogueError(faults or [Fault(str(folder / "models.csv"), 2, "slug", "no models")])
    for rows_of in (prices, windows):
        for slug, entries in rows_of.items():
            if slug not in models:
                entries[0][0].fault("slug", f"{slug} is not in models.csv{_hint(slug, models)}")
    for slug, (row, _) in latents.items():
        if slug not in models:
            row.fault("slug", f"{slug} is not in models.csv{_hint(slug, models)}")
    for slug, (row, model) in models.items():
        for problem in _contradictions(model):
            at = row
            if problem.table == "prices":
                at = prices[slug][problem.index][0]
            elif problem.table == "free_windows":
                at = windows[slug][problem.index][0]
            at.fault(problem.column, problem.message)
        _check_successor(row, model.facts, {known: other for known, (_, other) in models.items()})
    if faults:
        raise CatalogueError(faults)
    return Catalogue(tuple(model for _, model in models.values()), hosts)


def _facts(
    row: _Row, slug: str, prices: tuple[PricePoint, ...], windows: tuple[FreeWindow, ...]
) -> ModelFacts:
    size = row.maybe_text("size_class")
    if not size and row.flag("open_weights"):
        row.fault("size_class", "is empty, but the weights are open")
    return ModelFacts(
        slug=slug,
        author=row.text("author"),
        name=row.text("name"),
        released=row.day("released"),
        prices=prices,
        free_windows=windows,
        open_weights=row.flag("open_weights"),
        origin=cast(Origin, row.choice("origin", get_args(Origin))),
        developer_country=row.text("developer_country"),
        params_total_b=row.maybe_number("params_total_b", 0),
        params_active_b=row.maybe_number("params_active_b", 0),
        size_class=cast(SizeClass, row.choice("size_class", get_args(SizeClass))) if size else None,
        reasoning=cast(Reasoning, row.choice("reasoning", get_args(Reasoning))),
        tools=row.flag("tools"),
        context_tokens=row.whole("context_tokens"),
        permaslug=row.text("permaslug"),
        retired=row.maybe_day("retired"),
        successor=row.maybe_text("successor") or None,
        source=row.text("source"),
        confidence=cast(Confidence, row.choice("confidence", get_args(Confidence))),
        note=row.maybe_text("note"),
    )


def _read_prices(path: Path, faults: list[Fault]) -> dict[str, list[tuple[_Row, PricePoint]]]:
    found: dict[str, list[tuple[_Row, PricePoint]]] = {}
    for row in _rows(path, PRICE_COLUMNS, faults):
        point = PricePoint(
            row.day("from"),
            row.number("prompt_usd_per_mtok", 0),
            row.number("completion_usd_per_mtok", 0),
            row.maybe_number("cached_usd_per_mtok", 0),
            row.text("source"),
        )
        found.setdefault(row.text("slug"), []).append((row, point))
    return found


def _read_windows(path: Path, faults: list[Fault]) -> dict[str, list[tuple[_Row, FreeWindow]]]:
    found: dict[str, list[tuple[_Row, FreeWindow]]] = {}
    for row in _rows(path, FREE_COLUMNS, faults):
        window = FreeWindow(
            row.day("from"),
            row.maybe_day("to"),
            cast(FreeKind, row.choice("kind", get_args(FreeKind))),
            row.text("source"),
            cast(Confidence, row.choice("confidence", get_args(Confidence))),
        )
        found.setdefault(row.text("slug"), []).append((row, window))
    return found


def _read_providers(path: Path, faults: list[Fault]) -> dict[str, tuple[ProviderShare, ...]]:
    found: dict[str, list[ProviderShare]] = {}
    for row in _rows(path, PROVIDER_COLUMNS, faults):
        share = ProviderShare(
            row.text("provider_name"),
            row.number("weight", 0),
            row.number("tokens_per_second", 0.1),
            row.number("first_token_ms", 0),
            row.text("source"),
        )
        found.setdefault(row.text("author"), []).append(share)
    for author, shares in found.items():
        if sum(share.weight for share in shares) <= 0:
            faults.append(Fault(str(path), 1, "weight", f"the weights of {author} sum to 0"))
    return {author: tuple(shares) for author, shares in found.items()}


def _read_abilities(path: Path, faults: list[Fault]) -> dict[str, tuple[_Row, ModelLatent]]:
    found: dict[str, tuple[_Row, ModelLatent]] = {}
    for row in _rows(path, ABILITY_COLUMNS, faults):
        slug = row.text("slug")
        if slug in found:
            row.fault("slug", f"{slug} stands already on line {found[slug][0].line}")
            continue
        latent = ModelLatent(
            tuple(row.number(category, -5, 10) for category in CATEGORIES),
            row.number("reach", 0, 1),
            row.number("hype", -5, 5),
            row.flag("permissive"),
            row.text("basis"),
            cast(Informed, row.choice("informed", get_args(Informed))),
        )
        found[slug] = (row, latent)
    return found


# --- checking ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Contradiction:
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


def _contradictions(model: CatalogueModel) -> Iterator[_Contradiction]:
    facts = model.facts
    if not facts.slug.partition("/")[2]:
        yield _Contradiction("models", 0, "slug", f"{facts.slug!r} is not author/name")
    if not facts.open_weights and facts.size_class is not None:
        yield _Contradiction("models", 0, "size_class", "is given, but the weights are closed")
    if facts.params_total_b is not None and (facts.params_active_b or 0) > facts.params_total_b:
        yield _Contradiction("models", 0, "params_active_b", "is more than params_total_b")
    if facts.retired is not None and facts.retired <= facts.released:
        yield _Contradiction(
            "models", 0, "retired", f"{facts.retired} is not after the release {facts.released}"
        )
    if facts.successor is not None and facts.retired is None:
        yield _Contradiction("models", 0, "successor", "is given, but the model never retires")
    if facts.successor == facts.slug:
        yield _Contradiction("models", 0, "successor", "is the model itself")
    for index, point in enumerate(facts.prices):
        if min(point.prompt, point.completion, point.cached or 0.0) < 0:
            yield _Contradiction("prices", index, "prompt_usd_per_mtok", "a price is negative")
        if point.cached is not None and point.cached > point.prompt:
            yield _Contradiction("prices", index, "cached_usd_per_mtok", "is more than the prompt price")
        if index == 0 and point.start != facts.released:
            text = f"the first price is of {point.start}, the release is {facts.released}"
            yield _Contradiction("prices", index, "from", text)
        if index and point.start <= facts.prices[index - 1].start:
            yield _Contradiction("prices", index, "from", "price rows must be in order of date")
    previous: FreeWindow | None = None
    for index, window in enumerate(facts.free_windows):
        if window.end is not None and window.end < window.start:
            yield _Contradiction("free_windows", index, "to", f"{window.end} is before {window.start}")
        if window.start < facts.released:
            yield _Contradiction("free_windows", index, "from", f"is before the release {facts.released}")
        if previous is not None and (previous.end is None or window.start <= previous.end):
            yield _Contradiction("free_windows", index, "from", "overlaps the window before it")
        previous = window


def _check_successor(row: _Row, facts: ModelFacts, models: Mapping[str, CatalogueModel]) -> None:
    if facts.successor is None or facts.retired is None:
        return
    successor = models.get(facts.successor)
    if successor is None:
        row.fault("successor", f"unknown model {facts.successor!r}{_hint(facts.successor, models)}")
    elif successor.released > facts.retired + _SUCCESSOR_SLACK:
        row.fault(
            "successor",
            f"{successor.slug} is released {successor.released}, after the retirement {facts.retired}",
        )
    elif successor.facts.retired is not None and successor.facts.retired <= facts.retired:
        row.fault(
            "successor", f"{successor.slug} retires {successor.facts.retired}, no later than this model"
        )


# --- writing ------------------------------------------------------------------------------------------

MODELS_SCHEMA: Final = arrow_schema("models")
"""The public catalogue as the log contract has it."""
"""Schema of `models.parquet`: the public catalogue, facts only."""


def write_models_table(catalogue: Catalogue, end: date) -> pa.Table:
    """The public catalogue as an Arrow table (schema `MODELS_SCHEMA`), as it was known on the day `end`.

    Models, prices, free windows and retirements that begin after `end` are left out; a free window still
    open on `end` has no end yet. Latent parameters never enter.
    """
    rows: list[dict[str, object]] = []
    for model in catalogue.models:
        facts = model.facts
        if facts.released > end:
            continue
        gone = facts.retired is not None and facts.retired <= end
        rows.append(
            {
                "model": facts.slug,
                "name": facts.name,
                "author": facts.author,
                "released": facts.released,
                "open_weights": facts.open_weights,
                "origin": facts.origin,
                "developer_country": facts.developer_country,
                "params_total_b": facts.params_total_b,
                "size_class": facts.size_class,
                "reasoning": facts.reasoning,
                "reasoning_optimised": facts.reasoning_optimised,
                "tools": facts.tools,
                "context_tokens": facts.context_tokens,
                "model_permaslug": facts.permaslug or facts.slug,
                "retired": facts.retired if gone else None,
                "successor": facts.successor if gone else None,
                "prices": [
                    {
                        "from": point.start,
                        "prompt_usd_per_mtok": point.prompt,
                        "completion_usd_per_mtok": point.completion,
                        "cached_usd_per_mtok": point.cached,
                    }
                    for point in facts.prices
                    if point.start <= end
                ],
                "free_windows": [
                    {
                        "from": window.start,
                        "to": window.end if window.end is not None and window.end <= end else None,
                        "kind": window.kind,
                    }
                    for window in facts.free_windows
                    if window.start <= end
                ],
            }
        )
    return pa.Table.from_pylist(rows, schema=MODELS_SCHEMA)
