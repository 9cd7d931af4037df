"""What is said about a document that does not meet its schema: message, place, and the nearest name."""

import datetime as dt
import enum
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sim.config.documents import (
    Problem,
    ProblemAt,
    ProblemsAt,
    ScenarioError,
    load_document,
)
from sim.config.schema_errors import parse
from sim.config.switches import Switch
from sim.settings.distributions import Distribution, Timeline


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class LockIn(Section):
    strength: float = Field(ge=0, le=1)
    days: Annotated[float, Field(gt=0)] = 60


class Wave(Section):
    event: Literal["wave"]
    date: dt.date
    share: float


class Outage(Section):
    event: Literal["outage"]
    date: dt.date


class Vendor(Section):
    released: dt.date
    prices: list[Annotated[float, Field(ge=0)]] = []
    window: tuple[dt.date, dt.date] | None = None


def _per_cent(value: Any) -> Any:
    return float(value[:-1]) / 100 if isinstance(value, str) and value.endswith("%") else value


class World(Section):
    title: str = "a world"
    start: dt.date = dt.date(2024, 1, 1)
    end: dt.date = dt.date(2024, 12, 31)
    users: int = Field(10, ge=1, lt=1000)
    population: Timeline = Timeline.constant(1)
    hardness: Distribution = Distribution.constant(0)
    origin: Literal["CN", "RoW"] = "CN"
    colour: Colour = Colour.RED
    lock_in: LockIn | None = None
    rival_trials: Switch = True
    verbose: bool = False
    mixed: int | dt.date | list[str] = 1
    ability: dict[str, float] | float | None = None
    either: LockIn | list[LockIn] | None = None
    pick: LockIn | Vendor | None = None
    share: Annotated[float, BeforeValidator(_per_cent)] = 0.5
    models: dict[str, Vendor] = {}
    calendar: list[Annotated[Wave | Outage, Field(discriminator="event")]] = []
    weights: dict[Literal["direct", "web"], float] = {}
    hours: list[float] = Field([1.0, 1.0], min_length=2, max_length=2)
    word: str = Field("ab", pattern="^[a-z]+$", max_length=5)
    by_number: dict[int, str] = {}

    @model_validator(mode="after")
    def _possible(self) -> "World":
        if self.end < self.start:
            raise ProblemAt("end", f"ends before it starts ({self.start})", "give a later date")
        unknown = [key for key in self.models if key.startswith("un")]
        if unknown:
            raise ProblemsAt(
                [ProblemAt(("models", key), f"no model '{key}'", at_key=True) for key in unknown]
            )
        if self.title == "plain":
            raise ValueError("a plain reason")
        return self


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(folder: Path, text: str, *overrides: str) -> World:
    (folder / "a.yaml").write_text(text)
    return parse(load_document("a.yaml", overrides), World)


def refused(folder: Path, text: str, *overrides: str) -> list[Problem]:
    with pytest.raises(ScenarioError) as caught:
        check(folder, text, *overrides)
    return list(caught.value.problems)


def test_a_good_document(folder: Path) -> None:
    world = check(
        folder,
        """
title: a world
start: 2024-02-01
users: 2e2
population: {2024-01-01: 1, 2025-01-01: 2.5}
hardness: {normal: {mean: 1, sd: 1}}
colour: green
rival_trials: off
mixed: 2024-05-05
ability: {programming: 2}
either: [{strength: 1}]
share: 25%
models: {a/b: {released: '2024-05-05', prices: [1, 2.5], window: [2024-01-01, 2024-02-01]}}
calendar: [{event: wave, date: 2024-03-01, share: 1}, {event: outage, date: 2024-03-02}]
weights: {web: 2}
by_number: {7: seven}
""",
    )
    assert world.users == 200
    assert world.population == Timeline({dt.date(2024, 1, 1): 1.0, dt.date(2025, 1, 1): 2.5})
    assert world.hardness == Distribution.normal(1, 1)
    assert world.colour is Colour.GREEN
    assert world.rival_trials is False
    assert world.mixed == dt.date(2024, 5, 5)
    assert world.share == 0.25
    assert world.models["a/b"].window == (dt.date(2024, 1, 1), dt.date(2024, 2, 1))
    assert isinstance(world.calendar[0], Wave)
    assert world.by_number == {7: "seven"}


