"""Lesson 2: the triangle of cohorts. A month counts when it is over for everybody, and must be as long for all."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.naive import pooled_z, two_proportions
from analysis.numerals import percent, points
from analysis.queries.cohorts.activity_retention import WINDOW_DAYS
from lessons.experiments.search import lead_of
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.frame.worlds import Played, play
from lessons.pictures.figure import Figure
from lessons.pictures.triangle import triangle

WORLD, MODEL = "lessons/launch-day", "new/model"
LAUNCH, LAST = 22, 3
"""Day of January on which the model comes out, and day of July with which the log ends, as the lesson begins."""
WHOLE = 31
"""The last day of July: with it, the log's last month is over."""
FALL = "population.activity={2025-04-30: 1, 2025-05-01: 0.4}"
"""A real change, for comparison: from May on users are there in fewer weeks."""
GROUPS = 10
"""Groups of users that stand for as many small worlds: users of this world have nothing to do with each other."""
ALARM = 0.05
"""A p-value under this is an alarm: luck alone makes so large a difference in fewer than one of twenty cases."""


def settings(launch: int = LAUNCH, *, fall: bool = False) -> tuple[str, ...]:
    """Settings of the world: the day of January on which the model comes out, and whether users really come less."""
    date = f"2025-01-{launch:02}"
    wave = f"{{event: wave, date: {date}, days: {32 - launch}, model: {MODEL}, share_of_users: 0.05}}"
    chosen = (f"start={date}", f"models.{MODEL}.released={date}", f"calendar=[{wave}]")
    return (*chosen, FALL) if fall else chosen


def log_to(played: Played, last: int = LAST) -> Panel:
    """What a log shows that ends with day `last` of July."""
    who = played.activity
    seen = who.first_day < played.days - WHOLE + last
    return Panel.from_arrays(who.user[seen], who.month[seen], months=who.months, model=MODEL, min_cohort=1)


@cache
def seen(launch: int = LAUNCH, last: int = LAST, seed: int = 1, *, fall: bool = False) -> Panel:
    """The panel of a log, by calendar months."""
    return log_to(play(WORLD, settings(launch, fall=fall), seed=seed), last)


@cache
def windows(launch: int = LAUNCH, seed: int = 1) -> Panel:
    """The panel of the whole log, by 30-day windows from each user's first day of use."""
    found = play(WORLD, settings(launch), seed=seed).panel(MODEL, windows=True).rewindowed
    assert found is not None
    return found


def cells(panel: Panel, last: int = WHOLE, *, finished_only: bool = False) -> pd.DataFrame:
    """The cells of the triangle: cohort, users, k, retention, and whether the cell's month is not over (open)."""
    found = panel.cells
    month = found.cohort + found.age
    is_open = (month == len(panel.months) - 1) & (last < WHOLE) & (panel.windows == "calendar months")
    rows = pd.DataFrame({
        "cohort": [f"{panel.months[c]:%B}" for c in found.cohort], "users": found.size.astype(int), "k": found.age,
        "retention": found.share, "open": is_open,
    })  # fmt: skip
    return rows[~rows["open"]] if finished_only else rows


def picture(
    launch: int = LAUNCH,
    last: int = LAST,
    seed: int = 1,
    *,
    own_months: bool = False,
    finished_only: bool = False,
) -> Figure:
    """The triangle. own_months: by each user's 30-day windows, of the whole log; finished_only: without open months."""
    panel = windows(launch, seed) if own_months else seen(launch, last, seed)
    rows = cells(panel, last, finished_only=finished_only)
    first = rows[rows["k"] == 1]
    own, others = first["retention"].iloc[0], first[~first["open"]]["retention"].iloc[1:].mean()
    said = (
        f"Month 1: {percent(own)} of January's users are active, and on average {percent(others)} of those "
        "who joined later."
    )
    if rows["open"].any():
        said += f" The log ends on {last} July: the month of each row's last cell is not over."
    how = "months of 30 days from each user's first day" if own_months else "calendar months"
    return triangle(
        rows, title=f"Who came back, by {how}", summary=said, open_cells="this month is not over",
        x_title="30-day months since the first day" if own_months else "months since the month of joining",
    )  # fmt: skip


def newest(panel: Panel, users: NDArray[np.bool_] | None = None) -> tuple[int, int, int, int]:
    """The log's last month beside the one before it, at the same ages: active users and users of each, of the cohorts
    from March on and of those one month older, whose same age lies one month earlier."""
    chosen = np.ones(panel.users, dtype=np.bool_) if users is None else users
    last, found = len(panel.months) - 1, [0, 0, 0, 0]
    for c in range(2, last):
        for at, (cohort, month) in enumerate(((c, last), (c - 1, last - 1))):
            mine = (panel.cohort == cohort) & chosen
            found[2 * at] += int(panel.active[mine, month].sum())
            found[2 * at + 1] += int(mine.sum())
    return found[0], found[1], found[2], found[3]


