"""How a value of docs/behaviour.md comes out of what its source measured, on the scales of this project.

Each conversion is arithmetic on numbers of a source (named beside them; full references on the page), on the facts of
the catalogue and on the report world's scenario as it is written. Nothing is simulated, no log is read.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from analysis.contract import CATEGORIES
from sim.agents.population.carriers import expected_kinds
from sim.catalogue import Catalogue, CatalogueModel
from sim.scenario import Scenario

GENERAL = "trivia"
"""The category whose abilities rest on the overall Arena score: what is generally known of a model."""
NEIGHBOURS = ("legal", "finance", "health", "marketing", "technology", "academia", "trivia")
"""Categories whose abilities rest on nearly the same tests (scenarios/catalogue/README.md)."""
MIDDLE = dt.date(2025, 6, 1)
"""The day whose mix of work and whose listed models are used."""
PROMPT_PART = 0.9
"""Share of the prompt price in the price of a model (assumed; the slope hardly depends on it)."""

PRICE_ACROSS, PRICE_WITHIN = 0.55, 1.11  # Demirer et al. 2025, table 2: first and last column
SATED = 0.5  # share of buyers whose margin is above the cap (assumed)
PREMIUM, CONTINUITY, HASSLE = 298.0, 282.0, 77.0  # USD a month; Drake et al. 2022, and their talk of 2019
HABIT_DAYS, HABIT_PART = 66.0, 0.95  # Lally et al. 2010
WEEKLY, MONTHLY = 0.17, 0.50  # who update their models at least so often; Yaron 2025
UPGRADED, LEFT, AFTER_A_MONTH = 0.66, 0.11, 0.45  # Menlo Ventures 2025
CHANGES_A_LOOK, MOVES_A_LOOK = 1 / 4, 1 / 16  # assumed
STABLE_AFTER_DAYS, STABLE = (21.0, 42.0), 0.2  # "within weeks": Fradkin 2025; read as these numbers (assumed)
POPULAR_PART, POPULAR_REACH = 1 / 3, 0.9  # of all awareness; reach of the models in use (both assumed)
OLD_PART, NEW_PART = 37.38, 52.29  # per cent of requests; Augment Code 2025
FIRMS_WITH_TWO, PEOPLE_WITH_TWO = 0.79, 0.20  # Ramp 2026, a16z 2026
TEAMS_WITH_TWO = 0.42  # Vellum 2025
ELO_PER_UNIT, COMPARISONS = 69.0, 80  # own regression (see the page); comparisons in a trial (assumed)


@dataclass(frozen=True)
class Conversion:
    """What a parameter comes to, and by which arithmetic."""

    key: str
    how: str
    result: float


def conversions(
    scenario: Scenario, catalogue: Catalogue, stated: Mapping[str, float]
) -> Iterator[Conversion]:
    """Every value that is converted. stated: the values of the page, which later ones build upon."""
    match, perception = stated["mechanisms.fit.match_sd"], stated["mechanisms.information.perception_sd"]
    error, alpha = math.hypot(match, perception), stated["mechanisms.price_response.alpha"]
    cap = 1.5 * error
    habit = HABIT_DAYS / -math.log(1 - HABIT_PART)
    floor = stated["search.awareness_floor"]
    yield Conversion("mechanisms.fit.match_sd", "mean sd between neighbouring categories", between(catalogue))
    yield Conversion(
        "mechanisms.information.perception_sd",
        f"root mean square of ability less that in {GENERAL}, categories weighted by their share of work",
        misjudged(scenario, catalogue),
    )
    yield Conversion(
        "mechanisms.information.kappa",
        "least squares slope of log Phi(margin / sd) from -2 sd to 1.5 sd; sd of both errors together",
        sharpness(error),
    )
    yield Conversion("mechanisms.information.cap", "1.5 sd of both errors together", cap)
    yield Conversion(
        "mechanisms.price_response.alpha",
        f"sqrt({PRICE_ACROSS} * {PRICE_WITHIN}) / mean price sensitivity",
        math.sqrt(PRICE_ACROSS * PRICE_WITHIN) / mean_of(scenario, "price_sensitivity"),
    )
    yield Conversion(
        "search.quality_weight",
        f"alpha * slope of log price on ability / {SATED}, the share of buyers who are not sated",
        alpha * price_of_ability(catalogue) / (1 - SATED),
    )
    yield Conversion(
        "mechanisms.lock_in.strength", "alpha * log(1 + 282 / 298)", alpha * math.log1p(CONTINUITY / PREMIUM)
    )
    yield Conversion(
        "mechanisms.rival_trials.inertia", "alpha * log(1 + 77 / 298)", alpha * math.log1p(HASSLE / PREMIUM)
    )
    for key in ("mechanisms.lock_in.time_constant_days", "mechanisms.volume_unlock.ramp_days"):
        yield Conversion(key, "66 / log 20", habit)
    yield Conversion(
        "mechanisms.rival_trials.look_every_days",
        "geometric mean of the two readings of one update in 40 days, for a developer's work and curiosity",
        looks(scenario),
    )
    yield Conversion(
        "search.awareness_half_life_days",
        "geometric mean of 21 and 42 days / log2(1 / (0.2 * floor))",
        math.sqrt(math.prod(STABLE_AFTER_DAYS)) / -math.log2(STABLE * floor),
    )
    yield Conversion(
        "mechanisms.popularity.weight",
        "1/2 * floor * sum of the reach of listed models / reach of those in use",
        POPULAR_PART / (1 - POPULAR_PART) * floor * listed_reach(catalogue) / POPULAR_REACH,
    )
    yield Conversion(
        "mechanisms.upgrade.reaction_days.exponential.mean",
        "-30 / log(1 - 0.45 / 0.66)",
        -30 / math.log1p(-AFTER_A_MONTH / UPGRADED),
    )
    yield Conversion("mechanisms.upgrade.beside_share", "37 / (37 + 52)", OLD_PART / (OLD_PART + NEW_PART))
    yield Conversion(
        "mechanisms.multihoming.share",
        f"sqrt({FIRMS_WITH_TWO} * {PEOPLE_WITH_TWO:.2f})",
        math.sqrt(FIRMS_WITH_TWO * PEOPLE_WITH_TWO),
    )
    yield Conversion("mechanisms.multihoming.beside_share", "(1 - 2 / 3) * 2 / 2", (1 - 2 / 3) * 2 / 2)
    yield Conversion(
        "mechanisms.multihoming.beside_days.exponential.mean",
        f"sqrt(60 * 365 * {TEAMS_WITH_TWO} / {LEFT})",
        math.sqrt(stated["mechanisms.upgrade.beside_days"] * 365 * TEAMS_WITH_TWO / LEFT),
    )
    yield Conversion(
        "mechanisms.regret.noise",
        "pi / sqrt 3 * 400 / log 10 / 69, over the root of 80 comparisons",
        math.pi / math.sqrt(3) * 400 / math.log(10) / ELO_PER_UNIT / math.sqrt(COMPARISONS),
    )


def measured(catalogue: Catalogue) -> list[CatalogueModel]:
    """Models whose abilities rest on public scores."""
    return [model for model in catalogue.models if model.latent.informed == "measured"]


def abilities(catalogue: Catalogue, *categories: str) -> NDArray[np.float64]:
    """Ability of the measured models (rows) in categories (columns; all, if none is named)."""
    columns = [CATEGORIES.index(name) for name in categories or CATEGORIES]
    return np.array([model.latent.ability for model in measured(catalogue)])[:, columns]


def between(catalogue: Catalogue) -> float:
    """Mean sd, over pairs of neighbouring categories, of the difference of a model's abilities."""
    pairs = (abilities(catalogue, *pair) for pair in combinations(NEIGHBOURS, 2))
    return float(np.mean([np.std(first - second, ddof=1) for first, second in (pair.T for pair in pairs)]))


