"""Lesson 10: fit and lock-in as a claim about causes, the glass slipper itself."""

from __future__ import annotations

import pandas as pd

from analysis.numerals import percent, points
from lessons.experiments.launch import Launch, beside
from lessons.experiments.launch import launch as played
from lessons.experiments.slipper import (
    ALL_STAY,
    BEING_FIRST,
    ENTHUSIASM,
    ENTHUSIASTS,
    FIT,
    FIT_OFF,
    LOCK_IN,
    MARKETS,
    NO_LOCK_IN,
    NO_RIVAL,
    NOT_FIRST,
    RIVAL,
    SLIPPER,
)
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures.bars import bars
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

STANDS, NOTHING = "The launch month stands out.", "The launch month does not stand out."
NOW, TWIN = "as it is", "twin"
BEFORE, AFTER = (1, 3), (4, 6)
"""Months of the launch users from February to April and from May to July; the rival comes on 10 May."""
RUNS = 8
"""Seeds over which the notebook counts how often a reader is wrong."""
HIDDEN_SEED = 3


def picture(market: str, cause: str, seed: int = 1, twin: bool = True) -> Figure:
    """A market's launch month and later months, and the same in the twin that lacks a cause."""
    chosen = MARKETS[market]
    now = chosen.launch(seed)
    if not twin or cause not in chosen.causes:
        return lines(
            now.curves(), title=f"{market.capitalize()}, as it is", top=1.0,
            summary=f"{now.users:,} users came in the launch month. {_lead(now.lead())}",
        )  # fmt: skip
    other = chosen.without(cause, seed)
    return lines(
        beside({NOW: now, TWIN: other}), title=f"{market.capitalize()}, and its twin. Taken away: {cause}", top=1.0,
        summary=(
            f"As it is: {now.users:,} users in the launch month. {_lead(now.lead())} In the twin: "
            f"{other.users:,} users. {_lead(other.lead())}"
        ),
    )  # fmt: skip


def twins(switch: Switch) -> Figure:
    """Market 1 as it is, beside the twin with a hidden switch flipped."""
    now, other = SLIPPER.launch(HIDDEN_SEED), _hidden(switch)
    return lines(
        beside({NOW: now, TWIN: other}), title="Market 1, twice, with the same luck", top=1.0,
        summary=(
            f"The launch month has {now.users:,} users as it is and {other.users:,} in the twin. It leads by "
            f"{now.lead():.0f} points in month 5, and by {other.lead():.0f} in the twin."
        ),
    )  # fmt: skip


def _hidden(switch: Switch) -> Launch:
    return played(SLIPPER.world, SLIPPER.model, switch.settings, HIDDEN_SEED)


def _lead(size: float) -> str:
    ahead = "leads" if size >= 0 else "trails"
    return f"In month 5 it {ahead} the later months by {points(abs(size) / 100)}."


def event(seed: int = 1) -> Figure:
    """What a log without a twin can look at: how fast launch users leave before a rival comes, and after."""
    now, free = SLIPPER.launch(seed), SLIPPER.without(LOCK_IN, seed)
    rows = pd.DataFrame([
        ("before the rival", lost(now, BEFORE)),
        ("after the rival", lost(now, AFTER)),
        ("twin without lock-in: before", lost(free, BEFORE)),
        ("twin without lock-in: after", lost(free, AFTER)),
    ], columns=["label", "value"])  # fmt: skip
    before, after, loose, left = rows["value"]
    return bars(
        rows, title="Launch users of market 1 who are lost in a month", top=0.4, x_title="lost in a month",
        summary=(
            f"Before the rival came in May, {percent(before)} were lost in a month, after it "
            f"{percent(after)}. In the twin without lock-in it is {percent(loose)} and {percent(left)}."
        ),
    )  # fmt: skip


def lost(one: Launch, months: tuple[int, int]) -> float:
    """The share of active launch users lost in a month, on average between two months after joining."""
    begin, end = months
    return 1 - (one.own(end) / one.own(begin)) ** (1 / (end - begin))


