"""Where users come from: how many of each day's arrivals a place must have for its reported part in spend and tokens.

A user's country is drawn on arrival and changes nothing but language and hour. So a week's spend is a sum over the
months in which its spenders arrived, and a place's part in it is the mean of its parts in those arrivals. That is
solved for without a simulation for each guess: the weights of Asia's countries at the dates of their timelines, and the
weight of the country that large accounts are billed in, by least squares (scipy.optimize). All other weights stay. The
result is an input of the world, fitted to C111, C113 and C114.

`python -m testbed.calibration.geography` prints it for the report world, `--write` puts it into the scenario's file.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from argparse import ArgumentParser
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from analysis import study
from analysis.contract.files import write_text
from sim.expectation import expected
from sim.scenario import Scenario
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import World, load_world

WORLD = WORLDS / "report.yaml"
"""Who spends what, when, comes from this world; it extends the next."""
FILE = WORLDS / "report-base.yaml"
"""The weights stand here."""
CONTINENT = "Asia"
FIRST, LAST, ALL = 0.13, 0.31, 0.27
"""Asia's part in the spend of the first and of the last four weeks (C111), and in all tokens. The study's 28.61% (C113)
would need Asia to spend more than North America for a while, which C109 denies."""
HOME, AT_HOME = "US", 0.462
"""The country of the large accounts, and its part in all tokens. The study's table says 47.17%, which with Canada's
1.90% is more than its own North America's 47.22% (C113, C114): met halfway."""
EDGE = 4
LEAST = 2.0
"""Least total weight of the continent, so that people come from there at all times (assumed)."""
USERS, SEEDS = 20_000, (1, 2, 3)


class Flow(NamedTuple):
    """What is spent and used in the weeks of the study's window, by who does: week x (users who are billed alone, by
    month of arrival, then shared accounts, then large ones)."""

    months: tuple[dt.date, ...]
    """First days of the months of arrival, two fewer than columns."""
    opened: NDArray[np.float64]
    """The part of shared accounts that is opened in each of these months."""
    spend: NDArray[np.float64]
    """USD."""
    tokens: NDArray[np.float64]

    def parts(
        self, of_arrivals: NDArray[np.float64], of_accounts: float
    ) -> tuple[NDArray[np.float64], float]:
        """A place's part in each week's spend and in all tokens, from its part in the arrivals of each month and in the
        large accounts. A shared account draws its place on a day of its own."""
        of = np.append(of_arrivals, [of_arrivals @ self.opened, of_accounts])
        of_spend = self.spend @ of / self.spend.sum(axis=1)
        return of_spend, float(self.tokens.sum(axis=0) @ of / self.tokens.sum())


def flow(world: World) -> Flow:
    """The expected flow of one world."""
    agents = run_agents(world)
    found = expected(agents.traffic(), ("week", "arrival", "segment"))
    first, last = study.MAIN_WINDOW
    inside = np.array([first <= monday <= last - dt.timedelta(days=6) for monday in found.axes["week"]])
    segments = world.scenario.population.segments
    shared = np.array([segments[name].users_per_account != 1.0 for name in found.axes["segment"]])

    def by_who(values: NDArray[np.float64]) -> NDArray[np.float64]:
        within = values[inside]
        of_users = within[:, :-1]
        return np.column_stack([
            of_users[:, :, ~shared].sum(axis=2), of_users[:, :, shared].sum(axis=(1, 2)), within[:, -1].sum(axis=1)
        ])  # fmt: skip

    months = found.axes["arrival"][:-1]
    begins = np.array([(month - world.scenario.start).days for month in months])
    each = np.searchsorted(begins, agents.users.arrival, side="right") - 1
    opened = np.bincount(each, minlength=len(months)) / len(each)
    tokens = found["tokens_prompt"] + found["tokens_completion"]
    return Flow(months, opened, by_who(found["cost_usd"]), by_who(tokens))


def dates(scenario: Scenario, continent: str = CONTINENT) -> list[dt.date]:
    """The dates at which the weights of the continent's countries are stated: those of the first of them."""
    return next(c.share.turns for c in scenario.population.countries.values() if c.continent == continent)