SAYS: list[tuple[str, int, str, str]] = [
    # text, column, path, the message and hint in full
    ("popluation: 3", 1, "popluation", "unknown key 'popluation'; did you mean 'population'? Known keys here: title,"),
    ("extend: base.yaml", 1, "extend", "unknown key 'extend'; did you mean 'extends'?"),
    ("zzz: 3", 1, "zzz", "unknown key 'zzz'; known keys here: title, start, end, users"),
    ("lock_in: {strenght: 1, strength: 1}", 11, "lock_in.strenght",
     "unknown key 'strenght'; did you mean 'strength'? Known keys here: strength, days"),
    ("models: {x/y.z: {released: 2024-01-01, relaesed: 1}}", 40, 'models."x/y.z".relaesed',
     "unknown key 'relaesed'; did you mean 'released'? Known keys here: released, prices, window"),
    ("calendar: [{event: wave, date: 2024-01-01, share: 1, shares: 2}]", 54, "calendar.0.shares",
     "unknown key 'shares'; did you mean 'share'? Known keys here: event, date, share"),
    ("calendar: [{event: outage, date: 2024-01-01, shares: 2}]", 46, "calendar.0.shares",
     "unknown key 'shares'; known keys here: event, date"),
    ("hardness: {nromal: {mean: 1, sd: 1}}", 12, "hardness.nromal",
     "unknown key 'nromal'; did you mean 'normal'? Known keys here: normal, lognormal, exponential, uniform, constant"),
    ("hardness: {normal: {mean: 1, std: 1, sd: 1}}", 30, "hardness.normal.std",
     "unknown key 'std'; did you mean 'sd'? Known keys here: min, max, mean, sd"),
    ("either: {strenght: 1, strength: 1}", 10, "either.strenght",
     "unknown key 'strenght'; did you mean 'strength'? Known keys here: strength, days"),
    ("lock_in: {}", 10, "lock_in", "missing key 'strength'"),
    ("models: {a: {prices: []}}", 13, "models.a", "missing key 'released'"),
    ("calendar: [{date: 2024-01-01}]", 12, "calendar.0", "missing key 'event'"),
    ("calendar: [{event: wvae}]", 20, "calendar.0.event",
     "expected wave or outage; got the text 'wvae'; did you mean 'wave'?"),
    ("users: many", 8, "users", "expected a whole number, got the text 'many'"),
    ("users: true", 8, "users", "expected a whole number, got true"),
    ("users: '5'", 8, "users", "expected a whole number, got the text '5'; write 5 without quotes"),
    ("users: 2_0", 8, "users", "expected a whole number, got the text '2_0'; write 20"),
    ("users: 2.5", 8, "users", "expected a whole number, got 2.5"),
    ("users: .inf", 8, "users", "must be a finite number, got inf"),
    ("users: {a: 1}", 8, "users", "expected a whole number, got a mapping"),
    ("users: [1]", 8, "users", "expected a whole number, got a list"),
    ("users: ~", 8, "users", "expected a whole number, got nothing (null)"),
    ("users: 2024-01-01", 8, "users", "expected a whole number, got 2024-01-01"),
    ("users: 0", 8, "users", "must be at least 1 and less than 1000, got 0"),
    ("users: 1000", 8, "users", "must be at least 1 and less than 1000, got 1000"),
    ("lock_in: {strength: 1.5}", 21, "lock_in.strength", "must be between 0 and 1, got 1.5"),
    ("lock_in: {strength: 50%}", 21, "lock_in.strength", "expected a number, got the text '50%'; write 0.5"),
    ("lock_in: {strength: 1, days: 0}", 30, "lock_in.days", "must be more than 0, got 0"),
    ("lock_in: 3", 10, "lock_in", "expected a mapping (key: value), got 3"),
    ("models: {a: {released: 2024-01-01, prices: [1, -2]}}", 48, "models.a.prices.1", "must be at least 0, got -2"),
    ("models: {a: {released: 2024-01-01, window: [2024-01-01]}}", 44, "models.a.window",
     "this list is too short: it has no item 1 (counted from 0)"),
    ("models: [a]", 9, "models", "expected a mapping (key: value), got a list"),
    ("title: 12", 8, "title", "expected text, got 12; put it in quotes"),
    ("title: 2024-01-01", 8, "title", "expected text, got 2024-01-01; put it in quotes"),
    ("title: true", 8, "title", "expected text, got true; put it in quotes"),
    ("start: 2024-13-01", 8, "start", "2024-13-01 is not in the calendar (there is no such month)"),
    ("start: 2023-02-29", 8, "start", "2023-02-29 is not in the calendar (there is no such day)"),
    ("start: 2024", 8, "start", "expected a date such as 2025-05-22, got 2024"),
    ("start: 0", 8, "start", "expected a date such as 2025-05-22, got 0"),
    ("start: 1.5.2024", 8, "start", "expected a date such as 2025-05-22, got the text '1.5.2024'"),
    ("origin: cn", 9, "origin", "expected CN or RoW; got the text 'cn'; did you mean 'CN'?"),
    ("origin: 5", 9, "origin", "expected CN or RoW; got 5"),
    ("colour: gren", 9, "colour", "expected red or green; got the text 'gren'; did you mean 'green'?"),
    ("weights: {wbe: 1}", 11, "weights.wbe", "keys here are direct or web; got 'wbe'; did you mean 'web'?"),
    ("by_number: {x: a}", 13, "by_number.x", "expected a key that is a whole number, got 'x'"),
    ("rival_trials: of", 15, "rival_trials", "expected on or off (true and false, yes and no mean the same)"),
    ("rival_trials: 1", 15, "rival_trials", "expected on or off"),
    ("verbose: 1", 10, "verbose", "expected true or false, got 1"),
    ("verbose: off", 10, "verbose", "expected true or false, got the text 'off'"),
    ("mixed: zz", 8, "mixed", "expected a whole number, a date such as 2025-05-22 or a list, got the text 'zz'"),
    ("mixed: [a, 2]", 12, "mixed.1", "expected text, got 2; put it in quotes"),
    ("ability: {programming: high}", 24, "ability.programming", "expected a number, got the text 'high'"),
    ("ability: high", 10, "ability", "expected a mapping (key: value) or a number, got the text 'high'"),
    ("either: [{strength: 3}]", 21, "either.0.strength", "must be between 0 and 1, got 3"),
    ("either: x", 9, "either", "expected a mapping (key: value) or a list, got the text 'x'"),
    ("share: x", 8, "share", "expected a number, got the text 'x'"),
    ("hardness: wide", 11, "hardness", "expected a number, or a distribution such as {normal: {mean: 1.6, sd: 0.8}}"),
    ("hardness: {normal: {mean: x, sd: 1}}", 27, "hardness.normal.mean", "expected a number, got the text 'x'"),
    ("hardness: {normal: {mean: 0, sd: 0}}", 34, "hardness.normal.sd", "must be more than 0, got 0"),
    ("hardness: {normal: {mean: 0, sd: 1, min: 2, max: 1}}", 50, "hardness.normal.max",
     "must be more than min (2), got 1"),
    ("hardness: {constant: 1, normal: {mean: 0, sd: 1}}", 11, "hardness",
     "2 families of distribution (normal, constant); give exactly one of"),
    ("hardness: .nan", 11, "hardness", "must be a finite number, got nan"),
    ("population: {2024-02-01: 1, 2024-01-01: 2}", 29, "population.2024-01-01",
     "dates must ascend; this one comes after 2024-02-01"),
    ("population: {2024-02-31: 1}", 14, "population.2024-02-31",
     "2024-02-31 is not in the calendar (there is no such day)"),
    ("population: {soon: 1}", 14, "population.soon", "expected a key that is a date such as 2025-05-22, got 'soon'"),
    ("population: {2024-02-01: x}", 26, "population.2024-02-01", "expected a number, got the text 'x'"),
    ("population: {2024-02-01: true}", 26, "population.2024-02-01", "expected a number, got true"),
    ("pick: {released: 2024-01-01, prices: [-1]}", 39, "pick.prices.0", "must be at least 0, got -1"),
    ("population: x", 13, "population", "expected a number, or a mapping of dates to numbers"),
    ("hours: [1]", 8, "hours", "must have at least 2 entries, has 1"),
    ("hours: [1, 2, 3]", 8, "hours", "must have at most 2 entries, has 3"),
    ("word: abcdef", 7, "word", "must have at most 5 characters, has 6"),
    ("word: A", 7, "word", "must match ^[a-z]+$, got the text 'A'"),
    ("end: 2023-01-01", 6, "end", "ends before it starts (2024-01-01); give a later date"),
    ("models: {un/a: {released: 2024-01-01}}", 10, "models.un/a", "no model 'un/a'"),
    ("title: plain", 1, "", "a plain reason"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "path", "message"), SAYS, ids=[text for text, *_ in SAYS])
