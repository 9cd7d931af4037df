"""A statistic read off the tensor of a simulated log agrees with the statistic measured on that log."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis import open_log
from sim.runs import run_world
from sim.scenario.shipped import WORLDS
from sim.world import load_world
from testbed.calibration.linear.required import STRICT
from testbed.calibration.linear.requirements import Bound, Every, Requirement, Some, bounds
from testbed.calibration.linear.results import Parts, Plain, Series
from testbed.calibration.problem import Problem, around
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.reader import Reader
from testbed.calibration.tensor.worlds import Simulated, facts_of
from testbed.claims.measuring.changes import end_less_start
from testbed.claims.measuring.measured import Measured, Untestable
from testbed.claims.predicates import Ordering, Profile, Range, ShareOfWeeks, TrendIs, Value
from testbed.claims.statistics import measure
from tests import once
from tests.testbed.calibration.labelled_log import RIGHT, amounts_of

USERS = 1600
SETTINGS = ("observation.label_share=1",)
BY_ESTIMATE = (Value, Range, Profile, Ordering, ShareOfWeeks)
EXACT = 1e-9
"""Relative difference up to which numbers agree that are computed in two ways from the same sums."""


SINGLE_WEEKS = "C55 (2) change of slope"
"""It compares single weeks, which fortnights do not have."""


class Pair(NamedTuple):
    """The numbers of a claim by the log, and on the tensor: of a series all its weeks, of named numbers all of them."""

    name: str
    log: np.ndarray
    tensor: np.ndarray


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same small report world twice, all requests labelled: rightly, and by its own classifier."""

    def make(folder):
        return [
            run_world(load_world(WORLDS / "report-small.yaml", settings=settings, users=USERS), out=folder / name).path
            for name, settings in (("right", RIGHT), ("own", SETTINGS))
        ]  # fmt: skip

    return once.made_once(tmp_path_factory, "labelled-report", make)


@pytest.fixture(scope="module")
def world(runs):
    """The world as the rightly labelled log has it."""
    with open_log(runs[0]) as log:
        facts = facts_of(pq.read_table(runs[0] / "models.parquet"))
        return Simulated(amounts_of(log), facts, sight.perfect())


@pytest.fixture(scope="module")
def weekly(world):
    """The problem with periods of one week."""
    return around(world, step=1)


@pytest.fixture(scope="module")
def results(weekly, runs):
    """By the names of linear parts, what is measured on the rightly labelled log, where it can be."""
    return measured_on(runs[0], weekly)


def measured_on(run, problem: Problem):
    found = {}
    with open_log(run) as log:
        for part in (part for claim in problem.claims for part in claim.linear_parts):
            with contextlib.suppress(Untestable):
                found[part.name] = measure(log, part.statistic.name, part.statistic.arguments)
    return found


def compared(problem: Problem, results, kinds=object) -> list[Pair]:
    """What is measured beside what is read off the tensor."""
    read = Reader(problem.reference, problem.reference.tensor)
    found = []
    for part in (part for claim in problem.claims for part in claim.linear_parts):
        if part.name not in results or not isinstance(part.result, kinds) or idle(part, read):
            continue
        measured = results[part.name]
        if isinstance(part.result, Series):
            assert tuple(measured.times) == part.result.times, part.name
            numbers = zip(measured.values, part.result.numbers, strict=True)
            pairs = [(value, number.value(read)) for value, number in numbers if math.isfinite(value)]
        elif isinstance(part.result, Parts):
            missing = set(measured.parts) - set(part.result.of) - {"other"}
            assert not missing, f"{part.name} does not know {missing}"
            pairs = [(m.value, read(part.result.of[name])) for name, m in measured.parts.items()]
        else:
            assert isinstance(measured, Measured)
            pairs = [(measured.value, part.result.value(read))]
        found.append(Pair(part.name, *np.array(pairs, dtype=float).reshape(-1, 2).T))
    return found


def idle(part, read) -> bool:
    """Whether a statistic that leaves out weeks without traffic meets such a week, which in so small a world it may."""
    if part.statistic.name != "agentic.tool_lean":
        return False
    return any(read.amount(ratio.part, ratio.weeks) == 0 for _, ratio in part.result.reading.terms
               if ratio.part.quantity == "tokens")  # fmt: skip


