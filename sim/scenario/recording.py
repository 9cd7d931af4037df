"""The sections on traffic and on what the gateway records of it."""

import datetime as dt

from pydantic import Field, model_validator

from analysis.contract import Category
from sim.config.problems import ProblemAt
from sim.gateway.faults import FaultSettings
from sim.settings.distributions import Distribution
from sim.settings.timelines import Timeline
from sim.settings.values import (
    Chance,
    NonNegative,
    Positive,
    Settings,
    Share,
    Shares,
    Weights,
)


class TrafficSettings(Settings):
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
        description="reasoning tokens for one visible completion token, closed models that always do",
    )
    hybrid_reasoning_share: Share = Field(
        0.35, description="requests to hybrid models that ask for reasoning (assumed)"
    )
    tool_call_share: Shares = Field(
        Timeline.constant(0.3),
        description="requests with tools offered that end in a tool call, at models of general training (see "
        "mechanisms.tool_propensity)",
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
    def _some_volume(self) -> "TrafficSettings":
        for key in ("weekday", "hours"):
            if sum(getattr(self, key)) <= 0:
                raise ProblemAt((key,), "at least one value must be above zero")
        ends = ("cancelled_share", "error_share", "filter_share", "length_stop_share")
        if sum(getattr(self, key) for key in ends) > 1:
            raise ProblemAt(("cancelled_share",), f"{', '.join(ends)} together exceed 1")
        return self


class ObservationSettings(Settings):
    """What the gateway records, and how well. Accuracy and confidences are assumed."""

    label_share: Share = Field(0.1, description="requests that get a category label (the report: 0.0025)")
    classifier_accuracy: Share = Field(0.92, description="labels that name the true category (assumed)")
    second_label_share: Share = Field(
        0.15,
        description="labelled requests that are labelled twice; a second label that names the first's category is not "
        "recorded (assumed)",
    )
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
    faults: FaultSettings = Field(
        FaultSettings(), description="what is wrong with the log (nothing by default)"
    )


# --- the calendar -------------------------------------------------------------------------------------------
