"""How likely so few rows are: a Poisson count of batches, whose size the log itself shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CHANCE = 0.001  # of a hole by chance in a whole log, were its batches independent (assumed)


def chance(few: float, expected: float, dispersion: float) -> float:
    """Chance of at most so many rows where so many are expected in batches of `dispersion` rows."""
    from scipy.special import gammaincc

    return float(gammaincc(few / dispersion + 1, expected / dispersion)) if expected > 0 else 1.0


def dispersion(one: Floats, next_one: Floats) -> float:
    """Index of dispersion from pairs of counts that should be alike, without the 5% that differ most; at least 1."""
    whole = one + next_one
    some = whole > 0
    if not some.any():
        return 1.0
    squares = np.sort((one - next_one)[some] ** 2 / whole[some])
    kept = squares[: max(int(np.ceil(0.95 * len(squares))), 1)]
    return max(
        float(kept.mean()) / 0.76, 1.0
    )  # mean of a chi-square of one degree below its 95% point, over 0.95
