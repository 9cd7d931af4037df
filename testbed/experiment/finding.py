"""What a changed cause does to a pattern: the words, and the rule behind each.

The base and a changed arm are compared over the replicates in which both can tell. `rate` is the share of replicates
in which the pattern holds; the test is McNemar's exact one, its p value adjusted for all comparisons of the matrix
(Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289: at the plan's level of 0.05, one named finding in twenty is
expected to be wrong at most); the interval of the difference of the rates is Newcombe's (1998) for pairs, method 10.

- *necessary*: the pattern holds in most runs of the base and no longer in most runs with less of the cause (switched
  off, at 0, or at a number below the base's); the test rejects. Of several causes taken away at once: one of them is
  necessary.
- *prevents*: the other way round: the pattern comes when the cause is taken away or lessened, or goes when there is
  more of it.
- *sufficient*: more of the cause brings the pattern. Of a cause alone: all of them switched off, the pattern holds in
  at most half of the runs; with this one alone it holds in most. (The design `alone` has these arms.)
- *helps*, *hinders*: the test rejects, but the rate stays on the same side of one half.
- *brings*, *ends*, *raises*, *lowers*: the same four where the change is neither less nor more of a cause (a word, a
  number without a stated base, one cause less and another more): what it does to the pattern, without a direction.
- *irrelevant*: the interval of the difference lies within the plan's margin on both sides.
- *absent*: as irrelevant, but the pattern holds in next to no run of the base either (its rate is within the margin of
  0), so that taking a cause away says nothing of whether it is necessary: what does not emerge cannot vanish.
- *undecided*: none of these; more replicates may tell.
- *untestable*: no replicate in which both arms can tell.
- a claim with a direction that the replicates of a side together do not show holds there by the luck of the draw
  (`testbed.claims.replicates`): the words take its rate on that side for 0, the test does not.
- *same world*: the change changes nothing of the world (switched off is what was off), so there is nothing to compare
  or to test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Declared = Literal["necessary", "sufficient", "irrelevant", "helps", "hinders", "prevents"]
DECLARABLE: tuple[Declared, ...] = ("necessary", "sufficient", "irrelevant", "helps", "hinders", "prevents")
Finding = Literal[
    "necessary", "sufficient", "irrelevant", "helps", "hinders", "prevents", "brings", "ends", "raises", "lowers",
    "absent", "undecided", "untestable", "same world", "base",
]  # fmt: skip
Agreement = Literal["as declared", "contradicts", "weaker than declared", "not settled", ""]
HALF = 0.5
_WEAKER = {"necessary": "helps", "sufficient": "helps", "prevents": "hinders"}


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


def find(
    pairs: Pairs, p: float, level: float, margin: float, weakens_cause: bool | None,
    by_luck: tuple[bool, bool] = (False, False),
) -> Finding:  # fmt: skip
    """The finding on a change. p: of the test, adjusted for what else is tested with it. weakens_cause: the second side
    has less of a cause than the first; False: more; None: that cannot be said. by_luck: where a side has the pattern
    only by the luck of the draw, the words take its rate for 0; the test does not."""
    if not pairs.n:
        return "untestable"
    before, after = (0.0 if luck else rate for rate, luck in zip(pairs.rates, by_luck, strict=True))
    tested = pairs.rates[1] - pairs.rates[0]
    if p < level and (after - before) * tested > 0:
        if before > HALF >= after:
            return _word(weakens_cause, "necessary", "prevents", "ends")
        if before <= HALF < after:
            return _word(weakens_cause, "prevents", "sufficient", "brings")
        if after < before:
            return _word(weakens_cause, "helps", "hinders", "lowers")
        return _word(weakens_cause, "hinders", "helps", "raises")
    low, high = pairs.interval()
    if not (-margin < low and high < margin):
        return "undecided"
    return "absent" if weakens_cause and max(before, after) <= margin else "irrelevant"


def least_replicates(level: float, margin: float) -> tuple[int, int]:
    """Replicates below which no change can be told (all of them would have to agree that the pattern goes or comes, and
    no other comparison is made), and below which nothing can be called irrelevant."""
    tells = replicates_to_tell(level)
    calms = next(n for n in range(1, 10_000) if Pairs(n, 0, 0, 0).interval()[1] < margin)
    return tells, calms


def replicates_to_tell(level: float) -> int:
    """Least replicates with which McNemar's exact test can reject at a level: all of them disagree, the same way."""
    return next(n for n in range(1, 10_000) if Pairs(0, n, 0, 0).p() < level)


def _word(weakens_cause: bool | None, less: Finding, more: Finding, other: Finding) -> Finding:
    return other if weakens_cause is None else less if weakens_cause else more


def agreement(declared: Declared | None, found: Finding) -> Agreement:
    """A finding beside what the experiment's author declared."""
    if declared is None:
        return ""
    if declared == found:
        return "as declared"
    if found in ("undecided", "untestable", "same world", "base"):
        return "not settled"
    if found == "absent":  # that it would come without the cause is what these runs deny
        return "contradicts" if declared in ("prevents", "hinders") else "not settled"
    return "weaker than declared" if _WEAKER.get(declared) == found else "contradicts"
