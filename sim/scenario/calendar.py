"""The calendar of a scenario: what happens on a day, and the planted loyal share."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.contract import Category
from sim.config.problems import ProblemAt
from sim.config.switches import ALL, Switch
from sim.settings.values import (
    NonNegative,
    Positive,
    Settings,
    Share,
)


class PriceEvent(Settings):
    """A price change that the catalogue does not have; it holds until the catalogue's next price, unless it lasts."""

    event: Literal["price_change"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    model: str = Field(
        description="the model, as author/slug, or `all`: each one that is listed on that day",
        examples=["new/frontier"],
    )
    factor: Positive | None = Field(None, description="multiplies all of the model's prices")
    lasting: Switch = Field(
        False, description="whether the factor multiplies the catalogue's later prices of the model, too"
    )
    prompt: NonNegative | None = Field(None, description="USD per million prompt tokens")
    completion: NonNegative | None = Field(None, description="USD per million completion tokens")
    cached: NonNegative | None = Field(None, description="USD per million cached prompt tokens")

    @model_validator(mode="after")
    def _one_way(self) -> "PriceEvent":
        if (self.factor is None) == (self.prompt is None or self.completion is None):
            raise ProblemAt((), "give either `factor`, or both `prompt` and `completion`")
        for key, given in (("lasting", self.lasting), ("model", self.of_all)):
            if given and self.factor is None:
                raise ProblemAt((key,), "this needs `factor`: a stated price is one model's, until its next")
        return self

    @property
    def of_all(self) -> bool:
        """Whether it changes the prices of all models that are listed on its day."""
        return self.model == ALL


class AbilityEvent(Settings):
    """A model changes under its id."""

    event: Literal["ability_change"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    by: float = Field(description="added to its ability")
    category: Category | None = Field(None, description="in this category only")


class PromotionEvent(Settings):
    """A model is free for a while."""

    event: Literal["promotion"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    until: dt.date = Field(description="last day")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])


class OutageEvent(Settings):
    """A model answers no requests for some days."""

    event: Literal["outage"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    days: Annotated[int, Field(ge=1)] = Field(description="how long it lasts")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])


class LargeAccountEvent(Settings):
    """One account that uses one model heavily for a time (a whale)."""

    event: Literal["large_account"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    until: dt.date | None = Field(None, description="last day (none: to the end)")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    users: Annotated[int, Field(ge=1)] = Field(1, description="keys of the account that share the volume")
    requests_per_day: Positive | None = Field(
        None, description="requests a day of the whole account (traffic.volume and traffic.season apply)"
    )
    requests_per_day_per_1000_users: Positive | None = Field(
        None, description="instead: the same for each 1,000 users, so that its share does not hang on `users`"
    )
    category: Category = Field("programming", description="the kind of its work")
    tool_call_share: Share | None = Field(None, description="its requests that end in a tool call")
    country: str | None = Field(None, description="where it is billed (none: the first country)")

    @model_validator(mode="after")
    def _one_volume(self) -> "LargeAccountEvent":
        if (self.requests_per_day is None) == (self.requests_per_day_per_1000_users is None):
            raise ProblemAt(
                (), "give either `requests_per_day`, or `requests_per_day_per_1000_users` to go with `users`"
            )
        return self

    def requests_a_day(self, users: int) -> float:
        """Requests a day of the whole account in a world of so many users, before traffic.volume and season."""
        if self.requests_per_day is not None:
            return self.requests_per_day
        assert self.requests_per_day_per_1000_users is not None
        return self.requests_per_day_per_1000_users * users / 1000


class WaveEvent(Settings):
    """Many users at once, drawn by one model (tourists)."""

    event: Literal["wave"]
    date: dt.date = Field(description="the day on which it happens, or its first day")
    days: Annotated[int, Field(ge=1)] = Field(14, description="days over which they arrive")
    model: str = Field(description="the model, as author/slug", examples=["new/frontier"])
    share_of_users: Share = Field(description="of all users whom no wave stated before it took")
    segment: str | None = Field(None, description="the segment to which they belong (none: as they would)")


class PriceStrategyEvent(Settings):
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


class PlantedLoyaltySettings(Settings):
    """PLANTED loyalty, for worlds with a known answer: it is put in by construction and emerges from nothing."""

    model: str = Field(description="the model to which they are loyal")
    cohort: Literal["launch"] = Field(
        "launch", description="who may be loyal: users who begin with the model in the month of its release"
    )
    loyal_share: Share = Field(
        description="of that cohort, those who never leave the model nor the platform; volume and skipped weeks are "
        "as ever"
    )
