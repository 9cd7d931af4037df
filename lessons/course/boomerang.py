"""Lesson 9: users who come back, and curves that only look so."""

from __future__ import annotations

import pandas as pd

from analysis.numerals import listed, p_is, percent
from lessons.experiments.comeback import (
    DIP,
    LEVEL,
    MARCH,
    NO_RIVAL,
    QUIET,
    RISE,
    WORLD,
    Comeback,
    comeback,
)
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures.bars import bars
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines
from lessons.pictures.spells import spells

RUNS = 8
"""Seeds over which the notebook counts how often a test is wrong."""
HIDDEN_SEED = 5
SHOWN = 20
"""Users whose days are shown."""


def picture(*, rival: bool = True, quiet: bool = False, seed: int = 1) -> Figure:
    """Who was active in which month: March's users, and those who were there before them."""
    return _months(comeback(rival, quiet, seed), "Users of new/focal, by month of the calendar")


def _months(one: Comeback, title: str) -> Figure:
    table = one.by_month().pivot(index="month", columns="name", values="share")
    older = table["older users"]
    return lines(
        one.by_month(), x="month", y="share", title=title, x_title="month of 2025", top=1.0,
        summary=(
            f"Of March's users, {percent(one.share(DIP))} are active in May and {percent(one.share(RISE))} "
            f"in June. Of the older users, who came before March, it is {percent(older[5])} and {percent(older[6])}."
        ),
    )  # fmt: skip


def where(*, rival: bool = True, quiet: bool = False, seed: int = 1) -> Figure:
    """Where March's users were who were silent in May."""
    return _where(comeback(rival, quiet, seed))


def _where(one: Comeback) -> Figure:
    gap = one.gap
    rows = pd.DataFrame({
        "label": [f"back in June ({gap['returners']:.0f} users)", f"still silent in June ({gap['others']:.0f} users)"],
        "value": [gap["returners_share"], gap["others_share"]],
    })  # fmt: skip
    return bars(
        rows, title="March's users who were silent in May: did they use another model meanwhile?", top=1.0,
        x_title="share that used another model meanwhile",
        summary=(
            f"Of those who are back, {percent(gap['returners_share'])} used another model while they were "
            f"silent here; of those who stay silent, {percent(gap['others_share'])}."
        ),
    )  # fmt: skip


def people(*, rival: bool = True, quiet: bool = False, seed: int = 1) -> Figure:
    """Some of March's users who were silent in May and back in June, day by day."""
    one = comeback(rival, quiet, seed)
    active = one.panel.active
    back = (
        (one.panel.cohort == MARCH) & ~active[:, MARCH + DIP] & active[:, MARCH + RISE] & active[:, MARCH + 1]
    )
    users = one.users[back][:SHOWN].tolist()
    used = one.played.active_days
    return spells(
        one.played.spells, order=users, used=used[used["user"].isin(users)], days=one.played.days,
        start=pd.Timestamp(one.played.start), names=list(one.played.models),
        title="Some who were silent in May and back in June, one line each",
        summary=(
            f"{len(users)} of March's users. A bar is a spell, a time in which their work uses a model; a stroke "
            "is a day with a request."
        ),
    )  # fmt: skip


def verdict(*, rival: bool, quiet: bool, seed: int = 1) -> str:
    """Four questions to the log, each with its answer, and what follows."""
    one = comeback(rival, quiet, seed)
    gap = one.gap
    chance = "no, it may be chance" if one.p_rise > LEVEL else "yes"
    bend = "yes" if one.p_bend <= LEVEL else "no"
    beside = "yes" if one.p_beside <= LEVEL else "no"
    there = "yes" if gap["low"] > 0 else "no"
    said = "A comeback: boomerangs." if one.found else "No comeback can be shown."
    return (
        f"1. *Does the curve rise by more than chance?* The usual test for a rise says: {chance} "
        f"({p_is(one.p_rise)}). It only asks whether a month lies above an earlier one.\n"
        "2. *Does it bend as it should not?* If users only skip months and leave, a curve falls fast at "
        "first and ever more slowly. A dip with a rise after it breaks that rule. Does this one? "
        f"{bend.capitalize()} ({p_is(one.p_bend)}).\n"
        f"3. *Does it bend more than the curve of older users, in the same months?* {beside.capitalize()} "
        f"({p_is(one.p_beside)}). A season hits both alike.\n"
        "4. *Did those who came back use another model meanwhile, more than those who did not come back?* "
        f"{there.capitalize()} ({percent(gap['returners_share'])} against "
        f"{percent(gap['others_share'])}).\n\n"
        f"**{said}** It takes a yes to questions 3 and 4. (p is how often chance alone would show as much; a "
        "test says yes below .05, so it is wrong in one case of twenty where there is nothing.)"
    )


