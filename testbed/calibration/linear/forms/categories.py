"""What models are used for, by the labelled sample, as `testbed.claims.statistics.categories` measures it."""

from __future__ import annotations

import datetime as dt

from analysis.contract import CATEGORIES
from testbed.calibration.linear.counts import Place
from testbed.calibration.linear.forms.openness import weekly
from testbed.calibration.linear.readings import Amount, Reading, mean, quotient
from testbed.calibration.linear.registry import form
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.results import Parts, Plain, Series
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.measuring.tables import EVERYTHING, Pick, Window
from testbed.claims.statistics.categories import Part

GROWTH_WEEKS = 8  # at either end of the window, as `categories.growth_of_shares` has them


def carrying(category: str | list[str], *picks: Pick) -> Amount:
    """Tokens of labelled requests that carry a category, or of each of several."""
    return Amount("tokens", picks, (category,) if isinstance(category, str) else tuple(category))


def whole_of(of: Pick) -> Amount:
    """What a share of the models meant is a share of: for an author's models the sum over categories, else the
    distinct labelled requests."""
    by_author = of.author is not None or of.not_author is not None
    return Amount("tokens", (of,), "labels" if by_author else "labelled")


def _cut(weeks: tuple[int, ...], part: Part) -> tuple[int, ...]:
    if part == "total":
        return weeks
    return weeks[:EDGE_WEEKS] if part == "start" else weeks[-EDGE_WEEKS:]


@form
def share(setting: Setting, category: str | list[str], of: Pick, window: Window, part: Part) -> Plain:
    """Tokens of a category over labelled tokens, of some or all models."""
    return Plain(quotient(carrying(category, of), whole_of(of), _cut(setting.span(window), part)))


@form
def weekly_share(setting: Setting, category: str | list[str], of: Pick, window: Window) -> Series:
    """`share` by week."""
    return weekly(setting, carrying(category, of), whole_of(of), setting.span(window))


@form
def mix(setting: Setting, of: Pick, window: Window, part: Part) -> Parts:
    """The share of every category in the labelled tokens of some models."""
    return Parts({name: share(setting, name, of, window, part).reading for name in CATEGORIES})


@form
def source_share(
    setting: Setting, category: str, of: Pick, within: Pick, window: Window, part: Part
) -> Plain:
    """Share of some models in the tokens of a category."""
    whole = carrying(category, within)
    return Plain(quotient(whole.of(of), whole, _cut(setting.span(window), part)))


@form
def weekly_source_share(setting: Setting, category: str, of: Pick, within: Pick, window: Window) -> Series:
    """`source_share` by week."""
    whole = carrying(category, within)
    return weekly(setting, whole.of(of), whole, setting.span(window))


@form
def weekly_place(setting: Setting, category: str, of: Pick, window: Window) -> Series:
    """Place of a category among all by labelled tokens of some models, by week."""
    weeks = setting.span(window)
    others = tuple(carrying(name, of) for name in CATEGORIES if name != category)
    return Series(setting.dates(weeks), tuple(Place(carrying(category, of), others, week) for week in weeks))


@form
def share_in(setting: Setting, category: str | list[str], groups: dict[str, Pick], window: Window) -> Parts:
    """The share of a category in the labelled tokens of several groups of models."""
    return Parts(
        {name: share(setting, category, pick, window, "total").reading for name, pick in groups.items()}
    )


@form
def share_by_window(
    setting: Setting,
    category: str | list[str],
    windows: dict[str, tuple[dt.date, dt.date]],
    of: Pick,
) -> Parts:
    """The share of a category in the labelled tokens of some models in several stretches of time."""
    return Parts(
        {name: share(setting, category, of, window, "total").reading for name, window in windows.items()}
    )


@form
def source_mix(setting: Setting, category: str, window: Window, part: Part) -> Parts:
    """Who serves a category: closed models of both origins, open ones of the rest of the world, Chinese open ones."""
    sources = {"closed": ("closed", "cn-closed"), "row-open": ("row-open",), "cn-open": ("cn-open",)}
    return Parts({
        name: source_share(setting, category, Pick(source=kinds), EVERYTHING, window, part).reading
        for name, kinds in sources.items()
    })  # fmt: skip


@form
def change_of_slope(setting: Setting, category: str, of: Pick, weeks: int, window: Window) -> Plain:
    """By how much faster a share moves in the last weeks than before, in shares a week."""
    readings = weekly_source_share(setting, category, of, EVERYTHING, window).readings
    if len(readings) <= 2 * weeks:
        raise NotLinear(f"the tensor has fewer than {2 * weeks} weeks of it")
    late = (readings[-1] - readings[-1 - weeks]) * (1 / weeks)
    early = (readings[-1 - weeks] - readings[0]) * (1 / (len(readings) - 1 - weeks))
    return Plain(late - early)


@form
def weekly_tokens_of(setting: Setting, category: str, of: Pick, window: Window) -> Series:
    """Labelled tokens of a category served by some models, by week, scaled to all tokens of the week."""
    weeks = setting.span(window)
    part, whole = carrying(category, of), Amount("tokens", seen="labelled")
    readings = (quotient(part, whole, (week,), "level") * setting.totals[week] for week in weeks)
    return Series(setting.dates(weeks), tuple(Plain(reading) for reading in readings))


@form
def growth_of_shares(setting: Setting, window: Window) -> Parts:
    """By category, the change of its share of labelled tokens from the first to the last eight weeks."""
    parts: dict[str, Reading] = {}
    for name in CATEGORIES:
        readings = weekly_share(setting, name, EVERYTHING, window).readings
        parts[name] = mean(readings[-GROWTH_WEEKS:]) - mean(readings[:GROWTH_WEEKS])
    return Parts(parts)
