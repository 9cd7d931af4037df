"""Lesson 8: who comes at a launch, and whether the model has anything to do with it."""

from __future__ import annotations

import pandas as pd

from analysis.numerals import p_is, percent, points
from lessons.experiments.selection import (
    AGE,
    ENTHUSIASTS,
    LEVEL,
    LOYAL,
    ORDINARY,
    OTHERS,
    WITH_KEYS,
    Crowd,
    crowd,
)
from lessons.frame.error_rate import ErrorRate
from lessons.frame.lesson import Exercise, Lesson, Misstep, Option, Reading, Refutation, Switch
from lessons.pictures.bars import bars
from lessons.pictures.figure import Figure
from lessons.pictures.lines import lines

RUNS = 6
"""Seeds over which the notebook counts how often a reader is wrong."""
HIDDEN_SEED = 4
CROWD, MACHINES, MODEL = "The crowd at the launch", "Keys that are always on", "Something about the model"


def picture(*, enthusiasts: bool = True, keys: bool = False, seed: int = 1) -> Figure:
    """new/focal's launch month beside its later months."""
    return _curves(crowd(enthusiasts, keys, False, seed))


def checks(*, enthusiasts: bool = True, keys: bool = False, seed: int = 1) -> Figure:
    """The lead of new/focal's launch month counted in two ways, and that of other launches."""
    return _checks(crowd(enthusiasts, keys, False, seed))


def same_users(*, enthusiasts: bool = True, keys: bool = False, seed: int = 1) -> Figure:
    """The launch users with new/focal in the market and without it, and the later users."""
    return _same_users(crowd(enthusiasts, keys, False, seed))


def _curves(one: Crowd) -> Figure:
    return lines(
        one.focal.curves(), title="Users of new/focal: the launch month and the later months", top=1.0,
        summary=(
            f"{one.focal.users:,} users came in the launch month. In month {AGE} they lead the later ones by "
            f"{points(one.lead / 100)}."
        ),
    )  # fmt: skip


def _checks(one: Crowd) -> Figure:
    names = [
        "new/focal, users counted",
        "new/focal, accounts counted",
        *(f"{name}, users counted" for name in OTHERS),
    ]
    leads = [one.lead, one.lead_by_account, *(other.lead(AGE) for other in one.others)]
    rows = pd.DataFrame({"label": names, "value": [lead / 100 for lead in leads]})
    return bars(
        rows, title=f"By how much each launch month leads its later months in month {AGE}", top=0.3,
        written=_points, x_title=f"lead in month {AGE}, percentage points",
        summary=(
            f"new/focal leads by {points(one.lead / 100)}; with accounts counted instead of users by "
            f"{points(one.lead_by_account / 100)}. The middle one of the other launches leads by "
            f"{points(one.usual_lead / 100)}."
        ),
    )  # fmt: skip


def _same_users(one: Crowd) -> Figure:
    same = one.same_users
    return lines(
        same.curves(), title="Active with any model: the same users, with and without new/focal",
        x_title="months since they joined new/focal", top=1.0,
        summary=(
            f"In month {AGE}, {percent(same.there(AGE))} of the launch users are active, with whatever model. In the "
            f"market without new/focal it is {percent(same.there(AGE, twin=True))} of the same users. Of the later "
            f"users it is {percent(same.there(AGE, launch=False))}."
        ),
    )  # fmt: skip


def _points(lead: float) -> str:
    return points(lead).partition(" ")[0]


def verdict(*, enthusiasts: bool, keys: bool, seed: int = 1) -> str:
    """The naive verdict, and what the three checks leave of it."""
    one = crowd(enthusiasts, keys, False, seed)
    naive = (
        "The launch users stay longer, and it is no chance" if one.p_naive <= LEVEL else "No clear difference"
    )
    beside = (
        "new/focal leads by no more than launches in general do"
        if one.controls.explain
        else "launches in general do not explain new/focal's lead"
    )
    left = (
        "Something about this model is left as a cause."
        if one.survives
        else "Nothing is left that is about this model."
    )
    return (
        f"**The naive test:** {naive} ({p_is(one.p_naive)}: how often chance alone would show as much).\n\n"
        "**Check 1, count accounts:** one company is one account, however many keys it has. So "
        f"counted, the lead is {points(one.lead_by_account / 100)} ({p_is(one.p_by_account)}); with keys counted it "
        f"is {points(one.lead / 100)}.\n\n"
        f"**Check 2, look at other launches, the negative controls:** the middle one of the three leads by "
        f"{points(one.usual_lead / 100)}, new/focal with accounts counted by {points(one.lead_by_account / 100)}: "
        f"{beside}.\n\n"
        f"**Check 3, follow the same users without the model:** {_followed(one)}\n\n"
        f"**{left}**"
    )


