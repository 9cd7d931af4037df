"""Lesson 3: the best of several small cohorts is mostly luck. Plain coin tosses show it; no market is needed."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from analysis.inference.curves.shrinkage import shrink
from analysis.numerals import percent, points
from analysis.proportions import wilson
from analysis.study import SMALL_COHORT
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures.bars import bars
from lessons.pictures.dots import dots
from lessons.pictures.figure import Figure

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SIZES = (20, 50, 100, 200, 500, 1000, 2000, 5000)
SIZE, SHARE = 50, 0.40
"""Users of a cohort, and the share of them that come back, as the lesson begins."""
MARGIN = 0.10
"""The lead over the mean of all cohorts from which a reader calls the best one better."""
LEAD = f"{100 * MARGIN:.0f} points"
"""The same in words."""
BETTER, WHICH = 0.15, 4
"""By how much a cohort is better where one really is, and which one: May."""
SPREAD = 0.08
"""The standard deviation of the cohorts' true shares where all of them differ."""
REPEATS = 1000


class Kind(NamedTuple):
    """Twelve cohorts: users of each, the share that comes back, whether one is better, whether all differ."""

    size: int = SIZE
    share: float = SHARE
    better: bool = False
    differ: bool = False

    def true(self, luck: int) -> np.ndarray:
        """The true share of each cohort."""
        shares = np.full(len(MONTHS), self.share)
        if self.better:
            shares[WHICH] += BETTER
        if self.differ:
            shares += SPREAD * np.random.default_rng([3, 0, luck]).standard_normal(len(MONTHS))
        return np.clip(shares, 0.01, 0.99)


USUAL = Kind()
"""Twelve cohorts as the lesson begins with them."""


def tossed(kind: Kind, seed: int = 1) -> np.ndarray:
    """Users of each cohort that come back. The luck is that of the seed: with more users it averages out."""
    luck = np.random.default_rng([3, 1, seed]).random(len(MONTHS))
    return np.asarray(binom.ppf(luck, kind.size, kind.true(seed)))


def _rows(kind: Kind, seed: int) -> pd.DataFrame:
    """Twelve cohorts with their intervals: label, value, low, high."""
    back = tossed(kind, seed)
    low, high = wilson(back, kind.size)
    return pd.DataFrame({"label": MONTHS, "value": back / kind.size, "low": low, "high": high})


def picture(kind: Kind = USUAL, seed: int = 1, *, shrunken: bool = False) -> Figure:
    """Twelve cohorts with their intervals. shrunken: beside each share that pulled towards what all have in common."""
    rows = _rows(kind, seed)
    mean, best = float(rows["value"].mean()), int(rows["value"].to_numpy().argmax())
    said = (
        f"{MONTHS[best]} is best with {percent(rows['value'][best])}; the mean of all is {percent(mean)}: a "
        f"lead of {points(rows['value'][best] - mean)}."
    )
    if shrunken:
        rows["second"] = shrink(tossed(kind, seed), np.full(len(MONTHS), kind.size)).shrunken
        said += f" Shrunken, its lead is {points(rows['second'][best] - rows['second'].mean())}."
    return dots(
        rows, title=f"Twelve cohorts of {kind.size:,} users each", summary=said, x_title="month of joining",
        y_title="came back", name="share, with its 95% interval", second="shrunken share" if shrunken else "", top=1.0,
        guide=(mean, "mean of all"),
    )  # fmt: skip


class Looks(NamedTuple):
    """Of many repetitions, each with twelve cohorts: the lead of the best cohort over the mean of all (repeats,); its
    lead among as many new users; and whether it is the one that is really better."""

    first: np.ndarray
    again: np.ndarray
    right: np.ndarray


@cache
def looks(kind: Kind, seed: int = 1) -> Looks:
    """The best of twelve cohorts, `REPEATS` times, and how the same cohort does in a second look."""
    draws = np.random.default_rng([3, 2, seed, kind.size])
    shape = (REPEATS, len(MONTHS))
    once, twice = (draws.binomial(kind.size, kind.true(seed), shape) / kind.size for _ in range(2))
    best, rows = once.argmax(axis=1), np.arange(REPEATS)
    return Looks(once[rows, best] - once.mean(axis=1), twice[rows, best] - twice.mean(axis=1), best == WHICH)


def alarms(kind: Kind, seed: int = 1, *, twice: bool = False) -> int:
    """In how many repetitions the best cohort leads by `MARGIN` or more. twice: in both looks."""
    found = looks(kind, seed)
    return int(np.sum((found.first >= MARGIN) & ((found.again >= MARGIN) | (not twice))))


