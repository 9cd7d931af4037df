"""A table that is shown over a window of the study where that is asked for, and else over all that the log covers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.queries import weekly as step
from analysis.sources.log import Log
from analysis.study import MAIN_WINDOW


@dataclass(frozen=True)
class Windowed:
    """A table of a log, over a window.

    over: the table takes the window itself, as `window`; else it is weekly and is cut. arguments: further ones of it.
    """

    table: Callable[..., pd.DataFrame]
    window: step.Window
    over: bool
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, log: Log) -> pd.DataFrame:
        shown = step.window_of(log, self.window)
        if self.over:
            return self.table(log, window=shown, **self.arguments)
        return step.inside(self.table(log, **self.arguments), shown)

    def definition(self, log: Log) -> str:
        """What the table is and which weeks of a log it shows."""
        given = "; ".join(f"{name}: {_words(value)}" for name, value in self.arguments.items())
        if step.window_of(log, self.window) is None:
            weeks = f"Days shown: all that this log covers, {log.first_day} to {log.last_day}."
        else:
            weeks = (
                f"Weeks shown: those that begin from {self.window[0]} to {self.window[1]}; all weeks of a log that has "
                "no complete week there."
            )
        text = inspect.getdoc(self.table) or ""
        return f"{text}\n\n{f'Here {given}. ' if given else ''}{weeks}"


def in_window(table: Callable[..., pd.DataFrame], window: step.Window, **arguments: Any) -> Windowed:
    """A weekly table, cut to the weeks of the window."""
    return Windowed(table, window, False, arguments)


def over_window(table: Callable[..., pd.DataFrame], window: step.Window, **arguments: Any) -> Windowed:
    """A table that takes a window itself, over that window."""
    return Windowed(table, window, True, arguments)


def over_words(log: Log) -> str:
    """Over which weeks a log is shown where the study has its main window, for people."""
    shown = step.window_of(log, MAIN_WINDOW)
    return "over all days of the log" if shown is None else "in the study's main window"


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
