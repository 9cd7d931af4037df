"""What a world brings by week, model and true category: tokens, requests, spend and what else claims count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.expectation import Expected
from testbed.calibration.linear.readings import Quantity

Floats = npt.NDArray[np.float64]
AXES = ("week", "model", "category", "free", "own_key", "large_account")
"""Axes of the expected traffic that amounts are summed from."""
Windows = Mapping[str, Sequence[tuple[dt.date, dt.date | None]]]
"""By model, first and last days (both included; None: open) of free launch access."""


@dataclass(frozen=True)
class Amounts:
    """Sums by quantity: weeks (Mondays) x models (listed ids) x categories (of the contract, true ones). A world need
    not know every quantity."""

    weeks: tuple[dt.date, ...]
    models: tuple[str, ...]
    of: Mapping[Quantity, Floats]

    def cut(self, weeks: tuple[dt.date, ...], models: tuple[str, ...]) -> Amounts:
        """The same for some weeks and models, in their order; a model that the world does not have has none. Raises
        ValueError for a week that the world does not cover, and for a model that is missing from `models`."""
        missing = [str(week) for week in weeks if week not in set(self.weeks)]
        if missing:
            raise ValueError(f"the world does not cover the week of {missing[0]}")
        unknown = sorted(set(self.models) - set(models))
        if unknown:
            raise ValueError(f"the models table has no {unknown[0]}")
        rows = [self.weeks.index(week) for week in weeks]
        columns = [self.models.index(model) if model in self.models else len(self.models) for model in models]
        found: dict[Quantity, Floats] = {}
        for name, values in self.of.items():
            padded = np.concatenate([values, np.zeros((len(values), 1, values.shape[2]))], axis=1)
            found[name] = padded[rows][:, columns]
        return Amounts(weeks, models, found)


def of_expected(expected: Expected, launches: Windows) -> Amounts:
    """The amounts of expected traffic by `AXES`. launches: when models were free to try at their launch; of the week in
    which such a time begins or ends, free requests count as launch access by the share of its days."""
    by_key = expected.over(*AXES[:5])
    accounts = expected.over(*AXES[:3], AXES[5])
    whole = by_key.over(*AXES[:3])
    tokens = by_key["tokens_prompt"] + by_key["tokens_completion"]  # ... x free x own key
    billed = tokens[..., 0]
    part = _launch_part(by_key.axes["week"], by_key.axes["model"], launches)
    every: dict[Quantity, Floats] = {
        "tokens": tokens.sum(axis=(-2, -1)),
        "prompt_tokens": whole["tokens_prompt"],
        "completion_tokens": whole["tokens_completion"],
        "requests": whole["requests"],
        "tool_tokens": whole["tool_call_tokens"],
        "spend_usd": whole["cost_usd"],
        "charged_tokens": billed.sum(axis=-1),
        "charged_usd": by_key["cost_usd"][..., 0].sum(axis=-1),
        "paid_tokens": billed[..., 0],
    }
    every["ranked_tokens"] = every["tokens"] - part[:, :, None] * tokens[..., 1, :].sum(axis=-1)
    every["account_tokens"] = (accounts["tokens_prompt"] + accounts["tokens_completion"])[..., 1]
    return Amounts(by_key.axes["week"], by_key.axes["model"], every)


def _launch_part(weeks: Sequence[dt.date], models: Sequence[str], launches: Windows) -> Floats:
    """The share of the days of each week on which each model was free to try at its launch: weeks x models."""
    days = np.array(weeks, dtype="datetime64[D]")[:, None] + np.arange(7)
    found = np.zeros((len(weeks), len(models)))
    for number, model in enumerate(models):
        inside = np.zeros(days.shape, dtype=bool)
        for first, last in launches.get(model, ()):
            inside |= (days >= np.datetime64(first)) & (days <= np.datetime64(last or dt.date.max))
        found[:, number] = inside.mean(axis=1)
    return found


def together(worlds: Sequence[Amounts]) -> Amounts:
    """The sum of several worlds of the same weeks, such as seeds of one scenario: of shares, their mean by tokens."""
    models = tuple(sorted({model for world in worlds for model in world.models}))
    parts = [world.cut(worlds[0].weeks, models) for world in worlds]
    names = [name for name in parts[0].of if all(name in part.of for part in parts)]
    return Amounts(
        parts[0].weeks, models, {name: np.sum([part.of[name] for part in parts], axis=0) for name in names}
    )