def arrivals(
    scenario: Scenario, weights: NDArray[np.float64], months: tuple[dt.date, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The parts of the continent and of the large accounts' country in the arrivals of each month. weights: of the
    continent's countries together at `dates`, then of that country."""
    countries = scenario.population.countries
    others = sum(
        scenario.daily(c.share) for name, c in countries.items() if c.continent != CONTINENT and name != HOME
    )
    knots = [(day - scenario.start).days for day in dates(scenario)]
    own = np.interp(np.arange(scenario.days), knots, weights[:-1])
    day = [min(max((month - scenario.start).days + 14, 0), scenario.days - 1) for month in months]
    whole = own + weights[-1] + others
    return np.asarray((own / whole)[day]), np.asarray((weights[-1] / whole)[day])


def fit(scenario: Scenario, flows: list[Flow]) -> NDArray[np.float64]:
    """The total weights of the continent's countries at `dates`, at least `LEAST`, and that of the large accounts'
    country, that come nearest to the four numbers in the mean of these flows."""

    def misses(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array(measured(scenario, weights, flows)) - (FIRST, LAST, ALL, AT_HOME)

    countries = scenario.population.countries
    others = sum(c.share.support[1] for c in countries.values() if c.continent != CONTINENT)
    begin = np.full(len(dates(scenario)) + 1, others * ALL / (1 - ALL))
    return np.asarray(least_squares(misses, begin, bounds=(LEAST, np.inf)).x)


def measured(
    scenario: Scenario, weights: NDArray[np.float64], flows: list[Flow]
) -> tuple[float, float, float, float]:
    """The continent's part in the spend of the first and last weeks, and in all tokens, and that of the large accounts'
    country in all tokens: means over the flows. weights: as in `arrivals`."""
    rows = []
    for one in flows:
        own, home = arrivals(scenario, weights, one.months)
        spend, tokens = one.parts(own, 0.0)
        rows.append((spend[:EDGE].mean(), spend[-EDGE:].mean(), tokens, one.parts(home, 1.0)[1]))
    first, last, whole, at_home = np.mean(rows, axis=0)
    return float(first), float(last), float(whole), float(at_home)


def rewritten(text: str, scenario: Scenario, weights: NDArray[np.float64]) -> str:
    """The scenario's text with the weights shared out among the continent's countries in the proportions of their last
    ones, and that of the large accounts' country. Raises ValueError if a country does not stand on one line."""
    end = (dates(scenario)[-1] - scenario.start).days
    last = {
        name: float(c.share.at(end, scenario.start))
        for name, c in scenario.population.countries.items()
        if c.continent == CONTINENT
    }
    whole = sum(last.values())
    for name, weight in last.items():
        points = ", ".join(
            f"{day}: {total * weight / whole:.2f}"
            for day, total in zip(dates(scenario), weights[:-1], strict=True)
        )
        line = re.compile(rf"^(\s+{name}: {{continent: {CONTINENT},.* share: ){{[^}}]*}}", re.MULTILINE)
        text, found = line.subn(rf"\g<1>{{{points}}}", text)
        if found != 1:
            raise ValueError(f"{name} does not stand on one line of the file with its share by date")
    line = re.compile(rf"^(\s+{HOME}: {{continent: .* share: )[\d.]+", re.MULTILINE)
    text, found = line.subn(rf"\g<1>{weights[-1]:.1f}", text)
    if found != 1:
        raise ValueError(f"{HOME} does not stand on one line of the file with its share")
    return text


def main(arguments: list[str]) -> None:
    """Solve for the shipped report world, print what comes out, and write it if asked to."""
    parser = ArgumentParser(prog="python -m testbed.calibration.geography", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help="put the weights into scenarios/report-base.yaml"
    )
    chosen = parser.parse_args(arguments)
    worlds = [load_world(WORLD, users=USERS, seed=seed) for seed in SEEDS]
    scenario, flows = worlds[0].scenario, [flow(world) for world in worlds]
    weights = fit(scenario, flows)
    first, last, whole, at_home = measured(scenario, weights, flows)
    print(
        f"{CONTINENT}: weights "
        + ", ".join(f"{day}: {weight:.1f}" for day, weight in zip(dates(scenario), weights[:-1], strict=True))
        + f"; {first:.1%} of the spend at first, {last:.1%} at last, {whole:.1%} of tokens\n"
        f"{HOME}: weight {weights[-1]:.1f}; {at_home:.1%} of tokens ({USERS:,} users, mean of {len(SEEDS)} seeds)"
    )
    if chosen.write:
        write_text(FILE, rewritten(FILE.read_text(encoding="utf-8"), scenario, weights))


if __name__ == "__main__":
    main(sys.argv[1:])
