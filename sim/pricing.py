"""What requests cost: the bill of one, and the effective price by which agents and truth checks compare models.

Both rest on `charge`. Cached prompt tokens have a price of their own; reasoning tokens are billed as completion tokens,
and count as tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.mechanisms.demand.reasoning_length import ReasoningLength
from sim.scenario import Scenario

PROMPT, COMPLETION, CACHED = 0, 1, 2
"""Columns of a table of list prices (models x 3, USD per million tokens)."""


def charge(prompt: Any, cached: Any, completion: Any, p_in: Any, p_cached: Any, p_out: Any) -> Any:
    """Millionths of a USD for tokens at list prices in USD per million tokens; numbers or arrays that broadcast.

    prompt: with its cached part; completion: with its reasoning part.
    """
    return (prompt - cached) * p_in + cached * p_cached + completion * p_out


def reasoning_chances(scenario: Scenario) -> dict[str, float]:
    """The share of a model's requests that reason, by what the catalogue says of its reasoning."""
    return {"none": 0.0, "hybrid": scenario.traffic.hybrid_reasoning_share, "always": 1.0}


def log_price(effective: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Log of an effective price in USD per million tokens, not below `floor`.

    A list price of zero means a free variant with its limits: out of reach (inf) for work that does not accept them.
    """
    return np.where(effective > 0, np.log(np.maximum(effective, floor)), np.inf)


class Usage:
    """The mean request of each category on each day, and what a million of its tokens cost on a model.

    reasoning: of each model, as the catalogue says it: none, hybrid or always. open_weights: whether each has them.
    """

    def __init__(self, scenario: Scenario, reasoning: Sequence[str], open_weights: Sequence[bool]) -> None:
        kinds = scenario.workloads.categories
        size = (scenario.days, len(CATEGORIES))
        self.prompt, self.completion, self.cached = np.ones(size), np.ones(size), np.zeros(len(CATEGORIES))
        for name, kind in kinds.items():
            column = CATEGORIES.index(name)
            # mean of a lognormal = median * exp(sigma^2 / 2)
            self.prompt[:, column] = scenario.daily(kind.prompt_tokens, True) * np.exp(
                kind.prompt_sigma**2 / 2
            )
            self.completion[:, column] = scenario.daily(kind.completion_tokens, True) * np.exp(
                kind.completion_sigma**2 / 2
            )
            self.cached[column] = kind.cached_share
        self.used = [CATEGORIES.index(name) for name in kinds]
        chances = reasoning_chances(scenario)
        self.reasons = np.array([chances[kind] for kind in reasoning])
        """By model: reasoning tokens of a request, in multiples of those of a closed model that always reasons."""
        self.reasons *= scenario.mechanisms[ReasoningLength].factor(open_weights)
        self.factor = scenario.daily(scenario.traffic.reasoning_completion_factor)

    def price_of(self, number: int, price: NDArray[np.float64], day: int) -> NDArray[np.float64]:
        """Effective prices of one model in the categories of the scenario's work."""
        return self.effective_price(price, day, slice(number, number + 1))[0, self.used]

    def effective_price(
        self, price: NDArray[np.float64], day: int, rows: slice = slice(None)
    ) -> NDArray[np.float64]:
        """USD per million tokens, models x categories, at list prices `price` (models x 3)."""
        price = price[rows]
        completion = self.completion[day][None, :] * (1 + self.factor[day] * self.reasons[rows, None])
        prompt = self.prompt[day][None, :]
        paid = charge(
            prompt, self.cached * prompt, completion,
            price[:, PROMPT, None], price[:, CACHED, None], price[:, COMPLETION, None],
        )  # fmt: skip
        return np.asarray(paid / (prompt + completion))
