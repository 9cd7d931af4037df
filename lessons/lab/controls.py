"""What can be set in the laboratory, as the page shows it: causes, models, events. Causes follow from their folder."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from analysis.json_values import plain
from lessons.lab.market import Worlds
from lessons.lab.state import MOST_USERS, State
from sim import World
from sim.config.schema import limits_of
from sim.mechanisms import MECHANISMS, Mechanism
from sim.scenario import read_scenario
from testbed import shipped

GROUPS = {"mechanisms": "Search and staying", "choice": "Choosing a model", "demand": "What work asks for"}
"""Headings of the folders of `sim.mechanisms`; one that is not named here is its own heading."""
ROOM = 4.0
"""A strength without a stated limit can be set up to so many times its value, and 1 at least (assumed)."""
STEPS = 100


def market_json(worlds: Worlds, state: State) -> dict[str, Any]:
    """Everything that the page's controls show of a state, with values as the scenario resolves them."""
    world, scenario = worlds.world, worlds.world.scenario
    return {
        "title": scenario.title,
        "question": scenario.question,
        "start": scenario.start.isoformat(),
        "end": scenario.end.isoformat(),
        "users": scenario.users,
        "most_users": MOST_USERS,
        "seed": scenario.seed,
        "look": worlds.look,
        "twin": worlds.flipped,
        "mechanisms": [
            _mechanism(getattr(scenario.mechanisms, key), MECHANISMS[key]) for key in _in_groups()
        ],
        "models": _models(world, state),
        "listed": [model.slug for model in world.catalogue.models],
        "calendar": [_event(event) for event in scenario.calendar],
        "notices": [notice.message for notice in world.notices],
    }


@cache
def bases() -> list[dict[str, str]]:
    """The shipped scenarios that are small enough to open here, by name, with their titles."""
    told = {name: read_scenario(path).tree for name, path in shipped.worlds().items()}
    return [
        {"name": name, "title": str(keys["title"])}
        for name, keys in told.items()
        if keys["users"] <= MOST_USERS
    ]


def _in_groups() -> list[str]:
    """The keys of all mechanisms, group by group."""
    order = list(GROUPS)

    def place(key: str) -> int:
        home = _home(MECHANISMS[key])
        return order.index(home) if home in order else len(order)

    return sorted(MECHANISMS, key=place)


def _home(kind: type[Mechanism]) -> str:
    """The folder of a mechanism's file."""
    return kind.__module__.split(".")[-2]


def _mechanism(cause: Mechanism, kind: type[Mechanism]) -> dict[str, Any]:
    home = _home(kind)
    return {
        "key": kind.key,
        "title": kind.key.replace("_", " "),
        "group": GROUPS.get(home, home),
        "about": (kind.__doc__ or "").strip().partition("\n")[0],
        "off": kind.off,
        "rule": kind.rule,
        "enabled": cause.enabled,
        "strengths": [
            strength
            for name, field in kind.model_fields.items()
            if (strength := _strength(name, field, getattr(cause, name))) is not None
        ],
    }


def _strength(name: str, field: FieldInfo, value: Any) -> dict[str, Any] | None:
    """A number of a mechanism as a slider with its limits; None for what is no number (switches, distributions)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    limits = {name: float(limit) for name, limit in limits_of(field.metadata).items()}
    usual = field.default if isinstance(field.default, int | float) else value
    most = max(1.0, ROOM * abs(float(usual)), float(value))
    low = limits.get("ge", limits.get("gt", min(-most, float(value))))
    high = limits.get("le", limits.get("lt", most))
    step = _round_step((high - low) / STEPS)
    low = low + step if "gt" in limits else low
    high = high - step if "lt" in limits and "le" not in limits else high
    if isinstance(value, int):
        step = max(1.0, round(step))
    return {
        "key": name,
        "title": name.replace("_", " "),
        "about": field.description or "",
        "value": value,
        "least": min(low, value),
        "most": max(high, value),
        "step": step,
    }


def _round_step(step: float) -> float:
    """The next of 1, 2 and 5 times a power of ten, at or below `step`."""
    size = 10.0 ** math.floor(math.log10(step))
    return next(part * size for part in (5.0, 2.0, 1.0) if part * size <= step * (1 + 1e-9))


def _models(world: World, state: State) -> list[dict[str, Any]]:
    """Models that the scenario or the learner brings, with what can be set of each: those with a date of release."""
    shown = []
    for slug, settings in world.scenario.models.items():
        if slug not in world.catalogue or settings.released is None:
            continue
        given = settings.ability
        abilities = list(given.values()) if isinstance(given, dict) else [given]
        shown.append({
            "slug": slug,
            "released": world.catalogue[slug].released.isoformat(),
            "price": settings.price_usd_per_mtok,
            "ability": abilities[0] if len(abilities) == 1 else None,
            "own": slug in state.models and state.models[slug].like is not None,
        })  # fmt: skip
    return sorted(shown, key=lambda one: one["released"])


def _event(event: Any) -> dict[str, Any]:
    told: dict[str, Any] = plain(event.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    return {"event": event.event, **told}
