"""Effective costs."""

from __future__ import annotations

import pytest

from analysis.queries.cost import effective_cost
from tests.analysis.rows import generations


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
