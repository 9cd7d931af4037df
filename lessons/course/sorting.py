"""Lesson 4: a curve that flattens can come from who is left, without anybody becoming more loyal.

Loyal means here: the longer a user has worked with the model, the rarer he leaves it. What makes users so in the other
world is lock-in, a mechanism of the simulation: leaving costs more the longer the work is embedded.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from analysis.inference.launch.naive import pooled_z
from analysis.numerals import percent
from analysis.proportions import share
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.frame.worlds import play
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

WORLD, LOYAL, MODEL = "lessons/two-kinds", "lessons/settling-in", "new/model"
NO_LOCK_IN = "mechanisms.lock_in=off"
ALL, KINDS = "all users", ("hobbyist", "company")
NAMES = {"hobbyist": "hobbyists", "company": "companies"}
Variant = tuple[str, tuple[str, ...]]
"""A world by its name and settings."""
COMPANIES, DAYS = 30, 45
"""Percent of users that are companies, and mean days that a hobbyist stays, as the lesson begins."""
EARLY, LATE = (1, 2), (4, 11)
"""Months whose leaving is compared: the first and the last of each stretch."""
GROUPS, ALARM = 10, 0.05
"""Groups of users that stand for as many small worlds, and the p-value under which a test says "it falls"."""
MOST_LOST = 0.92
"""Once so many of a kind have left, the few that are there say nothing of its rate."""


def settings(companies: int = COMPANIES, days: int = DAYS) -> tuple[str, ...]:
    """Settings of the world of two kinds: percent of companies, mean days that a hobbyist stays."""
    segments = "population.segments"
    return (
        f"{segments}.hobbyist.share={1 - companies / 100:.2f}", f"{segments}.company.share={companies / 100:.2f}",
        f"{segments}.hobbyist.life_days={{exponential: {{mean: {days}}}}}",
    )  # fmt: skip


def variant(
    companies: int = COMPANIES, days: int = DAYS, *, loyal: bool = False, lock_in: bool = True
) -> Variant:
    """A world of companies and hobbyists. loyal: the one in which all are alike and settle in; of it, only the names'
    shares can be set, and lock_in: whether leaving costs more the longer they stay, or nothing."""
    chosen = settings(companies, days)
    if not loyal:
        return WORLD, chosen
    return LOYAL, (*chosen[:2], *(() if lock_in else (NO_LOCK_IN,)))


USUAL = variant()
"""The world as the lesson begins with it."""
MARKETS: dict[str, dict[str, bool]] = {
    "two kinds of users": {},
    "users who are all alike, with lock-in": {"loyal": True},
    "users who are all alike, without lock-in": {"loyal": True, "lock_in": False},
}
"""The worlds to choose from, as arguments of `variant`."""


@cache
def there(world: Variant, seed: int = 1) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Who used the model in which month (users, months), and each user's kind (0: hobbyist, 1: company)."""
    played = play(world[0], world[1], seed=seed)
    return played.active_months(MODEL), played.agents.users.segment


def _of(kind: str, active: NDArray[np.bool_], segment: NDArray[np.int8]) -> NDArray[np.bool_]:
    return active if kind == ALL else active[segment == KINDS.index(kind)]


