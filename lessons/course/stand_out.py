"""Lesson 7: the stand-out test, and what happens to it when one looks at many cohorts."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from analysis.numerals import counted, percent, points
from lessons.experiments.search import AGE, LEVEL, LOYAL, SHUFFLES, Truth, chance_of_one, needed, search
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures import axes
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

MODELS, COHORTS, USERS = 8, 8, 400
RUNS = 20
"""Searches over which the notebook counts how often a reader is wrong."""
HIDDEN_SEED = 6
NONE, HELD = "Nothing can be said of it.", "It is special."


def picture(
    models: int = MODELS, cohorts: int = COHORTS, users: int = USERS, special: bool = False, seed: int = 1
) -> Figure:
    """All cohorts, from worst to best, with the line that one alone must pass and the one for the best of all."""
    return _sorted(models, cohorts, users, "one" if special else "nothing", seed)


def _sorted(models: int, cohorts: int, users: int, truth: Truth, seed: int) -> Figure:
    found = search(models, cohorts, users, truth, seed)
    z = np.sort(found.z.ravel())
    rank = np.arange(1, len(z) + 1)
    ends = rank[[0, -1]]
    parts = (
        ("your cohorts, from worst to best", rank, z),
        ("the same users dealt out by lot", rank, found.dealt),
        ("needed if you had looked at one", ends, needed(1)),
        (f"needed for the best of {len(z)}", ends, found.to_beat),
    )
    rows = pd.concat([pd.DataFrame({"rank": at, "z": values, "name": name}) for name, at, values in parts])
    return lines(
        rows, x="rank", y="z", title=f"{counted(len(z), 'cohort')}: how far each leads its model's others",
        x_title="cohorts in order of their lead", y_title="lead, in units of what chance usually makes",
        written=axes.plain, low=float(min(z.min(), -3.0)), top=float(max(z.max(), 5.0)),
        summary=(
            f"The best of {len(z)} leads by {points(found.best / 100)}: so many more of 100 users are active {AGE} "
            f"months after joining. {counted(found.naive, 'cohort')} passed the line for one, {found.beyond_noise} the "
            "line for the best of all."
        ),
    )  # fmt: skip


def twins(switch: Switch) -> Figure:
    """The sorted cohorts of the hidden truth."""
    return _sorted(MODELS, COHORTS, USERS, _truth(switch), HIDDEN_SEED)


def _truth(switch: Switch) -> Truth:
    return cast(Truth, switch.key)


def verdict(
    models: int = MODELS, cohorts: int = COHORTS, users: int = USERS, special: bool = False, seed: int = 1
) -> str:
    """What four readers say of the same numbers."""
    found = search(models, cohorts, users, "one" if special else "nothing", seed)
    n = found.looked_at
    one = "one, the first model's launch month, is" if special else "none is"
    expected = f"about {LEVEL * n:.0f}" if LEVEL * n >= 1 else f"{LEVEL * n:.1g}"
    first = "stands out" if found.launch_stands else "does not stand out"
    return (
        f"You looked at {counted(n, 'cohort')}. In truth {one} special.\n\n"
        f"- **“p is below .05”** says that {found.naive} of them stand out. If none is special, {LEVEL:.0%} of "
        f"{n} are expected to do so by chance, {expected}. At least one does so with chance "
        f"{percent(chance_of_one(n))}.\n"
        "- **“Better than the best of noise”** (the permutation maximum, maxT) says that "
        f"{found.beyond_noise} of them stand out. Here is how: write each user's month on a card, shuffle the cards "
        "of a model, deal them out again. Now no month is special, whatever it was before: what is left is chance "
        f"alone, or noise. Look at all {n} and note the best. Of {SHUFFLES} such dealings, only 1 in 20 had a best "
        f"above {found.to_beat:.2f} units. That is the line for the best.\n"
        "- **“The 5% are shared among all that I looked at”** (Holm's correction) needs no cards: for the best of "
        f"{n} it asks for {needed(n):.2f} units, whatever the data. It says that {found.corrected} of them stand "
        "out.\n"
        f"- **Four tests at once** (the project's verdict: each of them must say yes) say that {found.strict} of "
        "them stand out. They ask: is it above the others at the same age and calendar month? Above what their "
        "spread foretells? Above each single one? Above their trend? The verdict asks this of the launch month "
        f"only, which was named beforehand. The first model's launch month {first}."
    )


def error_rate() -> str:
    """How often each reader finds something where nothing is special, and misses what is."""
    seeds = range(1, RUNS + 1)
    empty = [search(truth="nothing", seed=seed) for seed in seeds]
    one = [search(truth="one", seed=seed) for seed in seeds]
    vary = [search(truth="vary", seed=seed) for seed in seeds]
    return (
        f"Over {RUNS} searches of {empty[0].looked_at} cohorts in which nothing is special, something is "
        "found:\n\n"
        f"- with p below .05 in {ErrorRate(sum(x.naive > 0 for x in empty), RUNS)};\n"
        f"- better than the best of noise in {ErrorRate(sum(x.beyond_noise > 0 for x in empty), RUNS)};\n"
        f"- with Holm's correction in {ErrorRate(sum(x.corrected > 0 for x in empty), RUNS)};\n"
        "- with the four tests, asked of the first model's launch month alone, in "
        f"{ErrorRate(sum(x.launch_stands for x in empty), RUNS)}.\n\n"
        f"Where {percent(LOYAL)} of that launch month never leave, the line for the best overlooks it in "
        f"{ErrorRate(sum(x.z[0, 0] <= x.to_beat for x in one), RUNS)} and the four tests in "
        f"{ErrorRate(sum(not x.launch_stands for x in one), RUNS)}. Neither helps against everything: where all "
        "cohorts differ a little for no reason, something is better than the best of noise in "
        f"{ErrorRate(sum(x.beyond_noise > 0 for x in vary), RUNS)}, and the four tests call the launch month in "
        f"{ErrorRate(sum(x.launch_stands for x in vary), RUNS)}."
    )


def experiment(seed: int) -> Reading:
    """Pure noise. Naive: the number of cohorts that p below .05 calls special. Truth: how many are, none.
    Refuted: some are called, and none is better than the best of noise."""
    found = search(truth="nothing", seed=seed)
    return Reading(float(found.naive), 0.0, found.naive > 0 and found.beyond_noise == 0)


def take_away() -> str:
    """What to remember."""
    found, real = search(), search(truth="one")
    return (
        f"We looked at {found.looked_at} cohorts that are all alike. {counted(found.naive, 'cohort')} had p "
        f"below .05; the best led by {points(found.best / 100)}. With so many looks, chance alone lets at least one "
        f"pass in {percent(chance_of_one(found.looked_at))} of such searches. A p-value answers for one question "
        "that was asked before looking. Who looks at many and reports the best must hold it against the best of "
        "noise, or name the cohort beforehand: the launch month. A real one is not lost by that: where "
        f"{percent(LOYAL)} of a launch month never leave, it leads by {points(real.best / 100)} and passes "
        "the line for the best, too."
    )


def result() -> Figure:
    """The search in pure noise."""
    return picture()


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    return (twins(switch),)


LESSON = Lesson(
    number=7,
    file="07_stand_out.py",
    title="I found one! The stand-out test and many looks",
    question=(
        "A cohort is all users of a model who joined in one month. An analyst has eight models with eight "
        "cohorts each. For each cohort he tests whether it stays longer than the model's other cohorts; a "
        f"test says yes if chance alone would show as much in fewer than {LEVEL:.0%} of cases (p below "
        ".05). He finds one that passes. **What is it worth?** In this lesson we know the truth: all users "
        "were drawn alike."
    ),
    misconception="p is below .05, so I found the special cohort.",
    options=(
        Option(
            "It is special: the test is right in 95 cases of 100.",
            "It is right so often about one cohort that is not special. He asked many times, and each time "
            "it had the same chance to be wrong.",
        ),
        Option(
            "It would be, if the cohorts were larger.",
            "Move the number of users: the leads get smaller, but just as many pass. The line moves with "
            "the size.",
        ),
        Option(
            "Little. With so many looks some pass by chance alone.",
            "So the best must beat the best of noise, or the cohort must be named before looking.",
            right=True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 21), least=0.8),
    take_away=take_away,
    result=result,
    place=(
        "The retention figure shows many models with many cohorts each, and names some cohorts foundational "
        "after looking at all of them."
    ),
    words=("cohort", "launch cohort"),
    code="""\
