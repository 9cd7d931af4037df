"""The models of one world: the catalogue of real ones, with the scenario's own additions and changes."""

import datetime as dt
import operator
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.contract import CATEGORIES
from sim.catalogue import (
    Catalogue,
    CatalogueModel,
    FreeWindow,
    ModelFacts,
    ModelLatent,
    PricePoint,
    load_catalogue,
)
from sim.catalogue.models import by_category
from sim.catalogue.names import did_you_mean
from sim.config.problems import Path as KeyPath
from sim.config.problems import ProblemAt
from sim.scenario import Scenario
from sim.scenario.calendar import CalendarEvent, LargeAccountEvent, PriceEvent, PriceStrategyEvent
from sim.scenario.models import AuthorSettings, ModelSettings
from sim.scenario.shipped import WORLDS

ONE_EACH = (1.0,) * len(CATEGORIES)
SIZE_LIMITS = ((15.0, "small"), (70.0, "medium"))
TRAITS = ("hype", "permissive")
"""A model's latent parameters that are alike in all categories."""
COPIED = ("open_weights", "origin", "developer_country", "params_total_b", "params_active_b", "reasoning", "tools",
          "tool_training", "context_tokens")  # fmt: skip
"""Facts that a new model takes from the one that it is like. Not the name, author, dates, free windows, successor
or line."""


def world_catalogue(scenario: Scenario, known: Catalogue) -> Catalogue:
    """The models that the scenario's market lists.

    `known` are its `real_models`. Raises `CatalogueError` for a broken catalogue and `ProblemAt` (with the key's
    path) for a model that the scenario names and nobody knows, or that is impossible.
    """
    section = scenario.catalogue
    for key in ("only", "without"):
        for i, slug in enumerate(getattr(section, key) or ()):
            if slug not in known:
                raise _unknown(slug, ("catalogue", key, i), known)
    kept = known
    if section.use == "none":
        kept = known.without([m.slug for m in known.models])
    elif section.only is not None:
        kept = known.without([m.slug for m in known.models if m.slug not in section.only])
    kept = kept.without(section.without)
    kept = kept.with_models(_own_models(scenario, known))
    for slug, change in scenario.models.items():
        if change.successor is not None and change.successor not in kept:
            raise _unknown(change.successor, ("models", slug, "successor"), kept)
        _check_line(slug, change, kept)
    # A successor that this market does not list is forgotten.
    successors = (m.facts.successor for m in kept.models)
    kept = kept.without([slug for slug in successors if slug is not None and slug not in kept])
    for i, event in enumerate(scenario.calendar):
        _check_event(event, i, scenario.start, kept)
    for name, application in scenario.applications.items():
        for date, slug in application.default_model.items():
            if slug not in known and slug not in kept:
                raise _unknown(slug, ("applications", name, "default_model", f"{date}"), kept)
    if scenario.planted_loyalty is not None:
        _check_planted_loyalty(scenario.planted_loyalty.model, scenario, kept)
    if not len(kept):
        raise ProblemAt(("models",), "this market has no models; add some, or set catalogue.use to all")
    return _with_authors(scenario.authors, kept, known)


def real_models(scenario: Scenario, beside: Path | None = None) -> Catalogue:
    """The scenario's catalogue of real models, of which its market lists some. `beside` is the scenario's folder.

    Raises `CatalogueError` for a broken catalogue.
    """
    return load_catalogue(_folder(scenario.catalogue.folder, beside))


def own_models(scenario: Scenario, listed: Catalogue) -> list[str]:
    """Models that the scenario adds to the catalogue or changes, in its order."""
    return [slug for slug in scenario.models if slug in listed]


def looked_at(scenario: Scenario, listed: Catalogue, gone: Container[str] = ()) -> list[str]:
    """The scenario's `look_at`, without the models that were taken out of this market after it was stated (`gone`).

    Raises ProblemAt for a model that this market does not list, or that is named twice.
    """
    kept: list[str] = []
    for i, slug in enumerate(scenario.look_at):
        if slug in kept:
            raise ProblemAt(("look_at", i), f"'{slug}' is named twice")
        if slug in listed:
            kept.append(slug)
        elif slug not in gone:
            raise _unknown(slug, ("look_at", i), listed)
    return kept


def _check_line(slug: str, change: ModelSettings, kept: Catalogue) -> None:
    """A line is one author's."""
    if slug not in kept or (change.line is None and change.author is None):
        return
    author, line = kept[slug].author, kept[slug].facts.line
    others = sorted({m.author for m in kept.models if m.facts.line == line} - {author}) if line else []
    if others:
        message = f"'{line}' is a line of {' and '.join(others)}, and '{slug}' is by {author}"
        key = "line" if change.line is not None else "author"
        raise ProblemAt(("models", slug, key), message, "a line is one author's: change `line` or `author`")


