"""Statistics on tensors by the names of the statistics on logs, or why there are none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, TypeVar

from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.results import Result
from testbed.calibration.linear.setting import Setting
from testbed.claims.statistics import bind, statistics

P = ParamSpec("P")
R = TypeVar("R", bound=Result)
Form = Callable[..., Result]
MODULES = ("openness", "releases", "agentic", "categories", "spend", "cost")
_FORMS: dict[str, Form] = {}


def form(function: Callable[Concatenate[Setting, P], R]) -> Callable[Concatenate[Setting, P], R]:
    """Decorator: register a function of a setting and a statistic's arguments as the statistic `module.name` has it on
    a log. Defaults are the statistic's."""
    _FORMS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = function
    return function


def forms() -> dict[str, Form]:
    """All statistics that have a form on tensors."""
    for module in MODULES:
        import_module(f"testbed.calibration.linear.forms.{module}")
    return dict(_FORMS)


def read_off(setting: Setting, name: str, arguments: Mapping[str, Any]) -> Result:
    """What a statistic is on a tensor. Raises NotLinear with the reason where it is nothing linear."""
    found = forms()
    if name not in found:
        raise NotLinear(why_not(name))
    defaults = {
        key: parameter.default
        for key, parameter in list(inspect.signature(statistics()[name]).parameters.items())[1:]
        if parameter.default is not inspect.Parameter.empty
    }
    return found[name](setting, **(defaults | bind(name, arguments)))


REASONS = {
    "platform": "it is about what is on offer or recorded, not about what is used",
    "geography": "places are no axis of the tensor: who comes from where is an input",
    "retention": "a tensor of tokens does not know who stays",
    "rivals": "a tensor of tokens does not know who stays",
    "openness.concentration_change": "the index is a sum of squares",
    "openness.meaningful_models": "it counts all open models one by one, and the tensor pools them",
    "openness.leaders": "it counts changes of the lead among models that the tensor pools",
    "openness.peak_weeks": "it compares when models are at their peaks",
    "releases.response": "it looks at weeks before those of the tensor",
    "releases.iteration_advantage": "it is a mean of logarithms",
    "agentic.account_part_of_spike": "accounts are no axis of the tensor",
    "agentic.length_growth": "it is a quotient of lengths, one of them before the weeks of the tensor",
    "agentic.reasoning_part_of_growth": "it looks at weeks before those of the tensor",
    "agentic.longest_category": "it compares mean lengths, quotients of which both sides move",
    "agentic.programming_part_of_growth": "it is a product of shares and lengths",
    "agentic.programming_excess_in_growth": "it is a product of shares and lengths",
    "agentic.weekly_programming_to_overall": "it is a quotient of mean lengths",
    "agentic.programming_to_overall": "it is a quotient of mean lengths",
    "agentic.tools_called_not_offered": "it is about what is recorded",
    "agentic.weekly_offers_to_calls": "it is about what is recorded",
    "agentic.first_week_of_tools_offered": "it is about what is recorded",
    "categories.subtags": "sub-tags are no axis of the tensor: they are an input",
    "categories.subtag_sum": "sub-tags are no axis of the tensor: they are an input",
    "categories.largest_subtag": "sub-tags are no axis of the tensor: they are an input",
    "categories.entropies": "sub-tags are no axis of the tensor: they are an input",
    "categories.mix_concentration": "the index is a sum of squares",
    "categories.unrest": "it is a sum of squares",
    "cost.categories_placed": "it counts what exists",
    "cost.in_quadrant": "it compares unit costs, quotients of which both sides move",
    "cost.open_share_by_quadrant": "which categories are cheap is itself a result",
    "cost.slope": "it is a line through logarithms",
    "cost.correlation": "it is a correlation of logarithms",
    "cost.tokens_in_archetype": "it cuts at medians over models that the tensor pools",
    "cost.named_in_segment": "it cuts at medians over models that the tensor pools",
    "cost.below_list": "it counts models that the tensor pools",
    "cost.cheap_and_little_used": "it counts models that the tensor pools",
    "cost.dear_among_top": "it counts models that the tensor pools",
}  # fmt: skip
"""Why a statistic, or all of a module, is nothing linear on a tensor."""


def why_not(name: str) -> str:
    """The reason why a statistic is nothing linear on a tensor."""
    return REASONS.get(name) or REASONS.get(name.partition(".")[0], "its linear form is not written")
