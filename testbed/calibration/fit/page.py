"""The page of a fit: what was asked, how near the world came step by step, how far which parameter moved, and what
holds on fresh seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.contract import CATEGORIES
from analysis.numerals import NONE
from testbed.calibration.feasibility import Conflict
from testbed.calibration.fit.fitting import Fit, Settings, Step
from testbed.calibration.fit.parameters import LEAST_MOVE, Parameters, Space
from testbed.calibration.fit.shortfall import FAR
from testbed.calibration.linear_claims import LinearClaim
from testbed.claims.frequency import GOAL, Frequency, Study
from testbed.markdown import heading, row

SHOWN = 20
"""Largest moves that are named."""
MOST_WIDTHS = 100.0
"""Beyond this a slack says no more than its sign: a difference of amounts has no band to be a width of."""


@dataclass(frozen=True)
class Story:
    """All that a page tells. claims: those that were asked for, with the reason of each that is not linear; given_up:
    conflicts between claims that cannot hold together, each with a claim that was given up; study: of the calibrated
    world on fresh seeds, None where it was not confirmed."""

    title: str
    command: str
    version: str
    settings: Settings
    claims: Sequence[LinearClaim]
    given_up: Sequence[Conflict]
    fit: Fit
    study: Study | None = None


def page(story: Story) -> str:
    """The page as Markdown."""
    lines = [f"# {story.title}", "", f"Made by `{story.command}`, version {story.version}.", ""]
    for part in (_in_short, _asked, _trace, _moves, _conditions, _fresh):
        lines += part(story)
    return "\n".join(lines).rstrip() + "\n"


def _in_short(story: Story) -> list[str]:
    first, best = story.fit.steps[0], story.fit.best
    said = (
        f"{story.settings.users:,} users, in the last steps {best.users:,}; the mean of {len(story.settings.seeds)} "
        f"seeds, which have the same luck at every step. Of {len(best.slack)} conditions, {first.met} held on expected "
        f"amounts before the fit and {best.met} after step {best.number}. The distance from the market that the next "
        f"step would aim at was {_points(first.distance)} points before, and {_points(best.distance)} then."
    )
    if (study := story.study) is not None:
        often = [f for f in _calibration(study) if (f.counted or 0.0) >= GOAL]
        said += (
            f" On {len(study.seeds)} fresh seeds, with the full number of users and sampled logs, "
            f"{len(often)} of {len(_calibration(study))} calibration claims hold in at least {GOAL:.0%} of them."
        )
    return [said, ""]


def _asked(story: Story) -> list[str]:
    asked = story.fit.best.asked
    out = [claim for claim in story.claims if claim.id not in asked]
    lines = [
        "## What was asked",
        "",
        f"Calibration claims: {len(story.claims)}. Those with a condition on who uses what: {len(asked)} "
        f"({', '.join(asked)}). None of them is for validation.",
        "",
    ]
    if story.given_up:
        lines += ["Claims that cannot hold together; one of each was given up:", ""]
        lines += [f"- {conflict}" for conflict in story.given_up] + [""]
    else:
        lines += ["By the integer programme (docs/calibration.md), all of these can hold together.", ""]
    if out:
        lines += ["Not asked, since they do not depend on who uses what:", ""]
        reasons: dict[str, list[str]] = {}
        for claim in out:
            reasons.setdefault(_why_out(claim), []).append(claim.id)
        lines += [f"- {', '.join(ids)}: {why}" for why, ids in reasons.items()] + [""]
    return lines


def _why_out(claim: LinearClaim) -> str:
    return "; ".join(dict.fromkeys(part.why_not for part in claim.parts if part.result is None))


def _trace(story: Story) -> list[str]:
    lines = [
        "## Step by step",
        "",
        "- *distance*, *by author*: between the shares of expected tokens and those of the market that the step aims "
        "at, by group of models and category, and by author alone: half the sum of the absolute differences, averaged "
        "over the fortnights, in points.",
        "- *widths short*: by how many widths of their bands conditions fall short, added up. *strain*: what steps "
        f"lessen, half the squares of the widths that conditions lack to hold with room (beyond {FAR:g} widths in "
        "proportion), added up. *out of reach*: how many widths would still be missing if tokens answered as the logit "
        "says.",
        f"- *moved*: parameters that differ from the world as it was by more than {LEAST_MOVE:.1%}. *effective*: how "
        "many of them carry the move (the square of the sum of their squares over the sum of their fourth powers).",
        "",
        *heading(
            "step",
            "users",
            "distance",
            "by author",
            "conditions that hold",
            "widths short",
            "strain",
            "out of reach",
            "moved",
            "effective",
        ),
    ]
    lines += [
        row(
            str(step.number), f"{step.users:,}", _points(step.distance), _points(step.by_author),
            f"{step.met} of {len(step.slack)}", f"{step.shortfall:.1f}", f"{step.strain:.2f}",
            f"{step.out_of_reach:.1f}", f"{step.parameters.moved:,}", f"{step.parameters.effective:.0f}",
        )
        for step in story.fit.steps
    ]  # fmt: skip
    best = story.fit.best.number
    said = f"The calibrated world is that of step {best}: of those with the most users, the one with the least strain."
    return [*lines, "", said, ""]


def _moves(story: Story) -> list[str]:
    space, at = story.fit.space, story.fit.best.parameters
    lines = [
        "## How far the parameters moved",
        "",
        "All are factors on what the scenario and the catalogue say; 1 is the world as it was.",
        "",
        *heading("kind", "parameters", "moved", "middle half of those that moved", "smallest", "largest"),
    ]
    for name, values in (
        ("an author's reach in a category", at.author), ("a model's reach", at.model),
        ("a model's reach in a category", at.own), ("demand by category: level", at.demand[:, 0]),
        ("demand by category: growth", at.demand[:, 1]),
    ):  # fmt: skip
        moved = np.exp(values[np.abs(values) > LEAST_MOVE])
        lines.append(row(name, f"{values.size:,}", f"{moved.size:,}", *_spread(moved)))
    lines += ["", f"The {SHOWN} largest moves of authors and models:", ""]
    lines += [*heading("parameter", "factor")]
    lines += [row(name, f"{np.exp(value):.3g}") for name, value in largest(space, at)[:SHOWN]]
    return [*lines, ""]


def largest(space: Space, at: Parameters) -> list[tuple[str, float]]:
    """Authors' reach by category and models' reach with their logarithms, the largest first."""
    found = [
        (f"{author}, {category}", float(at.author[number, k]))
        for number, author in enumerate(space.authors)
        for k, category in enumerate(CATEGORIES)
    ]
    found += [(model, float(at.model[number])) for number, model in enumerate(space.models)]
    return sorted(found, key=lambda pair: -abs(pair[1]))


def _spread(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[str, str, str]:
    if not values.size:
        return NONE, NONE, NONE
    low, high = np.quantile(values, [0.25, 0.75])
    return f"{low:.3g} to {high:.3g}", f"{values.min():.3g}", f"{values.max():.3g}"


def _conditions(story: Story) -> list[str]:
    first, best = story.fit.steps[0], story.fit.best
    lines = [
        "## Conditions on the fitted seeds",
        "",
        "By how many widths of its band each holds on expected amounts (below 0: it does not).",
        "",
        *heading("condition", "before", "after"),
    ]
    lines += [row(name, _slack(first, name), _slack(best, name)) for name in best.slack]
    return [*lines, ""]


def _slack(step: Step, name: str) -> str:
    if name not in step.slack:
        return NONE
    slack = step.slack[name]
    return (
        f"{slack:+.2f}" if abs(slack) <= MOST_WIDTHS else f"beyond {math.copysign(MOST_WIDTHS, slack):+.0f}"
    )


def _fresh(story: Story) -> list[str]:
    study = story.study
    if study is None:
        return []
    counted = _calibration(study)
    lines = [
        "## Calibration claims on fresh seeds",
        "",
        f"{study.scenario}, master seed {study.master_seed}, {len(study.seeds)} replicates with the full number of "
        "users, judged by sampled logs, as a real gateway's would be. None of these seeds was fitted.",
        "",
        *heading("claim", "", "holds", "of"),
    ]
    lines += [row(f.entry.id, f.entry.claim.text, str(f.holds), str(f.testable)) for f in counted]
    return lines


def _calibration(study: Study) -> list[Frequency]:
    """Of the claims that calibration may use, those that can be tested."""
    return [f for f in study.frequencies if f.entry.claim.calibration and f.testable]


def _points(distance: float) -> str:
    return f"{100 * distance:.1f}"
