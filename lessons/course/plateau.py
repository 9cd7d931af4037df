"""Lesson 5: a few months of a curve do not tell a plateau from slow decay."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.inference.curves.dropout import Dropout, fit_bdw, fit_cure, fit_sbg
from analysis.numerals import percent, points
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

SURVIVORS = {
    "high end": (1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394),
    "regular": (1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173),
}
"""Real customers who still renew, by year, of 1,000: Fader & Hardie (2007), Journal of Interactive Marketing 21:76."""
DRAWN = "drawn"
"""Customers as those of the high end, drawn by the computer: their later years are known, too."""
SEEN, LAST, FAR = 5, 12, 24
"""Years seen as the lesson begins, the last year of the real customers, and how far curves are drawn."""
FLAT, CURE, SBG, BDW = (
    "stays as it is",
    "some never leave",
    "all leave in the end",
    "all leave, a freer curve",
)
FITTED = (CURE, SBG, BDW)
USERS, SIZES = 1000, (200, 500, 1000, 2000, 5000, 20000)
REPEATS = 2000


class Customers(NamedTuple):
    """Customers: a group of SURVIVORS, or drawn ones with their luck and number."""

    group: str = "high end"
    seed: int = 1
    users: int = USERS

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many are there in year 0, 1, ..."""
        if self.group == DRAWN:
            return drawn(truth(), self.seed, FAR, self.users)
        return np.array(SURVIVORS[self.group])

    def share(self, at: int) -> float:
        """The share that is there in year `at`."""
        return float(self.counts[at] / self.counts[0])


REAL = Customers()
"""The real customers of the high end."""


@cache
def fits(who: Customers = REAL, seen: int = SEEN) -> dict[str, Dropout]:
    """The curves that are fitted to the years seen, by their names for people."""
    counts = who.counts[: seen + 1]
    return {CURE: fit_cure(counts), SBG: fit_sbg(counts), BDW: fit_bdw(counts)}


def promised(name: str, at: int, who: Customers = REAL, seen: int = SEEN) -> float:
    """The share that is there in year `at` by a fitted curve, or if all stays as it is."""
    return who.share(seen) if name == FLAT else float(fits(who, seen)[name].survival(at))


def spread(at: int, who: Customers = REAL, seen: int = SEEN) -> tuple[float, float]:
    """The lowest and the highest promise of the fitted curves for year `at`."""
    found = [promised(name, at, who, seen) for name in FITTED]
    return min(found), max(found)


def inside(who: Customers = REAL, seen: int = SEEN) -> float:
    """How far any fitted curve lies from the customers, at most, in the years seen."""
    years, real = np.arange(seen + 1), who.counts[: seen + 1] / who.counts[0]
    return max(float(np.abs(one.survival(years) - real).max()) for one in fits(who, seen).values())


def picture(who: Customers = REAL, seen: int = SEEN, *, revealed: bool = False) -> Figure:
    """The years seen and what the curves say of the others. revealed: what became of the customers, too."""
    years, known = np.arange(FAR + 1), len(who.counts) - 1
    last = known if revealed else seen
    shares = who.counts[: last + 1] / who.counts[0]
    parts = [pd.DataFrame({"name": "customers", "k": years[: last + 1], "share": shares})]
    for name in (FLAT, *FITTED):
        later = [promised(name, int(k), who, seen) for k in years[seen:]]
        parts.append(pd.DataFrame({"name": name, "k": years[seen:], "share": later}))
    told = "; ".join(f"{name}: {percent(promised(name, known, who, seen))}" for name in (FLAT, *FITTED))
    said = f"What each says of year {known}, after {seen} years: {told}."
    if revealed:
        said += f" What happened: {percent(who.share(known))}."
    return lines(
        pd.concat(parts), y="share", title=f"{seen} years seen, and four ways to go on", summary=said, top=1.0,
        x_title="years since they began", y_title="still there", loud=("customers",),
    )  # fmt: skip


def fates(curve: Dropout, years: int) -> NDArray[np.float64]:
    """The chance of each fate: gone in year 1, ..., gone in year `years`, still there."""
    there = curve.survival(np.arange(years + 1))
    return np.append(-np.diff(there), there[-1])