def test_says(folder: Path, text: str, column: int, path: str, message: str) -> None:
    (problem,) = refused(folder, text + "\n")
    begin = f"a.yaml:1:{column}: {path}: " if path else f"a.yaml:1:{column}: "
    assert str(problem).startswith(begin + message)
    assert problem.source == text
    if path:  # the same through --set: path, place and message do not depend on where a value comes from
        key, _, value = text.partition(": ")
        (again,) = refused(folder, "title: a\n", f"{key}={value}")
        assert (again.file, again.line, again.column) == ("--set", 1, column - 1 if column > 1 else 1)
        assert (again.path, again.message, again.hint) == (problem.path, problem.message, problem.hint)


def test_all_problems_are_told_in_the_order_of_the_files(folder: Path) -> None:
    (folder / "base.yaml").write_text("users: 0\nlock_in:\n  strength: 1\n  days: 5\norigin: XX\n")
    text = "extends: base.yaml\nzz: 1\nlock_in:\n  strength: ~\nverbose: 7\ntitle: 3\n"
    problems = refused(folder, text, "colour=blue", "start=2024-01-99")
    assert [(p.file, p.line, p.column, p.path) for p in problems] == [
        ("a.yaml", 2, 1, "zz"),
        ("a.yaml", 4, 13, "lock_in.strength"),
        ("a.yaml", 5, 10, "verbose"),
        ("a.yaml", 6, 8, "title"),
        ("base.yaml", 1, 8, "users"),
        ("base.yaml", 5, 9, "origin"),
        ("--set", 1, 8, "colour"),
        ("--set", 2, 7, "start"),
    ]
    assert problems[1].message == "key 'strength' is needed and cannot be removed"