def curves(world: Variant, seed: int = 1, *, kinds: bool = True) -> pd.DataFrame:
    """By kind and month: users there, the share of the first month's, and the share of the month before's that left.

    Columns name, k, users, retention, leaving (missing for month 0 and once nearly all of a kind have left).
    """
    active, segment = there(world, seed)
    parts = []
    for kind in (ALL, *(KINDS if kinds else ())):
        count = _of(kind, active, segment).sum(axis=0)
        if not count[0]:
            continue
        leaving = np.append(np.nan, 1 - count[1:] / np.maximum(count[:-1], 1))
        leaving[1:][count[:-1] < (1 - MOST_LOST) * count[0]] = np.nan
        parts.append(
            pd.DataFrame({
                "name": NAMES.get(kind, kind), "k": np.arange(len(count)), "users": count,
                "retention": count / count[0], "leaving": leaving,
            })
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def mix(world: Variant, seed: int = 1) -> pd.Series:
    """The share of companies among the users that are there, by month."""
    active, segment = there(world, seed)
    return pd.Series(share(active[segment == 1].sum(axis=0), active.sum(axis=0)))


def _by_month(there: pd.Series) -> str:
    """Shares that are there, by month, in words."""
    return ", ".join(f"{percent(float(there[k]))} in month {k}" for k in (1, 4, 11))


def picture(world: Variant = USUAL, seed: int = 1, *, kinds: bool = False) -> Figure:
    """How many are left by month. kinds: each kind alone, too."""
    rows = curves(world, seed, kinds=kinds)
    total = rows[rows["name"] == ALL].set_index("k")["retention"]
    said = f"Of all users, these are still there: {_by_month(total)}."
    if kinds:
        companies = mix(world, seed)
        said += (
            f" The share of companies among those who are there: {percent(companies[0])} at first, "
            f"{percent(companies[11])} at last."
        )
    return lines(
        rows,
        title="Who is left",
        summary=said,
        x_title="months since all began",
        y_title="still there",
        top=1.0,
    )


def leaving(world: Variant = USUAL, seed: int = 1, *, kinds: bool = True) -> Figure:
    """How many of those who were there a month ago have left, by month."""
    rows = curves(world, seed, kinds=kinds)
    rows = rows[rows["k"] > 0]
    told = []
    for name, mine in rows.dropna(subset=["leaving"]).groupby("name", sort=False):
        told.append(
            f"{name} {percent(mine['leaving'].iloc[0])} in month 1, {percent(mine['leaving'].iloc[-1])} in "
            f"month {mine['k'].iloc[-1]}"
        )
    ends = " A line ends once nearly all of its users have left." if rows["leaving"].isna().any() else ""
    return lines(
        rows, y="leaving", title="Of those who were there a month ago, how many left?", top=1.0,
        x_title="months since all began", y_title="left within the month",
        summary=f"Left within the month: {'; '.join(told)}.{ends}",
    )  # fmt: skip


def rates(active: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Leavers and users at risk, in the early months and in the late ones."""
    count, found = active.sum(axis=0), []
    for first, last in (EARLY, LATE):
        at_risk = count[first - 1 : last].sum()
        found += [int(at_risk - count[first : last + 1].sum()), int(at_risk)]
    return found[0], found[1], found[2], found[3]


def ratio(world: Variant, seed: int = 1, *, within: bool = False) -> float:
    """Late leaving as a share of early leaving. within: in each kind alone, weighted by the late users at risk."""
    active, segment = there(world, seed)
    kinds = KINDS if within else (ALL,)
    expected = left = 0.0
    for kind in kinds:
        gone, risk, late, late_risk = rates(_of(kind, active, segment))
        if risk and late_risk:
            expected += gone / risk * late_risk
            left += late
    return left / expected


def experiment(seed: int) -> Reading:
    """The naive reading: fewer and fewer leave, so users become loyal. Here leaving falls to a part of what it was,
    while in each kind it stays as it was."""
    naive, truth = ratio(USUAL, seed), ratio(USUAL, seed, within=True)
    return Reading(naive, truth, naive < 0.35 and 0.8 < truth < 1.25)


def says_loyal(active: NDArray[np.bool_]) -> bool:
    """Whether a test says that users leave less and less."""
    gone, risk, late, late_risk = rates(active)
    if not (risk and late_risk):
        return False
    return bool(norm.sf(pooled_z(gone, risk, late, late_risk)) < ALARM)


def alarms(world: Variant, seed: int = 1, *, within: bool = False) -> int:
    """In how many groups of users the test says "loyal". within: of each kind alone, and both must say so."""
    active, segment = there(world, seed)
    found = 0
    for g in range(GROUPS):
        mine = np.arange(len(active)) % GROUPS == g
        parts = [_of(kind, active[mine], segment[mine]) for kind in (KINDS if within else (ALL,))]
        found += all(says_loyal(part) for part in parts if len(part))
    return found


def verdict(companies: int = COMPANIES, days: int = DAYS, seed: int = 1) -> str:
    """How often "users become loyal" is wrong, read off all users and off each kind."""
    told = []
    for within, name in ((False, "all users together"), (True, "each kind alone, and both must say so")):
        false = ErrorRate(alarms(variant(companies, days), seed, within=within), GROUPS)
        missed = ErrorRate(GROUPS - alarms(variant(companies, loyal=True), seed, within=within), GROUPS)
        told.append(f"- **{name}**: false alarm in {false}; real loyalty missed in {missed}.")
    return (
        f"A reader says “users become loyal” when fewer leave in months {LATE[0]} to {LATE[1]} than in "
        f"months {EARLY[0]} to {EARLY[1]}, by more than luck alone makes in one of twenty cases. We ask "
        f"{GROUPS} groups of hobbyists and companies, of whom nobody becomes loyal, and as many of the world with "
        "lock-in, in which everybody does:\n\n" + "\n".join(told)
    )


FLIPPED = {"few": variant(10), "alike": variant(0, 90), "loyal": variant(loyal=True)}
"""What each switch makes of the world."""


def twins(switch: Switch) -> Figure:
    """How many of all users are left in the world as it was, and with one switch flipped."""
    both = {"as it was": USUAL, "with one switch flipped": FLIPPED[switch.key]}
    rows = pd.concat([curves(world, kinds=False).assign(world=name) for name, world in both.items()])
    said = "; ".join(
        f"{name}: {_by_month(mine.set_index('k')['retention'])}"
        for name, mine in rows.groupby("world", sort=False)
    )
    return lines(
        rows, name="world", title=f"Who is left of {ALL}", summary=f"{said}.", top=1.0,
        x_title="months since all began", y_title="still there",
    )  # fmt: skip


def flipped_leaving(switch: Switch) -> Figure:
    """How many leave by month and kind, with one switch flipped."""
    return leaving(FLIPPED[switch.key])


def at(name: str, k: int, column: str = "leaving") -> float:
    """A value of the curves: of all users or of a kind, in month k."""
    rows = curves(USUAL)
    return float(rows.loc[(rows["name"] == name) & (rows["k"] == k), column].iloc[0])


def take_away() -> str:
    """The paragraph to keep."""
    companies = mix(USUAL)
    locked = curves(variant(loyal=True), kinds=False)["retention"].iloc[-1]
    return (
        f"Of all users {percent(at(ALL, 1))} left in month 1. Of those who were still there "
        f"{percent(at(ALL, 11))} left in month 11. It looks as if they had become loyal. Yet nobody changed: "
        f"companies left at the same rate all the time ({percent(at('companies', 1))} in month 1, "
        f"{percent(at('companies', 11))} in month 11), and so did hobbyists ({percent(at('hobbyists', 1))} "
        f"in month 1, {percent(at('hobbyists', 3))} in month 3). The hobbyists left first, so that companies "
        f"rose from {percent(companies[0])} to {percent(companies[11])} of those who were there. A group "
        "whose members differ (**heterogeneity**) sorts itself, and its curve flattens. Users who are locked in make "
        f"much the same curve: {percent(locked)} of them are left at the end of the year, and "
        f"{percent(at(ALL, 11, 'retention'))} of these. The curve alone cannot tell the two apart. Something that you "
        "knew of the users before they stayed can: split by it and look at each part."
    )


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twins(switch), flipped_leaving(switch))


LESSON = Lesson(
    number=4,
    file="04_sorting.py",
    title="Do users become loyal?",
    question=(
        "On 1 January 4,000 users begin with a model. Some are hobbyists, some are companies. In the first "
        "month many of them leave. At the end of the year few leave any more: the curve of those who are "
        "still there has become nearly flat. **Why?** (We call a user more loyal if the chance that he leaves has "
        "become smaller.)"
    ),
    misconception="A flattening curve means that users become loyal.",
    words=("cohort", "retention", "lock-in"),
    worlds=(WORLD, LOYAL),
    options=(
        Option(
            "The longer they use the model, the more loyal they become.",
            "Not in this world: each user's chance to leave is the same on his first day and on his last. In the "
            "world with lock-in it would be right.",
        ),
        Option(
            "The model or its service has become better over the year.",
            "Nothing changed in this world, neither the model nor its users.",
        ),
        Option(
            "Those who leave soon are gone; those who are left would have stayed anyway.",
            "The users sort themselves: who is left in the end is another kind of user.",
            True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 6)),
    take_away=take_away,
    result=leaving,
    place="`slipper verdict LOG --why`, “Plateau or slow decay”: “flattening within the window; long-run "
    "plateau not identified”. The null world nulls/heterogeneity shows sorting with months of joining.",
    code="""\
import numpy as np
import sim
from sim.activity import monthly

played = sim.run_agents(sim.load_world("scenarios/lessons/two-kinds.yaml", seed=1))
who, kind = monthly(played), played.users.segment
for name, mine in {"all": kind >= 0, "hobbyists": kind == 0, "companies": kind == 1}.items():
    there = np.bincount(who.month[mine[who.user]], minlength=12)
    print(name, "left in each month:", (1 - there[1:] / there[:-1].clip(1)).round(2))""",
    switches=(
        Switch(
            "few",
            "There are fewer companies",
            settings(10),
            "The curve flattens as before, only lower, and each kind leaves at its old rate.",
        ),
        Switch(
            "alike",
            "All users are of one kind, with one chance to leave",
            settings(0, 90),
            "The same share leaves in every month, so the curve never becomes flat: there is nobody to sort.",
        ),
        Switch(
            "loyal",
            "All users are alike, and become loyal by lock-in",
            (),
            "The curve of all users is much like the old one. But here leaving falls within each kind, too.",
        ),
    ),
    exercises=(
        Exercise(
            "4.1",
            "In the world with seed 1, with all controls as they were: how many percent of the companies "
            "that were there in month 10 left by month 11?",
            lambda: 100 * at("companies", 11),
            "As many as in month 1, but for luck: their chance to leave never changes.",
            "%",
            1.5,
            missteps=(
                Misstep(
                    lambda: 100 * (1 - at("companies", 11, "retention")),
                    "That is the share of all companies that have left since January.",
                ),
            ),
        ),
        Exercise(
            "4.2",
            "How many percent of the users who are still there in month 2 are companies? (Show each kind alone.)",
            lambda: 100 * float(mix(USUAL)[2]),
            "The companies of the first day, times the share of them that is still there, over the share of all "
            "that is still there. Most hobbyists have left by then.",
            "%",
            3.0,
            missteps=(
                Misstep(lambda: 100 * float(mix(USUAL)[0]), "That was their share on the first day."),
                Misstep(
                    lambda: 100 * at("companies", 2, "retention"),
                    "That is the share of companies that are still there, not of those still there that are "
                    "companies.",
                ),
            ),
        ),
        Exercise(
            "4.3",
            "You know nothing of your users but the curve of all together, and it flattens. What can you "
            "conclude?",
            lambda: "that sorting, loyalty or both are at work",
            "Both make the same curve; only a split by something known beforehand can tell them apart.",
            options=(
                "that users become loyal",
                "that users differ",
                "that sorting, loyalty or both are at work",
            ),
            missteps=(
                Misstep(
                    lambda: "that users become loyal",
                    "In this lesson's world nobody does, and the curve flattens.",
                ),
                Misstep(
                    lambda: "that users differ",
                    "In the world with lock-in all are alike, and the curve flattens.",
                ),
            ),
        ),
    ),
)
