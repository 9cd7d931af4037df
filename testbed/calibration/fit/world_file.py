"""The calibrated world as a scenario: what extends the world that was fitted, and where every number comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from analysis.contract import CATEGORIES
from sim.gateway.models import is_free_variant, listed_name
from sim.scenario import Scenario
from sim.settings.timelines import Curve, Timeline
from testbed.calibration.fit.parameters import (
    Parameters,
    Space,
    authors_section,
    demand_factors,
    models_section,
    rounded,
)
from testbed.calibration.tensor.frame import main_weeks

Floats = npt.NDArray[np.float64]
WIDTH = 118


def space_of(scenario: Scenario, models: Sequence[Any]) -> Space:
    """The space of a world's parameters. models: of its catalogue; one that the log knows as the free variant of
    another has no parameter of its own."""
    models = sorted(models, key=lambda model: is_free_variant(model.slug))
    models = list({listed_name(model.slug): model for model in reversed(models)}.values())
    names = [model.slug for model in models]
    authors = tuple(sorted({model.author for model in models}))
    number = {author: at for at, author in enumerate(authors)}
    given = {author: _by_category(section.reach) for author, section in scenario.authors.items()}
    one_each = np.ones(len(CATEGORIES))
    reach = np.array([np.array(m.latent.reach) / given.get(m.author, one_each) for m in models])
    return Space(
        authors,
        tuple(names),
        tuple(listed_name(name) for name in names),
        np.array([number[model.author] for model in models]),
        reach,
        _ends(scenario),
    )


def _ends(scenario: Scenario) -> Floats:
    """See `Space.demand`; as `_grown` writes it."""
    weeks = main_weeks()
    days = np.array(weeks, dtype="datetime64[D]")
    found = np.zeros((2, len(weeks), len(CATEGORIES)))
    for name, category in scenario.workloads.categories.items():
        value, curve = category.volume.at(days), category.volume.root
        if isinstance(curve, Curve) and curve.logistic.start != curve.logistic.end:
            first, last = curve.logistic.start, curve.logistic.end
            gone = (value - first) / (last - first)
            parts = first * (1 - gone), last * gone
        else:
            gone = np.linspace(0.0, 1.0, len(weeks))
            parts = value * (1 - gone), value * gone
        found[:, :, CATEGORIES.index(name)] = parts
    return found


def document(scenario: Scenario, space: Space, parameters: Parameters) -> dict[str, Any]:
    """What a scenario that extends the fitted one says: reach of authors and models, and demand by category."""
    authors = authors_section(space, parameters)
    for author, section in authors.items():
        if author in scenario.authors:
            before = _by_category(scenario.authors[author].reach)
            section["reach"] = _product(section["reach"], before)
    found: dict[str, Any] = {}
    if authors:
        found["authors"] = authors
    if models := models_section(space, parameters):
        found["models"] = models
    categories = {
        category: {"volume": _grown(scenario.workloads.categories[category].volume, factors)}
        for category, factors in demand_factors(parameters).items()
        if category in scenario.workloads.categories
    }
    if categories:
        found["workloads"] = {"categories": categories}
    return found


def text(extends: str, sections: Mapping[str, Any], head: Sequence[str] = (), **telling: str) -> str:
    """The scenario file. head: lines of its comment; telling: title and question."""
    lines = [f"# {line}".rstrip() for line in head]
    body = {"extends": extends, **telling, **sections}
    dumped = yaml.dump(
        body, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None, Dumper=_Plain
    )
    return "\n".join([*lines, dumped])


class _Plain(yaml.SafeDumper):
    """Without anchors: a mapping that comes twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _by_category(reach: Any) -> Floats:
    if isinstance(reach, Mapping):
        return np.array([float(reach.get(category, 1.0)) for category in CATEGORIES])
    return np.full(len(CATEGORIES), float(reach))


def _product(reach: Any, before: Floats) -> dict[str, float]:
    return {
        category: rounded(value)
        for category, value in zip(CATEGORIES, _by_category(reach) * before, strict=True)
        if value != 1.0
    }


def _grown(volume: Timeline, factors: tuple[float, float]) -> Any:
    """A category's volume times a factor that goes from one value to another over the fitted weeks. A curve stays one,
    with other levels; numbers by date get the two dates in between."""
    first, *_, last = main_weeks()
    if isinstance(volume.root, Curve):
        curve = volume.root.logistic.model_dump()
        ends = zip(("start", "end"), factors, strict=True)
        return {"logistic": curve | {end: rounded(curve[end] * factor) for end, factor in ends}}
    days = sorted({*volume.turns, first, last})
    at = np.array(days, dtype="datetime64[D]")
    t = np.clip((at - np.datetime64(first)) / (np.datetime64(last) - np.datetime64(first)), 0.0, 1.0)
    grown = volume.at(at) * np.exp((1 - t) * np.log(factors[0]) + t * np.log(factors[1]))
    return {day: rounded(value) for day, value in zip(days, grown, strict=True)}