def _with_authors(authors: Mapping[str, AuthorSettings], kept: Catalogue, known: Catalogue) -> Catalogue:
    """The models of this market, the reach of each multiplied by its author's factors. An author may have none here."""
    names = {model.author for model in (*kept.models, *known.models)}
    for author in authors:
        if author not in names:
            hint = did_you_mean(author, names) or "`slipper catalogue` lists the models, as author/slug"
            raise ProblemAt(("authors", author), f"unknown author '{author}'", hint, at_key=True)
    changed = []
    for model in kept.models:
        if model.author in authors:
            factor = by_category(authors[model.author].reach, ONE_EACH)
            reach = tuple(map(operator.mul, model.latent.reach, factor))
            changed.append(replace(model, latent=replace(model.latent, reach=reach)))
    return kept.with_models(changed)


def _check_event(event: CalendarEvent, i: int, start: dt.date, kept: Catalogue) -> None:
    """Events name models and authors of this market, at times when they are listed."""
    if isinstance(event, PriceStrategyEvent):
        authors = {m.author for m in kept.models}
        if event.author not in authors:
            hint = did_you_mean(event.author, authors)
            raise ProblemAt(
                ("calendar", i, "author"), f"no model in this market is by '{event.author}'", hint
            )
        return
    if isinstance(event, PriceEvent) and event.of_all:
        return
    if event.model not in kept:
        raise _unknown(event.model, ("calendar", i, "model"), kept)
    facts = kept[event.model].facts
    if event.date < facts.released:
        raise ProblemAt(("calendar", i, "date"), f"'{event.model}' is not released before {facts.released}")
    # A large account that was there before is there on the first day.
    first = max(event.date, start) if isinstance(event, LargeAccountEvent) else event.date
    if facts.retired is not None and first >= facts.retired:
        raise ProblemAt(("calendar", i, "date"), f"'{event.model}' is retired since {facts.retired}")


def _check_planted_loyalty(slug: str, scenario: Scenario, kept: Catalogue) -> None:
    """A launch cohort can be planted where the world sees the model's launch, and the model stays."""
    at = ("planted_loyalty", "model")
    if slug not in kept:
        raise _unknown(slug, at, kept)
    facts = kept[slug].facts
    if not scenario.start <= facts.released <= scenario.end:
        message = f"'{slug}' is released on {facts.released}, outside this world ({scenario.start} to {scenario.end})"
        raise ProblemAt(at, message, "name a model that is launched within the world")
    if facts.retired is not None and facts.retired <= scenario.end:
        message = f"'{slug}' is retired on {facts.retired}: nobody can stay with it until {scenario.end}"
        raise ProblemAt(at, message, "name a model that is not retired")


def _folder(folder: str, beside: Path | None) -> Path:
    for place in ((beside or Path()) / folder, WORLDS / folder):
        if place.is_dir():
            return place
    raise ProblemAt(("catalogue", "folder"), f"there is no folder '{folder}' beside the scenario")


def _unknown(slug: str, path: KeyPath, known: Catalogue) -> ProblemAt:
    return _unlisted(slug, path, [model.slug for model in known.models])


def _unlisted(slug: str, path: KeyPath, known: Iterable[str]) -> ProblemAt:
    hint = did_you_mean(slug, known) or "`slipper catalogue` lists the models"
    return ProblemAt(path, f"unknown model '{slug}'", hint)


def _own_models(scenario: Scenario, known: Catalogue) -> list[CatalogueModel]:
    """The scenario's own models and those that it changes; one that is like another is made after it."""
    sections, made = scenario.models, dict[str, CatalogueModel]()
    for first in sections:
        chain = dict.fromkeys([first])
        slug = first
        while (like := sections[slug].like) is not None and like in sections and like not in made:
            if like in chain:
                circle = [*chain, like]
                told = " -> ".join(circle[circle.index(like) :])
                raise ProblemAt(("models", slug, "like"), f"like goes in a circle: {told}")
            chain[like] = None
            slug = like
        for slug in reversed(chain):
            made.setdefault(slug, _own_model(slug, sections[slug], known, made))
    return list(made.values())


def _liked(
    slug: str, change: ModelSettings, known: Catalogue, made: Mapping[str, CatalogueModel]
) -> CatalogueModel | None:
    """The model that this one is like: the scenario's own, or as it changes it, before the catalogue's."""
    if change.like is None or change.like in made:
        return made.get(change.like or "")
    if change.like in known:
        return known[change.like]
    raise _unlisted(change.like, ("models", slug, "like"), [*made, *(model.slug for model in known.models)])


