"""The catalogue for people: which models match, as a table, as records, and one model in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.contract import CATEGORIES
from analysis.numerals import counted
from sim.catalogue import Catalogue, CatalogueModel, PricePoint

LATENT_HEADING = "Model parameters, not facts"
LATENT_EXPLAINED = (
    "What the simulation assumes about this model. Ability: 0 = GPT-3.5 Turbo of January 2024, "
    "4.5 = the best model of late November 2025 in the category."
)
BAR_WIDTH = 24  # characters of the longest ability bar, at TOP_ABILITY
TOP_ABILITY = 4.5


def list_models(
    catalogue: Catalogue,
    *,
    author: str | Sequence[str] | None = None,
    openness: Literal["open", "closed"] | None = None,
    origin: Literal["CN", "RoW"] | None = None,
    reasoning: str | Sequence[str] | None = None,
    released_from: date | None = None,
    released_to: date | None = None,
    free: bool | None = None,
    search: str | None = None,
) -> list[CatalogueModel]:
    """Models that meet all conditions given, in the catalogue's order (release day, then slug).

    `author` and `reasoning` take one value or several; dates are included; `free` asks whether the model was free
    of charge at any time; `search` looks for the text in slug and name, without regard to case.
    """
    authors, modes = _choice(author), _choice(reasoning)
    text = (search or "").casefold()

    def matches(model: CatalogueModel) -> bool:
        facts = model.facts
        return (
            (authors is None or facts.author in authors)
            and (openness is None or facts.open_weights == (openness == "open"))
            and (origin is None or facts.origin == origin)
            and (modes is None or facts.reasoning in modes)
            and (released_from is None or facts.released >= released_from)
            and (released_to is None or facts.released <= released_to)
            and (free is None or bool(facts.free_windows) == free)
            and (text in facts.slug.casefold() or text in facts.name.casefold())
        )

    return [model for model in catalogue.models if matches(model)]


def _choice(value: str | Sequence[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset([value] if isinstance(value, str) else value)


def table_of(models: Sequence[CatalogueModel]) -> Table:
    """A table of models, one line each. Prices are the latest list prices, USD per million tokens."""
    table = Table(
        title=counted(len(models), "model"),
        caption="Price: latest list price, USD per million prompt / completion tokens.",
        caption_justify="left",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("Model", overflow="fold", ratio=3)
    table.add_column("Released", no_wrap=True)
    table.add_column("Weights", no_wrap=True)
    table.add_column("Origin", no_wrap=True)
    table.add_column("Reasoning", no_wrap=True)
    table.add_column("Price", justify="right", no_wrap=True)
    table.add_column("Free", no_wrap=True)
    for model in models:
        facts = model.facts
        table.add_row(
            Text(facts.slug),
            facts.released.isoformat(),
            f"open, {facts.size_class}" if facts.open_weights else "closed",
            facts.origin,
            facts.reasoning,
            _price(facts.prices[-1]),
            "at times" if facts.free_windows else "",
        )
    return table


def detail_of(model: CatalogueModel) -> RenderableType:
    """One model in full: facts with their source, price path, free windows; then, apart, its latent parameters."""
    return Group(
        Text(f"{model.facts.name}  ({model.slug})", style="bold"),
        Text(),
        _facts_of(model),
        Text(),
        _prices_of(model),
        Text(),
        _windows_of(model),
        Text(),
        _latents_of(model),
    )


def as_records(models: Sequence[CatalogueModel]) -> list[dict[str, object]]:
    """Models as plain records for JSON: facts at the top; latent parameters under `model_parameters`."""
    return [_record(model) for model in models]


def _record(model: CatalogueModel) -> dict[str, object]:
    facts, latent = model.facts, model.latent
    return {
        "model": facts.slug,
        "name": facts.name,
        "author": facts.author,
        "released": facts.released.isoformat(),
        "open_weights": facts.open_weights,
        "origin": facts.origin,
        "developer_country": facts.developer_country,
        "params_total_b": facts.params_total_b,
        "params_active_b": facts.params_active_b,
        "size_class": facts.size_class,
        "reasoning": facts.reasoning,
        "tools": facts.tools,
        "context_tokens": facts.context_tokens,
        "model_permaslug": facts.permaslug,
        "retired": facts.retired.isoformat() if facts.retired else None,
        "successor": facts.successor,
        "line": facts.line or None,
        "prices": [
            {
                "from": point.start.isoformat(),
                "prompt_usd_per_mtok": point.prompt,
                "completion_usd_per_mtok": point.completion,
                "cached_usd_per_mtok": point.cached,
                "source": point.source,
            }
            for point in facts.prices
        ],
        "free_windows": [
            {
                "from": window.start.isoformat(),
                "to": window.end.isoformat() if window.end else None,
                "kind": window.kind,
                "source": window.source,
                "confidence": window.confidence,
            }
            for window in facts.free_windows
        ],
        "source": facts.source,
        "confidence": facts.confidence,
        "note": facts.note,
        "model_parameters": {
            "ability": dict(zip(CATEGORIES, latent.ability, strict=True)),
            "reach": dict(zip(CATEGORIES, latent.reach, strict=True)),
            "hype": latent.hype,
            "permissive": latent.permissive,
            "basis": latent.basis,
            "informed": latent.informed,
        },
    }


def _price(point: PricePoint) -> str:
    return f"{point.prompt:g} / {point.completion:g}"


def _facts_of(model: CatalogueModel) -> Table:
    facts = model.facts
    size = f"{facts.params_total_b:g}" if facts.params_total_b is not None else "unknown"
    if facts.params_active_b is not None and facts.params_active_b != facts.params_total_b:
        size += f" ({facts.params_active_b:g} active)"
    weights = f"open, {facts.size_class}" if facts.open_weights else "closed"
    lines = [
        ("Author", facts.author),
        ("Released", facts.released.isoformat()),
        ("Retired", facts.retired.isoformat() if facts.retired else "no"),
        ("Successor", facts.successor or "none"),
        ("Line", facts.line or "none"),
        ("Weights", weights),
        ("Origin", f"{facts.origin}, developer in {facts.developer_country}"),
        ("Parameters", f"{size} billion" if facts.params_total_b is not None else size),
        ("Reasoning", facts.reasoning),
        ("Tools", "yes" if facts.tools else "no"),
        ("Context", f"{facts.context_tokens:,} tokens"),
        ("Dated id", facts.permaslug),
        ("Source", facts.source),
        ("Confidence", facts.confidence),
    ]
    if facts.note:
        lines.append(("Note", facts.note))
    return _pairs(lines)


def _prices_of(model: CatalogueModel) -> Table:
    table = Table(title="Price path (USD per million tokens)", title_justify="left", header_style="bold")
    table.add_column("From", no_wrap=True)
    for column in ("Prompt", "Completion", "Cached"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("Source", overflow="fold")
    for point in model.facts.prices:
        cached = "-" if point.cached is None else f"{point.cached:g}"
        table.add_row(
            point.start.isoformat(), f"{point.prompt:g}", f"{point.completion:g}", cached, Text(point.source)
        )
    return table


def _windows_of(model: CatalogueModel) -> RenderableType:
    if not model.facts.free_windows:
        return Text("Free windows: none known")
    table = Table(title="Free windows (both days included)", title_justify="left", header_style="bold")
    for column in ("From", "To", "Kind", "Confidence"):
        table.add_column(column, no_wrap=True)
    table.add_column("Source", overflow="fold")
    for window in model.facts.free_windows:
        end = window.end.isoformat() if window.end else "still open"
        table.add_row(window.start.isoformat(), end, window.kind, window.confidence, Text(window.source))
    return table


def _latents_of(model: CatalogueModel) -> RenderableType:
    latent = model.latent
    bars = Table(show_header=False, box=None, padding=(0, 1))
    bars.add_column(no_wrap=True)
    bars.add_column(justify="right", no_wrap=True)
    bars.add_column(no_wrap=True)
    for category, value in zip(CATEGORIES, latent.ability, strict=True):
        bars.add_row(category, f"{value:.2f}", "█" * round(BAR_WIDTH * max(value, 0.0) / TOP_ABILITY))
    others = _pairs(
        [
            ("Reach", _reach_of(latent.reach)),
            ("Hype", f"{latent.hype:+.2f} perceived minus true ability"),
            ("Permissive", "yes" if latent.permissive else "no"),
            ("Informed", latent.informed),
            ("Basis", latent.basis),
        ]
    )
    return Group(Text(LATENT_HEADING, style="bold yellow"), Text(LATENT_EXPLAINED, style="dim"), bars, others)


def _reach_of(reach: Sequence[float]) -> str:
    """How much of the market hears of a model: one share, or the least and the most of all categories."""
    least, most = f"{min(reach):.2f}", f"{max(reach):.2f}"
    spread = least if least == most else f"by category {least} to {most}"
    return f"{spread} of the market hears of it"


def _pairs(lines: Sequence[tuple[str, str]]) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines:
        table.add_row(name, Text(value))
    return table