def by_size(share: float = SHARE, seed: int = 1) -> Figure:
    """How often the best of twelve cohorts, all alike, leads by ten points, by the users of each."""
    rows = pd.DataFrame({
        "label": [f"{size:,} users in each cohort" for size in SIZES],
        "value": [alarms(Kind(size, share), seed) / REPEATS for size in SIZES],
    })  # fmt: skip
    said = "; ".join(f"{size:,} users: {percent(v)}" for size, v in zip(SIZES, rows["value"], strict=True))
    return bars(
        rows, title=f"How often the best of twelve equal cohorts leads by {LEAD} or more", summary=f"{said}.",
        x_title=f"of {REPEATS:,} repetitions", top=1.0,
    )  # fmt: skip


def experiment(seed: int) -> Reading:
    """The naive reading: the best cohort is better, by its lead. In these cohorts, all alike, it has no lead at all
    among as many new users."""
    found = looks(Kind(), seed)
    naive, truth = float(found.first.mean()), float(found.again.mean())
    return Reading(naive, truth, naive > 0.08 and abs(truth) < 0.01)


def verdict(kind: Kind = USUAL, seed: int = 1) -> str:
    """How often the reader's rule is wrong, with one look and with two, where all are alike and where one is better."""
    alike, other = (kind._replace(better=better, differ=False) for better in (False, True))
    told = []
    for twice, name in ((False, "One look"), (True, "Two looks")):
        false = ErrorRate(alarms(alike, seed, twice=twice), REPEATS)
        found, hit = looks(other, seed), looks(other, seed).right
        seen = (found.first >= MARGIN) & hit & ((found.again >= MARGIN) | (not twice))
        missed = ErrorRate(REPEATS - int(seen.sum()), REPEATS)
        told.append(f"- **{name}**: false alarm in {false}; a real lead missed in {missed}.")
    return (
        f"The reader's rule: the best cohort is better if it leads the mean of all by {LEAD} or more. With "
        f"two looks it must do so again among as many new users. We repeat it with cohorts of {kind.size:,} "
        f"users, once where all are alike, and once where {MONTHS[WHICH]} is better by {100 * BETTER:.0f} "
        "points:\n\n" + "\n".join(told)
    )


KINDS = {
    "small": (Kind(50), Kind(1000)), "better": (Kind(1000, better=True), Kind(1000)),
    "differ": (Kind(1000, differ=True), Kind(1000)),
}  # fmt: skip
"""What each switch makes of twelve cohorts, and what they were before."""


def twin(switch: Switch, turn: int) -> Figure:
    """Twelve cohorts with one switch flipped; how many users they have is not told."""
    kind, _ = KINDS[switch.key]
    rows = _rows(kind, 100 + turn)
    mean, wide = float(rows["value"].mean()), float((rows["high"] - rows["low"]).mean())
    apart = int(((rows["low"] > mean) | (rows["high"] < mean)).sum())
    said = (
        f"Intervals are {points(wide)} wide on average; {apart} of {len(MONTHS)} do not hold the mean of "
        f"all. The shares lie between {percent(rows['value'].min())} and {percent(rows['value'].max())}."
    )
    return dots(
        rows, title="One switch is flipped here", summary=said, x_title="month of joining", y_title="came back",
        name="share, with its 95% interval", top=0.8, guide=(mean, "mean of all"),
    )  # fmt: skip


def needed(most: float = 0.05) -> int:
    """The smallest of `SIZES` with which the best of twelve equal cohorts leads by ten points in at most so many."""
    return next(size for size in SIZES if alarms(Kind(size)) / REPEATS <= most)


def take_away() -> str:
    """The paragraph to keep."""
    found, small = looks(USUAL), ErrorRate(alarms(USUAL), REPEATS)
    return (
        f"Of twelve cohorts of {SIZE} users that are all alike, the best one leads the mean by "
        f"{points(float(found.first.mean()))} on average, and by {LEAD} or more in {percent(small.value)} of "
        "all repetitions. Among as many new users the same cohort leads by "
        f"{points(float(found.again.mean()))}: its lead was luck, and luck does not come twice. This is "
        "called **regression to the mean**. Small cohorts have more of it, so they top every list and end "
        f"every list. With {needed():,} users in each cohort the best one leads by so much in "
        f"{percent(alarms(Kind(needed())) / REPEATS)} of repetitions. So look at the interval before you "
        "look at the rank; look a second time; or let each share be pulled towards what all have in common, "
        "which is called **shrinkage**."
    )


