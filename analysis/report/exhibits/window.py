"""A table cut to a window of the report where the log reaches into it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.queries import weekly as step
from analysis.sources.log import Log

Table = Callable[[Log], pd.DataFrame]


def in_window(table: Callable[..., pd.DataFrame], window: step.Window, **arguments: Any) -> Table:
    """The same weekly table with the weeks of the window only; its docstring says so.

    A log without a complete week in the window keeps all its weeks. arguments: further ones of the table.
    """

    def cut(log: Log) -> pd.DataFrame:
        return step.cut(table(log, **arguments), log, window)

    return _described(cut, table, window, arguments)


def over_window(table: Callable[..., pd.DataFrame], window: step.Window, **arguments: Any) -> Table:
    """A table that takes a window itself, over that window, or over the whole log where it has no week of it."""

    def over(log: Log) -> pd.DataFrame:
        return table(log, window=step.window_of(log, window), **arguments)

    return _described(over, table, window, arguments)


def _described(
    function: Table, table: Callable[..., pd.DataFrame], window: step.Window, arguments: dict[str, Any]
) -> Table:
    text = inspect.getdoc(table) or ""
    given = "; ".join(f"{name}: {_words(value)}" for name, value in arguments.items())
    function.__doc__ = (
        f"{text}\n\n{f'Here {given}. ' if given else ''}Weeks shown: those that begin from {window[0]} to {window[1]}; "
        "all weeks of a log that has no complete week there."
    )
    function.__name__ = getattr(table, "__name__", "table")
    return function


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
