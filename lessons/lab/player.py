"""A player of mystery worlds who sees what the page gets, and nothing else: can each cause be told from the others?

Run: python -m lessons.lab.player (writes the measured part of docs/laboratory.md)
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lessons.lab.desk import Desk, Ticket
from lessons.lab.market import worlds_of
from lessons.lab.mystery import CAUSES, NOTHING, Round, round_of
from testbed import markdown
from testbed.studies.ending import Fill, fill

PAGE = Path(__file__).resolve().parents[2] / "docs" / "laboratory.md"
BEGIN = "<!-- made by python -m lessons.lab.player -->"
ROUNDS = 200
EACH = 3  # rounds of each mechanism that is not asked for
FIRST = 1_000  # number of the first round: those below it were looked at when the player's rules were written
Shown = dict[str, Any]


def answer(mystery: Shown, reference: Shown) -> str:
    """Which cause was changed, by the two panels as the page gets them. The rules are those that the page tells after
    a round, with the least size of what counts."""
    if mystery["largest"] > reference["largest"] + 0.15:
        return "whale"
    if mystery["cohorts"] == reference["cohorts"]:
        return NOTHING
    launch, usual = (_launch(panel) for panel in (mystery, reference))
    later, before = (_later(panel) for panel in (mystery, reference))
    if any(n > 1.6 * before.get(month, {"users": 0})["users"] + 60 for month, n in _users(later)):
        return "wave"
    came = launch["users"] / usual["users"]
    came_later = sum(n for _, n in _users(later)) / sum(n for _, n in _users(before))
    if came < 0.65:
        return "backlog" if came_later < 0.87 else "frontier_attention"
    month = _kept(later, 1) / _kept(before, 1)
    if month > 1.55:
        return "rival_trials"
    if launch["active"][1] / launch["users"] < 0.78 * usual["active"][1] / usual["users"]:
        return "fit"
    if month > 1.12 and _kept(later, 5) < 0.92 * _kept(before, 5):
        return "lock_in"
    return "information"


def _launch(panel: Shown) -> Shown:
    found: Shown = next(cohort for cohort in panel["cohorts"] if cohort["launch"])
    return found


def _later(panel: Shown) -> dict[str, Shown]:
    return {cohort["month"]: cohort for cohort in panel["cohorts"] if not cohort["launch"]}


def _users(cohorts: dict[str, Shown]) -> Iterable[tuple[str, int]]:
    return ((month, cohort["users"]) for month, cohort in cohorts.items())


def _kept(cohorts: dict[str, Shown], age: int) -> float:
    """The share of these cohorts together that is active at an age."""
    old = [cohort for cohort in cohorts.values() if len(cohort["active"]) > age]
    return sum(cohort["active"][age] for cohort in old) / max(1, sum(cohort["users"] for cohort in old))


def played(desk: Desk, rounds: Iterable[Round]) -> Counter[tuple[str, str]]:
    """How often each cause (first) was named as each (second)."""
    found: Counter[tuple[str, str]] = Counter()
    for one in rounds:
        pieces = {piece["side"]: piece for piece in desk.mystery(one, Ticket())}
        mystery, reference = (pieces[side] for side in ("world", "twin"))
        found[one.truth, answer(mystery, reference)] += 1
    return found


def study(rounds: int) -> list[str]:
    """The measured part of the page."""
    desk = Desk()
    asked = played(desk, (round_of(FIRST + i) for i in range(rounds)))
    reference = worlds_of(round_of(FIRST).reference).world.scenario
    others = [key for key, cause in reference.mechanisms if cause.enabled and key not in CAUSES]
    beside = played(desk, (round_of(FIRST + rounds + i, key) for i in range(EACH) for key in others))
    desk.close()
    right = sum(count for (truth, named), count in asked.items() if truth == named)
    lines = [f"{right} of {rounds} rounds right ({right / rounds:.0%}).", ""]
    lines += markdown.heading("cause", "rounds", *(f"named {key}" for key in CAUSES))
    for truth in CAUSES:
        counts = [asked[truth, named] for named in CAUSES]
        lines.append(markdown.row(truth, str(sum(counts)), *(str(n or "") for n in counts)))
    lines += ["", f"Mechanisms that are not asked for, switched off in {EACH} rounds each:", ""]
    lines += markdown.heading("mechanism", "the player names")
    for key in others:
        named = Counter({name: beside[key, name] for name in CAUSES if beside[key, name]})
        lines.append(markdown.row(key, ", ".join(f"{name} ({n})" for name, n in named.most_common())))
    return lines


def main(argv: list[str] | None = None) -> int:
    """Plays, and writes the page; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lessons.lab.player", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args(argv)

    def work() -> Fill:
        lines = study(args.rounds)
        return lambda page: markdown.filled(page, BEGIN, lines)

    return fill(parser.prog, PAGE, None, False, work)


if __name__ == "__main__":
    sys.exit(main())
