"""The schema of a scenario: what a YAML file may say, with units, ranges and meanings.

Every constant of the model is a key here; its default carries a source or the word "assumed". The causes have a
file each in `sim/mechanisms`, and a switch: `mechanisms.fit: off`, or `mechanisms.fit.enabled=off` to keep the other
parameters; all are switched by `mechanisms.all` (see `sim.config.switches`).
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from analysis.contract.nearest_names import did_you_mean
from sim.config.documents import Document, load_document
from sim.config.problems import ProblemAt
from sim.config.schema_errors import parse
from sim.config.switches import ALL
from sim.mechanisms import MECHANISMS, Mechanisms
from sim.scenario.calendar import (
    CalendarEvent,
    LargeAccountEvent,
    PlantedLoyaltySettings,
    WaveEvent,
)
from sim.scenario.json_schema import EXTENDS, scenario_json_schema
from sim.scenario.models import AuthorSettings, CatalogueSettings, ModelSettings
from sim.scenario.people import ApplicationSettings, PopulationSettings
from sim.scenario.recording import ObservationSettings, TrafficSettings
from sim.scenario.shipped import worlds
from sim.scenario.work import SearchSettings, WorkloadSettings
from sim.settings.distributions import FAMILIES
from sim.settings.timelines import Timeline
from sim.settings.values import (
    Settings,
)

ALL_MECHANISMS = f"mechanisms.{ALL}"

TELLING = frozenset({"title", "question", "extends", "look_at", "study_window"})
"""Keys that say what a scenario is for, not what is simulated: they change no data."""


class Scenario(Settings):
    """A world: its question, its market, its users, its causes."""

    title: str = Field(description="name of the world, for people", examples=["My world"])
    question: str = Field(description="what the scenario asks, in one sentence", examples=["Who stays?"])
    extends: str | None = Field(None, description=EXTENDS, examples=["report"])
    look_at: list[str] = Field(
        [],
        description="the models that the question is about, the most important first: their verdicts and panels open "
        "the page (none: the scenario's own models, then those of the report)",
    )
    study_window: bool = Field(
        False,
        description="whether this world rebuilds the study whose exhibits are drawn (State of AI, December 2025): they "
        "are then of that study's windows, and else of all days of the world",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="decides all luck: the same seed, the same data"
    )
    start: dt.date = Field(description="first simulated day")
    end: dt.date = Field(description="last simulated day")
    users: Annotated[int, Field(ge=1, le=20_000_000)] = Field(
        description="how many users come in all, beside large accounts"
    )
    catalogue: CatalogueSettings = CatalogueSettings()
    models: dict[str, ModelSettings] = Field(
        {}, description="models of the scenario's own, and changes to those of the catalogue, by author/slug"
    )
    authors: dict[str, AuthorSettings] = Field(
        {},
        description="what all models of an author have in common, by the author's name in the catalogue, or before the "
        "slash",
        examples=[{"anthropic": {"reach": {"programming": 1.4}}}],
    )
    population: PopulationSettings
    applications: dict[str, ApplicationSettings] = Field(
        {},
        description="what applications give to work that comes through them, by their names in the segments' `apps`",
        examples=[{"Cline": {"categories": {"programming": 1}, "default_share": 0.5}}],
    )
    workloads: WorkloadSettings
    mechanisms: Mechanisms = Mechanisms()
    search: SearchSettings = SearchSettings()
    traffic: TrafficSettings = TrafficSettings()
    observation: ObservationSettings = ObservationSettings()
    calendar: list[CalendarEvent] = Field([], description="what happens to the market from outside")
    planted_loyalty: PlantedLoyaltySettings | None = Field(
        None,
        description="a loyal share that is PLANTED: put in by construction, the known answer of a test world",
    )

    @model_validator(mode="after")
    def _possible(self) -> "Scenario":
        if self.end < self.start:
            raise ProblemAt(("end",), f"the world ends before it starts ({self.start}); give a later date")
        if (self.end - self.start).days > 3660:
            raise ProblemAt(("end",), "a world lasts at most ten years")
        for segment in self.observation.id_resets_per_month:
            if segment not in self.population.segments:
                known = ", ".join(self.population.segments)
                at = ("observation", "id_resets_per_month", segment)
                raise ProblemAt(at, f"unknown segment '{segment}'; known: {known}", at_key=True)
        for i, event in enumerate(self.calendar):
            if isinstance(event, WaveEvent) and event.segment not in (None, *self.population.segments):
                known = ", ".join(self.population.segments)
                raise ProblemAt(
                    ("calendar", i, "segment"), f"unknown segment '{event.segment}'; known: {known}"
                )
            if isinstance(event, LargeAccountEvent) and event.country not in (
                None,
                *self.population.countries,
            ):
                known = ", ".join(self.population.countries)
                raise ProblemAt(
                    ("calendar", i, "country"), f"unknown country '{event.country}'; known: {known}"
                )
            until = getattr(event, "until", None)
            if until is not None and until < event.date:
                raise ProblemAt(("calendar", i, "until"), f"ends before it begins ({event.date})")
        return self

    @model_validator(mode="after")
    def _carried(self) -> "Scenario":
        """Applications have users, and bring kinds of work that there are."""
        used = {name for kind in self.population.segments.values() for name in kind.apps}
        for name, application in self.applications.items():
            if name not in used:
                message = f"no segment has users of '{name}' (population.segments.X.apps)"
                raise ProblemAt(("applications", name), message, did_you_mean(name, used), True)
            for category in application.categories:
                if category not in self.workloads.categories:
                    message = f"this world has no {category} work (workloads.categories)"
                    raise ProblemAt(("applications", name, "categories", category), message, at_key=True)
            if application.categories and not sum(application.categories.values()):
                raise ProblemAt(("applications", name, "categories"), "give at least one a weight")
        return self

    @property
    def days(self) -> int:
        """Number of simulated days."""
        return (self.end - self.start).days + 1

    def daily(self, timeline: Timeline, geometric: bool = False) -> NDArray[np.float64]:
        """A timeline's value on each simulated day."""
        return timeline.at(np.arange(self.days), self.start, geometric)


def load_scenario(
    path: str | Path,
    *,
    settings: list[str] | tuple[str, ...] = (),
    seed: int | None = None,
    users: int | None = None,
) -> Scenario:
    """Read, resolve and check a scenario.

    `settings` are overrides `section.key=value`; `seed` and `users` are short for two of them. Raises
    `ScenarioError` with one message for each problem (file, line, column, key, what was expected).
    """
    return parse(read_scenario(path, settings=settings, seed=seed, users=users), Scenario)


def read_scenario(
    path: str | Path,
    *,
    settings: list[str] | tuple[str, ...] = (),
    seed: int | None = None,
    users: int | None = None,
) -> Document:
    """The unchecked document of a scenario with its overrides."""
    options = {key: value for key, value in (("seed", seed), ("users", users)) if value is not None}
    return load_document(
        path, overrides=settings, options=options, named=worlds(), alternatives=FAMILIES,
        switches={"mechanisms": tuple(MECHANISMS)},
    )  # fmt: skip


def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files, for editors."""
    return scenario_json_schema(Scenario)
