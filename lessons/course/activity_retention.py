"""Lesson 1: retention has several definitions, and the usual one can rise."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from analysis.inference.cohorts.retention_definitions import all_definitions
from analysis.numerals import percent, points
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.frame.worlds import play
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

WORLD, MODEL = "lessons/habits", "some/model"
SKIP = 0.75
"""The chance to skip a week, as the world has it."""
HOLIDAY = 6
"""July, counted from January."""
LEAVE = "workloads.life_days={exponential: {mean: 120}}"
EVERY_WEEK = "population.activity={2025-01-01: 1}"
GROUPS, CUT = 12, 0.9
"""Groups of users that stand for as many small worlds, and the curve at which a naive reader says "they left"."""


MEANINGS = {
    "calendar month": "Was the user there in this month of the calendar? Months of silence before do not matter.",
    "30-day windows": "The same, but each user's months are 30 days long and begin with the first day of use.",
    "on or after": "Was the user there in this month or in any later one?",
    "every month": "Was the user there in this month and in every month before it?",
}
"""The four definitions, each as the question that it asks of a user."""


def definitions() -> str:
    """The four questions, as a list."""
    return "\n".join(f"- **{name}**: {asked}" for name, asked in MEANINGS.items())


def settings(skip: float = SKIP, *, leave: bool = False, holiday: bool = True) -> tuple[str, ...]:
    """Settings of the world: the chance to skip a week, whether work ends, whether there is a holiday."""
    chosen = [f"population.segments.user.regularity={1 - skip:.2f}"]
    return (*chosen, *([LEAVE] if leave else []), *([] if holiday else [EVERY_WEEK]))


@cache
def _all(chosen: tuple[str, ...], seed: int) -> pd.DataFrame:
    return all_definitions(play(WORLD, chosen, seed=seed).panel(MODEL, windows=True))


def curves(chosen: tuple[str, ...] = (), seed: int = 1, definition: str = "") -> pd.DataFrame:
    """Retention of the January cohort under each definition (or one): definition, k, retention."""
    frame = _all(chosen, seed)
    return frame[frame["definition"] == definition] if definition else frame


def at(definition: str, k: int, chosen: tuple[str, ...] = (), seed: int = 1) -> float:
    """Retention under a definition in month k."""
    found = curves(chosen, seed, definition)
    return float(found.loc[found["k"] == k, "retention"].iloc[0])


def picture(chosen: tuple[str, ...] = (), seed: int = 1) -> Figure:
    """The four curves of one log."""
    frame = curves(chosen, seed)
    month = frame[frame["k"] == 5].set_index("definition")["retention"]
    said = ", ".join(f"{percent(month[name])} ({name})" for name in month.sort_values(ascending=False).index)
    return lines(
        frame, name="definition", title="One log, one cohort, four definitions", top=1.0,
        summary=f"Retention in month 5: {said}. The pale bands are 95% intervals.",
        y_title="users counted as retained",
    )  # fmt: skip


def twins(switch: Switch) -> Figure:
    """The curve by calendar month in the world as it is, and in its twin with one switch flipped."""
    both = {"as it was": (), "with one switch flipped": switch.settings}
    frame = pd.concat(
        [curves(chosen, 1, "calendar month").assign(world=name) for name, chosen in both.items()]
    )
    last = frame[frame["k"] == 5].set_index("world")["retention"]
    said = "; ".join(f"{name}: {percent(last[name])} in month 5" for name in both)
    return lines(
        frame, name="world", title="The same users with the same luck, twice", summary=f"{said}.", top=1.0
    )


def rise(chosen: tuple[str, ...] = (), seed: int = 1) -> float:
    """The largest step upwards of the curve by calendar month."""
    return float(np.diff(curves(chosen, seed, "calendar month")["retention"]).max())


def experiment(seed: int) -> Reading:
    """The naive reading: one number, which only falls. In this world the definitions lie far apart at month 5, and the
    curve by calendar month rises after the holiday."""
    month = curves((), seed).query("k == 5")["retention"]
    apart = float(month.max() - month.min())
    return Reading(0.0, apart, apart > 0.3 and rise((), seed) > 0.1)


def alarms(definition: str, chosen: tuple[str, ...], seed: int) -> int:
    """In how many of `GROUPS` groups of users a reader says "users left", as month 5 is under 90%."""
    panel = play(WORLD, chosen, seed=seed).panel(MODEL)
    month = np.arange(len(panel.months)) if definition == "on or after" else np.array([5])
    there = panel.active[:, month[month >= 5]].any(axis=1)
    return sum(bool(part.mean() < CUT) for part in np.array_split(there, GROUPS))


def verdict(skip: float = SKIP, seed: int = 1) -> str:
    """How often each definition is wrong when it is asked whether users left: where nobody does, and where
    work ends."""
    told = []
    for definition in ("calendar month", "on or after"):
        false = ErrorRate(alarms(definition, settings(skip), seed), GROUPS)
        missed = ErrorRate(GROUPS - alarms(definition, settings(skip, leave=True), seed), GROUPS)
        told.append(f"- **{definition}**: false alarm in {false}; real leaving missed in {missed}.")
    return (
        f"Say a reader concludes “users left” when fewer than {percent(CUT)} are retained in month 5. We ask {GROUPS} "
        "groups of users in which nobody leaves, and as many in which work does end. A false alarm is “they left” "
        "said of the first, a miss is silence about the second. The interval says how far a count of so few groups "
        "may be off:\n\n" + "\n".join(told)
    )


def take_away() -> str:
    """The paragraph to keep."""
    month = curves().query("k == 5").set_index("definition")["retention"]
    return (
        f"Retention is a question with several fair answers. In this one log, in which nobody ever left, month 5 reads "
        f"{percent(month['every month'])}, {percent(month['calendar month'])} or {percent(month['on or after'])}, by "
        f"definition. Activity by calendar month counts who was there in that month, so it rises again when "
        f"people come "
        f"back: here by {points(rise())} after the holiday (a **point** is one percent of all users of the cohort). "
        "“30-day windows” asks the same, by months of 30 days from each user's first day. “Every month” drops a user "
        f"for good after one silent month. Before you compare two retention numbers, ask which "
        f"definition each uses. “On or after” counts a user until the last request, so its last months are "
        f"too low: nobody "
        f"has had time to come back yet. It read {percent(at('on or after', 9))} in the last month of this log."
    )


def _share(definition: str, k: int) -> float:
    return 100 * at(definition, k)


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twins(switch),)


LESSON = Lesson(
    number=1,
    file="01_activity_retention.py",
    title="What does retention count?",
    question=(
        "Here is a market with one model and 1,200 users. They all come in January, and **nobody ever leaves**. But "
        "they skip weeks, and for three weeks of July they are on holiday. A tool reads the "
        "**log**, the list of all requests with their users and days, and draws a retention curve. What does it look "
        "like?"
    ),
    misconception="Retention is one number, and it can only fall.",
    words=("cohort", "retention"),
    worlds=(WORLD,),
    options=(
        Option("It stays at 100%: nobody left.",
               "Nobody left, but a month without a request is a month without activity. Most definitions "
               "count activity."),
        Option("It falls from month to month and cannot rise again.",
               "Only two of the four definitions can never rise. The usual one counts who is there in that "
               "month, so users "
               "who return lift it."),
        Option("It depends on the definition: one of them can fall and rise again.",
               "The same log gives very different curves, and activity by calendar month rises when users "
               "return.", True),
    ),
    refutation=Refutation(experiment, seeds=range(1, 6)),
    take_away=take_away,
    result=picture,
    place="Every retention chart uses activity by calendar month (UTC). The section on retention names the "
          "definition below "
          "its charts, and `slipper explain retention` says it in a sentence.",
    code="""\