@cache
def confused(years: int = SEEN, users: int = USERS, seed: int = 1) -> tuple[int, int]:
    """How often the best possible test takes one world for the other, of `REPEATS` cohorts from each: slow decay
    called a plateau, and a plateau called slow decay.

    The two worlds are the curves `CURE` and `SBG` as fitted to the first years. The test knows both exactly and asks
    which makes the data more probable: no analyst can err less often in sum (Neyman & Pearson 1933).
    """
    plateau, decay = (fates(fits()[name], years) for name in (CURE, SBG))
    score = np.log(plateau / decay)
    draws = np.random.default_rng([5, seed, years, users])
    called = [draws.multinomial(users, world, REPEATS) @ score > 0 for world in (decay, plateau)]
    return int(called[0].sum()), int((~called[1]).sum())


def error(years: int = SEEN, users: int = USERS) -> float:
    """The share of cohorts that the best possible test puts into the wrong world, when either is as likely."""
    return sum(confused(years, users)) / (2 * REPEATS)


def needed(users: int = USERS, most: float = 0.05) -> int:
    """The smallest number of years with which the best possible test errs in at most so many."""
    return next(years for years in range(2, FAR + 1) if error(years, users) <= most)


def verdict(years: int = SEEN, users: int = USERS, seed: int = 1) -> str:
    """How often the best possible test confuses the two worlds."""
    decay, plateau = confused(years, users, seed)
    return (
        f"Take two worlds whose curves are nearly the same in the first {SEEN} years: in one some never "
        f"leave, in the other all leave in the end. We draw {REPEATS:,} cohorts of {users:,} users from "
        f"each, look at {years} years, and let a test decide that knows both worlds exactly. Nobody can do "
        f"better than it:\n\n- **slow decay taken for a plateau**: {ErrorRate(decay, REPEATS)}.\n- **a "
        f"plateau taken for slow decay**: {ErrorRate(plateau, REPEATS)}.\n\nA coin errs in half of them."
    )


def drawn(curve: Dropout, seed: int, years: int, users: int = USERS) -> NDArray[np.int64]:
    """Users of one cohort that are there in year 0 to `years`, drawn from a curve."""
    gone = np.random.default_rng([5, 0, seed]).multinomial(users, fates(curve, years))
    return np.asarray(users - np.append(0, np.cumsum(gone[:-1])))


@cache
def truth() -> Dropout:
    """The curve nearest to the real customers in all their years: the hidden truth of drawn cohorts."""
    return fit_bdw(SURVIVORS["high end"])


def experiment(seed: int) -> Reading:
    """The naive reading: a curve with a share that never leaves, fitted to the first years, tells how many stay. Of
    customers drawn from the curve of the real ones fewer are left in year 24; the flat line errs even more."""
    who = Customers(DRAWN, seed, 5000)
    plateau, left = promised(CURE, FAR, who), who.share(FAR)
    return Reading(plateau, left, plateau > left + 0.03 and promised(FLAT, FAR, who) > left + 0.15)


WORLDS = {"plateau": CURE, "decay": SBG}
"""The curve of each switch."""


def mystery(switch: Switch, turn: int, years: int = SEEN) -> Figure:
    """A cohort drawn from one of two worlds, of which the first years are shown."""
    there = drawn(fits()[WORLDS[switch.key]], 1000 + turn, FAR)
    rows = pd.DataFrame({"name": "users", "k": np.arange(years + 1), "share": there[: years + 1] / there[0]})
    now, before = (percent(there[k] / there[0]) for k in (years, years - 1))
    said = f"Year {years}: {now} of {there[0]:,} users are there; the year before {before}."
    return lines(
        rows, y="share", title=f"One cohort, {years} years", summary=said, top=1.0, x_title="years since "
            "they began",
        y_title="still there",
    )  # fmt: skip


