"""The numbers that a whole log gives: by quarter, who is used for what, how long requests are, what they cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.contract import CATEGORIES
from testbed.calibration.linear.readings import Quantity
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.frame import main_weeks

Floats = npt.NDArray[np.float64]
QUARTERS = 4
SHARE, LEVEL = "share", "level"
RATES: dict[str, tuple[Quantity, Quantity, str]] = {
    # name: part, whole, whether a share of it
    "prompt tokens a request": ("prompt_tokens", "requests", LEVEL),
    "completion tokens a request": ("completion_tokens", "requests", LEVEL),
    "USD a token": ("charged_usd", "charged_tokens", LEVEL),
    "paid part": ("paid_tokens", "tokens", SHARE),
    "part with tool calls": ("tool_tokens", "tokens", SHARE),
}


def whole_log(amounts: Amounts, authors: Sequence[str]) -> dict[str, float]:
    """The numbers by name: shares, and levels as their logarithms; NaN where nothing tells. authors: those told apart.
    Raises ValueError for a world that does not cover the main window."""
    cut = amounts.cut(main_weeks(), amounts.models)
    quarter = np.arange(len(cut.weeks)) * QUARTERS // len(cut.weeks)
    of = np.array([model.partition("/")[0] for model in cut.models])
    values: list[Floats] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for number in range(QUARTERS):
            sums = {name: weekly[quarter == number].sum(axis=0) for name, weekly in cut.of.items()}
            tokens = sums["tokens"].sum(axis=0)
            values += [sums["tokens"][of == author].sum(axis=0) / tokens for author in authors]
            values.append(tokens / tokens.sum())
            for part, whole, kind in RATES.values():
                rate = sums[part].sum(axis=0) / sums[whole].sum(axis=0)
                values.append(np.log(rate) if kind == LEVEL else rate)
    flat = np.concatenate(values)
    flat[~np.isfinite(flat)] = np.nan
    return dict(zip(log_names(authors), flat.tolist(), strict=True))


def log_names(authors: Sequence[str]) -> list[str]:
    """The names of the numbers of a whole log, in order."""
    kinds = [*(f"{SHARE} of {author}" for author in authors), f"{SHARE} of all"]
    kinds += [f"{kind}: {name}" for name, (_, _, kind) in RATES.items()]
    return [
        f"{number} {kind}, {category}"
        for number in range(1, QUARTERS + 1)
        for kind in kinds
        for category in CATEGORIES
    ]


def log_shares(authors: Sequence[str]) -> list[bool]:
    """Which of the numbers of a whole log are shares, in order."""
    kinds = [True] * (len(authors) + 1) + [kind == SHARE for _, _, kind in RATES.values()]
    return [kind for kind in kinds for _ in CATEGORIES] * QUARTERS
