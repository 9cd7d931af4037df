"""Lesson 0: the words, each with one picture of the same 40 users."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.numerals import counted, percent
from analysis.proportions import wilson
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation
from lessons.frame.worlds import Played, play
from lessons.pictures.axes import plain
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines
from lessons.pictures.spells import spells
from sim.mechanisms.lock_in import LockIn

WORLD, MODEL = "lessons/words", "new/frontier"
SEED = 3
"""That of the world's file."""
OUTCOMES = ("trial: it does not fit", "home: it fits", "try-out from another home")
NEAR = 0.2
"""How far from the curve a user's own share of months may lie to be like it."""


@cache
def world(seed: int = SEED) -> Played:
    """The 40 users."""
    return play(WORLD, seed=seed)


@cache
def users(seed: int = SEED) -> pd.DataFrame:
    """The users of new/frontier by first use: user, cohort (index of the month), months that were observed
    after it, and in how many of these the user was active."""
    a = world(seed).activity
    mine = a.model == a.models.index(MODEL)
    first = pd.DataFrame({"user": a.user[mine], "month": a.month[mine], "day": a.first_day[mine]})
    found = first.groupby("user").agg(
        cohort=("month", "min"), day=("day", "min"), active=("month", "nunique")
    )
    found = found.sort_values("day").reset_index()
    return found.assign(after=len(a.months) - 1 - found["cohort"], active=found["active"] - 1)


def launch(seed: int = SEED) -> int:
    """The index of the launch month."""
    at = world(seed)
    return int(at.month_of[(at.released(MODEL) - at.start).astype(int)])


def _bars(rows: pd.DataFrame, title: str, summary: str, **more: Any) -> Figure:
    at = world()
    marks = [((at.released(m) - at.start).astype(int), m) for m in (MODEL, "rival/later")]
    return spells(
        rows, title=title, summary=summary, days=at.days, start=pd.Timestamp(at.start), marks=marks, **more
    )


def spell(until: int | None = None) -> Figure:
    """All users, day by day, as far as they have come."""
    at, rows = world(), world().spells
    until = at.days if until is None else until
    rows = rows[rows["start"] < until].assign(end=rows["end"].clip(upper=until))
    used = at.active_days[at.active_days["day"] < until]
    said = (
        f"Until day {until}, {counted(rows['user'].nunique(), 'user')} had {counted(len(rows), 'spell')} with "
        f"{counted(rows['model'].nunique(), 'model')}. Each line is one user, each bar a spell, each tick a "
        f"day with a request."
    )
    order = world().spells.groupby("user")["start"].min().sort_values(kind="stable").index
    return _bars(
        rows, "Spell: 40 users, day by day", said, used=used, order=list(order), names=list(at.models)
    )


def fit() -> Figure:
    """Those who tried new/frontier, and what came of it."""
    rows = world().spells.query("model == @MODEL")
    rows = rows.assign(outcome=np.select(
        [rows["kind"] == "home", rows["kind"] == "trial"], [OUTCOMES[1], OUTCOMES[0]], OUTCOMES[2]
    ))  # fmt: skip
    rows = rows[(rows["kind"] != "trial") | (rows["reason"] != "embedded")]
    fits = rows.loc[rows["kind"] == "home", "user"].nunique()
    missed = rows.loc[(rows["kind"] == "trial") & (rows["reason"] == "misfit"), "user"].nunique()
    said = (
        f"{MODEL} fits the work of {counted(fits, 'user')}, who settle on it; the first trial of {missed} came to "
        "nothing."
    )
    order = rows.groupby("user")["start"].min().sort_values(kind="stable").index
    return _bars(rows, f"Fit: what came of trials of {MODEL}", said, series="outcome", names=OUTCOMES,
                 order=list(order))  # fmt: skip


@cache
def waiting(seed: int = SEED) -> pd.DataFrame:
    """By day: how many users have work that no model serves: day, waiting."""
    at = world(seed)
    work, homes = at.agents.workloads, at.spells[at.spells["kind"] == "home"]
    alive, served = np.zeros(at.days, int), np.zeros(at.days, int)
    for begin, end in zip(work.start, work.end, strict=True):
        alive[max(begin, 0) : min(end, at.days)] += 1
    for begin, end in zip(homes["start"], homes["end"], strict=True):
        served[begin:end] += 1
    return pd.DataFrame({"day": np.arange(at.days), "waiting": alive - served})


def backlog() -> Figure:
    """Work that waits, by day."""
    at, found = world(), waiting()
    released = (at.released(MODEL) - at.start).astype(int)
    before, after = found["waiting"][released - 1], found["waiting"][released + 14]
    rows = found[found["day"] % 7 == released % 7].assign(name="work that waits")
    said = f"On the day before {MODEL} came, {before} pieces of work waited; two weeks later, {after}."
    return lines(rows, x="day", y="waiting", title="Backlog: work that waits for a model that can do it", summary=said,
                 x_title="days since the market began", y_title="pieces of work without a home",
                 written=plain)  # fmt: skip


