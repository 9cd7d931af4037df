"""Validation in the user's own tests: a plugin of pytest. It imports nothing heavy before a test asks for it.

def test_our_triangle(slipper_validate):
    slipper_validate("models/triangle.sql", "retention_triangle", model="openai/gpt-4o")

def test_on_each_world(slipper_world):
    assert our_count(slipper_world.pandas["generations"]) == len(slipper_world.pandas["generations"])

@pytest.mark.parametrize("slipper_worlds", [["leap day", "far zones"]], indirect=True)
def test_on_some_worlds(slipper_worlds): ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    from testbed.validation.integrations.judging import Judged
    from testbed.validation.worlds import World

__all__ = ["BatteryWorld", "slipper_validate", "slipper_world", "slipper_worlds", "validate"]


@dataclass(frozen=True)
class BatteryWorld:
    """A world of the battery as a test sees it: its name, what it is about, the model that questions about one model
    are asked of, and the time zone of sessions. breaks: which rule of the contract its log breaks, empty if none."""

    name: str
    about: str
    model: str
    breaks: str
    zone: str
    held: World

    @cached_property
    def arrow(self) -> dict[str, pa.Table]:
        """The tables by name: generations, labels, models, taxonomy."""
        return self.held.tables.named

    @cached_property
    def pandas(self) -> dict[str, pd.DataFrame]:
        """The same as data frames."""
        return {name: table.to_pandas() for name, table in self.arrow.items()}

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A session of DuckDB in this zone that sees the tables; to be closed."""
        import duckdb

        connection = duckdb.connect(config={"threads": 1})
        connection.execute(f"SET TimeZone = '{self.zone}'")
        for name, table in self.arrow.items():
            connection.register(name, table)
        return connection

    def right(self, question: str) -> pd.DataFrame:
        """The right answer to a question here, with a column `optional`: rows that may be left out."""
        from testbed.validation.integrations.validating import question_of

        found = question_of(question)
        return found.answer(self.held.tables, **self.held.arguments(found))

    def in_zone(self, zone: str) -> BatteryWorld:
        """The same with sessions in another time zone."""
        return replace(self, zone=zone)


def _seen(world: World) -> BatteryWorld:
    return BatteryWorld(world.name, world.about, world.model, world.breaks, "UTC", world)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `slipper_world` runs once on each world; one that names worlds by parametrize keeps those."""
    marks = [str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize") if mark.args]
    if "slipper_world" in metafunc.fixturenames and not any(
        "slipper_world" in mark.split(",") for mark in marks
    ):
        from testbed.validation.worlds import battery

        metafunc.parametrize("slipper_world", list(battery()), indirect=True)


@pytest.fixture
def slipper_world(request: pytest.FixtureRequest) -> BatteryWorld:
    """One world of the battery: each in turn, or that of the name which parametrize gives."""
    (world,) = _named([request.param])
    return world


@pytest.fixture
def slipper_worlds(request: pytest.FixtureRequest) -> list[BatteryWorld]:
    """The worlds of the battery, the smallest first, or those of the names which parametrize gives."""
    return _named(getattr(request, "param", None))


@pytest.fixture
def slipper_validate() -> Callable[..., Judged]:
    """`validate`, without an import."""
    return validate


def validate(
    code: str | Path | Callable[..., Any],
    question: str | None = None,
    model: str | None = None,
    columns: Any = None,
    **options: Any,
) -> Judged:
    """Judge a file (.sql, .py), the text of a query, or a function on the battery. One that is wrong or cannot run
    fails the test with the verdict and the smallest worlds on which it errs; else the verdict is returned. options:
    dialect, against (a server's address), worlds (names)."""
    __tracebackhide__ = True
    from testbed.failure import Failure
    from testbed.validation.integrations import validating

    found: Judged | Failure
    try:
        found = validating.validate(code, question, model=model, columns=columns, **options)
    except Failure as error:
        found = error
    if isinstance(found, Failure):
        pytest.fail(f"cannot be judged: {found}", pytrace=False)
    if found.verdict != "right":
        pytest.fail(found.text(), pytrace=False)
    return found


def _named(names: str | Sequence[str] | None) -> list[BatteryWorld]:
    from testbed.failure import BadInput
    from testbed.validation.integrations.world_files import chosen

    try:
        return [_seen(world) for world in chosen(names=[names] if isinstance(names, str) else names)]
    except BadInput as error:
        pytest.fail(str(error), pytrace=False)