def _percent(kind: Kind) -> float:
    return 100 * alarms(kind) / REPEATS


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twin(switch, number),)


LESSON = Lesson(
    number=3,
    file="03_small_numbers.py",
    title="Is the best cohort better?",
    question=(
        "In each month of a year the same number of users joined. They are **all alike**: each comes back "
        "with the same chance, as if he tossed a coin. You draw the share that came back, cohort by cohort, "
        "and mark the best one. What will its lead over the others tell you?"
    ),
    misconception="The top line is the best cohort.",
    words=("cohort", "retention"),
    options=(
        Option(
            "That something went well in that month: a lead of ten points is no accident.",
            "With small cohorts it is. All users here are alike, and still one of twelve comes out on top, "
            "often far on top.",
        ),
        Option(
            "Nothing: all cohorts will lie within a point or two of each other.",
            "They would if they were large. With a few dozen users in each, luck spreads them over many "
            "points.",
        ),
        Option(
            "Little: with few users one of twelve leads by luck, and will not lead again.",
            "The best of many is where luck was best. Among new users the lead is gone.",
            True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 11)),
    take_away=take_away,
    result=by_size,
    place=f"Cohorts under {SMALL_COHORT} users are drawn grey and not judged. `slipper verdict LOG --why` "
    "shows the launch cohort “beside the other cohorts, shrunken”, and how probable it is that it is the "
    "largest.",
    code="""\
import numpy as np
from analysis.inference.curves.shrinkage import shrink
from analysis.proportions import wilson
from analysis.study import SMALL_COHORT

luck = np.random.default_rng(1)
came_back = luck.binomial(50, 0.40, 12)  # twelve cohorts of 50 users; each comes back with a chance of 40%
print((came_back / 50).round(2), "best:", came_back.max() / 50)
print("interval of the best:", wilson(came_back.max(), 50))
fit = shrink(came_back, np.full(12, 50))
print("shrunken:", fit.shrunken.round(2), "chance to be the best:", fit.largest.round(2))""",
    switches=(
        Switch(
            "small",
            "The cohorts are small",
            (),
            "The shares scatter, but the intervals are as wide as the scatter, and most hold the mean of "
            "all: luck is enough.",
        ),
        Switch(
            "better",
            "One cohort really is better",
            (),
            "One dot lies far above, with an interval that is clear of all others; these lie close together.",
        ),
        Switch(
            "differ",
            "All cohorts really differ",
            (),
            "The shares scatter as in small cohorts, but the intervals are narrow: many do not hold the mean "
            "of all. Luck is not enough.",
        ),
    ),
    exercises=(
        Exercise(
            "3.1",
            f"Twelve equal cohorts of {SIZE} users, of whom {percent(SHARE)} come back. In how many percent "
            f"of repetitions does the best one lead the mean of all by {LEAD} or more?",
            lambda: _percent(USUAL),
            "The bars show it. One given cohort rarely leads by so much, but there are twelve of them.",
            "%",
            4.0,
            missteps=(
                Misstep(
                    lambda: 100 * float(binom.sf(np.ceil(SIZE * (SHARE + MARGIN)) - 1, SIZE, SHARE)),
                    "That is the chance for one cohort that you chose beforehand. You chose the best of "
                    "twelve.",
                ),
                Misstep(
                    lambda: 5.0,
                    "An error of 5% is that of one test of one cohort that was chosen beforehand.",
                ),
            ),
        ),
        Exercise(
            "3.2",
            "What is the smallest number of users in each cohort, of those of the bars, with which that "
            "happens in at most 5% of repetitions?",
            lambda: float(needed()),
            "The scatter shrinks with the square root of the number of users: for half the scatter you need "
            "four times as many.",
            "users",
            0.5,
        ),
        Exercise(
            "3.3",
            f"The best of twelve equal cohorts of {SIZE} users leads by its luck. Which lead do you expect "
            "of it, on average, among as many new users, in percentage points?",
            lambda: 100 * float(looks(USUAL).again.mean()),
            "All cohorts are alike, and luck does not come twice.",
            "points",
            1.0,
            missteps=(
                Misstep(
                    lambda: 100 * float(looks(USUAL).first.mean()),
                    "That is its lead in the first look, in which you chose it because it led.",
                ),
            ),
        ),
    ),
)
