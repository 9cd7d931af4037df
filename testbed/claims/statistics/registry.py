"""Statistics by name: a function from a log to a result, whose arguments are checked by their annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from analysis.sources.log import Log
from testbed import binding
from testbed.binding import BadArgument
from testbed.claims.measuring.measured import Result

P = ParamSpec("P")
R = TypeVar("R", bound=Result)
Statistic = Callable[..., Result]
MODULES = (
    "platform", "openness", "releases", "agentic", "categories", "spend", "geography", "retention", "rivals", "cost",
)  # fmt: skip

Needs = Literal["activity", "log"]  # who used which model in which month, or every request


@dataclass(frozen=True)
class Registered:
    """A statistic and what it reads of a run."""

    function: Statistic
    needs: Needs


_REGISTRY: dict[str, Registered] = {}


def statistic(function: Callable[Concatenate[Log, P], R]) -> Callable[Concatenate[Log, P], R]:
    """Decorator: register a function as `module.name`. It may read the whole log."""
    _register(function, "log")
    return function


def on_activity(function: Callable[Concatenate[Log, P], R]) -> Callable[Concatenate[Log, P], R]:
    """Decorator: the same, of a function that reads no more than who used which model in which month."""
    _register(function, "activity")
    return function


def _register(function: Statistic, needs: Needs) -> None:
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    _REGISTRY[name] = Registered(function, needs)


def statistics() -> dict[str, Statistic]:
    """All statistics by name."""
    return {name: found.function for name, found in registered().items()}


def registered() -> dict[str, Registered]:
    """All statistics by name, with what they read."""
    for module in MODULES:
        import_module(f"testbed.claims.statistics.{module}")
    return dict(sorted(_REGISTRY.items()))


class BadCall(BadArgument):
    """A statistic that does not exist, or arguments that it does not take. `key`: the argument, None for the name."""


def bind(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the statistic takes them. Raises BadCall."""
    known = statistics()
    if name not in known:
        raise BadCall(None, f"no statistic '{name}'")
    return binding.bind(known[name], name, arguments, BadCall)


def measure(log: Log, name: str, arguments: Mapping[str, Any]) -> Result:
    """The result of a statistic on a log. Raises BadCall, Untestable, and analysis.NotAvailable."""
    return statistics()[name](log, **bind(name, arguments))
