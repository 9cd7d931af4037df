"""How a user's code is asked: from tables and the session's zone to a table, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from testbed.validation.tables import Tables


class NoAnswer(Protocol):
    """A failure to answer."""

    @property
    def reason(self) -> str:
        """Why there is no answer, for people."""


@dataclass(frozen=True)
class Failure:
    """The plainest failure to answer. endless: it took all its time."""

    reason: str
    endless: bool = False


Ask = Callable[[Tables, str], pd.DataFrame | NoAnswer]
"""The code's answer to a log, in a session of this time zone."""


class Answered(Protocol):
    """What became of a run: a table, or the reason why there is none."""

    @property
    def table(self) -> pd.DataFrame | None:
        """The answer."""

    @property
    def reason(self) -> str:
        """Why there is none, for people."""

    @property
    def failure(self) -> str | None:
        """Which kind of failure it is, such as time."""


class Runner(Protocol):
    """What runs a user's code: a box of the sandbox, a server, a folder of answers."""

    def run(self, tables: Tables, zone: str = ...) -> Answered:
        """Its answer to a log, in a session of this time zone."""


def asked(runner: Runner) -> Ask:
    """A runner as what is asked."""

    def ask(tables: Tables, zone: str) -> pd.DataFrame | NoAnswer:
        found = runner.run(tables, zone)
        return Failure(found.reason, found.failure == "time") if found.table is None else found.table

    return ask
