"""Reads statistics off a tensor, and writes bounds on them as linear conditions near it."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

from testbed.calibration.linear.readings import Amount, Reading, quotient
from testbed.calibration.linear.requirements import Bound
from testbed.calibration.tensor.frame import Tensor
from testbed.calibration.tensor.reference import Reference

Floats = npt.NDArray[np.float64]
PRESENT = 1e-3
"""Part of a whole, as it is in the world, to which it may shrink (assumed)."""
LEAST_WHOLE = 1e-9
"""Least whole over which a share is taken, as a part of the tokens of its weeks: below it nothing is known."""


class Reader:
    """Reads statistics off a tensor, exactly: quotients of its amounts, not their linear forms."""

    def __init__(self, reference: Reference, tensor: Tensor) -> None:
        self.reference, self.tensor = reference, tensor
        self._by_period: dict[Amount, Floats] = {}

    def amount(self, amount: Amount, weeks: tuple[int, ...]) -> float:
        """An amount over some weeks."""
        if amount not in self._by_period:
            per_token = self.reference.per_token(amount)
            self._by_period[amount] = (self.tensor.shares * per_token).sum(axis=(1, 2))
        return float(self._by_period[amount] @ self.reference.weight_of(weeks))

    def whole(self, whole: Amount, weeks: tuple[int, ...]) -> float:
        """The whole of a ratio, never quite nothing."""
        least = LEAST_WHOLE * float(self.reference.weight_of(weeks).sum())
        return max(self.amount(whole, weeks), least)

    def __call__(self, reading: Reading) -> float:
        """The value of a reading."""
        found = reading.constant
        for weight, ratio in reading.terms:
            part = self.amount(ratio.part, ratio.weeks)
            found += weight * (part if ratio.whole is None else part / self.whole(ratio.whole, ratio.weeks))
        return found

    def key(self, bound: Bound) -> Hashable:
        """What two bounds have in common if, and only if, they are written alike and ask the same of every tensor of
        the frame: single weeks of one period do."""
        terms = []
        for weight, ratio in bound.reading.terms:
            weights = self.reference.weight_of(ratio.weeks)
            by_period = weights if ratio.whole is None else weights / (weights.sum() or 1.0)
            terms.append((weight, ratio.part, ratio.whole, by_period.tobytes()))
        return tuple(terms), bound.reading.constant, bound.least, bound.width

    def presence(self, bound: Bound) -> list[Bound]:
        """That the wholes of a bound which are those of some models are there at all: a share of nothing answers no
        claim, and would meet every bound of its linear form. At least `PRESENT` of what they are on this tensor."""
        wholes = {(r.whole, r.weeks) for _, r in bound.reading.terms if r.whole is not None and r.whole.picks}
        found = []
        for whole, weeks in sorted(wholes, key=repr):
            size = self.amount(whole, weeks)
            if size > 0:
                found.append(Bound(quotient(whole, None, weeks, "level"), PRESENT * size, size))
        return found

    def one_whole(self, bound: Bound) -> bool:
        """Whether all ratios of a bound are of one whole, or of none: then its row asks the same around every
        tensor."""
        return len({(ratio.whole, ratio.weeks) for _, ratio in bound.reading.terms}) <= 1

    def size(self, bound: Bound) -> float:
        """The whole of a bound of one whole, 1 where there is none."""
        wholes = {(r.whole, r.weeks) for _, r in bound.reading.terms if r.whole is not None}
        return self.whole(*wholes.pop()) if wholes else 1.0

    def row(self, bound: Bound) -> Floats:
        """A bound as a linear condition: the row (periods x groups x categories) whose product with a tensor's shares
        is the bound's slack in its widths, so that the bound holds where that is at least 0.

        Exact on this tensor, and on all where the ratios have one whole, or wholes that no tensor can change. Else a
        quotient N/D enters as r + (N - r D)/D', where D' is this tensor's D, and the r are this tensor's quotients,
        moved together to where they just meet the bound.
        """
        by_whole: dict[tuple[Amount, tuple[int, ...]], list[tuple[float, Amount]]] = {}
        weights: dict[Amount, Floats] = {}
        for weight, ratio in bound.reading.terms:
            if ratio.whole is None:
                _add(weights, ratio.part, weight * self.reference.weight_of(ratio.weeks))
            else:
                by_whole.setdefault((ratio.whole, ratio.weeks), []).append((weight, ratio.part))
        asked = bound.least - bound.reading.constant
        sizes = {key: self.whole(*key) for key in by_whole}
        now = {
            key: sum(weight * self.amount(part, key[1]) for weight, part in parts) / sizes[key]
            for key, parts in by_whole.items()
        }
        shares = {key: sum(abs(weight) for weight, _ in parts) for key, parts in by_whole.items()}
        missing = (asked - sum(now.values())) / (sum(shares.values()) or 1.0)
        for key, parts in by_whole.items():
            tokens = self.reference.weight_of(key[1]) / sizes[key]
            for weight, part in parts:
                _add(weights, part, weight * tokens)
            _add(weights, key[0], -(now[key] + missing * shares[key]) * tokens)
        row = np.zeros(self.tensor.frame.shape)
        for amount, by_period in weights.items():
            row += by_period[:, None, None] * self.reference.per_token(amount)
        if not by_whole:
            row[0] -= asked  # of the first period, whose cells add up to 1
        return row / bound.width


def _add(weights: dict[Amount, Floats], amount: Amount, by_period: Floats) -> None:
    weights[amount] = weights[amount] + by_period if amount in weights else by_period
