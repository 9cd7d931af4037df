"""Statistics by name: a function from a log to a result, whose arguments are checked by their annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from analysis.source import Log
from testbed.statistics.measured import Result

P = ParamSpec("P")
R = TypeVar("R", bound=Result)
Statistic = Callable[..., Result]
MODULES = ("platform", "openness", "agentic", "categories", "geography", "retention", "cost")

_REGISTRY: dict[str, Statistic] = {}


def statistic(function: Callable[Concatenate[Log, P], R]) -> Callable[Concatenate[Log, P], R]:
    """Decorator: register a function as `module.name`."""
    _REGISTRY[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = function
    return function


def statistics() -> dict[str, Statistic]:
    """All statistics by name."""
    for module in MODULES:
        import_module(f"testbed.statistics.{module}")
    return dict(sorted(_REGISTRY.items()))


class BadCall(ValueError):
    """A statistic that does not exist, or arguments that it does not take. `key`: the argument, None for the name."""

    def __init__(self, key: str | None, message: str) -> None:
        super().__init__(message)
        self.key = key


def bind(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the statistic takes them. Raises BadCall."""
    known = statistics()
    if name not in known:
        raise BadCall(None, f"no statistic '{name}'")
    function = known[name]
    parameters = dict(list(inspect.signature(function).parameters.items())[1:])
    bound: dict[str, Any] = {}
    for key, value in arguments.items():
        if key not in parameters:
            raise BadCall(key, f"{name} takes no '{key}'; it takes {', '.join(parameters) or 'nothing'}")
        try:
            bound[key] = _adapter(name, key).validate_python(value)
        except ValidationError as error:
            raise BadCall(key, f"{name}: {key}: {error.errors()[0]['msg']}") from None
    for key, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and key not in bound:
            raise BadCall(None, f"{name} needs '{key}'")
    return bound


@cache
def _adapter(name: str, key: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(statistics()[name], include_extras=True)[key])


def measure(log: Log, name: str, arguments: Mapping[str, Any]) -> Result:
    """The result of a statistic on a log. Raises BadCall, Untestable, and analysis.NotAvailable."""
    return statistics()[name](log, **bind(name, arguments))
