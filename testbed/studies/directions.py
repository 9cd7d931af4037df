"""How often each test of a direction says yes, on made numbers whose truth is known.

rates = measure(TRENDS[0], np.random.default_rng(1), sets=200)
rates["world of 20"]     # share of sets of twenty replicates that show a direction: here, false positives

A family makes *sets*: twenty replicates of one world each. What one log says is asked of the first of a set, what few
replicates say of the first five.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from testbed.claims.frequency import GOAL
from testbed.claims.measuring.measured import Floats, Groups, Measured, Result, Series
from testbed.claims.measuring.uncertainty import label_draws, mean_interval, share_error
from testbed.claims.predicates import Comparison, Direction, Sign, TrendIs
from testbed.claims.replicates import of_world
from testbed.claims.statistics.releases import response_at
from testbed.claims.verdict import Verdict

MANY, FEW = 20, 5  # replicates of a set
COLUMNS = (
    "one history",
    "one simulated log",
    "not weak",
    "world of 5",
    "world of 20",
    "goal of 5",
    "goal of 20",
)
START = dt.date(2024, 11, 4)
STEP = "a clean step from 16 to 31%"

Set = Callable[[np.random.Generator], list[Result]]
"""Makes the results of one set, a replicate each."""


@dataclass(frozen=True)
class Family:
    """Worlds of one kind, and the direction that is asked of them. null: they do not have it as such."""

    name: str
    asked: Direction
    make: Set
    null: bool = False


def measure(family: Family, rng: np.random.Generator, sets: int) -> dict[str, float]:
    """Share of sets of which each of COLUMNS says yes.

    one history: the test of a log that no simulation wrote, on one replicate. one simulated log: the verdict on one;
    not weak: so, and the test of one history agrees. world of n: n replicates together show the direction. goal of n:
    they do, and it holds in at least 80% of them.
    """
    found = np.array([_each(family, family.make(rng)) for _ in range(sets)], dtype=np.float64)
    return dict(zip(COLUMNS, found.mean(axis=0).tolist(), strict=True))


def _each(family: Family, results: Sequence[Result]) -> list[bool]:
    verdicts = [family.asked.judge_world(result) for result in results]
    lone = verdicts[0].status == "holds"
    few, many = _over(verdicts[:FEW]), _over(verdicts)
    history = family.asked.judge(results[0]).status == "holds"
    return [history, lone, lone and not verdicts[0].weak, few[0], many[0], few[1], many[1]]


def _over(verdicts: Sequence[Verdict]) -> tuple[bool, bool]:
    """Whether replicates together show the direction, and whether they do and it holds in as many as are asked for."""
    world = of_world([None if one.test is None else one.test.as_data() for one in verdicts])
    assert world is not None
    return world.shown, world.shown and float(np.mean([one.status == "holds" for one in verdicts])) >= GOAL


# --- weekly shares


def noise(rng: np.random.Generator, weeks: int, autocorrelation: float) -> Floats:
    """Weekly luck of each replicate of a set, shape (MANY, weeks): first order, with a standard deviation of 1 point in
    every week."""
    fresh = rng.normal(0, 0.01, (MANY, weeks))
    fresh[:, 1:] *= (1 - autocorrelation**2) ** 0.5
    for week in range(1, weeks):
        fresh[:, week] += autocorrelation * fresh[:, week - 1]
    return fresh


def weekly(values: Floats, draws: Floats | None = None) -> Series:
    """A weekly share."""
    times = tuple(START + dt.timedelta(weeks=week) for week in range(len(values)))
    return Series(times, values, n=len(values), draws=draws)


def census(shape: Floats, autocorrelation: float, drift: float = 0.0) -> Set:
    """Shares of all tokens around a shape, with 1 point of luck a week; drift: points a week by which each replicate
    wanders off beside, as a random walk."""

    def make(rng: np.random.Generator) -> list[Result]:
        values = shape + noise(rng, len(shape), autocorrelation)
        values = values + drift * rng.standard_normal(values.shape).cumsum(axis=1)
        return [weekly(row) for row in values]

    return make


def labelled(shape: Floats, requests: int) -> Set:
    """Shares in a sample of so many labelled requests a week, whose sizes are lognormal (sd 1 of the logarithm,
    assumed); nothing else is luck."""

    def make(rng: np.random.Generator) -> list[Result]:
        return [_sampled(rng, shape, requests) for _ in range(MANY)]

    return make


def _sampled(rng: np.random.Generator, shape: Floats, requests: int) -> Series:
    sizes = rng.lognormal(0, 1, (len(shape), requests))
    own = rng.random(sizes.shape) < shape[:, None]
    whole = sizes.sum(axis=1)
    values = (sizes * own).sum(axis=1) / whole
    return weekly(values, label_draws(values, share_error(values, whole, (sizes**2).sum(axis=1))))


def _line(first: float, last: float, weeks: int) -> Floats:
    return np.linspace(first, last, weeks)


def _s_curve(first: float, last: float, weeks: int) -> Floats:
    x = np.linspace(-6, 6, weeks)
    return first + (last - first) / (1 + np.exp(-x))


def _plateau(first: float, last: float, weeks: int) -> Floats:
    return np.minimum(first + (last - first) * np.arange(weeks) / (0.4 * weeks), last)


def _step(first: float, last: float, weeks: int) -> Floats:
    return np.where(np.arange(weeks) < 34, first, last)  # end of June 2025


def _hump(low: float, high: float, weeks: int) -> Floats:
    return low + (high - low) * np.sin(np.pi * (np.arange(weeks) + 0.5) / weeks)


UP = TrendIs(kind="trend", direction="up")
YEAR, CATEGORY, LATE = 56, 30, 9  # weeks of the main window, the category window, and a claim's shortest


def _trends() -> list[Family]:
    flat = {weeks: np.full(weeks, 0.2) for weeks in (YEAR, CATEGORY, LATE)}
    found = [
        Family(f"no trend, autocorrelation {a:g}", UP, census(flat[YEAR], a), null=True)
        for a in (0.0, 0.4, 0.8)
    ]
    found += [
        Family("no trend, 30 weeks, 0.4", UP, census(flat[CATEGORY], 0.4), null=True),
        Family("no trend, 9 weeks, 0.4", UP, census(flat[LATE], 0.4), null=True),
        Family(
            "no trend, each draw wanders, 0.4 points a week", UP, census(flat[YEAR], 0.0, 0.004), null=True
        ),
        Family("up 15 points and down again, 0.4", UP, census(_hump(0.16, 0.31, YEAR), 0.4), null=True),
        Family("down 2 points, 0.4", UP, census(_line(0.22, 0.20, YEAR), 0.4), null=True),
    ]
    shapes = {
        "straight rise 15 to 33%": _line(0.15, 0.33, YEAR), "S-curve 15 to 33%": _s_curve(0.15, 0.33, YEAR),
        "rise, then plateau, 15 to 33%": _plateau(0.15, 0.33, YEAR), STEP: _step(0.16, 0.31, YEAR),
        "straight rise of 2 points": _line(0.20, 0.22, YEAR),
    }  # fmt: skip
    found += [
        Family(f"{name}, autocorrelation {a:g}", UP, census(shape, a))
        for name, shape in shapes.items()
        for a in (0.0, 0.8)
    ]
    return found


TRENDS = _trends()
LABELS = [
    Family(f"{name}, {requests} labels a week", UP, labelled(shape, requests), null=name == "no trend")
    for name, shape in {
        "no trend": np.full(CATEGORY, 0.2), "straight rise 20 to 25%": _line(0.20, 0.25, CATEGORY),
        STEP: np.where(np.arange(CATEGORY) < 15, 0.16, 0.31),
    }.items()
    for requests in (30, 100, 1000)
]  # fmt: skip


# --- releases and authors

RELEASES = {"December 6": 4, "December 26": 7, "January": 11, "July 11": 35, "July 23": 37, "August": 39}
"""Weeks of the six releases in the main window, as those of claim C21 lie."""
BEFORE = 48  # weeks of the report's world before the main window
POSITIVE = Sign(kind="sign", of="positive", over="replicates")


def responses(
    jump: float, autocorrelation: float, first_week: int, last_week: int, rise: float = 0.0, before: int = BEFORE
) -> Set:  # fmt: skip
    """The response to the six releases, of a share that jumps by `jump` at each and rises by `rise` over the log, which
    begins so many weeks before the main window."""
    placed = {name: before + week for name, week in RELEASES.items()}
    at = {name: pd.Timestamp(START) + pd.Timedelta(weeks=week) for name, week in placed.items()}
    weeks = np.arange(before + YEAR)
    shape = 0.1 + rise * weeks / len(weeks)
    shape = shape + jump * np.sum([weeks >= week for week in placed.values()], axis=0)

    def make(rng: np.random.Generator) -> list[Result]:
        values = shape + noise(rng, len(weeks), autocorrelation)
        return [response_at(weekly(row), at, len(at), first_week, last_week) for row in values]

    return make


ADVANTAGE = Comparison(kind="comparison", greater="refreshed", smaller="not refreshed", over="replicates")
# Standard deviations of an author's change, in log2: of the draw, and of what the author is (assumed).
LUCK_BITS, TRAIT_BITS = 0.3, 1.0


def authors(each: int, advantage: float, even: bool = True) -> Set:
    """Changes of the shares of so many authors on either side, in log2. What sets authors apart is the same in all
    replicates of a world. even: it is the same in the mean of both sides, else as it falls."""

    def make(rng: np.random.Generator) -> list[Result]:
        traits = rng.normal(0, TRAIT_BITS, (2, each))
        if even:
            traits -= traits.mean(axis=1, keepdims=True)
        traits[0] += advantage
        return [_authors(traits + rng.normal(0, LUCK_BITS, traits.shape)) for _ in range(MANY)]

    return make


def _authors(changes: Floats) -> Groups:
    return Groups(
        {
            name: Measured(*mean_interval(side), len(side), "bits")
            for name, side in zip(("refreshed", "not refreshed"), changes, strict=True)
        }
    )


def _others() -> list[Family]:
    found = []
    for claim, first, last in (("C21", 0, 3), ("C22", 4, 8)):
        for name, jump, a, rise, before in (
            ("no response, autocorrelation 0", 0.0, 0.0, 0.0, BEFORE), ("no response, 0.8", 0.0, 0.8, 0.0, BEFORE),
            ("no response, 0.8, a log of 56 weeks", 0.0, 0.8, 0.0, 0),
            ("a steady rise of 40 points, 0.4", 0.0, 0.4, 0.4, BEFORE),
            ("1 point at each release, 0.4", 0.01, 0.4, 0.0, BEFORE),
            ("3 points at each release, 0.4", 0.03, 0.4, 0.0, BEFORE),
        ):  # fmt: skip
            make = responses(jump, a, first, last, rise, before)
            found.append(Family(f"{claim}: {name}", POSITIVE, make, null=jump == 0))
    for each in (2, 5):
        for name, bits, even in (
            ("alike in the mean", 0.0, True), ("1 bit apart", 1.0, True), ("apart as it happens", 0.0, False),
        ):  # fmt: skip
            text = f"C33: {each} and {each} authors, {name}"
            found.append(Family(text, ADVANTAGE, authors(each, bits, even), null=bits == 0 and even))
    return found


OTHERS = _others()