def error_rate() -> str:
    """How often each reading is wrong, over seeds."""
    season = [comeback(False, True, s) for s in range(1, RUNS + 1)]
    rival = [comeback(True, False, s) for s in range(1, RUNS + 1)]
    return (
        f"Over {RUNS} seeds:\n\n"
        "- **“A rise is chance”** (question 1): with the rival, where users do come back, the usual test "
        f"overlooks it in {ErrorRate(sum(one.p_rise > LEVEL for one in rival), RUNS)}.\n"
        "- **“A bend is a comeback”** (question 2 alone): with the quiet month, where nobody left, it is "
        f"said in {ErrorRate(sum(one.p_bend <= LEVEL for one in season), RUNS)}.\n"
        "- **Questions 3 and 4 together**: with the quiet month a comeback is said in "
        f"{ErrorRate(sum(one.found for one in season), RUNS)}, with the rival it is overlooked in "
        f"{ErrorRate(sum(not one.found for one in rival), RUNS)}."
    )


def experiment(seed: int) -> Reading:
    """Two naive readings. "Who is back came from a rival" (all of them): in the quiet month none did, and yet the curve
    bends. "A rise is chance": with the rival the usual test finds nothing, and yet most returners were there."""
    season, rival = comeback(False, True, seed), comeback(True, False, seed)
    truth = float(season.gap["returners_share"])
    not_each = season.p_bend <= LEVEL and truth < 0.1
    not_chance = rival.p_rise > LEVEL and rival.gap["returners_share"] > 0.5
    return Reading(1.0, truth, bool(not_each and not_chance))


def take_away() -> str:
    """What to remember."""
    rival, season = comeback(True, False), comeback(False, True)
    return (
        f"Two worlds, one curve: March's users fall to {percent(rival.share(DIP))} in May and rise to "
        f"{percent(rival.share(RISE))} in June where a rival came, and fall to {percent(season.share(DIP))} "
        f"and rise to {percent(season.share(RISE))} where May was quiet. The usual test calls both rises "
        f"chance ({listed([p_is(rival.p_rise), p_is(season.p_rise)])}). What tells them apart is outside the "
        "curve: the older users, who dip as well if it is a season, and where the silent users were. Of those "
        f"who came back, {percent(rival.gap['returners_share'])} had used another model meanwhile in the one "
        f"world, {percent(season.gap['returners_share'])} in the other. Whoever is back after a silent month may be "
        "a boomerang, who was elsewhere, or have paused; a log that holds one model only cannot tell which."
    )


def result() -> Figure:
    """The rival's world."""
    return picture()


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    one = comeback(switch.key != "quiet", switch.key != "rival", HIDDEN_SEED)
    return (_months(one, "Which of the causes is at work here?"), _where(one))


