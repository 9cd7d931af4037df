"""Large accounts of the calendar: one customer that uses one model heavily for a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.model_sets import NO_MODEL
from sim.agents.population.tables import NO_APP, Users, Workloads
from sim.catalogue import Catalogue
from sim.scenario import Scenario
from sim.scenario.calendar import LargeAccountEvent

LARGE_ACCOUNTS = 2**63
"""First entity of large accounts: far from the users', whose number they must not depend on."""


def of_large_account(users: Users) -> NDArray[np.bool_]:
    """Whether each user is a key of a large account."""
    return np.asarray(users.entity >= np.uint64(LARGE_ACCOUNTS))


def append_large_account(
    scenario: Scenario,
    catalogue: Catalogue,
    users: Users,
    workloads: Workloads,
    event: LargeAccountEvent,
    number: int,
) -> None:
    """Add the keys of a large account behind the ordinary users: nobody else changes."""
    keys = event.users
    first = max(0, (event.date - scenario.start).days)
    last = scenario.days if event.until is None else (event.until - scenario.start).days + 1
    if last <= first or first >= scenario.days:
        return
    names = users.names
    country = names.countries.index(event.country) if event.country else 0
    place = scenario.population.countries[names.countries[country]]
    new_ids = np.arange(len(users), len(users) + keys, dtype=np.uint64)

    def extend(target: Any, name: str, value: Any) -> None:
        old = getattr(target, name)
        setattr(target, name, np.concatenate([old, np.full(keys, value, dtype=old.dtype)]))

    account = np.uint64(LARGE_ACCOUNTS + number)
    for name, value in {
        "arrival": first, "leave": last, "segment": 0, "country": country, "app": 0, "account": account, "byok": False,
        "language": names.languages.index(next(iter(place.languages))), "curiosity": 0.0, "regularity": 1.0,
        "price_sensitivity": 0.0, "wave_model": NO_MODEL,
    }.items():  # fmt: skip
        extend(users, name, value)
    for name, value in {
        "app": NO_APP, "start": first, "end": last, "category": CATEGORIES.index(event.category), "hardness": -99.0,
        "log_willingness": 99.0, "price_sensitivity": 0.0, "curiosity": 0.0,
        "needs_tools": event.tool_call_share is not None, "needs_permissive": False, "context_tokens": 0.0,
        "accepts_free": False, "wave_model": NO_MODEL,
        "requests_per_day": event.requests_a_day(scenario.users) / keys, "pinned_model": catalogue.index(event.model),
        "tool_call_share": np.nan if event.tool_call_share is None else event.tool_call_share,
    }.items():  # fmt: skip
        extend(workloads, name, value)
    entity = np.uint64(LARGE_ACCOUNTS + (number << 32)) + np.arange(keys, dtype=np.uint64)
    users.entity = np.concatenate([users.entity, entity])
    workloads.user = np.concatenate([workloads.user, new_ids.astype(np.int32)])
    workloads.entity = np.concatenate([workloads.entity, entity])
