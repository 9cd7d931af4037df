"""Cost and use, as `testbed.claims.statistics.cost` measures them."""

from __future__ import annotations

from typing import Literal

from analysis.contract import CATEGORIES
from analysis.study import TABLE3
from testbed.calibration.linear.readings import Amount, quotient
from testbed.calibration.linear.registry import form
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.results import Middle, Number, Plain, ToLargest, ToMedian
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.tables import Pick
from testbed.claims.statistics.cost import Axis

PER_MTOK = 1e6  # costs are in USD per million tokens


@form
def median_category_cost(setting: Setting) -> Middle:
    """Median over the categories of charged USD per million tokens."""
    weeks = setting.span("category")
    costs = (
        quotient(Amount("charged_usd", seen=(name,)), Amount("charged_tokens", seen=(name,)), weeks, "level")
        for name in CATEGORIES
    )
    return Middle(tuple(cost * PER_MTOK for cost in costs))


@form
def category_ratio(
    setting: Setting,
    axis: Axis,
    category: str,
    to: Literal["median", "largest other", "category"],
    other: str,
) -> Number:
    """Use of a category over the median category's, the largest other's, or another category's."""
    if axis == "cost":
        raise NotLinear("it compares unit costs, quotients of which both sides move")
    weeks = setting.span("category")
    own = Amount("charged_tokens", seen=(category,))
    if to == "category":
        return Plain(quotient(own, Amount("charged_tokens", seen=(other,)), weeks, "level"))
    everything = Amount("charged_tokens", seen="labels")
    others = tuple(Amount("charged_tokens", seen=(name,)) for name in CATEGORIES if name != category)
    return ToMedian(own, others, weeks) if to == "median" else ToLargest(own, others, everything, weeks)


@form
def model_cost(setting: Setting, model: str) -> Plain:
    """Charged USD per million tokens of a model, without its free variant."""
    pick, weeks = Pick(model=model), setting.span("main")
    cost = quotient(Amount("charged_usd", (pick,)), Amount("paid_tokens", (pick,)), weeks, "level")
    return Plain(cost * PER_MTOK)


@form
def model_use(setting: Setting, model: str) -> ToLargest:
    """log10 of a model's paid tokens less that of the most used of the eight models of table 3."""
    amounts = {row.model: Amount("paid_tokens", (Pick(model=row.model),)) for row in TABLE3}
    whole = Amount("paid_tokens", (Pick(model=tuple(amounts)),))
    return ToLargest(amounts[model], tuple(amounts.values()), whole, setting.span("main"), "log10")