def verdict(market: str, cause: str, seed: int = 1, twin: bool = True) -> str:
    """What the verdict says of the log, and what the twin adds."""
    chosen = MARKETS[market]
    now = chosen.launch(seed)
    said = (
        f"**What the log alone says:** {STANDS if now.stands_out else NOTHING} (Retention in month 5: "
        f"{percent(now.own(5))} against {percent(now.later(5))}; the test asks four questions at once and "
        "allows itself at most one false alarm in twenty.)"
    )
    if not twin:
        return f"{said} Why, it does not say."
    if cause not in chosen.causes:
        return f"{said}\n\n**What a twin adds:** this market has nothing of {cause} to take away. Choose another cause."
    other = chosen.without(cause, seed)
    gone = now.lead() - other.lead()
    return (
        f"{said}\n\n"
        f"**What the twin adds:** with this cause taken away ({cause}) the lead changes from {now.lead():.0f} to "
        f"{other.lead():.0f} points: it makes a difference of {points(gone / 100)}. In a real log nobody has a twin."
    )


def error_rate() -> str:
    """How often the reader is wrong who takes a launch month that stands out for fit, over seeds."""
    seeds = range(1, RUNS + 1)
    wrong = sum(ENTHUSIASM.launch(s).stands_out for s in seeds)
    alarms = sum(ALL_STAY.launch(s).stands_out for s in seeds)
    found = sum(SLIPPER.launch(s).stands_out for s in seeds)
    return (
        f"Over {RUNS} seeds, “it stands out, so it fits” is said in market 2, where no model fits better "
        f"than another, in {ErrorRate(wrong, RUNS)}. In market 3 the test calls the launch month special in "
        f"{ErrorRate(alarms, RUNS)}; in market 1, where it is, in {found} of {RUNS}. So the test is good at "
        "its own question, and useless for “why”."
    )


def experiment(seed: int) -> Reading:
    """Market 2. Naive: all of the lead is the work of fit. Truth: the points that go when fit is taken away.
    Refuted: the launch month stands out with and without fit, and less than half of the lead is due to it."""
    now, other = ENTHUSIASM.launch(seed), ENTHUSIASM.without(FIT, seed)
    naive, truth = now.lead(), now.lead() - other.lead()
    return Reading(naive, truth, now.stands_out and other.stands_out and truth < naive / 2)


def take_away() -> str:
    """What to remember."""
    real, people, control = (market.launch(1) for market in (SLIPPER, ENTHUSIASM, ALL_STAY))
    return (
        f"Two markets, one verdict: in both the launch month stands out, by {real.lead():.0f} and by "
        f"{people.lead():.0f} points in month 5. Take fit away and leave all luck as it is: the first lead "
        f"falls to {SLIPPER.without(FIT, 1).lead():.0f} points, the second to "
        f"{ENTHUSIASM.without(FIT, 1).lead():.0f}. Let an equal model come first, and the lead of market 1 "
        f"falls to {SLIPPER.without(BEING_FIRST, 1).lead():.0f}: that is a glass slipper. Without "
        f"enthusiasts, the lead of market 2 falls to {ENTHUSIASM.without(ENTHUSIASTS, 1).lead():.0f}: that "
        f"was a crowd. In market 3 everybody stays, {percent(control.own(5))} in month 5, and the lead is "
        f"{points(control.lead() / 100)}: a high curve alone is no slipper. A log shows that a cohort stands "
        "out. Why it does, only a change of one cause shows. A real log has no twins; the nearest thing in "
        "it is an event, such as the day on which a better rival comes: who is locked in stays, the others "
        "go."
    )


def result() -> Figure:
    """Market 1 with and without its cause."""
    return picture("market 1", BEING_FIRST)


def _rise_of_loss(one: Launch) -> float:
    """By how much more of the launch users are lost in a month after the rival than before it, as a share."""
    return lost(one, AFTER) - lost(one, BEFORE)


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twins(switch),)


