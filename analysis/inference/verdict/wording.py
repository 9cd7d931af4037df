"""What a verdict says in words: one sentence for a reader who knows no statistics, and what limits it, below.

Every number has one basis, and says which: the launch cohort and the cohorts that it is compared with, pooled, at one
month (`Effects`); where all cohorts together are meant, "all cohorts together" stands beside the number.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.inference.launch.decision import LEAST_DIFFERENCE
from analysis.inference.launch.four_tests import ALPHA
from analysis.inference.verdict.remedies import in_words
from analysis.numerals import counted, listed, percent, points

if TYPE_CHECKING:
    from analysis.inference.launch.decision import Decision
    from analysis.inference.launch.four_tests import Test
    from analysis.inference.launch.robustness import Concentration, Outcome
    from analysis.inference.verdict.controls import Controls
    from analysis.inference.verdict.verdict import Verdict

NO_SHARED_MONTH = "no other cohort shares a month with the launch cohort"
CONTROLS, ADJUSTMENT = "negative controls", "adjustment for the models judged"
CHECK_WORDS = {
    "always-on accounts": "without accounts that are always on",
    "accounts that never pause": "without accounts that are active on nearly all days",
    "heaviest 1%": "without the 1% of users with most requests",
    "one user an organisation": "when organisations are counted instead of users",
    "30-day months": "when months are counted from each user's first request",
    "aliases merged": "when earlier ids of the model are counted with it",
    "time on the platform": "among users who have been on the platform equally long",
    "last month dropped": "without the last complete month",
    CONTROLS: "beside other models, whose launch cohorts lead by about as much",
    ADJUSTMENT: "once the number of models judged is allowed for",
}  # fmt: skip


def under(names: Sequence[str], without: Sequence[dt.date] = ()) -> str:
    """Robustness checks for people, to follow "it does not hold". without: months of the cohorts that were left out in
    turn; of several, their number is said."""
    said = [CHECK_WORDS.get(name, f"under the robustness check '{name}'") for name in names]
    if len(without) == 1:
        said.append(f"without the cohort of {without[0]:%B %Y}")
    elif without:
        said.append(f"without any one of {len(without)} of the other cohorts")
    return listed(said)


def left_out_in_turn(decision: Decision) -> tuple[str, bool] | None:
    """What dropping each other cohort in turn did, in one line, and whether it changed the answer once; None where
    no cohort was dropped."""
    dropped = decision.left_out_in_turn
    if not dropped:
        return None
    overturns = [f"{outcome.without:%Y-%m}" for outcome in dropped if outcome.overturns]
    untold = sum(outcome.overturns is None for outcome in dropped)
    said = f"changes the answer without {listed(overturns)}" if overturns else "holds"
    if untold:
        said += f"; {untold} of {len(dropped)} cannot be judged"
    return f"each other cohort left out in turn: {said}", bool(overturns)


def others_word(verdict: Verdict) -> str:
    """What the launch cohort is compared with: later cohorts, or other ones where none is later."""
    panel, decision = verdict.panel, verdict.decision
    if panel is None or decision is None or decision.sizes is None:
        return "other"
    age = decision.sizes.age
    later = any(c > decision.cohort and c + age < len(panel.months) for c in panel.cells.cohorts)
    return "later" if later else "other"


def sentence(verdict: Verdict) -> str:
    """What a manager should know of a model's launch cohort, to stand behind its headline."""
    kind = verdict.classification
    said = _SENTENCES.get(kind.kind) or f"{_capital(kind.because)}."
    if kind.kind == "fragile" and not verdict.overturned_by:
        said = f"{said} {_capital(kind.because)}."
    if kind.kind in ("boomerang", "insufficient data"):
        return said
    return f"{said} {compared(verdict)}".strip()


_SENTENCES = {
    "foundational": "Users who came at the launch stay longer than those of any other cohort.",
    "dominant launch": "Users who came at the launch stay much more often than those who came later, few of whom do.",
    "fragile": "The launch cohort leads, but its lead is not firm.",
    "launch advantage": "Users who came at the launch stay longer, but by less than the "
    f"{points(LEAST_DIFFERENCE).replace('.0', '')} that count as a loyal cohort.",
    "drift": "No proof of loyalty: cohorts get worse one after the other, and such a trend explains the lead of the "
    "launch cohort as well.",
    "no fit": "It suits nobody in particular: all cohorts are about alike, and few users of any stay.",
    "no stand-out": "The launch cohort does not stand out from the others.",
}  # fmt: skip


def compared(verdict: Verdict) -> str:
    """The two shares that the verdict compares, or nothing."""
    sizes, panel = verdict.decision.sizes if verdict.decision else None, verdict.panel
    if sizes is None or panel is None or panel.launch is None:
        return ""
    cohorts = "cohorts together" if sizes.others_cohorts > 1 else "cohort"
    return (
        f"In month {sizes.age} after joining, {percent(sizes.own.value)} of the launch cohort "
        f"({panel.months[panel.launch]:%B %Y}) are active, against {percent(sizes.others.value)} of the "
        f"{others_word(verdict)} {cohorts}."
    )


def caveats(verdict: Verdict) -> list[str]:
    """What limits the sentence, a sentence each: what would do where there is too little, what the log lacks or
    contradicts, and the error rates."""
    return [said for said in (in_words(verdict.remedies), *of_the_log(verdict), how_sure(verdict)) if said]


def of_the_log(verdict: Verdict) -> list[str]:
    """What is to be known of the log behind the verdict, a sentence each: a release date that does not agree with it,
    and its holes."""
    return [f"{_capital(note)}." for note in (verdict.panel.notes if verdict.panel else ())]


def how_sure(verdict: Verdict) -> str:
    """The error rates in a sentence, or nothing."""
    rates = verdict.rates
    if rates is None or verdict.decision is None or not verdict.decision.found.testable:
        return ""
    found = max(rates.power, key=lambda rate: rate.loyal)
    return (
        f"How sure: of simulated logs like this one, {percent(rates.false_positive_rate)} are called foundational "
        f"although nobody is loyal (a false positive), and {percent(found.value)} where {percent(found.loyal)} of the "
        "launch cohort are loyal."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def said_by_test(test: Test) -> str:
    """What one of the four tests says at the level at which it decides, or why it was not run."""
    if not test.ran:
        return f"not run: {test.why}"
    stands = "stands" if test.rejects() else "does not stand"
    return f"{stands} out at the {percent(test.slack * ALPHA)} level"


def controls_words(controls: Controls) -> str:
    """How many other models' launch cohorts stand out as well."""
    return f"{controls.stand_out} of {controls.judged} other models' launch cohorts stand out, too"


def always_on_words(held: Concentration) -> str:
    """How much of the cohort's retention is of accounts that are always on, or nothing where that is not known."""
    if not math.isfinite(held.always_on_share):
        return ""
    said = (
        f"always-on accounts are {percent(held.always_on_share)} of the {counted(held.retained, 'user')} of the "
        f"launch cohort who are active in month {held.age}"
    )
    if math.isfinite(held.unpausing_share):
        said += f", and accounts that never pause {percent(held.unpausing_share)}"
    return said


def outcome_words(outcome: Outcome) -> str:
    """What a robustness check did, in a word."""
    if outcome.overturns is None:
        return "cannot be judged: too little is left"
    return "changes the answer" if outcome.overturns else "holds"
