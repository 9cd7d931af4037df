"""List-price and effective costs."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from analysis.cost import Price, effective_cost, list_price_cost, price_on
from tests.analysis.rows import generations


def test_golden_check_on_a_published_response():
    """A published response of grok-code-fast-1 (a tool call): prompt 395, cached 192, completion 161, reasoning 135,
    cost 0.00028594 USD at list prices 0.2 / 1.5 / cached 0.02. Cached is part of prompt, reasoning of completion."""
    cost = list_price_cost(395, 161, 192, Price(prompt=0.2, completion=1.5, cached=0.02))
    assert cost == pytest.approx(0.00028594, abs=1e-12)


def test_costs_of_arrays_and_without_a_cached_price():
    cost = list_price_cost(np.array([1000, 1000]), np.array([0, 100]), np.array([0, 400]), Price(1.0, 10.0))
    assert cost.tolist() == pytest.approx([0.001, 0.002])


def test_the_price_of_a_day_is_the_latest_started():
    path = [
        {"from": dt.date(2025, 3, 1), "prompt_usd_per_mtok": 1.0, "completion_usd_per_mtok": 4.0},
        {
            "from": dt.date(2025, 1, 1),
            "prompt_usd_per_mtok": 2.0,
            "completion_usd_per_mtok": 8.0,
            "cached_usd_per_mtok": 0.2,
        },
    ]
    assert price_on(path, dt.date(2024, 12, 31)) is None
    assert price_on(path, dt.date(2025, 1, 1)) == Price(2.0, 8.0, 0.2)
    assert price_on(path, dt.date(2025, 2, 28)) == Price(2.0, 8.0, 0.2)
    assert price_on(path, dt.date(2025, 3, 1)) == Price(1.0, 4.0, None)


def test_effective_cost_counts_prompt_and_completion_of_charged_requests(connect):
    day = "2025-03-04T00:00:00"
    rows = [
        ("u", "x/y", day, {"tokens_prompt": 900, "tokens_completion": 100, "cost_total": 0.002}),
        ("u", "x/y", day, {"tokens_prompt": 900, "tokens_completion": 100, "cost_total": 0.004}),
        ("u", "x/y", day, {"tokens_prompt": 5000, "tokens_completion": 100, "cost_total": 9.0, "byok": True}),
        ("u", "x/y", day, {"tokens_prompt": 5000, "tokens_completion": 100, "cost_total": 9.0, "byok": None}),
    ]
    found = effective_cost(connect(generations(rows))).iloc[0]
    assert (found["requests"], found["charged_tokens"]) == (2, 2000)
    assert found["cost_usd_per_mtok"] == pytest.approx(3.0)
