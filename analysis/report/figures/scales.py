"""Scales of the axes: where one ends, and the unit that makes counts readable. Nothing here draws."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.queries import retention
from analysis.sources.log import Log


def common_top(log: Log, models: Sequence[str]) -> float:
    """End of a y axis on which the models' launch cohorts, and their cohorts that are not small, fit."""
    cells = retention.triangles(log, models)
    cells = cells[cells["observed"] & (cells["k"] > 0)]
    starts = {model: retention.launch_cohort(log, model)[0] for model in models}
    launch = cells["model"].map({m: pd.Timestamp(start) for m, start in starts.items() if start})
    shown = cells[~cells["small"] | (cells["cohort"] == launch)]
    largest = (shown if len(shown) else cells)["retention"].max()
    return 1.0 if pd.isna(largest) else min(1.0, max(float(largest) * 1.12, 0.05))


def token_scale(largest: float) -> tuple[float, str]:
    """The factor that makes token counts up to `largest` readable, and the name of the unit that it gives."""
    for scale, unit in ((1e-12, "trillions"), (1e-9, "billions"), (1e-6, "millions"), (1e-3, "thousands")):
        if largest * scale >= 1:
            return scale, unit
    return 1.0, "tokens"
