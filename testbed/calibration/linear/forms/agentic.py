"""Reasoning models, tool calls and lengths, as `testbed.claims.statistics.agentic` measures them."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from analysis.queries.agentic import EARLIER_BY, LATEST_WEEKS
from testbed.calibration.linear.forms.openness import summarised, weekly
from testbed.calibration.linear.readings import Amount, Quantity, mean, quotient
from testbed.calibration.linear.registry import form
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.results import Number, Parts, Plain, Series
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.tables import Pick, Summary, Window
from testbed.claims.statistics.agentic import Length

TOKENS, TOOLS = Amount("tokens"), Amount("tool_tokens")
LENGTHS: dict[Length, tuple[Quantity, Quantity]] = {
    "mean_prompt": ("prompt_tokens", "requests"),
    "mean_completion": ("completion_tokens", "requests"),
    "mean_total": ("tokens", "requests"),
    "prompt_to_completion": ("prompt_tokens", "completion_tokens"),
}


@form
def reasoning_shares(setting: Setting, period: Literal["latest", "earlier"]) -> Parts:
    """Each reasoning model's share of the tokens of all of them in a few weeks, without free launch access."""
    weeks = setting.span("main")
    end = len(weeks) - (EARLIER_BY if period == "earlier" else 0)
    whole = Amount("ranked_tokens", (Pick(reasoning=True),))
    names = setting.names("model", Pick(reasoning=True))
    return Parts({
        name: quotient(whole.of(Pick(model=name)), whole, weeks[end - LATEST_WEEKS : end]) for name in names
    })  # fmt: skip


@form
def tool_share(setting: Setting, window: Window) -> Series:
    """Tokens of requests that end in a tool call over all tokens, by week."""
    return weekly(setting, TOOLS, TOKENS, setting.span(window))


@form
def tool_tokens_of(setting: Setting, of: Pick, window: Window) -> Plain:
    """Share of some models in the tokens of tool calls, over a window."""
    return Plain(quotient(TOOLS.of(of), TOOLS, setting.span(window)))


@form
def tool_share_change(setting: Setting, of: Pick, date: dt.date, weeks: int) -> Plain:
    """Share of some models in the tokens of tool calls: last weeks of the window less the weeks before a date."""
    series = weekly(setting, TOOLS.of(of), TOOLS, setting.span("main"))
    sides: tuple[list[int], list[int]] = ([], [])
    for number, day in enumerate(series.times):
        sides[day >= date].append(number)
    before, after = ([series.readings[number] for number in side[-weeks:]] for side in sides)
    return Plain(mean(after) - mean(before))


@form
def tool_lean(setting: Setting, of: Pick) -> Plain:
    """Share of some models in the tokens of tool calls less their share in all tokens: mean of the weeks from their
    release on."""
    frame = setting.facts.assign(tokens=0)
    meant = frame[of.of(frame)]
    if meant.empty:
        raise NotLinear("the world has none of these models")
    first = meant["released"].min().date()
    weeks = [week for week in setting.span("main") if setting.weeks[week] + dt.timedelta(days=6) >= first]
    gaps = [quotient(TOOLS.of(of), TOOLS, (w,)) - quotient(TOKENS.of(of), TOKENS, (w,)) for w in weeks]
    return Plain(mean(gaps))


@form
def length(setting: Setting, of: Length, window: Window, summary: Summary) -> Number:
    """Mean tokens a request, or prompt tokens for one of the completion, over all requests of a week, summarised."""
    part, whole = (Amount(quantity) for quantity in LENGTHS[of])
    return summarised(weekly(setting, part, whole, setting.span(window), "level"), summary)


@form
def weekly_category_length(
    setting: Setting, category: str, of: Literal["prompt", "tokens"], window: Window
) -> Series:
    """Mean tokens a labelled request of a category, by week."""
    part = Amount("prompt_tokens" if of == "prompt" else "tokens", seen=(category,))
    return weekly(setting, part, Amount("requests", seen=(category,)), setting.span(window), "level")