def _followed(one: Crowd) -> str:
    """What the twin without new/focal says of the launch users."""
    same = one.same_users
    absent = (
        f", and of {points(same.made(AGE, people=True) / 100)} among people: {same.absent} of the launch users are not "
        "there at all in the twin, for they are keys that were made for new/focal"
        if same.absent
        else ""
    )
    return (
        "we play the market again with the same luck, but new/focal never comes out. This is its twin, in which the "
        f"same people take other models. Of the launch users {percent(same.there(AGE))} are active in month "
        f"{AGE}, with whatever model; of the same users in the twin {percent(same.there(AGE, twin=True))}. So "
        f"new/focal makes a difference of {points(same.made(AGE) / 100)}{absent}. A real market has no twin. There, "
        "look at what the same users did before the model came, and at how long they stay with others."
    )


def error_rate() -> str:
    """How often the naive reader and the careful one are wrong, over seeds."""
    seeds = range(1, RUNS + 1)
    said = [f"Over {RUNS} seeds, “the launch users love the model” is said:\n\n"]
    for name, who in (("enthusiasts come first", (True, False)), ("keys are always on", (False, True))):
        found = [crowd(*who, False, seed) for seed in seeds]
        naive = ErrorRate(sum(one.p_naive <= LEVEL for one in found), RUNS)
        careful = ErrorRate(sum(one.survives for one in found), RUNS)
        said.append(f"- where {name}: by the naive test in {naive}; after checks 1 and 2 in {careful};\n")
    loyal = [crowd(False, False, True, seed) for seed in seeds]
    missed = ErrorRate(sum(not one.survives for one in loyal), RUNS)
    said.append(
        "- where a quarter of the launch users do stay for the model, it is overlooked after checks 1 and 2 in "
        f"{missed}."
    )
    return "".join(said)


def experiment(seed: int) -> Reading:
    """Enthusiasts come first. Naive: the whole lead, in points, is love of the model. Truth: what it leads beyond the
    usual lead of a launch. Refuted: there and with keys, the naive test finds a lead and the checks take it away; and
    the same people stay without the model."""
    people, machines = crowd(True, False, False, seed), crowd(False, True, False, seed)
    fooled = people.p_naive <= LEVEL and machines.p_naive <= LEVEL
    gone = people.controls.explain and machines.lead_by_account < machines.lead / 2
    stay_anyway = people.same_users.made(AGE) < people.lead / 2
    return Reading(
        people.lead,
        people.lead - people.usual_lead,
        bool(fooled and gone and stay_anyway and not people.survives),
    )


def take_away() -> str:
    """What to remember."""
    people, machines, nobody = crowd(True), crowd(False, True), crowd()
    same = people.same_users
    return (
        "No model of these markets fits work better than another. Yet new/focal's launch month leads by "
        f"{points(people.lead / 100)} in month {AGE} if enthusiasts come first, and by "
        f"{points(machines.lead / 100)} if four companies let keys run day and night; with neither it is "
        f"{points(nobody.lead / 100)}. Three checks tell. Other launches, in which nothing special is "
        f"expected, lead as well if it is the crowd (the middle one of three by {points(people.usual_lead / 100)}): "
        "those who come first are other people than those who come later, which is called **selection**. The same "
        f"people, in the same market without new/focal, stay as well: {percent(same.there(AGE, twin=True))} of them "
        f"are active in month {AGE}, and {percent(same.there(AGE))} with it. And if "
        f"accounts are counted instead of keys, the {points(machines.lead / 100)} become "
        f"{points(machines.lead_by_account / 100)}: a few large customers, called **whales**, had made the rest. Ask "
        "who came before you ask why they stayed."
    )


def result() -> Figure:
    """The two checks where enthusiasts come first."""
    return checks()


def _left(one: Crowd) -> str:
    """Which explanation the checks leave."""
    if one.survives:
        return MODEL
    return CROWD if one.controls.explain else MACHINES


def hidden(switch: Switch, number: int) -> tuple[Figure, ...]:
    """The pictures of a round of "which switch did we flip?"."""
    one = crowd(switch.key == "enthusiasts", switch.key == "keys", switch.key == "loyal", HIDDEN_SEED)
    return (_curves(one), _checks(one), _same_users(one))


