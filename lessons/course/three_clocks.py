"""Lesson 6: age, period and cohort."""

from __future__ import annotations

import pandas as pd

from analysis.numerals import p_is, percent, points
from lessons.experiments.three_clocks import (
    AGE,
    CROWDS,
    LEVEL,
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
CALENDAR, PRODUCT = (
    "Something in one month of the calendar",
    "The product or the users got worse step by step",
)


def picture(*, strength: int = 55, crowds: bool = False, calendar: bool = False, seed: int = 1) -> Figure:
    """The table along one of its clocks: months since joining, or months of the calendar."""
    return _drawn(clocks(strength / 100, crowds, seed), calendar)


def _drawn(one: Clocks, calendar: bool) -> Figure:
    rows = one.cells()
    first, *_, last = rows["name"].unique()
    if not calendar:
        at = rows[rows["age"] == AGE].set_index("name")["share"]
        return lines(
            rows, x="age", y="share", title="Lined up by age: months since joining", x_title="months since joining",
            top=0.8,
            summary=(
                f"In their month {AGE}, {percent(at[first])} are active of those who {first} and "
                f"{percent(at[last])} of those who {last}."
            ),
        )  # fmt: skip
    fall = _falls(rows)
    return lines(
        rows, x="month", y="share", title="Lined up by the calendar", x_title="month of 2025", top=0.8,
        summary=f"From April to May: {fall}. {_part_lost(one)}",
    )  # fmt: skip


def _part_lost(one: Clocks) -> str:
    """The part of its active users that each cohort lost in April and in May, where it has both."""
    told = "; ".join(
        f"{name}'s users {percent(1 - one.share(c, 3 - c) / one.share(c, 2 - c))} and "
        f"{percent(1 - one.share(c, 4 - c) / one.share(c, 3 - c))}"
        for c, name in enumerate(("January", "February"))
    )
    return f"Of those active a month before, these were lost in April and in May: {told}."


def _falls(rows: pd.DataFrame) -> str:
    """How each cohort that is there in both goes from April to May, in words."""
    table = rows.pivot_table(index="name", columns="month", values="share", sort=False, aggfunc="first")
    both = table[table[4].notna() & table[5].notna()]
    return "; ".join(f"{name} from {percent(row[4])} to {percent(row[5])}" for name, row in both.iterrows())


def twins(switch: Switch) -> Figure:
    """The hidden world by age."""
    return _drawn(_of(switch), False)


def twins_by_calendar(switch: Switch) -> Figure:
    """The hidden world by the calendar."""
    return _drawn(_of(switch), True)


def _of(switch: Switch) -> Clocks:
    return clocks(STRENGTH if switch.key == "shock" else 0.0, switch.key == "crowds", HIDDEN_SEED)


def verdict(*, strength: int, crowds: bool, calendar: bool, seed: int = 1) -> str:
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
        f"{'A rival takes activity from May on.' if strength else 'No rival comes.'}\n\n"
        "Mind what the second test cannot do. Month of joining plus age is the month of the calendar: who "
        "knows two clocks knows the third. So a slow worsening of cohorts (a drift) and a slow worsening of "
        "the times can give the very same table, and no test can tell them apart. What a test can tell is "
        "one cohort that departs from the rest, or one month in which all fall."
    )


def error_rate(runs: int = RUNS) -> str:
    """How often each test accuses the later cohorts, over seeds."""
    seeds = range(1, runs + 1)
    shock, nothing, crowds = (
        [clocks(strength, worse, seed) for seed in seeds]
        for strength, worse in ((STRENGTH, False), (0.0, False), (0.0, True))
    )
    naive, careful = (
        [ErrorRate(sum(getattr(one, test) <= LEVEL for one in found), runs) for found in (shock, nothing)]
        for test in ("p_age_only", "p_age_period")
    )
    missed = ErrorRate(sum(one.p_age_period > LEVEL for one in crowds), runs)
    return (
        f"Over {runs} seeds, with users of one kind in all months, the test that knows age only accuses the "
        f"later cohorts in {naive[0]} with the rival, and in {naive[1]} without. The test that knows the "
        f"calendar, too, does so in {careful[0]} and in {careful[1]}. But where later users are worse, step "
        f"by step, it sees nothing in {missed}: a slope is just what it cannot see."
    )


