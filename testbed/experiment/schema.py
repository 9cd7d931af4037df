"""The schema of an experiment file: what a YAML file may say. Every unknown key is an error with its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from sim.config.documents import ProblemAt
from sim.mechanisms import MECHANISMS
from sim.settings.values import Settings
from testbed.experiment.finding import DECLARABLE, Declared

Design = Literal["one_at_a_time", "pairwise", "alone", "full"]
Level = str | int | float | bool | dt.date | list[Any] | dict[str, Any]
Share = Annotated[float, Field(gt=0, lt=1)]
EACH_MECHANISM = "mechanisms.*"
CALENDAR = "calendar.+"
"""The key by which an event is added to a world's calendar."""
HAPPENS, HAPPENS_NOT = "on", "off"
"""The levels of a factor that is an event."""


def _names(level: Level) -> set[Level]:
    """By what a level is told from others, which have none of it: 1 and 1.0 are one level, 1 and true are two."""
    return {str(level)} if isinstance(level, bool | list | dict) else {str(level), level}


class FactorSettings(Settings):
    """A scenario key that is changed. `switch: mechanisms.fit` is short for that key with the one level `off`, and
    `switch: mechanisms.*` for a factor of each mechanism, by its name (but for names that stand here, too). An `event`
    is added to the calendar in arms in which the factor is on."""

    key: str | None = Field(None, description="dotted key of the scenario, as `--set` takes it")
    switch: str | None = Field(
        None,
        description="a mechanism that is switched off; mechanisms.*: each of them, as a factor by its name",
        examples=["mechanisms.fit"],
    )
    event: dict[str, Level] | None = Field(
        None,
        description="in arms with this factor on this happens, too: an event as in the world's calendar",
        examples=[{"event": "price_change", "date": "2025-07-01", "model": "openai/gpt-4o", "factor": 0.7}],
    )
    base: Level | None = Field(
        None, description="level of the base (default: as the world has it; of an event: off)"
    )
    levels: list[Level] = Field([], description="levels to change it to")

    @model_validator(mode="before")
    @classmethod
    def _without_the_event(cls, given: Any) -> Any:
        """The base of an event is that it does not happen."""
        if not isinstance(given, Mapping) or given.get("event") is None:
            return given
        if "base" in given or "levels" in given:
            raise ProblemAt(("event",), "an event is off in the base, and on: leave out `base` and `levels`")
        return {**given, "base": HAPPENS_NOT}

    @model_validator(mode="after")
    def _one_way(self) -> FactorSettings:
        if sum(way is not None for way in (self.key, self.switch, self.event)) != 1:
            raise ProblemAt((), "give either `key` with its `levels`, or `switch`, or `event`")
        if self.switch is not None and (self.levels or self.base is not None):
            raise ProblemAt(("switch",), "a switch has the one level off; for others give `key` and `levels`")
        if self.key is not None and not [level for level in self.levels if level != self.base]:
            raise ProblemAt((), "a factor needs `levels` other than its base")
        seen: set[Level] = set()
        for number, level in enumerate(self.levels):
            if not seen.isdisjoint(names := _names(level)):
                raise ProblemAt(
                    ("levels", number), "this level is already in the list; each makes an arm of its own"
                )
            seen |= names
        return self

    @property
    def path(self) -> str:
        """The scenario key."""
        return self.key or self.switch or CALENDAR

    @property
    def changes(self) -> tuple[Level, ...]:
        """Levels other than the base."""
        if self.event is not None:
            return (HAPPENS,)
        return ("off",) if self.switch else tuple(level for level in self.levels if level != self.base)

    def sets(self, level: Level | None) -> bool:
        """Whether a level changes the scenario: not one that leaves it as it is, nor an event that does not happen."""
        return level is not None and not (self.event is not None and level == HAPPENS_NOT)


class ArmSettings(Settings):
    """Which combinations of levels are run. The base, in which nothing is changed, always is."""

    designs: list[Design] = Field([], description="one_at_a_time: each change alone; pairwise: at most two together; "
                                  "alone: all changed but one; full: all combinations")  # fmt: skip
    listed: dict[str, dict[str, Level]] = Field({}, description="arms by name: factor and level")


