"""How much a weekly series changes from its start to its end.

A simulated log holds its world whole: its weekly sums are a census, so the difference between end and start is exact in
it, but for labelled series, which are samples. What is left to chance is the draw of the world, of which only its
replicates tell (`testbed.claims.replicates`).
"""

from __future__ import annotations

import numpy as np

from analysis.proportions import Z95
from testbed.claims.measuring.measured import Floats, Measured, Series, Unit, Untestable
from testbed.claims.measuring.uncertainty import LEAST_WEEKS_FOR_TREND

# Weeks that make up the "start" and the "end" of a window, and how far it may lie from its day.
EDGE_WEEKS = 4


def end_less_start(whole: Series) -> Measured:
    """Mean of the last four weeks that have a value less mean of the first four (a share: points). With an interval
    where the series is of a sample of labels: from the draws of such samples. Raises Untestable with fewer than eight
    weeks."""
    known = np.isfinite(whole.values)
    need_weeks(int(known.sum()))
    unit: Unit = "points" if whole.unit == "share" else whole.unit
    value = float(_change(whole.values[known]))
    if whole.draws is None:
        return Measured(value, n=int(known.sum()), unit=unit)
    half = Z95 * float(np.std(_change(whole.draws[:, known]), ddof=1))
    return Measured(value, value - half, value + half, whole.n, unit)


def need_weeks(known: int) -> None:
    """Raises Untestable where a series has too few weeks for a change over them."""
    if known < LEAST_WEEKS_FOR_TREND:
        raise Untestable(f"a trend needs {LEAST_WEEKS_FOR_TREND} weeks or more, the log has {known}")


def _change(values: Floats) -> Floats:
    """Mean of the last weeks less mean of the first; weeks are the last axis."""
    return np.asarray(values[..., -EDGE_WEEKS:].mean(axis=-1) - values[..., :EDGE_WEEKS].mean(axis=-1))
