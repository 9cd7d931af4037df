"""Open and closed models: shares, leads and orders, as `testbed.claims.statistics.openness` measures them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from testbed.calibration.linear.counts import Held, Together
from testbed.calibration.linear.readings import Amount, Quantity, Reading, mean, quotient
from testbed.calibration.linear.registry import form
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.results import Extreme, Largest, Number, Parts, Plain, Series
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.measuring.shares import Entity, Measure
from testbed.claims.measuring.tables import Pick, Summary, Window


def weekly(
    setting: Setting, part: Amount, whole: Amount | None, weeks: Sequence[int], unit: str = "share"
) -> Series:
    """A quotient by week."""
    readings = (quotient(part, whole, (week,), unit) for week in weeks)
    return Series(setting.dates(tuple(weeks)), tuple(Plain(reading) for reading in readings))


def edge(readings: Sequence[Reading], summary: Literal["start", "end"]) -> Reading:
    """Mean of the first, or of the last, four weeks."""
    return mean(readings[:EDGE_WEEKS] if summary == "start" else readings[-EDGE_WEEKS:])


def change(readings: Sequence[Reading]) -> Reading:
    """The mean of the last four weeks less that of the first four."""
    return edge(readings, "end") - edge(readings, "start")


def summarised(series: Series, summary: Summary) -> Number:
    """One number of a weekly series."""
    readings = series.readings
    if summary == "low" or summary == "high":
        return Extreme(readings, summary)
    if summary == "start" or summary == "end":
        return Plain(edge(readings, summary))
    if summary == "change":
        return Plain(change(readings))
    return Plain(mean(readings) if summary == "mean" else mean(readings) * len(readings))


def quantity_of(measure: Measure) -> Quantity:
    """What is summed."""
    return "tokens" if measure == "tokens" else "tool_tokens"


@form
def weekly_share(setting: Setting, of: Pick, within: Pick, window: Window, measure: Measure) -> Series:
    """Tokens of some models over those of `within`, by week."""
    whole = Amount(quantity_of(measure), (within,))
    return weekly(setting, whole.of(of), whole, setting.span(window))


@form
def share(
    setting: Setting, of: Pick, within: Pick, window: Window, summary: Summary, measure: Measure
) -> Number:
    """One number of `weekly_share`."""
    return summarised(weekly_share(setting, of, within, window, measure), summary)


@form
def halves(setting: Setting, of: Pick, split: dt.date, within: Pick) -> Parts:
    """Mean weekly share before and from a date, and the changes within both."""
    series = weekly_share(setting, of, within, "main", "tokens")
    parts = {}
    for name, early in (("before", True), ("after", False)):
        readings = [r for day, r in zip(series.times, series.readings, strict=True) if (day < split) == early]
        parts[name] = mean(readings)
        parts[f"change {name}"] = change(readings)
    return Parts(parts)


@form
def weekly_tokens(setting: Setting, of: Pick, window: Window) -> Series:
    """Tokens by week."""
    return weekly(setting, Amount("tokens", (of,)), None, setting.span(window), "level")


def _each(setting: Setting, by: Entity, names: Sequence[str], within: Pick, window: Window, measure: Measure
          ) -> list[tuple[Reading, ...]]:  # fmt: skip
    """Weekly shares of `within` of each of several models or authors."""
    picks = [Pick(model=name) if by == "model" else Pick(author=name) for name in names]
    return [weekly_share(setting, pick, within, window, measure).readings for pick in picks]


@form
def largest_share(
    setting: Setting, by: Entity, within: Pick, window: Window, summary: Summary, measure: Measure
) -> Largest:
    """Share of the largest model, or author, of each week."""
    each = _each(setting, by, setting.names(by, within), within, window, measure)
    if summary == "start" or summary == "end":
        kept = [readings[:EDGE_WEEKS] if summary == "start" else readings[-EDGE_WEEKS:] for readings in each]
        return Largest(tuple(kept), "mean")
    if summary == "mean" or summary == "high":
        return Largest(tuple(each), summary)
    raise NotLinear("how the share of the largest changes")


@form
def tokens_by(setting: Setting, by: Entity, within: Pick, window: Window, measure: Measure) -> Parts:
    """Each model's, or author's, share of the tokens of `within` over a window."""
    weeks, whole = setting.span(window), Amount(quantity_of(measure), (within,))
    picks = {
        name: Pick(model=name) if by == "model" else Pick(author=name) for name in setting.names(by, within)
    }
    return Parts({name: quotient(whole.of(pick), whole, weeks) for name, pick in picks.items()})


@form
def tokens_of_listed(setting: Setting, authors: list[str], within: Pick) -> Parts:
    """Each listed author's share of the listed authors' tokens, and that of the Chinese ones."""
    weeks, whole = setting.span("main"), Amount("tokens", (within, Pick(author=tuple(authors))))
    picks = {author: Pick(author=author) for author in authors} | {
        "CN": Pick(source=("cn-open", "cn-closed"))
    }
    return Parts({name: quotient(whole.of(pick), whole, weeks) for name, pick in picks.items()})


@form
def lead(setting: Setting, first: str, second: str, within: Pick) -> Plain:
    """How many times the second author's tokens the first has."""
    amounts = [Amount("tokens", (within, Pick(author=author))) for author in (first, second)]
    return Plain(quotient(amounts[0], amounts[1], setting.span("main"), "level"))


@form
def sustained_models(
    setting: Setting, within: Pick, models: list[str] | None, share: float, weeks: int, window: Window
) -> Held:
    """How many of several models hold a share of `within` in a least number of weeks."""
    if models is None:
        raise NotLinear("it counts all models one by one, and the tensor pools them")
    return Held(tuple(_each(setting, "model", models, within, window, "tokens")), share, weeks)


@form
def weeks_together(
    setting: Setting, within: Pick, models: list[str], share: float, window: Window
) -> Together:
    """In how many weeks several models hold a share of `within` at once."""
    return Together(tuple(_each(setting, "model", models, within, window, "tokens")), share)