def _own_model(
    slug: str, change: ModelSettings, known: Catalogue, made: Mapping[str, CatalogueModel]
) -> CatalogueModel:
    if change.prices and change.price_usd_per_mtok is not None:
        raise ProblemAt(
            ("models", slug, "prices"), "give `price_usd_per_mtok` or a path of `prices`, not both"
        )
    try:
        liked = _liked(slug, change, known, made)
        if slug in known:
            model = known[slug]
            return _changed(model if liked is None else replace(model, latent=liked.latent), change)
        return _new(slug, change, known, liked)
    except ValueError as error:
        if isinstance(error, ProblemAt):
            raise
        raise ProblemAt(("models", slug), str(error).removeprefix(f"{slug}: ")) from None


def _new(slug: str, change: ModelSettings, known: Catalogue, liked: CatalogueModel | None) -> CatalogueModel:
    if change.released is None:
        near = known.nearest(slug)
        hint = f"did you mean '{near}' of the catalogue?" if near else ""
        raise ProblemAt(("models", slug), "a new model needs `released`", hint)
    prices = _prices_of(change)
    if change.price_usd_per_mtok is None and not prices:
        if liked is None:
            raise ProblemAt(
                ("models", slug),
                "a new model needs `price_usd_per_mtok`, or a path of `prices`, or to be `like` a model",
            )
        price = Catalogue((liked,)).price_on(liked.slug, change.released)
        prices = [replace(price, start=change.released, source="scenario")]
    facts = {name: getattr(liked.facts, name) for name in COPIED} if liked else {}
    facts |= _facts_of(change)
    facts["size_class"] = _size_class(change, liked.facts if liked else None)
    if change.params_total_b is not None:
        facts["params_active_b"] = None  # that of the other model
    model = CatalogueModel.build(
        slug,
        released=change.released,
        price_usd_per_mtok=change.price_usd_per_mtok,
        prices=prices,
        **facts,
    )
    before = model.latent if liked is None else liked.latent
    return replace(model, latent=replace(_latent(change, before), basis="scenario", informed="assumed"))


def _changed(model: CatalogueModel, change: ModelSettings) -> CatalogueModel:
    facts: dict[str, Any] = _facts_of(change)
    released = change.released or model.released
    facts["size_class"] = _size_class(change, model.facts)
    prices = _prices_of(change)
    if change.params_total_b is not None:
        facts["params_active_b"] = None  # that of the real model
    if prices is None and change.price_usd_per_mtok is not None:
        prices = [
            PricePoint(released, change.price_usd_per_mtok, change.price_usd_per_mtok, None, "scenario")
        ]
    if prices is None and change.released is not None:
        prices = [p for p in model.facts.prices if p.start > released]
        in_force = [p for p in model.facts.prices if p.start <= released] or [model.facts.prices[0]]
        prices.insert(0, replace(in_force[-1], start=released))
    if change.free is None and change.released is not None:
        facts["free_windows"] = tuple(
            replace(window, start=max(window.start, released))
            for window in model.facts.free_windows
            if window.end is None or window.end >= released
        )
    if prices is not None:
        facts["prices"] = tuple(prices)
    changed = replace(model.facts, released=released, source="scenario", **facts)
    return CatalogueModel(changed, replace(_latent(change, model.latent), basis="scenario")).checked()


def _latent(change: ModelSettings, before: ModelLatent) -> ModelLatent:
    """The latent parameters of `before`, those replaced that are given."""
    traits: dict[str, Any] = {name: value for name in TRAITS if (value := getattr(change, name)) is not None}
    for name in ("ability", "reach"):
        if (given := getattr(change, name)) is not None:
            traits[name] = by_category(given, getattr(before, name))
    return replace(before, **traits)


def _size_class(change: ModelSettings, before: ModelFacts | None) -> str | None:
    """Closed models have none, nor have open ones whose size nobody states."""
    was_open = before is not None and before.open_weights
    if not (was_open if change.open_weights is None else change.open_weights):
        return None
    if change.params_total_b is None and before is not None and was_open:
        return before.size_class
    params = change.params_total_b or (before.params_total_b if before is not None else None)
    if params is None:
        return None
    return next((name for limit, name in SIZE_LIMITS if params < limit), "large")


def _facts_of(change: ModelSettings) -> dict[str, Any]:
    names = ("retired", "successor", "line", "author", "name", "open_weights", "origin", "params_total_b", "reasoning",
             "tools", "tool_training", "context_tokens")  # fmt: skip
    facts = {k: v for k in names if (v := getattr(change, k)) is not None}
    if change.free is not None:
        facts["free_windows"] = tuple(
            FreeWindow(first, last, "launch_promotion") for first, last in change.free
        )
    return facts


def _prices_of(change: ModelSettings) -> list[PricePoint] | None:
    if not change.prices:
        return None
    return [PricePoint(p.date, p.prompt, p.completion, p.cached, "scenario") for p in change.prices]