def misjudged(scenario: Scenario, catalogue: Catalogue) -> float:
    """How far ability lies from general standing, in units of ability, over the work of the middle of 2025."""
    share = [expected_kinds(scenario, MIDDLE).get(name, 0.0) for name in CATEGORIES]
    error = abilities(catalogue) - abilities(catalogue, GENERAL)
    return math.sqrt(np.average((error**2).mean(axis=0), weights=share))


def sharpness(sd: float) -> float:
    """Mean slope of the log chance of success in the expected margin. sd: of the error of that expectation."""
    margin = np.linspace(-2 * sd, 1.5 * sd, 400)
    return float(np.polyfit(margin, log_ndtr(margin / sd), 1)[0])


def price_of_ability(catalogue: Catalogue) -> float:
    """Log of the launch price that one unit of ability costs more, at equal release date and openness of weights."""
    rows, log_price = [], []
    for model, mean_ability in zip(measured(catalogue), abilities(catalogue).mean(axis=1), strict=True):
        launch = catalogue.price_on(model.slug, model.released)
        price = PROMPT_PART * launch.prompt + (1 - PROMPT_PART) * launch.completion
        if price > 0:
            rows.append([mean_ability, 1.0, (model.released - MIDDLE).days, model.facts.open_weights])
            log_price.append(math.log(price))
    return float(np.linalg.lstsq(np.array(rows, dtype=float), np.array(log_price), rcond=None)[0][0])


def listed_reach(catalogue: Catalogue) -> float:
    """Sum of the reach of the models that are listed in the middle of 2025, mean of all categories."""
    return sum(
        fmean(model.latent.reach)
        for model in catalogue.models
        if model.released <= MIDDLE and not (model.facts.retired and model.facts.retired <= MIDDLE)
    )


def mean_of(scenario: Scenario, trait: str) -> float:
    """Mean of a trait of users, segments weighted by their share."""
    segments = scenario.population.segments.values()
    shares = [float(segment.share.at(0, MIDDLE)) for segment in segments]
    return float(np.average([getattr(segment, trait).mean for segment in segments], weights=shares))


def looks(scenario: Scenario) -> float:
    """Mean days between looks at curiosity 1, from how often developers change their models."""
    days = math.sqrt(7 / -math.log1p(-WEEKLY) * 30 / -math.log1p(-MONTHLY))
    developer = scenario.population.segments["developer"]
    pace = developer.workloads * developer.curiosity.mean
    any_change = pace * CHANGES_A_LOOK * days
    change_of_vendor = pace * MOVES_A_LOOK * days * (UPGRADED + LEFT) / LEFT
    return math.sqrt(any_change * change_of_vendor)