LESSON = Lesson(
    number=8,
    file="08_selection.py",
    title="Who came first? Selection and whales",
    question=(
        "Four models come out, a month apart. The users who joined new/focal in its first month, the launch "
        "month, stay longer than those who joined later. A test says that this is no chance. **Do the "
        "launch users love new/focal?** Mind what the log calls a user: a **key**, the password with which a person "
        "or a program sends requests. A company has one **account**, and may have many keys."
    ),
    misconception="Launch users stay, so they love the model.",
    options=(
        Option(
            "Yes. They could have left, and they stayed.",
            "They may be people who stay with everything, or no people at all. In these markets no model is "
            "better than another.",
        ),
        Option(
            "Yes, if there are enough of them. In a small cohort it might be chance.",
            "Chance is not the matter: more users of the same kind only make the wrong answer surer.",
        ),
        Option(
            "That depends on who they are. It takes a look at other launches and at accounts.",
            "If the first months of all models stay longer, it is the crowd: the same users would have stayed "
            "without new/focal. If the lead goes when companies are counted instead of keys, it was machines.",
            right=True,
        ),
    ),
    refutation=Refutation(experiment, seeds=range(1, 4)),
    take_away=take_away,
    result=result,
    place=(
        "The section on retention compares launch cohorts with later ones, user by user. It does not say "
        "how many of its users are keys of one company, or who comes first."
    ),
    worlds=(ORDINARY, "lessons/early-adopters", WITH_KEYS),
    words=("cohort", "launch cohort", "negative control", "twin"),
    code="""\
import sim
from sim.activity import monthly
def used(*settings):
    world = sim.load_world("scenarios/lessons/early-adopters.yaml", settings=settings, seed=1)
    return monthly(sim.run_agents(world)).table().to_pandas()
now, twin = used(), used("models.new/focal.released=2026-01-01", "calendar.0.model=old/one")
came = now[now["model"] == "new/focal"].groupby("user_id", observed=True)["month"].min()
first = came.index[came == came.min()]  # the launch users: the same ones in both markets
for log in (now, twin):  # to count accounts instead, take "account_id"
    print(log[log["user_id"].isin(first)].groupby("month")["user_id"].nunique() / len(first))""",
    switches=(
        Switch("nobody", "Nothing: all users are alike", (), "There is hardly a lead, at this launch or at any other."),
        Switch(
            "enthusiasts", "Enthusiasts come first, to any model", ENTHUSIASTS,
            "All four launches lead. What they share is the crowd, not the model. The same users stay without "
            "new/focal, too.",
        ),
        Switch(
            "keys", "Four companies let keys run day and night", (),
            "The lead of new/focal goes when accounts are counted, and the other launches do not lead. Without "
            "new/focal some of the launch users are not even there in month 0: they were keys.",
        ),
        Switch(
            "loyal", "A quarter of new/focal's launch users stay for the model", LOYAL,
            "new/focal leads however one counts, and the other launches do not: it is about this model. Without "
            "it, its launch users leave as the later ones do.",
        ),
    ),
    exercises=(
        Exercise(
            "8.1",
            "Keys are on, enthusiasts off, seed 3. By how many points does the lead of new/focal in month 3 "
            "shrink when accounts are counted instead of users?",
            lambda: crowd(False, True, False, 3).lead - crowd(False, True, False, 3).lead_by_account,
            "The 120 keys belong to four accounts. They never leave, so each counts as a loyal user.",
            "points", 0.6,
            missteps=(
                Misstep(
                    lambda: crowd(False, True, False, 3).lead,
                    "That is the lead with users counted. Asked is its change.",
                ),
                Misstep(
                    lambda: crowd(False, True, False, 3).lead_by_account,
                    "That is the lead that is left. Asked is what went away.",
                ),
            ),
        ),
        Exercise(
            "8.2",
            "Enthusiasts come first, seed 2. By how many points does the middle one of the three other "
            "launches lead in month 3 (the second largest of their leads)?",
            lambda: crowd(True, False, False, 2).usual_lead,
            "Launches at which nothing special was expected lead as much: the crowd explains new/focal's "
            "lead.",
            "points", 0.6,
            missteps=(
                Misstep(
                    lambda: crowd(True, False, False, 2).lead,
                    "That is new/focal's own lead. Asked are the others.",
                ),
            ),
        ),
        Exercise(
            "8.3",
            "In a market with seed 4, new/focal's launch month leads; with accounts counted it leads as "
            "much; the other launches do not lead. What is left as the cause?",
            lambda: _left(crowd(False, False, True, 4)),
            "The crowd would lift the other launches, keys would go with the accounts. What it is about the "
            "model, the log does not say: that is lesson 10.",
            options=(CROWD, MACHINES, MODEL),
            missteps=(
                Misstep(lambda: CROWD, "Then the other launches would lead, too."),
                Misstep(lambda: MACHINES, "Then the lead would shrink when accounts are counted."),
            ),
        ),
    ),
)  # fmt: skip
