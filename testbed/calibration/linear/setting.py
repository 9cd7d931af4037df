"""What statistics on tensors are asked of: the weeks of the tensor, and the facts of its models."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from analysis import study
from testbed.calibration.linear.requirements import NotLinear
from testbed.claims.measuring.tables import Pick, Window

WINDOWS = {"main": study.MAIN_WINDOW, "category": study.CATEGORY_WINDOW}


@dataclass(frozen=True)
class Setting:
    """weeks: the Mondays of the tensor's weeks, in order. facts: of the models, as `measuring.tables.facts` has them
    (model, author, source, open_weights, origin, released, size_class, reasoning_optimised). totals: tokens of all
    models by week, which are given: the tensor says how they are shared."""

    weeks: tuple[dt.date, ...]
    facts: pd.DataFrame
    totals: tuple[float, ...]

    def span(self, window: Window) -> tuple[int, ...]:
        """Numbers of the weeks whose Monday lies in a window. Raises NotLinear where the window reaches beyond the
        tensor's weeks."""
        if window == "all":
            raise NotLinear("it looks at weeks before those of the tensor")
        first, last = WINDOWS[window] if isinstance(window, str) else window
        if first < self.weeks[0] or last > self.weeks[-1] + dt.timedelta(days=6):
            raise NotLinear("it looks at weeks beyond those of the tensor")
        return tuple(n for n, week in enumerate(self.weeks) if first <= week <= last)

    def dates(self, weeks: tuple[int, ...]) -> tuple[dt.date, ...]:
        """The Mondays of weeks."""
        return tuple(self.weeks[week] for week in weeks)

    def names(self, by: str, within: Pick) -> list[str]:
        """The models, or their authors, that meet a condition, in order of the alphabet."""
        frame = self.facts.assign(tokens=0)
        return sorted(set(frame[within.of(frame)][by]))
