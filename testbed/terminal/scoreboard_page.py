"""The scoreboard as a page of Markdown, by section of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from testbed.claims import frequency as over_seeds
from testbed.claims import goals
from testbed.claims.frequency import Frequency, Study
from testbed.claims.reasons import Reasons
from testbed.claims.registry import Entry
from testbed.claims.scoreboard import DIRECTIONS, INPUT_CAVEAT, Judged, Scoreboard, word
from testbed.markdown import heading, row
from testbed.terminal.scoreboard_view import (
    GOAL_COLUMNS,
    LEGEND,
    STUDY_LEGEND,
    STUDY_TOTALS,
    TOTALS,
    contradictory,
    goal_cells,
    often,
    over_replicates,
    shown_as,
)

CLAIM = ("id", "claim", "role", "reported")
Line = TypeVar("Line", Judged, Frequency)


def scoreboard_markdown(board: Scoreboard, shown: Sequence[Judged], command: str) -> str:
    """A page: totals, then a table for each section."""
    lines = ["# Which claims of the report hold", "", f"Made by `{command}` on {board.log}. {LEGEND}", ""]
    lines += [DIRECTIONS[board.simulated], ""]
    lines += [line for sentence in board.withheld for line in (sentence, "")]
    lines += heading("claims", "hold", "of them weakly", "fail", "of them weakly", "not testable")
    for role, counts in board.totals().items():
        lines.append(row(role, *(str(counts[key]) for key in TOTALS)))
    lines += ["", INPUT_CAVEAT] if board.simulated else []
    for title, mine in _by_section(board.titles, shown):
        lines += ["", f"## {title}", "", *heading(*CLAIM, shown_as(board), "verdict")]
        lines += [row(*_claim(j.entry), j.shown, word(j.verdict)) for j in mine]
    return "\n".join(lines) + "\n"


def study_markdown(
    study: Study, shown: Sequence[Frequency], command: str, known: Reasons | None = None
) -> str:
    """A page: totals and goals, a table for each section, then why claims fail. known: the reasons, if the world is one
    of which they are asked; without them, nothing is said of why."""
    made = f"Made by `{command}`: {len(study.seeds)} replicates of {study.scenario}, master seed {study.master_seed}."
    lines = ["# How often the claims of the report hold", "", made, "", *STUDY_LEGEND.split("\n"), ""]
    lines += heading("claims", *STUDY_TOTALS.values())
    for role, counts in study.totals().items():
        lines.append(row(role, *(f"{counts[key]:g}" for key in STUDY_TOTALS)))
    lines += ["", INPUT_CAVEAT, "", *_goals(study, known)]
    for title, mine in _by_section(study.titles, shown):
        lines += ["", f"## {title}", "", *heading(*CLAIM, "simulated", "holds")]
        lines += [row(*_claim(f.entry), over_replicates(f), often(f)) for f in mine]
    if known is not None:
        lines += _why(study, shown, known)
    return "\n".join(lines) + "\n"


def _by_section(titles: Mapping[str, str], shown: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """The title of each section with the lines that are about its claims; sections without any are left out."""
    for section, title in titles.items():
        if mine := [one for one in shown if one.entry.section == section]:
            yield title, mine


def _claim(entry: Entry) -> tuple[str, str, str, str]:
    """What a line says of the claim itself."""
    return entry.id, entry.claim.text, entry.claim.role, entry.claim.reported


def _goals(study: Study, known: Reasons | None) -> list[str]:
    """How near the world is to what is asked of it."""
    found = goals.reached(study.frequencies, contradictory(known))
    lines = [*heading(*GOAL_COLUMNS), *(row(*goal_cells(one)) for one in found), "", goals.EXPLAINED]
    if out := [claim for one in found for claim in one.contradictory]:
        lines += [
            "",
            f"Not counted, since they are proved to contradict each other: {', '.join(out)} (docs/calibration.md).",
        ]
    return lines


def _why(study: Study, shown: Sequence[Frequency], known: Reasons) -> list[str]:
    """Each claim of the page that does not hold in as many replicates as it should, and why."""
    failing = [f for f in shown if goals.fails(f)]
    lines = ["", "## Why claims fail", ""]
    if not failing:
        return [*lines, f"Each that can be tested holds in at least {over_seeds.GOAL:.0%} of the replicates."]
    counts = ", ".join(f"{kind} {count}" for kind, count in known.counts([f.entry.id for f in failing]))
    lines += [
        f"{len(failing)} claims hold in fewer than {over_seeds.GOAL:.0%} of the replicates: {counts}.",
        "",
        *heading("id", "claim", "holds", "why it fails"),
    ]
    return lines + [row(f.entry.id, f.entry.claim.text, often(f), known.line(f.entry.id)) for f in failing]