class WorldSettings(Settings):
    """A world, or with `*` in its file several. effect: whether the cause that patterns look for is there by
    construction; where it is absent, every hit is a false positive."""

    file: str = Field(description="a scenario file beside this one, a shipped name, or several with `*`")
    without: list[str] = Field(
        [], description="names, or globs of names, of files that `*` would match, to leave out"
    )
    effect: Literal["absent", "present"] | None = Field(
        None, description="whether what the patterns look for is there by construction"
    )
    set: dict[str, Level] = Field({}, description="scenario keys to change in this world")


class PatternSettings(Settings):
    """A pattern and what the author of the experiment expects of it. The name may be a glob if `is` is not given."""

    is_: str | None = Field(None, alias="is", description="registered name (default: the name here)")
    with_: dict[str, Any] = Field({}, alias="with", description="arguments")
    expect: dict[str, Declared] = Field({}, description=f"by factor: {', '.join(DECLARABLE)}")
    counts_as_false_positive: bool = Field(
        True, description="whether, in a world without the effect, this pattern is a false positive"
    )


class PlanFile(Settings):
    """An experiment file."""

    title: str = Field(description="name of the experiment, for people", examples=["My experiment"])
    question: str = Field(description="what the experiment asks", examples=["Which cause makes it?"])
    base: str | None = Field(None, description="the world, a scenario file beside this one or a shipped name")
    worlds: dict[str, WorldSettings] = Field({}, description="several worlds, by name, instead of one base")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="master seed, from which replicates have theirs"
    )
    users: Annotated[int, Field(ge=1)] | None = Field(
        None, description="users of each world (default: as each world says)"
    )
    replicates: Annotated[int, Field(ge=1, le=100_000)] = Field(
        10, description="runs of each world and arm, each with luck of its own"
    )
    set: dict[str, Level] = Field({}, description="scenario keys that all arms change")
    factors: dict[str, FactorSettings] = Field({})
    arms: ArmSettings = ArmSettings()
    patterns: dict[str, PatternSettings] = Field(min_length=1)
    level: Share = Field(0.05, description="level of the tests, and the false-positive rate that is allowed")
    margin: Share = Field(
        0.2, description="a change of the pass rate that is smaller than this does not matter"
    )

    @field_validator("factors")
    @classmethod
    def _each_mechanism(cls, factors: dict[str, FactorSettings]) -> dict[str, FactorSettings]:
        found: dict[str, FactorSettings] = {}
        for name, section in factors.items():
            if section.switch != EACH_MECHANISM:
                found[name] = section
                continue
            for mechanism in MECHANISMS:
                if mechanism not in factors:
                    found[mechanism] = FactorSettings(switch=f"mechanisms.{mechanism}")
        return found

    @model_validator(mode="after")
    def _whole(self) -> PlanFile:
        if (self.base is None) == (not self.worlds):
            place = ("worlds",) if self.worlds else ()
            raise ProblemAt(place, "give either `base`, one world, or `worlds`, several by name", at_key=True)
        for name in self.factors:
            if any(sign in name for sign in "=, \"'"):
                raise ProblemAt(
                    ("factors", name), "a factor's name has no blanks, commas or '='", at_key=True
                )
        keys: dict[str, str] = {}
        for name, section in self.factors.items():
            if section.path in keys and section.event is None:
                other = keys[section.path]
                raise ProblemAt(
                    ("factors", name), f"{section.path} is already the key of '{other}'", at_key=True
                )
            keys[section.path] = name
        for changed, key in self._changed():
            if key.strip(" \"'") == "seed":
                raise ProblemAt(
                    changed, "a replicate's seed comes from the experiment's `seed` and overrides the world's",
                    "leave this out, and set `seed` or `replicates` of the experiment", at_key=changed[0] != "factors",
                )  # fmt: skip
        if self.users is not None and "users" in keys:
            raise ProblemAt(("users",), "`users` is a factor here; leave this key out")
        for pattern, asked in self.patterns.items():
            for factor in asked.expect:
                if factor not in self.factors:
                    known = ", ".join(self.factors) or "none"
                    raise ProblemAt(
                        ("patterns", pattern, "expect", factor), f"no factor '{factor}'; there are: {known}",
                        at_key=True,
                    )  # fmt: skip
        return self

    def _changed(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Scenario keys that the experiment changes, each with its place here."""
        for name, section in self.factors.items():
            if section.event is None:
                yield ("factors", name, "switch" if section.switch else "key"), section.path
        for key in self.set:
            yield ("set", key), key
        for name, world in self.worlds.items():
            for key in world.set:
                yield ("worlds", name, "set", key), key