LESSON = Lesson(
    number=10,
    file="10_glass_slipper.py",
    title="Why did they stay? The glass slipper",
    question=(
        "A new model comes out. The users who come in its first month, the launch month, stay. Those who "
        "come later hardly do. A good test says that this is no chance. **Does that prove that the model "
        "fits the work of the first users better?** You get three markets, and a power that nobody has in "
        "life: to play a market again with exactly the same luck, but with one cause taken away. The second "
        "play is the *twin*."
    ),
    misconception="A launch cohort that stands out proves that the model fits.",
    options=(
        Option(
            "Yes. Nobody stays with a tool that does not fit.",
            "Some people stay longer with any tool. In market 2 no model fits better than another, and the "
            "launch month stands out all the same.",
        ),
        Option(
            "Yes, because the test rules out chance.",
            "It does rule out chance. It does not choose among causes: fit, habit and who comes first can "
            "all make a lead.",
        ),
        Option(
            "Only if the share that stays is very high.",
            "Market 3 has the highest share of all. Everybody stays there, whenever he came, so no month is "
            "special.",
        ),
        Option(
            "No. It shows that they stay, not why.",
            "To learn why, take one cause away, leave everything else as it is, and see whether the lead "
            "goes.",
            right=True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 9), least=0.8),
    take_away=take_away,
    result=result,
    place=(
        "The section on retention, which calls the pattern Cinderella's glass slipper. That launch cohorts "
        "stay is measured there; that fit is the cause is the authors' reading of it."
    ),
    worlds=("lessons/glass-slipper", ENTHUSIASM.world, "lessons/four-launches", ALL_STAY.world),
    words=("cohort", "launch cohort", "fit", "lock-in", "glass slipper"),
    code="""\
import sim
from sim.activity import monthly

for settings in ((), ["mechanisms.fit=off"]):  # the market and its twin: one cause less, the same luck
    world = sim.load_world("scenarios/lessons/glass-slipper.yaml", seed=1, settings=settings)
    log = monthly(sim.run_agents(world)).table().to_pandas()
    log = log[log["model"] == "new/frontier"]
    joined = log.groupby("user_id", observed=True)["month"].transform("min").rename("joined")
    print(log.groupby([joined, "month"], observed=True)["user_id"].nunique().unstack())""",
    switches=(
        Switch(
            "first", f"Taken away: {BEING_FIRST}", NOT_FIRST,
            "The launch month of the twin is small, and its lead is nearly gone: the work that waited had "
            "found a home before.",
        ),
        Switch(
            "fit", f"Taken away: {FIT}", FIT_OFF,
            "The launch month of the twin is nearly as large, but most of its lead is gone, from the first "
            "month on.",
        ),
        Switch(
            "lock-in", f"Taken away: {LOCK_IN}", NO_LOCK_IN,
            "At first more users stay, in all months. When the rival comes (month 4 of the launch month) "
            "they go: the curve falls and goes on falling.",
        ),
        Switch(
            "rival", f"Taken away: {RIVAL}", NO_RIVAL,
            "The launch month is the same but for a user or two: those who are locked in did not care for "
            "the rival.",
        ),
    ),
    exercises=(
        Exercise(
            "10.1",
            "Market 1 with seed 4. By how many percentage points does the lead in month 5 fall when you "
            "take away being the first that fits?",
            lambda: SLIPPER.launch(4).lead() - SLIPPER.without(BEING_FIRST, 4).lead(),
            "It is the lead as it is, less the lead in the twin. The users who waited are at home with the "
            "model that came before.",
            "points", 1.0,
            missteps=(
                Misstep(lambda: SLIPPER.launch(4).lead(), "That is the whole lead. Take off what is left in the twin."),
                Misstep(
                    lambda: SLIPPER.without(BEING_FIRST, 4).lead(),
                    "That is what is left of the lead in the twin. Asked is what went away.",
                ),
            ),
        ),
        Exercise(
            "10.2",
            "Market 3 with seed 2 has the highest retention of the three. What does the test say of its "
            "launch month?",
            lambda: STANDS if ALL_STAY.launch(2).stands_out else NOTHING,
            "Its other months stay as long. Compare months with each other, not one month with a wish.",
            options=(STANDS, NOTHING),
            missteps=(Misstep(lambda: STANDS, "A high share is no stand-out: all months of this market are as high."),),
        ),
        Exercise(
            "10.3",
            "Market 1 with seed 1, the picture of the launch users who are lost in a month. In the twin without "
            "lock-in: by how many percentage points is the monthly loss larger after the rival came than before?",
            lambda: 100 * _rise_of_loss(SLIPPER.without(LOCK_IN, 1)),
            "Without lock-in, whoever finds the rival better moves. Lock-in shows itself only when there is "
            "somewhere to go: that is why the arrival of a rival is the event to look for in a real log.",
            "points", 1.0,
            missteps=(
                Misstep(
                    lambda: 100 * _rise_of_loss(SLIPPER.launch(1)), "That is so with lock-in, where most users stay."
                ),
                Misstep(
                    lambda: 100 * lost(SLIPPER.without(LOCK_IN, 1), AFTER),
                    "That is the loss after the rival came. Some were lost in a month before it came, too.",
                ),
            ),
        ),
    ),
)  # fmt: skip
