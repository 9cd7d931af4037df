"""What a changed cause does to a pattern: the words, and the rule behind each.

The base and a changed arm are compared over the replicates in which both can tell. `rate` is the share of replicates
in which the pattern holds; the test is McNemar's exact one, at the plan's level; the interval of the difference of the
rates is Newcombe's (1998) for pairs, method 10.

- *needed*: the pattern holds in most runs of the base and no longer in most runs without the cause; the test rejects.
- *prevents*: the other way round: the pattern comes when the cause is taken away.
- *sufficient*: all causes switched off, the pattern holds in at most half of the runs; with this one alone it holds in
  most; the test rejects. (The design `alone` has these arms.)
- *helps*, *hinders*: the test rejects, but the rate stays on the same side of one half.
- *irrelevant*: the interval of the difference lies within the plan's margin on both sides.
- For a change to a level that is not off or 0: *sufficient* if the change brings the pattern, *prevents* if it ends it.
- *undecided*: none of these; more replicates may tell.
- *untestable*: no replicate in which both arms can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Declared = Literal["needed", "sufficient", "irrelevant", "helps", "hinders", "prevents"]
DECLARABLE: tuple[Declared, ...] = ("needed", "sufficient", "irrelevant", "helps", "hinders", "prevents")
Finding = Literal[
    "needed", "sufficient", "irrelevant", "helps", "hinders", "prevents", "undecided", "untestable", "base"
]
Agreement = Literal["as declared", "contradicts", "weaker than declared", "not settled", ""]
HALF = 0.5
_WEAKER = {"needed": "helps", "sufficient": "helps", "prevents": "hinders"}


@dataclass(frozen=True)
class Pairs:
    """Replicates in which both sides can tell: how many hold on both, on the first side only, on the second only, on
    neither."""

    both: int
    first: int
    second: int
    neither: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.both + self.first + self.second + self.neither

    @property
    def rates(self) -> tuple[float, float]:
        """Pass rates of both sides; NaN without pairs."""
        if not self.n:
            return float("nan"), float("nan")
        return (self.both + self.first) / self.n, (self.both + self.second) / self.n

    def p(self) -> float:
        """Two-sided p value of McNemar's exact test (1 without discordant pairs)."""
        from scipy.stats import binomtest

        discordant = self.first + self.second
        return float(binomtest(self.first, discordant).pvalue) if discordant else 1.0

    def interval(self) -> tuple[float, float]:
        """95% interval of the second rate less the first: Newcombe (1998), Stat. Med. 17:2635, method 10."""
        import math

        from analysis.proportions import wilson

        if not self.n:
            return float("nan"), float("nan")
        p, q = self.rates
        (p_low,), (p_high,) = wilson([p * self.n], [self.n])
        (q_low,), (q_high,) = wilson([q * self.n], [self.n])
        margins = (self.both + self.first, self.second + self.neither, self.both + self.second,
                   self.first + self.neither)  # fmt: skip
        product = math.prod(margins)
        cross: float = self.both * self.neither - self.first * self.second
        if cross > 0:
            cross = max(cross - self.n / 2, 0)
        phi = cross / math.sqrt(product) if product else 0.0

        def reach(up: float, down: float) -> float:
            return math.sqrt(max(up**2 - 2 * phi * up * down + down**2, 0.0))

        gap = q - p
        return gap - reach(q - q_low, p_high - p), gap + reach(q_high - q, p - p_low)


def find(pairs: Pairs, level: float, margin: float, takes_away: bool) -> Finding:
    """The finding on a change. takes_away: the second side lacks a cause that the first has; else it has one more."""
    if not pairs.n:
        return "untestable"
    before, after = pairs.rates
    if pairs.p() < level:
        if before > HALF >= after:
            return "needed" if takes_away else "prevents"
        if before <= HALF < after:
            return "prevents" if takes_away else "sufficient"
        return "helps" if (after < before) == takes_away else "hinders"
    low, high = pairs.interval()
    return "irrelevant" if -margin < low and high < margin else "undecided"


def agreement(declared: Declared | None, found: Finding) -> Agreement:
    """A finding beside what the experiment's author declared."""
    if declared is None:
        return ""
    if declared == found:
        return "as declared"
    if found in ("undecided", "untestable", "base"):
        return "not settled"
    return "weaker than declared" if _WEAKER.get(declared) == found else "contradicts"