LESSON = Lesson(
    number=9,
    file="09_boomerang.py",
    title="Did they come back? Boomerangs and quiet months",
    question=(
        "A model's users of March are followed month by month. Fewer are active in May; in June there are "
        "more again. On 1 May a rival model opened. **What does the rise in June show?**"
    ),
    misconception="A small rise is chance; or: every rise is a comeback.",
    options=(
        Option(
            "Nothing. A curve wobbles, and the rise is small.",
            "The usual test for a rise agrees with you, and is wrong where a rival came: the rise is small "
            "because others go on leaving in June, and many did come back.",
        ),
        Option(
            "They tried the rival and came back. A curve cannot rise by itself.",
            "It can: if everybody has a quiet May, the same curve comes out and nobody was away.",
        ),
        Option(
            "It cannot be told from this curve alone.",
            "Two other things tell: what older users did in the same months, and where the silent users "
            "were.",
            right=True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 5)),
    take_away=take_away,
    result=result,
    place=(
        "The section on retention, where the report sees users return to models after trying others and "
        "calls it a boomerang effect."
    ),
    worlds=(WORLD, "lessons/quiet-month"),
    words=("cohort", "spell", "boomerang"),
    code="""\
import sim
from sim.activity import monthly
from analysis.inference.cohorts.panel import Panel
from analysis.inference.curves.reactivation_evidence import calendar_safe, isotonic_lrt_of

log = monthly(sim.run_agents(sim.load_world("scenarios/lessons/boomerang.yaml", seed=1)))
mine = log.model == log.models.index("new/focal")
panel = Panel.from_arrays(log.user[mine], log.month[mine], months=log.months)
march = panel.ages(2)
print(march.mean(axis=0), isotonic_lrt_of(march).p, calendar_safe(march, [(panel.ages(0), 2)]).p)""",
    switches=(
        Switch(
            "rival", "A rival that people try", (),
            "Only March's users dip; older ones, who do not look around, go on as before. Nearly all who "
            "are back were elsewhere.",
        ),
        Switch(
            "quiet", "A quiet month", (*NO_RIVAL, *QUIET),
            "Older users dip in May just as March's do, and nobody who is back was elsewhere.",
        ),
        Switch(
            "both", "A rival and a quiet month", QUIET,
            "Older users dip, but March's dip more; and most of those who are back were elsewhere, though "
            "not all.",
        ),
    ),
    exercises=(
        Exercise(
            "9.1",
            "The rival's world with seed 2, no quiet month. Of March's users who were silent in May and "
            "back in June, how many percent used another model meanwhile?",
            lambda: 100 * float(comeback(True, False, 2).gap["returners_share"]),
            "These are the boomerangs: silent here, active there, and back.",
            "%", 1.0,
            missteps=(
                Misstep(
                    lambda: 100 * float(comeback(True, False, 2).gap["others_share"]),
                    "That is the share among those who are still silent in June: some of them tried the "
                    "rival, too, and their work has ended or they are back later.",
                ),
                Misstep(
                    lambda: 100 * comeback(True, False, 2).share(RISE),
                    "That is the share of all March's users who are active in June.",
                ),
            ),
        ),
        Exercise(
            "9.2",
            "A quiet May, no rival, seed 3. By how many percentage points do the older users fall from "
            "April to May?",
            lambda: _fall(comeback(False, True, 3)),
            "They fall in the same month as March's users, who fall more because they are newer. A cause that hits "
            "everybody in one month says nothing about one cohort.",
            "points", 1.0,
            missteps=(
                Misstep(
                    lambda: 100 * (comeback(False, True, 3).share(1) - comeback(False, True, 3).share(DIP)),
                    "That is the fall of March's users.",
                ),
            ),
        ),
        Exercise(
            "9.3",
            "A colleague's log holds requests to one model only. A cohort dips in May and rises in June, "
            "and older cohorts do not. What can she say?",
            lambda: "That something happened to this cohort.",
            "It is no season, for older users do not dip. But a log without other models does not show "
            "where the users were.",
            options=(
                "That the users tried a rival.", "That something happened to this cohort.", "Nothing at all.",
            ),
            missteps=(
                Misstep(
                    lambda: "That the users tried a rival.",
                    "They may have been on holiday, or with no model at all: her log cannot show it.",
                ),
                Misstep(
                    lambda: "Nothing at all.",
                    "The older cohorts tell her that it is no season: they were there in the same months.",
                ),
            ),
        ),
    ),
)  # fmt: skip


def _fall(one: Comeback) -> float:
    table = one.by_month().query("name == 'older users'").set_index("month")["share"]
    return 100 * float(table[4] - table[5])