def cohort() -> Figure:
    """Users of new/frontier by their month of joining."""
    at, found = world(), users()
    names = [f"{month:%b %Y}" for month in at.activity.months]
    of = dict(zip(found["user"], found["cohort"], strict=True))
    rows = at.spells[(at.spells["model"] == MODEL) & at.spells["user"].isin(of)]
    rows = rows.assign(cohort=[names[of[user]] for user in rows["user"]])
    sizes = {c: int((found["cohort"] == c).sum()) for c in sorted(set(found["cohort"]))}
    said = "; ".join(f"{names[c]}: {counted(n, 'user')}" for c, n in sizes.items())
    return _bars(rows, f"Cohort: users of {MODEL} by month of first use", f"{said}.", series="cohort",
                 order=list(found["user"]), names=[names[c] for c in sizes])  # fmt: skip


@cache
def curve(seed: int = SEED) -> pd.DataFrame:
    """Retention of the launch cohort and of all later ones together, while both have users to count: name, k, users,
    active, retention, low, high."""
    panel, first, parts = world(seed).panel(MODEL), launch(seed), []
    for name, mine in (("launch cohort", panel.cohort == first), ("later cohorts", panel.cohort > first)):
        for k in range(1, len(panel.months) - first - 1):
            seen = mine & (panel.cohort + k < len(panel.months))
            active = int(panel.active[seen, panel.cohort[seen] + k].sum())
            low, high = wilson(active, max(int(seen.sum()), 1))
            parts.append(
                (name, k, int(seen.sum()), active, active / max(seen.sum(), 1), float(low), float(high))
            )
    frame = pd.DataFrame(parts, columns=["name", "k", "users", "active", "retention", "low", "high"])
    return frame[frame["users"] > 0]


def _cell(name: str, k: int) -> pd.Series:
    frame = curve()
    return frame[(frame["name"] == name) & (frame["k"] == k)].iloc[0]


def retention() -> Figure:
    """The curve of the launch cohort."""
    rows, cell = curve()[curve()["name"] == "launch cohort"], _cell("launch cohort", 5)
    said = (
        f"Of {cell.users} users who first came in January, {cell.active} were there in month 5: "
        f"{percent(cell.retention)}."
    )
    return lines(rows.drop(columns=["low", "high"]), title="Retention: how many of a cohort are there in a later month",
                 summary=said, top=1.0)  # fmt: skip


def lock_in() -> Figure:
    """What it costs to leave, by how long one has stayed."""
    rule = world().agents.world.scenario.mechanisms[LockIn]
    days = np.arange(0, 181, 15)
    cost = rule.switching_cost(days.astype(float), np.ones(len(days)))
    rows = pd.DataFrame({"day": days, "cost": cost, "name": "cost of leaving"})
    said = f"After {days[1]} days, leaving costs {percent(cost[1] / cost[-1])} of what it costs after {days[-1]} days."
    return lines(rows, x="day", y="cost", title="Lock-in: leaving costs more the longer one has stayed", summary=said,
                 x_title="days since the work settled", y_title="how much better a rival must be",
                 written=plain)  # fmt: skip


@cache
def comebacks(seed: int = SEED) -> tuple[int, ...]:
    """Users who fell silent on a home, tried another model meanwhile, and came back to that home."""
    found = []
    every = world(seed).spells.query("kind == 'home'")
    for user in every["user"].unique():
        homes = every[every["user"] == user]
        for _, before in homes[homes["reason"] == "silent"].iterrows():
            back = homes[(homes["model"] == before["model"]) & (homes["start"] >= before["end"])]
            if len(back):
                found.append(int(user))
    return tuple(dict.fromkeys(found))


def boomerang() -> Figure:
    """Those who came back."""
    rows = world().spells[world().spells["user"].isin(comebacks())]
    said = f"{counted(len(comebacks()), 'user')} fell silent at home, tried another model, and came back."
    return _bars(rows, "Boomerang: gone, and back again", said, names=list(world().models))


def glass_slipper() -> Figure:
    """The launch cohort beside those who came later."""
    first, later = _cell("launch cohort", 3), _cell("later cohorts", 3)
    said = (
        f"In month 3, {percent(first.retention)} of the launch cohort are there, and {percent(later.retention)} "
        "of later users."
    )
    return lines(
        curve(), title="Glass slipper: those for whom it was made stay", top=1.0, summary=(
            f"{said} The bands are 95% intervals: luck alone may move a share so far, and the fewer users, the farther."
        ),
    )  # fmt: skip


PICTURES = {
    "fit": fit, "backlog": backlog, "cohort": cohort, "retention": retention, "lock-in": lock_in,
    "boomerang": boomerang, "glass slipper": glass_slipper,
}  # fmt: skip
"""The words after "spell", in their order, each with its picture."""


