"""The inputs of the report world that state facts of the report: lengths, and the accounts of its calendar."""

from __future__ import annotations

import datetime as dt
import functools

import numpy as np
import pytest

import sim
from analysis.contract import CATEGORIES
from sim.scenario import Scenario
from sim.scenario.calendar import LargeAccountEvent
from testbed.calibration import geography
from tests.sim.traffic_world import shipped

SPRING = dt.date(2025, 5, 1)


@functools.cache
def report() -> Scenario:
    """The report world's scenario."""
    return sim.load_scenario(shipped("report"))


def mean_prompts(name: str) -> np.ndarray:
    """Mean prompt of a category's requests, in tokens, by day: a lognormal's mean."""
    kind = report().workloads.categories[name]
    return report().daily(kind.prompt_tokens, geometric=True) * np.exp(kind.prompt_sigma**2 / 2)


def since_spring(name: str) -> np.ndarray:
    """The same since spring 2025."""
    return mean_prompts(name)[(SPRING - report().start).days :]


def test_programming_has_the_longest_prompts_and_they_pass_twenty_thousand_tokens():
    """Figure 16: highest at all times since spring 2025, often above 20K."""
    others = [since_spring(name) for name in report().workloads.categories if name != "programming"]
    programming = since_spring("programming")
    assert (programming > 2 * np.max(others, axis=0)).all()
    assert (programming > 20_000).mean() > 0.25 and programming[-1] < 30_000


@pytest.mark.parametrize("name", sorted(set(CATEGORIES) - {"programming"}))
def test_all_other_prompts_are_flat_and_low_from_spring_on(name):
    lengths = since_spring(name)
    assert np.ptp(lengths) == 0 and lengths[0] < 5_000


def test_two_large_accounts_are_declared_and_go_with_the_number_of_users():
    accounts = [event for event in report().calendar if isinstance(event, LargeAccountEvent)]
    assert [(event.category, event.date.year) for event in accounts] == [
        ("technology", 2025),
        ("science", 2025),
    ]
    assert all(event.requests_per_day is None and event.until is not None for event in accounts)


# Tables of the web edition and table 2, in percent of tokens; its North America is less than its two countries there.
BY_COUNTRY = {"US": 47.17, "SG": 9.21, "DE": 7.51, "CN": 6.01, "KR": 2.88, "NL": 2.65, "GB": 2.52, "CA": 1.90,
              "JP": 1.77, "IN": 1.62}  # fmt: skip
BY_CONTINENT = {"North America": 47.22, "Asia": 28.61, "Europe": 21.32, "South America": 1.21, "Oceania": 1.18,
                "Africa": 0.46}  # fmt: skip
BY_LANGUAGE = {"en": 82.87, "zh-Hans": 4.95, "ru": 2.47, "es": 1.43, "th": 1.03}


def token_shares() -> dict[str, float]:
    """Percent of tokens of each country if Asia and the US have the parts that are solved for (testbed/calibration/
    geography.py): proportions among Asia's countries, and among all others, by weights."""
    countries = report().population.countries
    found = {geography.HOME: 100 * geography.AT_HOME}
    for asian in (True, False):
        weights = {
            name: c.share.support[1]
            for name, c in countries.items()
            if (c.continent == "Asia") == asian and name != geography.HOME
        }
        whole = BY_CONTINENT["Asia"] if asian else 100 - BY_CONTINENT["Asia"] - 100 * geography.AT_HOME
        found |= {name: whole * weight / sum(weights.values()) for name, weight in weights.items()}
    return found


def test_countries_and_continents_have_the_proportions_of_the_reports_tables():
    found = token_shares()
    over = BY_CONTINENT["North America"] / (BY_COUNTRY["US"] + BY_COUNTRY["CA"])
    for name, stated in BY_COUNTRY.items():
        share = stated * (1 + over) / 2 if name in ("US", "CA") else stated  # the two tables are met halfway
        assert found[name] == pytest.approx(share, abs=max(0.05 * share, 0.25)), name
    halfway = (BY_CONTINENT["North America"] + BY_COUNTRY["US"] + BY_COUNTRY["CA"]) / 2
    left = (100 - BY_CONTINENT["Asia"] - halfway) / (
        100 - BY_CONTINENT["Asia"] - BY_CONTINENT["North America"]
    )
    for continent, stated in BY_CONTINENT.items():
        of = sum(found[name] for name, c in report().population.countries.items() if c.continent == continent)
        share = {"North America": halfway, "Asia": stated}.get(continent, stated * left)
        assert of == pytest.approx(share, abs=0.7), continent


def test_languages_of_the_countries_add_up_to_table_2():
    found: dict[str, float] = {}
    for name, share in token_shares().items():
        languages = report().population.countries[name].languages
        for language, weight in languages.items():
            found[language] = found.get(language, 0) + share * weight / sum(languages.values())
    for language, share in BY_LANGUAGE.items():
        assert found[language] == pytest.approx(
            share, abs=max(0.1 * share, 0.5) if language != "th" else 0.1
        ), language
    assert sorted(found, key=lambda name: -found[name])[:2] == ["en", "zh-Hans"]
