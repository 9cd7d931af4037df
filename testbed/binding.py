"""Arguments from a file, checked against the function that takes them: for statistics of claims and for patterns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError


class BadArgument(ValueError):
    """A function that does not exist, or arguments that it does not take. key: the argument, None for the whole."""

    def __init__(self, key: str | None, message: str) -> None:
        super().__init__(message)
        self.key = key


def bind(
    function: Callable[..., Any], name: str, arguments: Mapping[str, Any], error: type[BadArgument]
) -> dict[str, Any]:
    """The arguments as a function takes them, all but its first. Raises `error`; name: what people call it."""
    parameters = parameters_of(function)
    bound: dict[str, Any] = {}
    for key, value in arguments.items():
        if key not in parameters:
            raise error(key, f"{name} takes no '{key}'; it takes {', '.join(parameters) or 'nothing'}")
        try:
            bound[key] = adapter(function, key).validate_python(value)
        except ValidationError as found:
            raise error(key, f"{name}: {key}: {found.errors()[0]['msg']}") from None
    for key, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and key not in bound:
            raise error(None, f"{name} needs '{key}'")
    return bound


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a function by name, all but its first."""
    return dict(list(inspect.signature(function).parameters.items())[1:])


@cache
def adapter(function: Callable[..., Any], key: str) -> TypeAdapter[Any]:
    """What reads one parameter of a function."""
    return TypeAdapter(get_type_hints(function, include_extras=True)[key])
