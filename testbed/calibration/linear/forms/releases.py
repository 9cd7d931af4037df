"""What releases bring, as `testbed.claims.statistics.releases` measures it."""

from __future__ import annotations

import datetime as dt

from testbed.calibration.linear.counts import Passage
from testbed.calibration.linear.forms.openness import weekly_share
from testbed.calibration.linear.registry import form
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.tables import Pick


@form
def weeks_to_scale(setting: Setting, models: list[str], bound: int, share: float, within: Pick) -> Passage:
    """Median over models of the weeks from release until one first holds a share of the tokens of `within`."""
    released = setting.facts.set_index("model")["released"]
    weeks = setting.span("main")
    each = []
    for model in (model for model in models if model in released.index):
        day = released[model].date()
        monday = day - dt.timedelta(days=day.weekday())
        if monday < setting.weeks[0]:
            raise NotLinear(f"{model} was released before the weeks of the tensor")
        readings = weekly_share(setting, Pick(model=model), within, "main", "tokens").readings
        series = tuple(r for week, r in zip(weeks, readings, strict=True) if setting.weeks[week] >= monday)
        if series:
            each.append(series)
    if not each:
        raise NotLinear("the world has none of these models")
    return Passage(tuple(each), share, bound)
