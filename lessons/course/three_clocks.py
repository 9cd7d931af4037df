"""Lesson 6: age, period and cohort."""

from __future__ import annotations

import calendar as year

from analysis.numerals import p_is, percent, points
from lessons.experiments.three_clocks import (
    AGE,
    APRIL,
    CROWDS,
    LEVEL,
    MAY,
    SHOCK,
    Clocks,
    activity,
    clocks,
)
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

STRENGTH = 0.55
"""Of the shock, as the world has it: the share of active weeks that it takes."""
RUNS = 8
"""Seeds over which the notebook counts how often a test is wrong."""
HIDDEN_SEED = 5
MONTHS = year.month_abbr
CALENDAR, PRODUCT = (
    "Something in one month of the calendar",
    "The product or the users got worse step by step",
)


def picture(*, strength: int = 55, crowds: bool = False, seed: int = 1) -> Figure:
    """The table along the clock of age: a line for each month of joining."""
    return _by_age(clocks(strength / 100, crowds, seed))


def calendar(*, strength: int = 55, crowds: bool = False, seed: int = 1) -> Figure:
    """The same table along the calendar: a line for each age."""
    return _by_calendar(clocks(strength / 100, crowds, seed), rival=strength > 0)


def _by_age(one: Clocks) -> Figure:
    rows = one.cells()
    first, *_, last = rows["name"].unique()
    at = rows[rows["age"] == AGE].set_index("name")["share"]
    return lines(
        rows, x="age", y="share", title="By age: one line for each month of joining", x_title="months since joining",
        top=0.8,
        summary=(
            f"{AGE} months after joining, {percent(at[first])} are active of those who {first} and "
            f"{percent(at[last])} of those who {last}."
        ),
    )  # fmt: skip


def _by_calendar(one: Clocks, rival: bool = False) -> Figure:
    """rival: whether to say where it opens."""
    rows = one.at_age()
    table = rows.pivot_table(index="name", columns="month", values="share", sort=False)
    told = "; ".join(
        f"{name}, {percent(at[APRIL])} in April and {percent(at[MAY])} in May"
        for name, at in table.iterrows()
    )
    return lines(
        rows, x="month", y="share", title="By the calendar: one line for each age", x_title="month of 2025", top=0.8,
        x_written=lambda month: MONTHS[int(month)], event=(APRIL + 0.5, "a rival opens") if rival else None,
        summary=f"Users active: {told}.",
    )  # fmt: skip


def verdict(*, strength: int, crowds: bool, seed: int = 1) -> str:
    """What two tests say, and what neither can."""
    one = clocks(strength / 100, crowds, seed)
    naive = "worse" if one.p_age_only <= LEVEL else "not clearly worse"
    careful = "leads all the same" if one.p_age_period <= LEVEL else "does not lead any more"
    truth = "Later users are of a worse kind." if crowds else "Users of all months are of one kind."
    return (
        f"**A test that knows age only:** later cohorts are {naive} than January's ({p_is(one.p_age_only)}; "
        "p is how often chance alone would show as much).\n\n"
        "**A test that knows age and calendar:** it lets every month of the calendar have a level of its "
        f"own, for all cohorts alike. January's cohort {careful} ({p_is(one.p_age_period)}).\n\n"
        f"**The truth of this world:** {truth} "
        f"{'A rival takes activity from the end of April on.' if strength else 'No rival comes.'}\n\n"
        "Mind what the second test cannot do. Month of joining plus age is the month of the calendar: who "
        "knows two clocks knows the third. So a slow worsening of cohorts (a drift) and a slow worsening of "
        "the times can give the very same table, and no test can tell them apart. What a test can tell is "
        "one cohort that departs from the rest, or one month in which all fall."
    )


def error_rate() -> str:
    """How often each test accuses the later cohorts, over seeds."""
    seeds = range(1, RUNS + 1)
    shock, nothing, crowds = (
        [clocks(strength, worse, seed) for seed in seeds]
        for strength, worse in ((STRENGTH, False), (0.0, False), (0.0, True))
    )
    naive, careful = (
        [ErrorRate(sum(getattr(one, test) <= LEVEL for one in found), RUNS) for found in (shock, nothing)]
        for test in ("p_age_only", "p_age_period")
    )
    missed = ErrorRate(sum(one.p_age_period > LEVEL for one in crowds), RUNS)
    return (
        f"Over {RUNS} seeds, with users of one kind in all months, the test that knows age only accuses the "
        f"later cohorts in {naive[0]} with the rival, and in {naive[1]} without. The test that knows the "
        f"calendar, too, does so in {careful[0]} and in {careful[1]}. But where later users are worse, step "
        f"by step, it sees nothing in {missed}: a slope is just what it cannot see."
    )


def experiment(seed: int) -> Reading:
    """The rival's world. Naive: the points by which January's users lead are what the product lost. Truth: the lead
    of the same users with the same luck and no rival. Refuted: age alone accuses, age with calendar does not, and the
    users of one age step down in May."""
    shock, twin = clocks(STRENGTH, False, seed), clocks(0.0, False, seed)
    fooled = shock.p_age_only <= LEVEL < shock.p_age_period and twin.gap < shock.gap / 2
    refuted = fooled and twin.step < shock.step / 2
    return Reading(shock.gap, twin.gap, bool(refuted))