def experiment(seed: int) -> Reading:
    """The rival's world. Naive: the points by which January's users lead are what the product lost. Truth: the lead
    of the same users with the same luck and no rival. Refuted: age alone accuses, age with calendar does not."""
    shock, twin = clocks(STRENGTH, False, seed), clocks(0.0, False, seed)
    refuted = shock.p_age_only <= LEVEL < shock.p_age_period and twin.gap < shock.gap / 2
    return Reading(shock.gap, twin.gap, bool(refuted))


def take_away() -> str:
    """What to remember."""
    shock, twin = clocks(), clocks(0.0)
    return (
        "Every number of a retention table stands on three clocks: when the users joined (cohort), how long "
        "ago that was (age), and which month it is (period). Here January's users led the later ones by "
        f"{points(shock.gap / 100)} in month {AGE}, although all users were of one kind: for January's users "
        "that month lay before the rival, for the others after it. With the same luck and no rival the lead "
        f"is {points(twin.gap / 100)}. Line the numbers up by the calendar, too: what hits all cohorts in "
        "one month belongs to the calendar. And do not ask whether cohorts get slowly worse: with three "
        "clocks of which two give the third, no table can say."
    )


def result() -> Figure:
    """The rival's world by the calendar."""
    return picture(calendar=True)


def _april_to_may(strength: float, seed: int, cohort: int = 0) -> float:
    """Points that one cohort falls from April to May."""
    one = clocks(strength, False, seed)
    return 100 * (one.share(cohort, 3 - cohort) - one.share(cohort, 4 - cohort))


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twins(switch), twins_by_calendar(switch))


LESSON = Lesson(
    number=6,
    file="06_three_clocks.py",
    title="Did the product get worse? Age, period, cohort",
    question=(
        "A team follows the users of its model by the month in which they joined, their cohort. Three "
        "months after joining, the users of January are more active than those of February, March and April "
        "were at the same age (the time since joining). **Did the product get worse?** You also know that on "
        "5 May a rival opened elsewhere."
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
            "Line the same numbers up by the calendar: all cohorts lose more than usual in the same month.",
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
            "By age the curves lie on each other. By the calendar each falls in its own time.",
        ),
        Switch(
            "shock", "A rival opens elsewhere in May", activity(STRENGTH),
            "By the calendar all curves bend down from April to May, however old they are: they lose a larger "
            "part of their users than the month before.",
        ),
        Switch(
            "crowds", "Later users are of a worse kind", activity(0.0),
            "By age each curve lies below the one before. By the calendar no month is special: each new "
            "curve starts lower. (A rival that grew slowly could look much the same.)",
        ),
    ),
    exercises=(
        Exercise(
            "6.1",
            "The rival as it was, users of one kind, seed 2. By how many points does the share of active "
            "users of January's cohort fall from April to May?",
            lambda: _april_to_may(STRENGTH, 2),
            "Their month 3 is April and their month 4 is May.",
            "points", 0.6,
            missteps=(
                Misstep(
                    lambda: clocks(STRENGTH, False, 2).gap,
                    "That is how far January's users lead the others at one age.",
                ),
            ),
        ),
        Exercise(
            "6.2",
            "The same world with the rival's strength at 0, seed 2. By how many points does the same share "
            "fall then from April to May?",
            lambda: _april_to_may(0.0, 2),
            "What is left is age: some users leave in any month. The difference to the exercise before is "
            "the rival's.",
            "points", 0.6,
            missteps=(Misstep(lambda: 0.0, "Users leave in every month, with a rival or without."),),
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
