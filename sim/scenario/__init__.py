"""The schema of a scenario: what a YAML file may say, with units, ranges and meanings.

Every constant of the model is a key here; its default carries a source or the word "assumed". The causes have a
file each in `sim/mechanisms`, and a switch: `mechanisms.fit: off`, or `mechanisms.fit.enabled=off` to keep the other
parameters; all are switched by `mechanisms.all` (see `sim.config.switches`).
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from analysis.contract import Category, Continent
from sim.config.documents import Document, load_document
from sim.config.problems import ProblemAt
from sim.config.schema_errors import parse
from sim.config.switches import ALL, Switch
from sim.mechanisms import MECHANISMS, Mechanisms
from sim.scenario.distributions import FAMILIES, Distribution
from sim.scenario.json_schema import EXTENDS, scenario_json_schema
from sim.scenario.shipped import worlds
from sim.scenario.timelines import Timeline
from sim.scenario.values import (
    Amount,
    Chance,
    NonNegative,
    Positive,
    Positives,
    Section,
    Share,
    Shares,
    Weights,
)

ALL_MECHANISMS = f"mechanisms.{ALL}"


def _some_weight(groups: Mapping[Any, Any], key: str) -> None:
    """On every date at which a weight changes, some group has one."""
    dates = {day for group in groups.values() for day in group.share.root}
    for day in sorted(dates):
        moment = np.array([day], dtype="datetime64[D]")
        if sum(float(group.share.at(moment)[0]) for group in groups.values()) <= 0:
            raise ProblemAt((key,), f"on {day} no share is above zero; give one some weight")


# --- the catalogue and the scenario's own models ------------------------------------------------------------


class CatalogueSection(Section):
    """Which models of the catalogue of real ones are in the market."""

    folder: str = Field(
        "catalogue", description="folder of the catalogue's CSV files, relative to the scenario"
    )
    use: Literal["all", "none"] = Field(
        "all", description="start from all models of the catalogue, or from none"
    )
    only: list[str] | None = Field(None, description="keep these models only", examples=[["openai/gpt-4o"]])
    without: list[str] = Field([], description="leave these models out")


class PriceChange(Section):
    """A price from a date on."""

    date: dt.date = Field(description="first day of this price")
    prompt: NonNegative = Field(description="USD per million prompt tokens")
    completion: NonNegative = Field(description="USD per million completion tokens")
    cached: NonNegative | None = Field(
        None, description="USD per million cached prompt tokens; none: no discount"
    )


class ModelSection(Section):
    """A model of the scenario's own, or changes to one of the catalogue (only the keys that are given change)."""

    like: str | None = Field(
        None,
        description="copy another model, of the catalogue or of this scenario: its abilities, reach, hype and "
        "permissiveness; a new model also gets its weights' openness, size, origin, reasoning, tools, context and "
        "the price that it has on the day of release. Keys that are given win",
        examples=["openai/gpt-4o"],
    )
    released: dt.date | None = Field(
        None, description="first day on which it can be used; a new model needs one"
    )
    retired: dt.date | None = Field(None, description="first day on which it no longer serves")
    successor: str | None = Field(None, description="where the gateway moves users at retirement")
    author: str | None = Field(
        None, description="who makes it (a new model: what stands before the slash)", examples=["acme"]
    )
    name: str | None = Field(None, description="name for people", examples=["Acme One"])
    open_weights: Switch | None = Field(None, description="whether its weights are open")
    origin: Literal["CN", "RoW"] | None = Field(
        None, description="developed in China, or in the rest of the world (a new model: RoW)"
    )
    params_total_b: Positive | None = Field(
        None, description="billions of parameters (an open model without it has no size class: unknown)"
    )
    reasoning: Literal["none", "hybrid", "always"] | None = Field(
        None,
        description="whether it reasons before it answers: never, when asked, always (a new model: none)",
    )
    tools: Switch | None = Field(None, description="whether it can call tools (a new model: on)")
    context_tokens: Annotated[int, Field(gt=0)] | None = Field(
        None, description="longest prompt and answer together (a new model: 128000)"
    )
    price_usd_per_mtok: NonNegative | None = Field(
        None, description="one price for prompt and completion tokens alike, USD per million tokens"
    )
    prices: list[PriceChange] | None = Field(None, description="the price path from the release on")
    free: list[tuple[dt.date, dt.date]] | None = Field(
        None,
        description="windows in which a free variant exists, first and last day",
        examples=[[["2025-01-15", "2025-01-31"]]],
    )
    ability: dict[Category, float] | float | None = Field(
        None, description="latent ability by category, on the scale of hardness (a number: the same in all)"
    )
    reach: Share | None = Field(None, description="how much of the market hears of it")
    hype: float | None = Field(None, description="perceived minus true ability")
    permissive: Switch | None = Field(None, description="tolerates adult and role-play content")


