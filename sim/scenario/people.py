"""The sections on users: segments, countries, how many come when, and the applications that they come through."""

import datetime as dt
from typing import Annotated

from pydantic import Field, model_validator

from analysis.contract import Category, Continent
from sim.config.problems import ProblemAt
from sim.settings.timelines import Timeline
from sim.settings.values import (
    Amount,
    Chance,
    NonNegative,
    Positive,
    Positives,
    Settings,
    Share,
    Shares,
    Weights,
    some_weight,
)


class SegmentSettings(Settings):
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
        {"direct": 1.0}, description="applications they come through, with weights (see `applications`)"
    )


class ApplicationSettings(Settings):
    """What an application gives to the work that comes through it; acts through mechanisms.applications."""

    growth: Weights = Field(
        Timeline.constant(1.0),
        description="multiplies its weight in the segments' `apps`, by the date on which a user comes",
    )
    categories: dict[Category, NonNegative] = Field(
        {}, description="weights of the kinds of work that its users bring (none: as all users)"
    )
    default_model: dict[dt.date, str] = Field(
        {},
        description="the model that it begins with, from each date on; one that the market does not list is none",
        examples=[{"2025-01-15": "new/frontier"}],
    )
    default_share: Share = Field(
        0.0, description="new work that first tries the default, where it may consider it (assumed)"
    )
    volume: Positive = Field(1.0, description="multiplies its workloads' requests a day")
    burstiness: NonNegative = Field(
        0.0,
        description="sd of the log of a day's level of its work at home; the mean level is 1 (assumed)",
        le=3,
    )
    needs_tools: Shares | None = Field(
        None, description="share of its work that cannot do without tool calls (none: that of the category)"
    )
    tools_offered: Shares | None = Field(
        None,
        description="requests that offer tools, of its work that does not need them (none: those of the category)",
    )
    session_requests: Positive | None = Field(
        None, description="mean requests of one sitting (none: those of the category)", ge=1
    )


class CountrySettings(Settings):
    """Where users are billed."""

    continent: Continent = Field(description="where the country lies")
    share: Weights = Field(description="relative weight among arriving users, by date")
    utc_offset_hours: Annotated[int, Field(ge=-12, le=14)] = Field(0, description="local time less UTC")
    languages: dict[str, Positive] = Field({"en": 1.0}, description="prompt languages (BCP 47) with weights")


class PopulationSettings(Settings):
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
    segments: dict[str, SegmentSettings] = Field(description="kinds of users, by name")
    countries: dict[str, CountrySettings] = Field(description="where users are billed, by country code")

    @model_validator(mode="after")
    def _not_empty(self) -> "PopulationSettings":
        for key in ("segments", "countries"):
            if not getattr(self, key):
                raise ProblemAt((key,), "name at least one")
            some_weight(getattr(self, key), key)
        return self


# --- work ---------------------------------------------------------------------------------------------------
