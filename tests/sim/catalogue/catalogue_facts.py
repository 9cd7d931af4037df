"""What a catalogue says of one model, read plainly: its ability in a category, and whether it is free on a day."""

from __future__ import annotations

from datetime import date

from analysis.contract import CATEGORIES
from sim.catalogue import Catalogue, ModelLatent


def ability_in(latent: ModelLatent, category: str) -> float:
    """The ability in one category, by its place in the vector."""
    return dict(zip(CATEGORIES, latent.ability, strict=True))[category]


def is_free_on(catalogue: Catalogue, slug: str, day: date) -> bool:
    """Whether the model is listed that day and one of its free windows, both ends included, holds the day."""
    facts = catalogue[slug].facts
    listed = facts.released <= day < (facts.retired or date.max)
    return listed and any(w.start <= day <= (w.end or date.max) for w in facts.free_windows)