# --- users --------------------------------------------------------------------------------------------------


class Segment(Section):
    """A kind of user."""

    share: Weights = Field(description="relative weight among arriving users, by date")
    life_days: Amount = Field(description="days on the platform")
    regularity: Chance = Field(description="chance to be active in a week, 0..1")
    price_sensitivity: Amount = Field(description="multiplies the weight of log price in a choice")
    curiosity: Amount = Field(description="multiplies how often an embedded workload looks at rivals")
    workloads: float = Field(1.0, description="mean number of workloads of a user", ge=1, le=4)
    willingness_to_pay: Positive = Field(1.0, description="multiplies what its workloads would pay")
    volume: Positive = Field(1.0, description="multiplies its workloads' requests a day")
    users_per_account: Positive = Field(1.0, description="mean users that share one account (one bill)", ge=1)
    byok_share: Share = Field(0.0, description="users that bring their own provider key")
    apps: dict[str, Positive] = Field(
        {"direct": 1.0}, description="applications they come from, with weights"
    )


class Country(Section):
    """Where users are billed."""

    continent: Continent = Field(description="where the country lies")
    share: Weights = Field(description="relative weight among arriving users, by date")
    utc_offset_hours: Annotated[int, Field(ge=-12, le=14)] = Field(0, description="local time less UTC")
    languages: dict[str, Positive] = Field({"en": 1.0}, description="prompt languages (BCP 47) with weights")


class Population(Section):
    """Who is in the market, and when they come."""

    growth: Positives = Field(description="relative rate of arrival by date (geometric between dates)")
    initial_share: Share = Field(
        0.03, description="users that are there on the first day, of all users (assumed)"
    )
    activity: Weights = Field(
        Timeline.constant(1.0),
        description="multiplies every user's chance to be active in a week, by the date of its Monday "
        "(a season, a calendar shock); acts through mechanisms.intermittency",
    )
    segments: dict[str, Segment] = Field(description="kinds of users, by name")
    countries: dict[str, Country] = Field(description="where users are billed, by country code")

    @model_validator(mode="after")
    def _not_empty(self) -> "Population":
        for key in ("segments", "countries"):
            if not getattr(self, key):
                raise ProblemAt((key,), "name at least one")
            _some_weight(getattr(self, key), key)
        return self


# --- work ---------------------------------------------------------------------------------------------------


class CategorySection(Section):
    """A kind of work, and what its requests look like."""

    share: Weights = Field(description="relative weight among new workloads, by date")
    hardness: Distribution | None = Field(None, description="instead of the general hardness")
    harder_by: float = Field(0.0, description="added to the hardness")
    willingness_to_pay: Positive = Field(1.0, description="multiplies what a workload would pay")
    volume: Positive = Field(1.0, description="multiplies requests a day")
    needs_tools: Shares = Field(Timeline.constant(0.0), description="share that cannot do without tool calls")
    needs_permissive: Share = Field(0.0, description="share that needs a permissive model")
    prompt_tokens: Positives = Field(description="median prompt tokens of a request, by date")
    prompt_sigma: Positive = Field(1.0, description="spread of log prompt tokens")
    completion_tokens: Positives = Field(description="median visible completion tokens of a request, by date")
    completion_sigma: Positive = Field(0.9, description="spread of log completion tokens")
    cached_share: Share = Field(
        0.2, description="mean share of prompt tokens read from a cache where one is offered"
    )
    session_requests: Positive = Field(3.0, description="mean requests of one sitting", ge=1)


class Workloads(Section):
    """Recurring jobs. Hardness and ability share one scale: 0 is the ability of gpt-3.5-turbo in January 2024."""

    hardness: Distribution = Field(description="hardness of a new workload at the start of the world")
    hardness_drift: Timeline = Field(
        Timeline.constant(0.0),
        description="added to hardness by the date on which the workload begins (assumed)",
    )
    willingness_to_pay_usd_per_mtok: Amount = Field(description="USD per million effective tokens")
    willingness_per_hardness: float = Field(
        0.0, description="added to log willingness for one unit of hardness"
    )
    life_days: Amount = Field(description="days until the job is done")
    later_start_days: Amount = Field(description="days between a user's workloads' beginnings")
    requests_per_day: Amount = Field(description="requests a day when embedded")
    trial_requests_per_day: Positive = Field(description="requests a day during a trial")
    context_tokens: Amount = Field(description="context window that the work needs, tokens")
    free_share: Share = Field(0.3, description="workloads that accept a free variant with its limits")
    categories: dict[Category, CategorySection] = Field(description="kinds of work, by category")

    @model_validator(mode="after")
    def _not_empty(self) -> "Workloads":
        if not self.categories:
            raise ProblemAt(("categories",), "name at least one category")
        _some_weight(self.categories, "categories")
        return self


