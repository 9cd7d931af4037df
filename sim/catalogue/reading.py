"""Reads the five CSV files of a catalogue and checks them; every fault is told by file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from analysis.contract import CATEGORIES
from sim.catalogue.faults import CatalogueError, Fault
from sim.catalogue.models import (
    Catalogue,
    CatalogueModel,
    Confidence,
    FreeKind,
    FreeWindow,
    Informed,
    ModelFacts,
    ModelLatent,
    Origin,
    PricePoint,
    ProviderShare,
    Reasoning,
    SizeClass,
    contradictions,
    hint,
)

_SUCCESSOR_SLACK = timedelta(days=1)
"""A gateway may redirect a retired id up to a day before the successor's listing date."""

_T = TypeVar("_T")

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
            self.fault(column, f"{raw!r} is not one of {', '.join(known)}{hint(raw, known)}")
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
                faults.append(Fault(str(path), 1, column, f"unknown column{hint(column, columns)}"))
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
                entries[0][0].fault("slug", f"{slug} is not in models.csv{hint(slug, models)}")
    for slug, (row, _) in latents.items():
        if slug not in models:
            row.fault("slug", f"{slug} is not in models.csv{hint(slug, models)}")
    for slug, (row, model) in models.items():
        for problem in contradictions(model):
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


def _check_successor(row: _Row, facts: ModelFacts, models: Mapping[str, CatalogueModel]) -> None:
    if facts.successor is None or facts.retired is None:
        return
    successor = models.get(facts.successor)
    if successor is None:
        row.fault("successor", f"unknown model {facts.successor!r}{hint(facts.successor, models)}")
    elif successor.released > facts.retired + _SUCCESSOR_SLACK:
        row.fault(
            "successor",
            f"{successor.slug} is released {successor.released}, after the retirement {facts.retired}",
        )
    elif successor.facts.retired is not None and successor.facts.retired <= facts.retired:
        row.fault(
            "successor", f"{successor.slug} retires {successor.facts.retired}, no later than this model"
        )
