"""By how much bounds fall short on a tensor, and which way it would shrink: the same as their slack, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from testbed.calibration.linear.readings import Amount
from testbed.calibration.linear.requirements import Bound
from testbed.calibration.tensor.reader import LEAST_WHOLE
from testbed.calibration.tensor.reference import Reference

Floats = npt.NDArray[np.float64]


FAR = 0.3
"""Widths from which on a shortfall counts in proportion and no longer squared (Huber 1964, Annals of Mathematical
Statistics 35:73; the value is assumed): one condition that is out of reach shall not pull all others after it."""


def loss(short: Floats) -> Floats:
    """What shortfalls cost, in squares of widths: half their square, and from `FAR` on its tangent."""
    return np.where(short <= FAR, 0.5 * short**2, FAR * (short - 0.5 * FAR))


class Shortfall:
    """The sum of what it costs that bounds fall short, on any tensor of the reference's frame."""

    def __init__(self, reference: Reference, bounds: Sequence[Bound]) -> None:
        terms = [
            (at, weight, ratio) for at, bound in enumerate(bounds) for weight, ratio in bound.reading.terms
        ]
        number: dict[Amount, int] = {}
        for _, _, ratio in terms:
            for amount in (ratio.part, ratio.whole):
                if amount is not None:
                    number.setdefault(amount, len(number))
        self._shape = reference.frame.shape
        self._rates = _stacked([reference.per_token(amount) for amount in number], self._shape)
        self._bound = np.array([at for at, _, _ in terms], dtype=np.int64)
        self._weight = np.array([weight for _, weight, _ in terms])
        self._part = np.array([number[ratio.part] for _, _, ratio in terms], dtype=np.int64)
        self._whole = np.array(
            [-1 if ratio.whole is None else number[ratio.whole] for _, _, ratio in terms], dtype=np.int64
        )
        self._tokens = np.array([reference.weight_of(ratio.weeks) for _, _, ratio in terms]).reshape(
            len(terms), self._shape[0]
        )
        self._least_whole = LEAST_WHOLE * self._tokens.sum(axis=1)
        self._asked = np.array([bound.least - bound.reading.constant for bound in bounds])
        self._width = np.array([bound.width for bound in bounds])

    def __call__(self, shares: Floats) -> tuple[float, Floats]:
        """The value on shares (periods x groups x categories), and its gradient by them."""
        by_period = (self._rates @ shares.ravel()).reshape(-1, self._shape[0])
        part = (by_period[self._part] * self._tokens).sum(axis=1)
        over = self._whole >= 0
        whole = np.where(over, (by_period[self._whole] * self._tokens).sum(axis=1), 1.0)
        whole = np.where(over, np.maximum(whole, self._least_whole), whole)
        quotient = part / whole
        read = np.bincount(self._bound, self._weight * quotient, minlength=len(self._asked))
        short = np.maximum((self._asked - read) / self._width, 0.0)
        factor = -(np.minimum(short, FAR) / self._width)[self._bound] * self._weight / whole
        pull = np.zeros_like(by_period)
        np.add.at(pull, self._part, factor[:, None] * self._tokens)
        np.add.at(pull, self._whole[over], -(factor * quotient)[over, None] * self._tokens[over])
        slope = self._rates.T @ pull.ravel()
        return float(loss(short).sum()), slope.reshape(self._shape)


def _stacked(rates: Sequence[Floats], shape: tuple[int, int, int]) -> sparse.csr_array:
    """Amounts per token (periods x groups x categories each) as one matrix: (amounts x periods) x cells. Most are of
    few models."""
    cells = shape[1] * shape[2]
    rows, columns, values = [], [], []
    for number, rate in enumerate(rates):
        flat = rate.ravel()
        at = np.flatnonzero(flat)
        rows.append(number * shape[0] + at // cells)
        columns.append(at)
        values.append(flat[at])
    size = (len(rates) * shape[0], shape[0] * cells)
    parts = (np.concatenate([np.zeros(0), *part]) for part in (rows, columns, values))
    at_row, at_column, value = parts
    return sparse.csr_array((value, (at_row.astype(np.int64), at_column.astype(np.int64))), shape=size)