class Search(Section):
    """How a workload without a home looks for one (all assumed)."""

    look_every_days: Positive = Field(8.0, description="mean days between looks before any failure")
    longest_wait_days: Positive = Field(180.0, description="bound on the mean wait after repeated failures")
    trial_days: Amount = Field(Distribution.exponential(4.0), description="length of a trial, days")
    outside_option: float = Field(0.0, description="try utility of waiting")
    quality_weight: Positive = Field(
        3.0, description="weight of the margin in the surplus that users experience"
    )
    awareness_floor: Positive = Field(0.5, description="awareness of an old model with reach 1")
    awareness_half_life_days: Positive = Field(20.0, description="half-life of a release's news")
    noticeable_price_cut: Share = Field(
        0.15, description="relative cut from which a tried model is tried anew"
    )
    price_floor_usd_per_mtok: Positive = Field(
        0.02, description="prices below this count as this in log price"
    )


# --- traffic and what the gateway records -------------------------------------------------------------------


class Traffic(Section):
    """How spells become requests. Shares and profiles are assumed where no source is named."""

    volume: Positive = Field(
        1.0, description="multiplies every workload's requests a day (the scale of the log)"
    )
    weekday: list[NonNegative] = Field(
        [1.0] * 7, description="relative volume, Monday to Sunday, local time", min_length=7, max_length=7
    )
    hours: list[NonNegative] = Field(
        [1.0] * 24, description="relative volume by local hour, from midnight", min_length=24, max_length=24
    )
    reasoning_completion_factor: Weights = Field(
        Timeline.constant(1.5),
        description="reasoning tokens for one visible completion token, models that always do",
    )
    hybrid_reasoning_share: Share = Field(
        0.35, description="requests to hybrid models that ask for reasoning (assumed)"
    )
    tool_call_share: Shares = Field(
        Timeline.constant(0.3), description="requests with tools offered that end in a tool call"
    )
    tools_offered_share: dict[Category, Shares] = Field(
        {}, description="requests that offer tools, by category, of workloads that do not need them"
    )
    streamed_share: Share = Field(0.7, description="requests whose answer is streamed")
    cancelled_share: Share = Field(0.02, description="requests that the user breaks off")
    length_stop_share: Share = Field(0.03, description="requests that end at the length limit")
    error_share: Share = Field(0.01, description="requests that fail")
    filter_share: Share = Field(0.004, description="requests stopped by a content filter")
    season: Weights = Field(Timeline.constant(1.0), description="relative volume by date")

    @model_validator(mode="after")
    def _some_volume(self) -> "Traffic":
        for key in ("weekday", "hours"):
            if sum(getattr(self, key)) <= 0:
                raise ProblemAt((key,), "at least one value must be above zero")
        ends = ("cancelled_share", "error_share", "filter_share", "length_stop_share")
        if sum(getattr(self, key) for key in ends) > 1:
            raise ProblemAt(("cancelled_share",), f"{', '.join(ends)} together exceed 1")
        return self


class Observation(Section):
    """What the gateway records, and how well. Accuracy and confidences are assumed."""

    label_share: Share = Field(0.1, description="requests that get a category label (the report: 0.0025)")
    classifier_accuracy: Share = Field(0.92, description="labels that name the true category (assumed)")
    second_label_share: Share = Field(0.15, description="labelled requests with a second path (assumed)")
    confidence: Chance = Field(
        Distribution.normal(0.8, 0.15, low=0.05, high=1.0), description="confidence of a right label"
    )
    wrong_confidence: Chance = Field(
        Distribution.normal(0.55, 0.15, low=0.05, high=1.0), description="confidence of a wrong label"
    )
    label_paths: str = Field(
        "label_paths.csv",
        description="file with the taxonomy paths of each category, relative to the scenario",
    )
    tools_offered_from: dt.date | None = Field(
        None, description="date from which 'tools offered' is recorded (the report: September 2025)"
    )
    id_resets_per_month: dict[str, Share] = Field(
        {},
        description="by segment: chance in 30 days that a user goes on under a new id, as with a new key of the same "
        "account (segments that are not named keep theirs; the truth knows the user)",
    )


# --- the calendar -------------------------------------------------------------------------------------------