def test_by_week_every_number_agrees_exactly(weekly, results):
    found = compared(weekly, results)
    assert len(found) > 110, "most claims' numbers can be measured on so small a log"
    wrong = [
        (name, log[n], tensor[n])
        for name, log, tensor in found
        for n in np.flatnonzero(~np.isclose(log, tensor, rtol=EXACT, atol=1e-12))
    ]
    assert wrong == []


def test_what_is_required_holds_where_the_predicate_says_so(weekly, results):
    """Of bands, orders and counts of weeks, and of trends of what is not sampled, where estimates decide. A median
    between two values has a requirement that is necessary and one that is surely enough: it lies between them."""
    read = Reader(weekly.reference, weekly.reference.tensor)
    agree, wrong = Counter(), []
    for part in (part for claim in weekly.claims for part in claim.linear_parts):
        if part.name not in results or idle(part, read):
            continue
        try:
            status = judged(part.predicate, results[part.name])
        except Untestable:
            continue
        if status is None:
            continue
        enough, needed = (r.slack(read) >= 0 for r in (part.exactly, necessary(part.exactly)))
        if enough <= (status == "holds") <= needed:
            agree[status] += 1
        else:
            wrong.append(part.name)
    assert wrong == []
    assert agree["holds"] > 15 and agree["fails"] > 30


def necessary(requirement: Requirement) -> Requirement:
    """The same, asking of every choice what is necessary."""
    if isinstance(requirement, Bound):
        return requirement
    parts = tuple(map(necessary, requirement.of))
    return replace(requirement, of=parts, surely=None) if isinstance(requirement, Some) else Every(parts)


def judged(predicate, result) -> str | None:
    """The verdict, where the number decides: trends of series without labels, and predicates without a direction."""
    if isinstance(predicate, TrendIs) and predicate.margin is None:
        change = end_less_start(result)
        by_number = result.draws is None and (result.unit != "share" or abs(change.value) > STRICT)
        return predicate.decide(result).status if by_number else None
    return predicate.judge(result).status if isinstance(predicate, BY_ESTIMATE) else None


def test_each_condition_is_the_slack_of_its_bound(weekly):
    tensor = weekly.reference.tensor
    read = Reader(weekly.reference, tensor)
    parts = [p for claim in weekly.claims for p in claim.linear_parts if claim.id != "C160"]
    each = [
        bound
        for part in parts
        for bound in bounds(part.exactly)
        if all(r.whole is None or read.amount(r.whole, r.weeks) > 0 for _, r in bound.reading.terms)
    ]
    sample = each[:: len(each) // 300]
    slacks = np.array([bound.slack(read) for bound in sample])
    rows = np.array([float((read.row(bound) * tensor.shares).sum()) for bound in sample])
    np.testing.assert_allclose(rows, slacks, rtol=1e-6, atol=1e-9)


def test_by_fortnight_means_of_weeks_agree_within_two_points(world, results):
    """Only what lies in single weeks is lost: shares over windows and means over four weeks or more hardly move."""
    found = compared(around(world), results, (Plain, Parts))
    shares = [m for m in found if np.abs(m.log).max(initial=0) <= 1 and m.name != SINGLE_WEEKS]
    assert len(shares) > 50
    off = {name: float(np.abs(log - tensor).max(initial=0)) for name, log, tensor in shares}
    assert {name: gap for name, gap in off.items() if gap > 0.02} == {}
    assert np.mean(list(off.values())) < 0.004


def test_what_the_classifier_blurs_is_blurred_alike(world, runs):
    """The world's own classifier errs, drops labels and gives two: the numbers of its labels lie around those that its
    chances say, as far as so few labels can tell."""
    own = load_world(WORLDS / "report-small.yaml", settings=SETTINGS, users=USERS).classifier
    blurred = Simulated(world.amounts, world.facts, sight.measured(own))
    only = ["C42", "C43", "C44", "C45", "C47", "C53", "C77", "C98"]
    problem = around(blurred, only)
    seen = measured_on(runs[1], problem)
    found = compared(problem, seen, (Plain, Parts))
    clear = compared(around(world, only), seen, (Plain, Parts))
    gaps, unblurred = (np.concatenate([np.abs(m.log - m.tensor) for m in side]) for side in (found, clear))
    assert len(gaps) >= 12
    assert gaps.mean() < 0.008 and gaps.max() < 0.04
    # Squares: the classifier moves some numbers far, and the luck of so few labels all of them a little.
    off = np.sqrt([(unblurred**2).mean(), (gaps**2).mean()])
    assert off[0] > 2 * off[1], "without the classifier the numbers are further off"