import numpy as np
from analysis.inference.cohorts.populations import Population
from analysis.inference.launch.naive import two_proportions

rng, alike = np.random.default_rng(1), Population("alike", (400,) * 8, months=11)
def leads():  # of 8 cohorts of 8 models whose users are all of one kind
    models = [alike.draw(rng).cells for _ in range(8)]
    return np.array([two_proportions(cells, cohort).statistic for cells in models for cohort in cells.cohorts])
found, noise = leads(), [leads().max() for _ in range(39)]
print(found.size, (found > 1.645).sum(), (found > np.quantile(noise, 0.95)).sum())""",
    switches=(
        Switch(
            "nothing", "Nothing: all users are alike", (),
            "The curve runs through the first line near its end, and stays below the second.",
        ),
        Switch(
            "one", "One launch month keeps a quarter of its users", (),
            "One cohort lies far above all others, beyond both lines, and its model's other cohorts are "
            "pushed down a little.",
        ),
        Switch(
            "vary", "All cohorts vary, for no reason of any launch", (),
            "The whole curve is steeper: many pass both lines, and as many lie as far below. That is a "
            "market in which months differ, not a special month.",
        ),
    ),
    exercises=(
        Exercise(
            "7.1",
            "16 models with 12 cohorts each, 400 users a cohort, nothing special, seed 2. How many cohorts "
            "have p below .05?",
            lambda: float(search(16, 12, 400, "nothing", 2).naive),
            "About one in twenty passes, whatever the number of looks.",
            "cohorts", 0.4,
            missteps=(
                Misstep(lambda: 0.0, "Nothing is special, but some pass by chance."),
                Misstep(
                    lambda: LEVEL * search(16, 12, 400, "nothing", 2).looked_at,
                    "That is how many to expect, 5% of all. Asked is how many it came to with this luck.",
                ),
            ),
        ),
        Exercise(
            "7.2",
            "You look at 20 cohorts that are all alike. With what chance, in percent, does at least one "
            "pass with p below .05, if the looks are independent?",
            lambda: 100 * chance_of_one(20),
            "Each passes with chance 5%, so all fail with chance 0.95 multiplied 20 times with itself.",
            "%", 1.0,
            missteps=(
                Misstep(lambda: 5.0, "That is the chance for one look."),
                Misstep(lambda: 100.0, "20 times 5% is the number to expect, one, not the chance of at least one."),
            ),
        ),
        Exercise(
            "7.3",
            "One launch month keeps a quarter of its users, and you named it before looking. All else as "
            "the controls were, seed 9. What do the four tests say of it?",
            lambda: HELD if search(truth="one", seed=9).launch_stands else NONE,
            "Naming it beforehand costs nothing: the 5% are for this one look. (The last line of the verdict says "
            "what the four tests find.)",
            options=(HELD, NONE),
            missteps=(Misstep(
                    lambda: NONE, "It was named before looking, so it need not share the 5% with other looks."
                ),),
        ),
    ),
)  # fmt: skip