def take_away() -> str:
    """What to remember."""
    shock, twin = clocks(), clocks(0.0)
    return (
        "Every number of a retention table stands on three clocks: when the users joined (cohort), how long "
        "ago that was (age), and which month it is (period). Here January's users led the later ones by "
        f"{points(shock.gap / 100)} in month {AGE}, although all users were of one kind: for January's users "
        "that month lay before the rival, for the others after it. With the same luck and no rival the lead "
        f"is {points(twin.gap / 100)}. Line the numbers up by the calendar, too, and compare users of one age: from "
        f"April to May all of them fell, by {points(shock.step / 100)} on average. What hits all ages in one month "
        "belongs to the calendar. And do not ask whether cohorts get slowly worse: with three "
        "clocks of which two give the third, no table can say."
    )


def result() -> Figure:
    """The rival's world by the calendar."""
    return calendar()


def _april_to_may(strength: float, seed: int) -> float:
    """Points by which those who joined a month before are less active in May than in April."""
    one = clocks(strength, False, seed)
    return 100 * (one.share(2, 1) - one.share(3, 1))


def _growing_older(strength: float, seed: int) -> float:
    """Points that January's own users fall from April to May."""
    one = clocks(strength, False, seed)
    return 100 * (one.share(0, 3) - one.share(0, 4))


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    one = clocks(STRENGTH if switch.key == "shock" else 0.0, switch.key == "crowds", HIDDEN_SEED)
    return (_by_age(one), _by_calendar(one))


LESSON = Lesson(
    number=6,
    file="06_three_clocks.py",
    title="Did the product get worse? Age, period, cohort",
    question=(
        "A team follows the users of its model by the month in which they joined, their cohort. Three "
        "months after joining, the users of January are more active than those of February, March and April "
        "were at the same age (the time since joining). **Did the product get worse?** You also know that on "
        "28 April a rival opened elsewhere."
    ),
    misconception="Later cohorts stay less, so the product got worse.",
    options=(
        Option(
            "Yes. All are compared at the same age, so the comparison is fair.",
            "At the same age they live in different months: month 3 is April for January's users, and May "
            "or later for the others.",
        ),
        Option(
            "Yes, if a test shows that the difference is no chance.",
            "It is no chance. It is the calendar: the test that knows age only cannot see it.",
        ),
        Option(
            "Not shown. It may be the time they live in.",
            "Line the same numbers up by the calendar: users of every age fall in the same month.",
            right=True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 5), least=0.75),
    take_away=take_away,
    result=result,
    place=(
        "The retention figure lines cohorts up by age alone. Rivals came out in nearly every month of the "
        "time it shows."
    ),
    worlds=(SHOCK, CROWDS),
    words=("cohort", "retention", "drift"),
    code="""\
import sim
from sim.activity import monthly
from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.four_tests import age_period
from analysis.inference.launch.naive import age_only

log = monthly(sim.run_agents(sim.load_world("scenarios/lessons/rival-elsewhere.yaml", seed=1)))
mine = log.model == log.models.index("new/focal")  # from January on, the second month of this world
panel = Panel.from_arrays(log.user[mine], log.month[mine] - 1, months=log.months[1:])
print(age_only(panel.cells, 0, robust=True).p, age_period(panel.cells, 0)[0].p)""",
    switches=(
        Switch(
            "nothing", "Nothing happens, and all users are alike", activity(0.0),
            "By age the curves lie on each other. By the calendar every line is level, but for luck.",
        ),
        Switch(
            "shock", "A rival opens elsewhere at the end of April", activity(STRENGTH),
            "By the calendar all lines step down from April to May, whatever the age, and are level before and "
            "after.",
        ),
        Switch(
            "crowds", "Later users are of a worse kind", activity(0.0),
            "By age each curve lies below the one before. By the calendar all lines sink month by month, and none "
            "is special. (A rival that grew slowly could look much the same.)",
        ),
    ),
    exercises=(
        Exercise(
            "6.1",
            "The rival as it was, users of one kind, seed 2. Look at users 1 month after joining: by how many points "
            "fewer of them are active in May than in April?",
            lambda: _april_to_may(STRENGTH, 2),
            "They are of one age in both months, so what is left is the month. (See the line for 1 month after "
            "joining, by the calendar.)",
            "points", 1.1,
            missteps=(
                Misstep(
                    lambda: _growing_older(STRENGTH, 2),
                    "That is the fall of those who joined in January. They are a month older in May: it mixes age and "
                    "month.",
                ),
            ),
        ),
        Exercise(
            "6.2",
            "The same world with the rival's strength at 0, seed 2. Of those who joined in January, by how many points "
            "fewer are active in May than in April?",
            lambda: _growing_older(0.0, 2),
            "Nothing happens in this world: they are a month older, and some users leave in any month. (Their month "
            "3 is April and their month 4 is May.)",
            "points", 1.1,
            missteps=(
                Misstep(lambda: 0.0, "Users leave in every month, with a rival or without."),
                Misstep(lambda: _growing_older(STRENGTH, 2), "That is their fall with the rival."),
            ),
        ),
        Exercise(
            "6.3",
            "In another market the users of January, February and March all fall from September to October, "
            "by much, and not before. What happened?",
            lambda: CALENDAR,
            "They are of three ages and three cohorts, and have the month in common.",
            options=(CALENDAR, PRODUCT),
            missteps=(
                Misstep(lambda: PRODUCT, "Then the cohorts would differ at one age, and not all fall in one month."),
            ),
        ),
    ),
)  # fmt: skip
