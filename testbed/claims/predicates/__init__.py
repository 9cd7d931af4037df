"""Predicates: what must be true of a measured statistic for a claim to hold.

How uncertainty enters, the same everywhere:

- a band (`value`, `range`, `profile`): the estimate decides. The verdict is *weak* where the interval reaches across an
  edge of the band, so that the data cannot tell on which side the truth lies.
- a direction (`sign`, `comparison`, `trend` up or down): the claim holds only if the interval, or the test at its
  level, says so. An estimate on the right side that chance explains fails, and is weak. Which test it is hangs on what
  the log is:
  - one history (any log that no simulated run wrote): a trend by the Mann-Kendall test over its weeks, a sign and a
    comparison by the interval of the statistic.
  - a simulated world (`Log.simulated`): its log is a census, so weeks, releases and authors in it are no sample. A
    trend is end less start, means of four weeks each, and the number decides; where it is of labelled requests, its
    interval from the sample of labels. So with a sign and a comparison `over: replicates`; all others keep their
    interval. One draw cannot tell how far its number is luck: the verdict is weak where the same log, taken as one
    history, would give another.
  - several replicates of a world: the replicates are the sampling units. Each is judged as above; whether the world
    as such has the direction, the mean of the number over them says, with Student's t interval
    (`testbed.claims.replicates`). A direction that they do not show together counts for nothing.
  How often these tests are wrong, on made series: docs/trend-tests.md.
- a count of weeks (`share_of_weeks`) of a labelled sample: the estimates decide; weak where more than 2.5% of samples
  drawn with the sampling error of the labels give another verdict. Other weekly series are sums over all requests.
- no direction (`trend` flat): the change over the window (Theil-Sen, in all logs alike) is smaller than a stated
  margin; the estimate decides. That a test finds nothing is never taken as flatness.
- an order (`ordering`): the estimates decide; weak where neighbours' intervals overlap.
- a data set that cannot answer (a missing column, too few weeks, a model without users): not testable, never a pass.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from testbed.claims.predicates.bands import Ordering, Profile, Range, Value
from testbed.claims.predicates.directions import Comparison, Direction, Sign, TrendIs
from testbed.claims.predicates.predicate import Predicate
from testbed.claims.predicates.weeks import ShareOfWeeks, Threshold


class StatisticCall(BaseModel):
    """A statistic by name; the other keys are its arguments."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as written."""
        return dict(self.model_extra or {})


class Part(BaseModel):
    """One of several conditions. statistic: its own, or the claim's where it has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statistic: StatisticCall | None = None
    predicate: Simple


Simple = Annotated[
    Value | Range | Profile | Ordering | Sign | Comparison | TrendIs | Threshold | ShareOfWeeks,
    Field(discriminator="kind"),
]


class AllOf(Predicate):
    """Several conditions that must all be true. The scoreboard measures and judges the parts."""

    kind: Literal["all_of"]
    of: list[Part] = Field(min_length=2)


Any_ = Annotated[
    Value | Range | Profile | Ordering | Sign | Comparison | TrendIs | Threshold | ShareOfWeeks | AllOf,
    Field(discriminator="kind"),
]
KINDS: tuple[type[Predicate], ...] = (
    Value, Range, Profile, Ordering, Sign, Comparison, TrendIs, Threshold, ShareOfWeeks, AllOf,
)  # fmt: skip


Part.model_rebuild()

__all__ = [
    "KINDS", "AllOf", "Any_", "Comparison", "Direction", "Ordering", "Part", "Predicate", "Profile", "Range",
    "ShareOfWeeks", "Sign", "Simple", "StatisticCall", "Threshold", "TrendIs", "Value",
]  # fmt: skip