def take_away() -> str:
    """The paragraph to keep."""
    who = REAL
    (low, high), (lowest, highest) = spread(LAST), spread(FAR)
    return (
        f"After {SEEN} years {percent(who.share(SEEN))} of these real customers were left, and three curves "
        f"met every year to within {points(inside())}. For year {LAST} they promised {percent(low)} to "
        f"{percent(high)}, for year {FAR} from {percent(lowest)} to {percent(highest)}. In year {LAST} it was "
        f"{percent(who.share(LAST))}, and still falling: “it stays as it is” was "
        f"{points(promised(FLAT, LAST) - who.share(LAST))} too high. A curve that becomes flatter need never "
        "become flat. What you may say is: it flattens within the years that we saw. A **plateau** is a "
        "promise about years that nobody has seen. Months are no different. Even a test that knows both "
        f"worlds needs {needed()} years of {USERS:,} users to tell a share that never leaves from slow decay "
        "with one error in twenty."
    )


LESSON = Lesson(
    number=5,
    file="05_plateau.py",
    title="Flat for ever?",
    question=(
        "Here are real customers of a subscription, and how many of a thousand still renew, year by year. "
        "You see the first few years. The steps become smaller and smaller, so that the curve seems to near "
        "a **plateau**: a level at which it stays. How many will be left some years later?"
    ),
    misconception="Flat at month 5 means flat for ever.",
    words=("cohort", "retention"),
    options=(
        Option(
            "About as many as now: the curve has reached its plateau.",
            "They went on leaving in every single year, only fewer each time. That adds up.",
        ),
        Option(
            "A curve that fits the first years well will tell: one of them must be right.",
            "Several curves fit these years about equally well, and promise different things for the years "
            "after.",
        ),
        Option(
            "Fewer than now, but how many these few years cannot say.",
            "Curves that cannot be told apart in the years seen part afterwards.",
            True,
        ),
        Option(
            "Nearly nobody: in the end everybody leaves.",
            "Perhaps in the end. But who leaves early is gone; those who are left leave ever more slowly.",
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 11)),
    take_away=take_away,
    result=lambda: picture(revealed=True),
    place="`slipper verdict LOG --why`, “Plateau or slow decay”: “flattening within the window; long-run "
    "plateau not identified”, with the range of what the curves promise, never one number.",
    code="""\
from analysis.inference.curves.dropout import fit_bdw, fit_cure, fit_sbg

high_end = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
for fit in (fit_cure, fit_sbg, fit_bdw):
    curve = fit(high_end[:6])  # what was known after five years
    print(curve.name, "AIC", round(curve.aic, 1), "promises", curve.survival([12, 24]).round(3))
print("what happened by year 12:", high_end[12] / high_end[0])""",
    switches=(
        Switch(
            "plateau",
            "Some never leave",
            (),
            "In this world the steps come to an end, years after those that you saw at first.",
        ),
        Switch(
            "decay",
            "All leave, ever more slowly",
            (),
            "In this world the steps never end, they only become smaller.",
        ),
    ),
    exercises=(
        Exercise(
            "5.1",
            f"High-end customers, {SEEN} years seen. How many percent does the curve “{CURE}” promise for "
            f"year {LAST}?",
            lambda: 100 * promised(CURE, LAST),
            "It takes the flattening for the beginning of a plateau.",
            "%",
            1.0,
            missteps=(
                Misstep(
                    lambda: 100 * promised(FLAT, LAST),
                    "That is the flat line. The curve goes on falling for a while before it becomes flat.",
                ),
                Misstep(lambda: 100 * REAL.share(LAST), "That is what happened. The curve promised more."),
            ),
        ),
        Exercise(
            "5.2",
            f"By how many percentage points is “{FLAT}”, said in year {SEEN}, above what happened by year "
            f"{LAST}? (High-end customers.)",
            lambda: 100 * (promised(FLAT, LAST) - REAL.share(LAST)),
            "The steps were small, but they went on.",
            "points",
            1.0,
            missteps=(
                Misstep(
                    lambda: 100 * (REAL.share(SEEN - 1) - REAL.share(SEEN)),
                    "That is the last step that was seen. Others followed.",
                ),
            ),
        ),
        Exercise(
            "5.3",
            f"With {USERS:,} users: after how many years does the best possible test, for the first time, "
            "confuse the two worlds in at most 5% of cohorts?",
            lambda: float(needed()),
            "The worlds part late: years help more than users.",
            "years",
            1.0,
            missteps=(
                Misstep(
                    lambda: float(SEEN),
                    f"After {SEEN} years it still errs in many: move the control for the years.",
                ),
            ),
        ),
    ),
)
