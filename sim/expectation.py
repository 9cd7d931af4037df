"""Expected traffic of a world: requests, tokens and cost in closed form from the spells, without making a request.

The spells are what they are; what is taken over is the luck of traffic alone: counts, skipped weeks, lengths, endings.
The mean of the logs that the same spells could have left converges to it. Means of one spell-day's count are stated in
`sim.traffic.counts`, of one request in `sim.traffic.means`, each beside its draw; here they are summed.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.population import of_large_account
from sim.compiled import compiled
from sim.gateway.models import is_free_variant, listed_name
from sim.traffic.blocks import Traffic
from sim.traffic.counts import expect_week
from sim.traffic.means import QUANTITIES, add_expected, request_means
from sim.traffic.weeks import weeks_of_spell

MARKET = ("week", "model", "category", "free")
"""The axes of a market's shares."""
MOST_BYTES = 2_000_000_000
"""Of one table."""


@dataclass(frozen=True)
class Expected:
    """Expected quantities by some axes, dense."""

    axes: dict[str, tuple[Any, ...]]
    """What each index of each axis stands for, in the order of the arrays' axes. week: Mondays (date); model: the log's
    ids; free, own_key, large_account: False, True; category, country, language, segment, app: names; arrival: first
    days of months (date), and None for large accounts."""
    values: NDArray[np.float64]
    """One axis for each of `axes`, and a last one for the quantities in the order of `QUANTITIES`."""

    def __getitem__(self, quantity: str) -> NDArray[np.float64]:
        """One of `QUANTITIES`, which state the units, by all axes."""
        return self.values[..., tuple(QUANTITIES).index(quantity)]

    def over(self, *axes: str) -> "Expected":
        """The same by fewer axes, in the order in which they are named: summed over the others."""
        names = tuple(self.axes)
        kept = [names.index(name) for name in axes]
        rest = tuple(at for at in range(len(names)) if at not in kept)
        values = self.values.transpose(*kept, *rest, -1)
        summed = values.sum(axis=tuple(range(len(kept), len(names))))
        return Expected({name: self.axes[name] for name in axes}, summed)


class _Places(NamedTuple):
    """Where the cells of the table lie: the cell of a request is the sum of its parts. An axis left out has steps 0."""

    of_model: NDArray[np.int64]
    of_user: NDArray[np.int64]
    week_step: int
    category_step: int
    free_step: int
    only_free: NDArray[np.bool_]  # models that the log knows as the free variant of another


@compiled
def _sum_up(spells, works, volume, calendar, tables, means, places, into):  # type: ignore[no-untyped-def]
    """Add up all spells. into: cell x quantity."""
    weeks, mean = len(calendar.activity), np.empty(7)
    for s in range(len(spells)):
        spell = spells[s]
        work, model = works[spell.workload], spell.model
        fixed = places.of_model[model] + places.of_user[work.user] + places.category_step * work.category
        first, last = weeks_of_spell(spell, calendar.weekday, weeks)
        for week in range(first, last):
            expect_week(spell, work, volume, calendar, week, mean)
            cell = fixed + places.week_step * week
            free_cell = cell + places.free_step
            if places.only_free[model]:
                cell = free_cell
            monday = 7 * week - calendar.weekday
            add_expected(mean, monday, model, work, tables, means, volume.rates, into, cell, free_cell)


def _months(start: dt.date, end: dt.date) -> list[dt.date]:
    """The first days of all months from one day to another."""
    months = np.arange(np.datetime64(start, "M"), np.datetime64(end, "M") + 1)
    return [dt.date.fromisoformat(str(day)) for day in months.astype("M8[D]")]


def _arrival_months(traffic: Traffic, labels: tuple[Any, ...]) -> NDArray[np.int64]:
    """For each user the index of the month of arrival among these labels; the last one for large accounts."""
    first_days = [(month - traffic.scenario.start).days for month in labels[:-1]]
    month = np.searchsorted(first_days, traffic.users.arrival, side="right") - 1
    return np.where(of_large_account(traffic.users), len(labels) - 1, month)


def expected(traffic: Traffic, axes: Sequence[str] = MARKET) -> Expected:
    """What a world's traffic is expected to be, by these axes: `expected(run_agents(world).traffic())`.

    axes: any of week (UTC, from Monday), model, category, free, country, language, segment, app, own_key (whether the
    user brings a key), large_account (whether the calendar brought it) and arrival (of users, by month; None: large
    accounts), in the order of the arrays. Raises
    ValueError for an unknown or repeated axis, and for a table of more than `MOST_BYTES`.
    """
    users, names = traffic.users, traffic.users.names
    listed = [listed_name(model.slug) for model in traffic.catalogue.models]
    models = tuple(dict.fromkeys(listed))
    labels: dict[str, tuple[Any, ...]] = {
        "week": tuple(monday for monday, _, _ in traffic.weeks()),
        "model": models,
        "category": CATEGORIES,
        "free": (False, True),
        "country": names.countries,
        "language": names.languages,
        "segment": names.segments,
        "app": names.apps,
        "own_key": (False, True),
        "large_account": (False, True),
        "arrival": (*_months(traffic.scenario.start, traffic.scenario.end), None),
    }
    if unknown := [name for name in axes if name not in labels]:
        raise ValueError(f"unknown axis {', '.join(unknown)}: there are {', '.join(labels)}")
    if len(set(axes)) < len(axes):
        raise ValueError(f"an axis is named twice: {', '.join(axes)}")
    shape = [len(labels[name]) for name in axes]
    size = 8 * len(QUANTITIES) * int(np.prod(shape, dtype=object))
    if size > MOST_BYTES:
        raise ValueError(
            f"a table by {', '.join(axes)} has {' x '.join(map(str, shape))} cells and would take {size / 1e9:.1f} GB "
            f"(at most {MOST_BYTES / 1e9:g}): ask for fewer axes at a time"
        )
    step = {name: int(np.prod(shape[at + 1 :], dtype=np.int64)) for at, name in enumerate(axes)}
    of_user = np.zeros(len(users), dtype=np.int64)
    for name in ("country", "language", "segment", "app"):
        of_user += step.get(name, 0) * getattr(users, name).astype(np.int64)
    of_user += step.get("own_key", 0) * users.byok
    of_user += step.get("large_account", 0) * of_large_account(users)
    of_user += step.get("arrival", 0) * _arrival_months(traffic, labels["arrival"])
    places = _Places(
        of_model=step.get("model", 0) * np.array([models.index(name) for name in listed], dtype=np.int64),
        of_user=of_user,
        week_step=step.get("week", 0),
        category_step=step.get("category", 0),
        free_step=step.get("free", 0),
        only_free=np.array([is_free_variant(model.slug) for model in traffic.catalogue.models]),
    )
    values = np.zeros((int(np.prod(shape, dtype=np.int64)), len(QUANTITIES)))
    means = request_means(traffic.tables, traffic.volume.rates)
    _sum_up(
        traffic.spell_table,
        traffic.work_table,
        traffic.volume,
        traffic.calendar,
        traffic.tables,
        means,
        places,
        values,
    )
    return Expected({name: labels[name] for name in axes}, values.reshape(*shape, len(QUANTITIES)))
