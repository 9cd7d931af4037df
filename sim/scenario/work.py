"""The sections on work: kinds of it, what it needs, and how it looks for a model."""

from pydantic import Field, model_validator

from analysis.contract import Category
from sim.config.problems import ProblemAt
from sim.settings.distributions import Distribution
from sim.settings.timelines import Timeline
from sim.settings.values import Amount, Positive, Positives, Settings, Share, Shares, Weights, some_weight


class CategorySettings(Settings):
    """A kind of work, and what its requests look like."""

    share: Weights = Field(description="relative weight among new workloads, by date")
    hardness: Distribution | None = Field(None, description="instead of the general hardness")
    harder_by: float = Field(0.0, description="added to the hardness")
    willingness_to_pay: Positive = Field(1.0, description="multiplies what a workload would pay")
    volume: Positives = Field(
        Timeline.constant(1.0),
        description="multiplies the requests a day of work with a home; by date: that of the request's day (input)",
    )
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


class WorkloadSettings(Settings):
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
    categories: dict[Category, CategorySettings] = Field(description="kinds of work, by category")

    @model_validator(mode="after")
    def _not_empty(self) -> "WorkloadSettings":
        if not self.categories:
            raise ProblemAt(("categories",), "name at least one category")
        some_weight(self.categories, "categories")
        return self


class SearchSettings(Settings):
    """How a workload without a home looks for one (all assumed)."""

    look_every_days: Positive = Field(8.0, description="mean days between looks before any failure")
    longest_wait_days: Positive = Field(180.0, description="bound on the mean wait after repeated failures")
    trial_days: Amount = Field(Distribution.exponential(4.0), description="length of a trial, days")
    outside_option: float = Field(0.0, description="decision utility of waiting")
    quality_weight: Positive = Field(3.0, description="weight of the margin in experienced utility")
    awareness_floor: Positive = Field(0.5, description="awareness of an old model with reach 1")
    awareness_half_life_days: Positive = Field(20.0, description="half-life of a release's news")
    noticeable_price_cut: Share = Field(
        0.15,
        description="relative cut from which a model is considered anew by work that rejected it or knows it to fit",
    )
    price_floor_usd_per_mtok: Positive = Field(
        0.02, description="prices below this count as this in log price"
    )


# --- traffic and what the gateway records -------------------------------------------------------------------