import sim
from sim.activity import monthly
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.retention_definitions import retention_by

world = sim.load_world("scenarios/lessons/habits.yaml", seed=1)
who = monthly(sim.run_agents(world))
panel = Panel.from_arrays(who.user, who.month, months=who.months)
for definition in ("calendar month", "on or after", "every month"):
    print(retention_by(definition, panel)[["definition", "k", "retention"]])""",
    switches=(
        Switch("skip", "Users skip more weeks", settings(0.9),
               "The whole curve lies lower, from the first month on, and then stays level: habits changed, "
               "nobody left."),
        Switch("leave", "Work ends, so users leave", settings(leave=True),
               "The curve falls month after month, and what comes back after the holiday is only who is left."),
        Switch("holiday", "There is no holiday in July", settings(holiday=False),
               "Month 6 has no dip, and all else is alike: what happens in one calendar month shows in that "
               "month only."),
    ),
    exercises=(
        Exercise(
            "1.1", "In the world with seed 1, with all controls as they were: how many percent of the "
                   "January cohort does "
            "the definition “calendar month” count in month 5?", lambda: _share("calendar month", 5),
            "It counts users with a request in June, whatever they did before.", "%", 1.0,
            missteps=(
                Misstep(lambda: _share("on or after", 5),
                        "That is near “on or after”, which also counts users who come "
                        "back later. Nobody left, but a user without a request in June is not active in June."),
                Misstep(lambda: _share("every month", 5),
                        "That is “every month”: it drops a user for good after one silent month."),
            ),
        ),
        Exercise(
            "1.2", "By how many percentage points does “calendar month” rise from month 6 (July, the "
                   "holiday) to month 7?",
            lambda: 100 * (at("calendar month", 7) - at("calendar month", 6)),
            "Users who were silent in July are counted again in August.", "points", 1.0,
            missteps=(Misstep(lambda: 0.0, "Retention by calendar month can rise: who was silent for a "
                                           "month may return."),),
        ),
        Exercise(
            "1.3", "A colleague's chart shows a retention curve with a dip in one month and a full "
                   "recovery. Which of these "
            "definitions can she not have used?", lambda: "on or after", "Under “on or after” a user who is seen later "
            "counts in every month before, so the curve never rises.",
            options=("calendar month", "30-day windows", "on or after"),
            missteps=(
                Misstep(lambda: "calendar month", "Gaps are allowed there: who returns is counted again."),
                Misstep(lambda: "30-day windows", "It differs from calendar months in where a month begins; "
                                                  "gaps are allowed."),
            ),
        ),
    ),
)  # fmt: skip