def test_several_problems_of_one_validator_keep_their_places(folder: Path) -> None:
    text = "models:\n  ok/a: {released: 2024-01-01}\n  un/b: {released: 2024-01-01}\n  un/c: {released: 2024-01-01}\n"
    assert [(p.line, p.column) for p in refused(folder, text)] == [(3, 3), (4, 3)]


def test_a_block_mapping_of_the_wrong_kind_is_shown_at_its_key(folder: Path) -> None:
    (problem,) = refused(folder, "title: x\nusers:\n  # why\n  a: 1\n")
    assert (problem.line, problem.column) == (2, 1)


def test_a_missing_section_of_an_empty_world_is_at_the_top(folder: Path) -> None:
    class Strict(Section):
        users: int

    (folder / "a.yaml").write_text("# header\n\nzz: 1\n")
    with pytest.raises(ScenarioError) as caught:
        parse(load_document("a.yaml"), Strict)
    assert [str(p) for p in caught.value.problems] == [
        "a.yaml:3:1: missing key 'users'",
        "a.yaml:3:1: zz: unknown key 'zz'; known keys here: users, extends",
    ]


def test_the_whole_text(folder: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        check(folder, "title: x\nlock_in:\n  strength: 4\n", "users=0")
    assert str(caught.value) == (
        "a.yaml:3:13: lock_in.strength: must be between 0 and 1, got 4\n"
        "      3 |   strength: 4\n"
        "        |             ^\n"
        "--set:1:7: users: must be at least 1 and less than 1000, got 0\n"
        "      1 | users=0\n"
        "        |       ^"
    )


def test_many_problems_are_capped_and_long_lines_cut(folder: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        check(folder, f"models: {{{', '.join(f'm{i}: 3' for i in range(50))}}}\n")
    text = str(caught.value)
    assert len(caught.value.problems) == 50
    assert text.endswith("... and 30 more problems")
    assert max(len(line) for line in text.splitlines()) <= 140
    lines = text.splitlines()
    for source, caret in zip(lines[1::3], lines[2::3], strict=False):
        assert source[caret.index("^")] == "3"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from([*World.model_fields, "other"]),
        st.recursive(
            st.sampled_from(
                ["1", "-1", "0.5", "x", "~", "true", "2024-01-01", "'q'", ".nan", ".inf", "1e400", "9" * 400]
            ),
            lambda inner: (
                st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
                | st.dictionaries(
                    st.sampled_from(["strength", "normal", "mean", "event", "2024-01-01", "m", "7"]),
                    inner,
                    max_size=3,
                ).map(lambda items: "{" + ", ".join(f"{k}: {v}" for k, v in items.items()) + "}")
            ),
            max_leaves=6,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_document_is_a_world_or_problems_with_places(folder: Path, written: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in written.items())
    try:
        assert math.isfinite(check(folder, text).users)
    except ScenarioError as error:
        for problem in error.problems:
            assert problem.file == "a.yaml"
            assert 1 <= problem.line <= len(written)
            assert problem.message
            assert "Input should" not in problem.message
        assert str(error)
