"""Users: when they come and go, who they are, how they work."""

import numpy as np
from numpy.typing import NDArray

from sim.agents.model_sets import NO_MODEL
from sim.agents.population.carriers import app_names, pick_app
from sim.agents.population.picks import by_group, pick, pick_fixed
from sim.agents.population.tables import FOREVER, Names, Users
from sim.catalogue import Catalogue
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario
from sim.scenario.calendar import WaveEvent


def _arrivals(scenario: Scenario, u: NDArray[np.float64]) -> NDArray[np.int32]:
    """Arrival days: the initial stock on day 0, the rest by the growth curve's inverse."""
    stock = scenario.population.initial_share
    rate = scenario.daily(scenario.population.growth, geometric=True)
    cumulative = np.concatenate([[0.0], np.cumsum(rate)])
    cumulative /= cumulative[-1]
    later = np.clip((u - stock) / max(1.0 - stock, 1e-12), 0.0, 1.0)
    day = np.floor(np.interp(later, cumulative, np.arange(scenario.days + 1)))
    return np.where(u < stock, 0, np.minimum(day, scenario.days - 1)).astype(np.int32)


def ordinary_users(scenario: Scenario, catalogue: Catalogue, draws: Draws) -> Users:
    """All users but those of large accounts."""
    n, population = scenario.users, scenario.population
    ids = np.arange(n, dtype=np.uint64)
    arrival = _arrivals(scenario, draws.uniform(Purpose.USER_ARRIVAL, ids))

    segments = tuple(population.segments)
    kinds = [population.segments[s] for s in segments]
    shares = np.stack([scenario.daily(k.share) for k in kinds], axis=1)
    segment = pick(draws.uniform(Purpose.USER_SEGMENT, ids), shares, arrival)
    wave_model = np.full(n, NO_MODEL, dtype=np.int16)
    _apply_waves(scenario, catalogue, draws, ids, arrival, segment, wave_model)

    # Users of one account are neighbours in number and of one segment: an account is (segment, block of numbers).
    mean_share = shares.mean(axis=0) / shares.mean(axis=0).sum()
    block = np.maximum(
        1, np.round([k.users_per_account / max(s, 1e-9) for k, s in zip(kinds, mean_share, strict=True)])
    )
    single = np.array([k.users_per_account == 1.0 for k in kinds])
    account = np.where(single[segment], ids, ids // block[segment].astype(np.uint64))
    account = account * np.uint64(len(kinds)) + segment.astype(np.uint64)

    countries = tuple(population.countries)
    places = [population.countries[c] for c in countries]
    shares = np.stack([scenario.daily(p.share) for p in places], axis=1)
    # An account is billed in one country: a shared one draws it on a day of its own, which no member decides.
    opened = _arrivals(scenario, draws.uniform(Purpose.USER_ACCOUNT, account))
    billed = np.where(single[segment], arrival, opened)
    country = pick(draws.uniform(Purpose.USER_COUNTRY, account), shares, billed)
    languages = tuple(sorted({name for p in places for name in p.languages}))
    language = np.zeros(n, dtype=np.int16)
    u = draws.uniform(Purpose.USER_LANGUAGE, ids)
    for number, place in enumerate(places):
        rows = country == number
        known = np.array([languages.index(name) for name in place.languages])
        language[rows] = known[pick_fixed(u[rows], list(place.languages.values()))]
    apps = app_names(scenario)
    app = np.zeros(n, dtype=np.int16)
    u = draws.uniform(Purpose.USER_APP, ids)
    for number, kind in enumerate(kinds):
        rows = segment == number
        known = np.array([apps.index(name) for name in kind.apps])
        app[rows] = known[pick_app(scenario, kind, u[rows], arrival[rows])]

    def trait(purpose: Purpose, name: str) -> NDArray[np.float64]:
        return by_group(segment, [getattr(k, name) for k in kinds], draws.uniform(purpose, ids))

    life = np.maximum(1, np.round(trait(Purpose.USER_LIFE, "life_days")))
    byok_share = np.array([k.byok_share for k in kinds])
    return Users(
        entity=ids,
        arrival=arrival,
        leave=np.minimum(arrival + life, FOREVER).astype(np.int32),
        segment=segment.astype(np.int8),
        country=country.astype(np.int16),
        language=language,
        app=app,
        account=account,
        byok=draws.uniform(Purpose.USER_BYOK, ids) < byok_share[segment],
        curiosity=np.maximum(trait(Purpose.USER_CURIOSITY, "curiosity"), 0.0).astype(np.float32),
        regularity=np.clip(trait(Purpose.USER_REGULARITY, "regularity"), 0.0, 1.0).astype(np.float32),
        price_sensitivity=np.maximum(trait(Purpose.USER_PRICE_SENSITIVITY, "price_sensitivity"), 0.0).astype(
            np.float32
        ),
        wave_model=wave_model,
        names=Names(segments, countries, languages, apps),
    )


def _apply_waves(
    scenario: Scenario,
    catalogue: Catalogue,
    draws: Draws,
    ids: NDArray[np.uint64],
    arrival: NDArray[np.int32],
    segment: NDArray[np.int64],
    wave_model: NDArray[np.int16],
) -> None:
    """Move the wave's share of users to the wave's days; they come for one model."""
    segments = list(scenario.population.segments)
    free = np.ones(len(ids), dtype=bool)
    for number, event in enumerate(e for e in scenario.calendar if isinstance(e, WaveEvent)):
        drawn = free & (draws.uniform(Purpose.USER_WAVE, ids, 2 * number) < event.share_of_users)
        if event.date > scenario.end:
            continue  # it never happens: whom it would draw come when they would
        free &= ~drawn
        first = (event.date - scenario.start).days
        u = draws.uniform(Purpose.USER_WAVE, ids[drawn], 2 * number + 1)
        arrival[drawn] = np.clip(first + np.floor(u * event.days), 0, scenario.days - 1).astype(np.int32)
        wave_model[drawn] = catalogue.index(event.model)
        if event.segment is not None:
            segment[drawn] = segments.index(event.segment)
