"""The sections on models: which of the catalogue are in the market, and the scenario's own."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from analysis.contract import Category
from sim.config.switches import Switch
from sim.settings.values import (
    NonNegative,
    Positive,
    Settings,
    Share,
)


class CatalogueSettings(Settings):
    """Which models of the catalogue of real ones are in the market."""

    folder: str = Field(
        "catalogue", description="folder of the catalogue's CSV files, relative to the scenario"
    )
    use: Literal["all", "none"] = Field(
        "all", description="start from all models of the catalogue, or from none"
    )
    only: list[str] | None = Field(None, description="keep these models only", examples=[["openai/gpt-4o"]])
    without: list[str] = Field([], description="leave these models out")


class PriceChange(Settings):
    """A price from a date on."""

    date: dt.date = Field(description="first day of this price")
    prompt: NonNegative = Field(description="USD per million prompt tokens")
    completion: NonNegative = Field(description="USD per million completion tokens")
    cached: NonNegative | None = Field(
        None, description="USD per million cached prompt tokens; none: no discount"
    )


class ModelSettings(Settings):
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
    line: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="the product line of its author, whose models follow one another: work that has one of them as its "
        "home may upgrade to a later one (mechanisms.upgrade). A new model is in no line unless this names one",
        examples=["claude-sonnet"],
    )
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
    tool_training: Literal["early", "general", "agentic"] | None = Field(
        None,
        description="how far it was trained to call the tools that it is offered (a new model: general); acts through "
        "mechanisms.tool_propensity",
    )
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
    reach: dict[Category, Share] | Share | None = Field(
        None, description="how much of the market hears of it, by category (a number: the same in all)"
    )
    hype: float | None = Field(None, description="perceived minus true ability")
    permissive: Switch | None = Field(None, description="tolerates adult and role-play content")


class AuthorSettings(Settings):
    """What all models of an author have in common: factors on what they are without it."""

    reach: dict[Category, NonNegative] | NonNegative = Field(
        1.0,
        description="multiplies the reach of all models of the author, by category (a number: the same in all; "
        "categories that are not named: 1)",
        examples=[{"programming": 1.4}],
    )


# --- users --------------------------------------------------------------------------------------------------
