"""Two logs with the same rows on two engines: whole numbers, texts and moments are equal, floats to rounding."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd

from analysis.inference.verdict.judging import verdicts
from analysis.inspection.inspection import inspect
from analysis.queries import retention
from analysis.queries.query import all_queries, written
from analysis.sources.conformance import check_conformance
from tests.analysis.rich_log import rich

MODELS = ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4"]
ROUNDING = 1e-12  # sums of floats depend on the order of the rows


def log_of_tests():
    """A log with everything that queries look at: labels, prices, free launch access, gaps."""
    return rich(rows=3000, users=300)


def assert_alike(one: pd.DataFrame, other: pd.DataFrame, what: str) -> None:
    """Equal types, order and values; floats to rounding."""
    pd.testing.assert_frame_equal(one, other, rtol=ROUNDING, atol=0, obj=what)
    whole = [name for name in one if one[name].dtype.kind in "iub" or one[name].dtype.kind == "M"]
    pd.testing.assert_frame_equal(one[whole], other[whole], check_exact=True, obj=what)


def every_query(reference, log) -> int:
    """Run every query on both. How many were compared, not counting tables without rows."""
    compared = 0
    for name, query in all_queries().items():
        if log.connection.name != "pyspark":  # Ibis writes its SQL in the session alone
            unbound = pickle.loads(pickle.dumps(query.expression(log).unbind()))  # as workers get it
            assert written(unbound, log.connection.name) == query.sql(log)
        one, other = query(reference), query(log)
        assert_alike(one, other, name)
        compared += len(one) > 0
    return compared


def whole_looks(reference, log) -> None:
    """The checks of the contract, the inspection, the triangles and the verdicts of both."""
    assert_alike(check_conformance(reference), check_conformance(log), "conformance")
    found, expected = inspect(log).as_json(), inspect(reference).as_json()
    assert found == expected
    assert_alike(retention.triangles(reference), retention.triangles(log), "triangles")
    told = [
        [one.as_json() for one in verdicts(of, MODELS, np.random.default_rng(1), simulations=0, min_cohort=2)]
        for of in (reference, log)
    ]
    assert rounded(told[0]) == rounded(told[1])


def rounded(value):
    """Floats with 9 digits, at any depth."""
    if isinstance(value, dict):
        return {key: rounded(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(held) for held in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value
