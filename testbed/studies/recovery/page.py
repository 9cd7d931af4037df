"""The tables and sentences of docs/recovery.md."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from analysis.numerals import counted
from analysis.proportions import wilson
from sim.scenario.shipped import WORLDS
from testbed import markdown
from testbed.calibration.globals.parameters import Global
from testbed.studies.recovery.study import LEVELS, Found, Recovery, by_world

PROGRAM = "python -m testbed.studies.recovery"
PAGE = WORLDS.parent / "docs" / "recovery.md"
BEGIN = f"<!-- made by `{PROGRAM}`: results -->"


def results(found: Found, made: str) -> list[str]:
    """What the study found. made: how it was made, in a sentence."""
    lines = [made]
    for title, part in (
        ("What comes back from the numbers that the report publishes", _recovery(found, found.published)),
        ("What comes back from a whole log", _recovery(found, found.log)),
        ("What the report's numbers ask of this world", _asked(found)),
    ):
        lines += ["", f"### {title}", "", *part]
    return lines


def made_by(command: str, world: str, users: int, seed: int, parameters: int, seeds: int, draws: tuple[int, int],
            version: str) -> str:  # fmt: skip
    """How the results were made. draws: training and test worlds."""
    runs = seeds * (2 * parameters + 1) + sum(draws)
    return (
        f"Made by `{command}`: the world {world} with {users:,} users, {counted(parameters, 'parameter')}. Slopes and "
        f"bends from {counted(seeds, 'seed')} at {2 * parameters + 1} points (master seed {seed}), errors from "
        f"{draws[0]} training worlds, recovery of {draws[1]} others: {runs:,} runs. Version {version}."
    )


def _recovery(found: Found, told: Recovery) -> list[str]:
    of, worlds = found.parameters.of, len(told.truth)
    lines = [
        f"{counted(told.numbers, 'number')}. Identified: {_listed(of, told.identified)}. Not identified: "
        f"{_listed(of, ~told.identified)}.",
        "",
    ]
    if told.identified.any():
        lines += [f"Over {worlds} worlds and the identified parameters together, "
                  f"{_together(told, told.identified)}. Over all parameters, "
                  f"{_together(told, np.ones(len(of), dtype=bool))}.", ""]  # fmt: skip
    low, high = LEVELS
    lines += markdown.heading("parameter", "one sd of the prior", "sd left", "widened by", "bias", "error",
                              f"{low:.0%} interval right", f"{high:.0%} interval right")  # fmt: skip
    covered = [told.covered(level).sum(axis=0) for level in LEVELS]
    for at in np.argsort(told.sd, kind="stable"):
        name = f"**{of[at].name}**" if told.identified[at] else of[at].name
        lines.append(markdown.row(
            name + (" (source)" if of[at].sourced else ""), _step(of[at]), f"{told.sd[at]:.2f}",
            f"{told.widened[at]:.2f}",
            f"{told.bias[at]:+.2f}".replace("-", "−"), f"{told.error[at]:.2f}",
            *(_right(int(count[at]), worlds) for count in covered),
        ))  # fmt: skip
    return lines


def _together(told: Recovery, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    """Coverage of several parameters together, with its standard error over worlds: within one world they are
    correlated."""
    said = []
    for level in LEVELS:
        part = by_world(told.covered(level), which)
        error = float(part.std(ddof=1)) / math.sqrt(len(part))
        said.append(
            f"the {level:.0%} intervals are right in {part.mean():.0%} (standard error {100 * error:.1f} points)"
        )
    return ", ".join(said)


def _asked(found: Found) -> list[str]:
    fit, of = found.fit, found.parameters.of
    lines = [
        f"Of the {counted(int(fit.movable.sum()), 'parameter')} that no source gives, "
        f"{int(fit.identified.sum())} are identified; the others stay.",
        "",
        *markdown.heading("parameter", "sd left", "asked: times", "90% interval", "taken: times"),
    ]
    for place, at in enumerate(np.flatnonzero(fit.movable)):
        one, middle, sd = of[at], fit.told.at[place], fit.told.sd[place]
        name = f"**{one.name}**" if fit.identified[at] else one.name
        half = 1.645 * sd
        lines.append(markdown.row(
            name, f"{sd:.2f}", _times(one, middle), f"{_times(one, middle - half)} to {_times(one, middle + half)}",
            _times(one, fit.at[at]) if fit.identified[at] else "stays",
        ))  # fmt: skip
    return lines


def _listed(of: Sequence[Global], which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    names = [one.name for one, is_in in zip(of, which, strict=True) if is_in]
    return "; ".join(names) if names else "none"


def _step(one: Global) -> str:
    return f"{'odds ' if one.scale == 'logit' else ''}times {math.exp(one.sd):.2f}"


def _times(one: Global, z: float) -> str:
    return f"{math.exp(one.sd * z):.2f}"


def _right(right: int, worlds: int) -> str:
    low, high = (float(edge) for edge in wilson(right, worlds))
    return f"{right} of {worlds} ({low:.0%} to {high:.0%})"