class PriceEvent(Section):
    """A price change that the catalogue does not have; it holds until the catalogue's next price."""

    event: Literal["price_change"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    factor: Positive | None = Field(None, description="multiplies all of the model's prices")
    prompt: NonNegative | None = Field(None, description="USD per million prompt tokens")
    completion: NonNegative | None = Field(None, description="USD per million completion tokens")
    cached: NonNegative | None = Field(None, description="USD per million cached prompt tokens")

    @model_validator(mode="after")
    def _one_way(self) -> "PriceEvent":
        if (self.factor is None) == (self.prompt is None or self.completion is None):
            raise ProblemAt((), "give either `factor`, or both `prompt` and `completion`")
        return self


class AbilityEvent(Section):
    """A model changes under its id."""

    event: Literal["ability_change"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    by: float = Field(description="added to its ability")
    category: Category | None = Field(None, description="in this category only")


class PromotionEvent(Section):
    """A model is free for a while."""

    event: Literal["promotion"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    until: dt.date = Field(description="last day")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])


class OutageEvent(Section):
    """A model answers no requests for some days."""

    event: Literal["outage"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    days: Annotated[int, Field(ge=1)] = Field(description="how long it lasts")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])


class LargeAccountEvent(Section):
    """One account that uses one model heavily for a time (a whale)."""

    event: Literal["large_account"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    until: dt.date | None = Field(None, description="last day (none: to the end)")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    users: Annotated[int, Field(ge=1)] = Field(1, description="keys of the account that share the volume")
    requests_per_day: Positive = Field(
        description="requests a day of the whole account (traffic.volume and traffic.season apply)"
    )
    category: Category = Field("programming", description="the kind of its work")
    tool_call_share: Share | None = Field(None, description="its requests that end in a tool call")
    country: str | None = Field(None, description="where it is billed (none: the first country)")


class WaveEvent(Section):
    """Many users at once, drawn by one model (tourists)."""

    event: Literal["wave"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    days: Annotated[int, Field(ge=1)] = Field(14, description="days over which they arrive")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    share_of_users: Share = Field(description="of all users")
    segment: str | None = Field(None, description="the segment to which they belong (none: as they would)")


class PriceStrategyEvent(Section):
    """An author cuts prices when its share of use falls (an author's strategy; rule and defaults assumed)."""

    event: Literal["price_strategy"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    author: str = Field(description="whose models", examples=["openai"])
    when_share_falls_by: Share = Field(0.3, description="relative fall of the weekly share from its best")
    factor: Positive = Field(0.8, description="multiplies its models' prices", lt=1)
    at_most: Annotated[int, Field(ge=1)] = Field(3, description="cuts")
    pause_days: Annotated[int, Field(ge=1)] = Field(60, description="days between cuts")


CalendarEvent = Annotated[
    PriceEvent
    | AbilityEvent
    | PromotionEvent
    | OutageEvent
    | LargeAccountEvent
    | WaveEvent
    | PriceStrategyEvent,
    Field(discriminator="event"),
]


class PlantSection(Section):
    """A PLANT, for worlds with a known answer: loyalty that is put in by construction and emerges from nothing."""

    model: str = Field(description="the model to which they are loyal")
    cohort: Literal["launch"] = Field(
        "launch", description="who may be loyal: users who begin with the model in the month of its release"
    )
    loyal_share: Share = Field(
        description="of that cohort, those who never leave the model nor the platform; volume and skipped weeks are "
        "as ever"
    )


# --- the whole ----------------------------------------------------------------------------------------------


TELLING = frozenset({"title", "question", "extends", "look_at"})
"""Keys that say what a scenario is for, not what is simulated: they change no data."""


class Scenario(Section):
    """A world: its question, its market, its users, its causes."""

    title: str = Field(description="name of the world, for people", examples=["My world"])
    question: str = Field(description="what the scenario asks, in one sentence", examples=["Who stays?"])
    extends: str | None = Field(None, description=EXTENDS, examples=["report"])
    look_at: list[str] = Field(
        [],
        description="the models that the question is about, the most important first: their verdicts and panels open "
        "the page (none: the scenario's own models, then those of the report)",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="decides all luck: the same seed, the same data"
    )
    start: dt.date = Field(description="first simulated day")
    end: dt.date = Field(description="last simulated day")
    users: Annotated[int, Field(ge=1, le=20_000_000)] = Field(
        description="how many users come in all, beside large accounts"
    )
    catalogue: CatalogueSection = CatalogueSection()
    models: dict[str, ModelSection] = Field(
        {}, description="models of the scenario's own, and changes to those of the catalogue, by author/slug"
    )
    population: Population
    workloads: Workloads
    mechanisms: Mechanisms = Mechanisms()
    search: Search = Search()
    traffic: Traffic = Traffic()
    observation: Observation = Observation()
    calendar: list[CalendarEvent] = Field([], description="what happens to the market from outside")
    plant: PlantSection | None = Field(
        None, description="a PLANT: a loyal share put in by construction, the known answer of a test world"
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