def change(panel: Panel) -> float:
    """How much the last month's retention lies above (or below) that of the month before, as a share of it."""
    active, users, before, users_before = newest(panel)
    return (active / users) / (before / users_before) - 1.0


@cache
def leaving(month: int, launch: int = LAUNCH, seed: int = 1, *, fall: bool = False) -> float:
    """The truth: of the users who have work on the first of a month (0: January), the share who are done in 30 days."""
    played = play(WORLD, settings(launch, fall=fall), seed=seed)
    work, first = played.agents.workloads, int(np.argmax(played.month_of == month))
    there = (work.start <= first) & (work.end > first)
    return float((work.end[there] <= first + WINDOW_DAYS).mean())


def lead(panel: Panel) -> float:
    """How far the launch cohort's retention in month 1 lies above that of all later cohorts together."""
    return lead_of(panel.cells, 0, 1)


def experiment(seed: int) -> Reading:
    """The naive reading: the last month fell, so users leave. Here the same month, once it is over, does not lie
    low, and users leave in it as they did before; and the launch month's lead goes away with 30-day months."""
    naive, truth = change(seen(last=LAST, seed=seed)), change(seen(last=WHOLE, seed=seed))
    steady = abs(leaving(6, seed=seed) - leaving(5, seed=seed)) < 0.06
    led, fair = lead(seen(last=WHOLE, seed=seed)), lead(windows(seed=seed))
    return Reading(
        naive, truth, naive < -0.3 and abs(truth) < 0.15 and steady and led > 0.08 and fair < led / 2
    )


def groups(panel: Panel) -> list[NDArray[np.bool_]]:
    """The users in as many groups as `GROUPS`, at random (users are numbered as they were drawn)."""
    return [np.arange(panel.users) % GROUPS == g for g in range(GROUPS)]


def fall_alarms(panel: Panel) -> int:
    """In how many groups a test says that the last month lies below the one before."""
    z = [pooled_z(*newest(panel, users)) for users in groups(panel)]
    return sum(bool(norm.cdf(one) < ALARM) for one in z)


def lead_alarms(panel: Panel) -> int:
    """In how many groups a test says that the launch cohort does better in month 1 than the later ones."""
    return sum(two_proportions(panel.keep(users).counted("user"), 0, 1).p < ALARM for users in groups(panel))


def verdict(launch: int = LAUNCH, last: int = LAST, seed: int = 1) -> str:
    """How often two usual tests raise a false alarm in this world, as it is read and as it should be."""
    early, whole = seen(launch, last, seed), seen(launch, WHOLE, seed)
    return (
        f"Nothing changes in this world, so every alarm is a false one. We ask {GROUPS} groups of users, and "
        "call it an alarm when so large a difference would come by luck alone in fewer than one of twenty "
        f"cases.\n\n- **“The last month fell”**, with the log to {last} July: "
        f"{ErrorRate(fall_alarms(early), GROUPS)}. With the month over: "
        f"{ErrorRate(fall_alarms(whole), GROUPS)}.\n- **“January's users are more loyal”**, by calendar "
        f"months: {ErrorRate(lead_alarms(whole), GROUPS)}. By months of 30 days from each user's own first "
        f"day: {ErrorRate(lead_alarms(windows(launch, seed)), GROUPS)}.\n\nWhat really happened: of the "
        f"users who still had work for the model on 1 June, {percent(leaving(5, launch, seed))} left within "
        f"{WINDOW_DAYS} days, their work done. Of those on 1 July it was {percent(leaving(6, launch, seed))}."
    )


KINDS: dict[str, tuple[int, int, bool]] = {
    "last": (1, LAST, False), "launch": (LAUNCH, WHOLE, False), "fall": (1, WHOLE, True),
}  # fmt: skip
"""What each switch makes of the world with a launch on 1 January and a whole log: launch, last day, a real fall."""


def twin(switch: Switch) -> Figure:
    """The triangle with one switch flipped; but for it, the launch is on 1 January and the log goes to 31 July."""
    launch, last, fall = KINDS[switch.key]
    return _whole(seen(launch, last, fall=fall), "One switch is flipped here")


def usual() -> Figure:
    """The triangle without any switch flipped."""
    return _whole(seen(1, WHOLE), "No switch is flipped here")


def _whole(panel: Panel, title: str) -> Figure:
    """A triangle all of whose months pass for over."""
    rows = cells(panel)
    said = f"Month 1, from the first row down: {', '.join(percent(v) for v in rows[rows['k'] == 1]['retention'])}."
    return triangle(rows, title=title, summary=said, open_cells="")