def experiment(seed: int) -> Reading:
    """The naive reading: each user is there about as often as the curve says. Truth: the share of the launch
    cohort's users of whom that is so."""
    mine = users(seed).query(f"cohort == {launch(seed)}")
    own = mine["active"] / mine["after"]
    like = float(((own - own.mean()).abs() <= NEAR).mean())
    return Reading(1.0, like, like < 0.5)


def verdict() -> str:
    """What so few users can tell, and how sure it is."""
    first, later = _cell("launch cohort", 3), _cell("later cohorts", 3)
    return (
        f"In month 3 the launch cohort's retention is {percent(first.retention)} (95% interval {percent(first.low)} to "
        f"{percent(first.high)}, {first.users} users) and that of later users {percent(later.retention)} "
        f"({percent(later.low)} to {percent(later.high)}, {later.users} users). "
        + "A 95% interval is drawn so that it holds the true share in 95 of 100 cases. "
        + ("These two do not even touch." if first.low > later.high else
           "These two are wide and overlap: 40 users show what the words mean, and are too few to prove anything.")
    )  # fmt: skip


def take_away() -> str:
    """The paragraph to keep."""
    mine, read = users().query(f"cohort == {launch()}"), experiment(SEED)
    always, never = int((mine["active"] == mine["after"]).sum()), int((mine["active"] == 0).sum())
    half, first, later = (_cell(name, k).retention for name, k in (
        ("launch cohort", 5), ("launch cohort", 3), ("later cohorts", 3)
    ))  # fmt: skip
    return (
        f"A retention curve is made by people who differ. Of the {len(mine)} users who first came to {MODEL} in its "
        f"launch month, {always} were there in every later month and {never} in none; only {percent(read.truth)} were "
        f"there about as often as the curve says. So {percent(half)} in month 5 does not mean that a user is there so "
        f"much of the time: it counts who is there in that month. The **glass slipper** is this: work had waited for "
        f"such a model, and those who brought it stay; those who come later hardly do. In month 3, {percent(first)} of "
        f"the launch cohort are there and {percent(later)} of those who came later."
    )


LESSON = Lesson(
    number=0,
    file="00_words.py",
    title="Who makes a curve?",
    question=(
        "Here is a market of 40 people, three models and ten months, so small that you can follow everyone. A "
        "**model** is a program that answers requests, as a chatbot does; people bring it their work. A chart says "
        "that about half of those who came to a new model in its first month are there five months later: they send "
        "it at least one request in that month. Who are they?"
    ),
    misconception="If retention is 50%, each user is there about half of the time.",
    minutes=5,
    worlds=(WORLD,),
    words=("trial", "home", "cohort", "launch cohort", "retention"),
    options=(
        Option("Each of them is there about half of the time.",
               "Nearly nobody is average here: most are there in every month or have gone for good."),
        Option("Some are there nearly always, others have gone for good.",
               "The curve counts who is there. It does not say how often any one of them is.", True),
        Option("Different people every month: they take turns.",
               "That can happen in a market where people skip months. Here the bars are long: the same people stay."),
    ),
    refutation=Refutation(experiment),
    take_away=take_away,
    result=glass_slipper,
    place="The section on retention: its charts show cohorts, and its glossary has these words. `slipper "
          "explain` says each "
          "in a sentence.",
    code="""\
import sim
from sim.activity import monthly
from analysis.inference.cohorts.panel import Panel

agents = sim.run_agents(sim.load_world("scenarios/lessons/words.yaml"))
who = monthly(agents)
mine = who.model == who.models.index("new/frontier")
panel = Panel.from_arrays(who.user[mine], who.month[mine], months=who.months)
print(panel.cohort_sizes)
print(panel.active.astype(int))""",
    exercises=(
        Exercise(
            "0.1", "How many users are in the cohort of January 2025 of new/frontier?",
            lambda: float((users()["cohort"] == launch()).sum()),
            "A cohort is all users whose first request to the model falls in that month.", "users", 0.0,
            missteps=(
                Misstep(lambda: 40.0, "40 is everybody in the market. A cohort belongs to one model and one month."),
                Misstep(lambda: float(len(users())), "That is all users that the model ever had, in all "
                                                     "months together."),
            ),
        ),
        Exercise(
            "0.2", "How many of the 40 users are boomerangs: silent at their home while they try another model, then "
                   "back at it?",
            lambda: float(len(comebacks())),
            "Their line has a gap in the colour of the home, another model in it, and the same colour again.",
            "users", 0.0,
            missteps=(Misstep(lambda: 0.0, "Look for lines with a gap in one colour and the same colour after it."),),
        ),
        Exercise(
            "0.3", "Work that no model can do yet, and that waits: what is it called?", lambda: "backlog",
            "The backlog comes at once when a model fits it. That is what fills a launch cohort with people who stay.",
            options=("backlog", "lock-in", "spell"),
            missteps=(
                Misstep(lambda: "lock-in", "Lock-in is what makes leaving dear after one has settled."),
                Misstep(lambda: "spell", "A spell is a time of use. Work that waits has none."),
            ),
        ),
    ),
)  # fmt: skip