def take_away() -> str:
    """The paragraph to keep."""
    early, whole = change(seen()), change(seen(last=WHOLE))
    led, fair = lead(seen(last=WHOLE)), lead(windows())
    return (
        "A cell of the triangle counts only when its month is over for everybody in it: when it is "
        "**complete**. With a log that ends "
        f"on {LAST} July, retention in the last month lies {percent(-early)} below that of the month before, at "
        "the same time since joining; once July is over, "
        f"the difference is {percent(abs(whole))}. Nobody left faster: most users simply had not come by "
        "yet. What one has not seen yet is called **censored**. And a month must be equally long for all: a "
        f"model that comes out on {LAUNCH} January gives its first users less time before “month 1” begins. "
        f"In month 1 they lead by {points(led)}, and by {points(fair)} when each user's months are counted "
        "from his own first day. The time in which something could have been seen is called **exposure**."
    )


def _finished() -> float:
    return float(len(cells(seen(), LAST, finished_only=True)))


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twin(switch),)


LESSON = Lesson(
    number=2,
    file="02_exposure.py",
    title="Is the month over?",
    question=(
        "A model came out late in January. The log of its requests ends early in July. You open the "
        "retention table: a row for the users who joined in each month, a column for each month after that. Such a "
        "table is called the **triangle**. The last number of every row is far lower than the numbers above it, and "
        "the first row is the best of all. What happened?"
    ),
    misconception="The last numbers dropped, so the product is dying.",
    words=("cohort", "retention", "complete"),
    worlds=(WORLD,),
    options=(
        Option(
            "Users have begun to leave in July.",
            "In this world a user leaves in July as he does in any other month. July had only just begun "
            "when the log ended.",
        ),
        Option(
            "January's users are more loyal than the later ones.",
            "All users of this world are alike. January's users began late in the month, so their “month 1” "
            "came sooner.",
        ),
        Option(
            "Both, I would say.",
            "Neither is so. The last month had just begun, and January's users began late in their month.",
        ),
        Option(
            "Perhaps nothing: the last month is not over, and the first one was short.",
            "All users are alike, from the first to the last, and leave with the same chance on each day.",
            True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 6)),
    take_away=take_away,
    result=picture,
    place="`slipper verdict` and the retention charts leave out a month that the log does not cover whole, "
    "and say so. The verdict on a launch cohort is asked again by months of 30 days from each user's first "
    "request (one of the robustness checks of `slipper verdict LOG --why`).",
    code="""\
import sim
from sim.activity import monthly
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.retention_definitions import retention_by

who = monthly(sim.run_agents(sim.load_world("scenarios/lessons/launch-day.yaml", seed=1)))
seen = who.first_day < 181 + 3  # 1 January and 181 days later is 1 July: the log ends on 3 July
panel = Panel.from_arrays(who.user[seen], who.month[seen], months=who.months)
table = retention_by("calendar month", panel)
print(table.pivot(index="cohort", columns="k", values="retention"))""",
    switches=(
        Switch(
            "last",
            "The log ends early in its last month",
            (),
            "The last number of each row is low, and no other one: one calendar month that nobody saw the "
            "end of.",
        ),
        Switch(
            "launch",
            "The model came out late in its month",
            settings(LAUNCH),
            "Only the first row is higher: its users had less time before month 1 began. All other rows are "
            "as before.",
        ),
        Switch(
            "fall",
            "From May on, users really come less often",
            settings(1, fall=True),
            "All numbers of May, June and July are low, in every row: three diagonals, and two of these "
            "months are long over. A month that is not over can lower the last diagonal only.",
        ),
    ),
    exercises=(
        Exercise(
            "2.1",
            f"Launch on {LAUNCH} January, log to {LAST} July, seed 1. How many numbers of the triangle are "
            "of months that are over?",
            _finished,
            "Each row lacks its last number, which is July's.",
            "numbers",
            0.1,
            missteps=(
                Misstep(
                    lambda: float(len(cells(seen()))),
                    "That is all of them: the last number of each row is July's, of which the log holds a "
                    "few days only.",
                ),
            ),
        ),
        Exercise(
            "2.2",
            f"The same world with the log to {WHOLE} July. By how many percentage points does January lie "
            "above the average of the later rows in month 1, by calendar months? (All later users together.)",
            lambda: 100 * lead(seen(last=WHOLE)),
            "January's users began late in the month, so that little time lay between their first day and "
            "month 1.",
            "points",
            2.0,
            missteps=(
                Misstep(lambda: 100 * lead(windows()), "That is the lead by 30-day months of each user."),
            ),
        ),
        Exercise(
            "2.3",
            "Which of these makes the lead of the launch month fair to test?",
            lambda: "count each user's months from his own first day",
            "Then every user has had the same time at each “month k”.",
            options=("leave out July", "count each user's months from his own first day", "take more users"),
            missteps=(
                Misstep(
                    lambda: "leave out July", "That mends the last number of each row, not the first row."
                ),
                Misstep(
                    lambda: "take more users",
                    "More users make the same unfair comparison more certain: it is no matter of luck.",
                ),
            ),
        ),
    ),
)
