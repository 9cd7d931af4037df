"""The tables and sentences of docs/sensitivity.md."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import pandas as pd

from analysis.numerals import NONE, counted
from sim.scenario.shipped import WORLDS
from testbed import markdown
from testbed.studies.sensitivity.design import block_length
from testbed.studies.sensitivity.study import Found

PROGRAM = "python -m testbed.studies.sensitivity"
PAGE = WORLDS.parent / "docs" / "sensitivity.md"
BEGIN = f"<!-- made by `{PROGRAM}`: results -->"
ONE_WAY = 0.5
"""Mean effect over its mean size from which on an effect is said to go one way (assumed)."""
MOST_ROWS = 8
"""Parameters beyond those of Sobol that the table of an outcome shows."""
RAISES, LOWERS, BOTH, NOISE = "+", "−", "±", "·"


def results(found: Found, made: str, left_out: Collection[str]) -> list[str]:
    """What the runs say. made: how they were made, in sentences. left_out: keys that this world could not vary."""
    lines = [made]
    if left_out:
        keys = ", ".join(f"`{key}`" for key in left_out)
        lines += ["", f"Not varied, since this world has the mechanism switched off: {keys}."]
    for title, part in (
        ("The outcomes", _outcomes(found)),
        ("Which parameters matter", _ranking(found)),
        ("Which way", _matrix(found)),
        ("Outcome by outcome", _each(found)),
    ):
        lines += ["", f"### {title}", "", *part]
    return lines


def above(effects: pd.DataFrame) -> pd.Series:
    """Which effects are more than luck alone would give; where nothing was repeated, all that are not 0."""
    return effects["mu_star"] > effects["floor"].fillna(0.0)


def sign(mu: float, mu_star: float, is_above: bool) -> str:
    """Which way an effect goes, as one sign."""
    if not is_above:
        return NOISE
    if abs(mu) < ONE_WAY * mu_star:
        return BOTH
    return RAISES if mu > 0 else LOWERS


def _outcomes(found: Found) -> list[str]:
    lines = markdown.heading("outcome", "world as it is", "lowest", "median", "highest", "luck of a step",
                             "trajectories that tell", "blocks that tell")  # fmt: skip
    size, at = found.size, found.screened[0]
    for place, outcome in enumerate(found.outcomes):
        here = at[:, place][np.isfinite(at[:, place])]
        low, middle, high = np.quantile(here, (0, 0.5, 1)) if len(here) else (math.nan,) * 3
        own = found.base[: size.seeds, place].mean()
        (told, *_), (blocks, *_) = (
            frame.loc[frame["outcome"] == place, "told"] for frame in (found.effects, found.shares)
        )
        lines.append(markdown.row(
            outcome.name, *map(number, (own, low, middle, high, math.sqrt(float(found.noise[:, place].mean())))),
            f"{told} of {size.trajectories}", f"{blocks} of {size.points}",
        ))  # fmt: skip
    return lines


def _ranking(found: Found) -> list[str]:
    effects = found.effects.assign(above=above(found.effects))
    told = int(effects.groupby("outcome")["mu_star"].any().sum())
    sums, counts = effects.groupby("parameter")["of_sd"].sum(), effects.groupby("parameter")["above"].sum()
    lines = [
        f"Sum, over the {counted(told, 'outcome')} that tell and move, of the mean size of the effect in standard "
        f"deviations of the outcome. The first {len(found.kept)} went on to Sobol.",
        "",
        *markdown.heading("parameter", "range", "scale", "sum", "outcomes that it moves by more than luck"),
    ]
    for place in sums.sort_values(ascending=False, kind="stable").index:
        one = found.inputs[place]
        name = f"**`{one.name}`**" if place in found.kept else f"`{one.name}`"
        lines.append(markdown.row(
            name, f"{one.low:g} to {one.high:g}", one.scale, f"{sums[place]:.2f}", f"{counts[place]} of {told}"
        ))  # fmt: skip
    return lines


def _matrix(found: Found) -> list[str]:
    effects = found.effects.assign(above=above(found.effects))
    signs = pd.Series(
        [sign(*row) for row in effects[["mu", "mu_star", "above"]].itertuples(index=False)],
        index=pd.MultiIndex.from_frame(effects[["parameter", "outcome"]]),
    )
    lines = [
        f"With a larger value the outcome goes up ({RAISES}), down ({LOWERS}), or now up and now down, as the other "
        f"parameters stand ({BOTH}). {NOISE}: no more than luck. {NONE}: too few trajectories tell.",
        "",
        *markdown.heading("parameter", *(outcome.name for outcome in found.outcomes)),
    ]
    untold = set(effects.loc[effects["mu_star"].isna(), "outcome"])
    for place in (
        effects.groupby("parameter")["of_sd"].sum().sort_values(ascending=False, kind="stable").index
    ):
        cells = (NONE if one in untold else signs[place, one] for one in range(len(found.outcomes)))
        lines.append(markdown.row(f"`{found.inputs[place].name}`", *cells))
    return lines


def _each(found: Found) -> list[str]:
    lines: list[str] = []
    effects = found.effects.assign(above=above(found.effects))
    for place, outcome in enumerate(found.outcomes):
        own = effects[effects["outcome"] == place].set_index("parameter")
        lines += [*([""] if lines else []), f"#### {outcome.name}", ""]
        if own["mu_star"].isna().all():
            lines.append(f"Too few trajectories tell: {own['told'].iloc[0]} of {found.size.trajectories}.")
            continue
        lines += _table(found, place, own)
    return lines


def _table(found: Found, outcome: int, own: pd.DataFrame) -> list[str]:
    """What Morris and Sobol say of one outcome. own: its effects by parameter, with whether each is above the floor."""
    shares = found.shares[found.shares["outcome"] == outcome].set_index("parameter")
    order = own.sort_values("mu_star", ascending=False, kind="stable").index
    others = [place for place in order if own.loc[place, "above"] and place not in found.kept]
    shown = {*found.kept, *others[:MOST_ROWS]}
    lines = markdown.heading(
        "parameter", "mean effect", "mean size", "sd", "luck alone", "first-order", "total", "luck alone"
    )
    for place in order:
        if place not in shown:
            continue
        row, index = own.loc[place], ["", "", ""]
        if place in found.kept:
            columns = ["first", "first_margin", "total", "total_margin", "floor"]
            one = shares.loc[[found.kept.index(place)], columns].to_numpy(dtype=np.float64)[0]
            index = [_within(*one[:2]), _within(*one[2:4]), number(one[4])]
        name = f"`{found.inputs[place].name}`"
        lines.append(markdown.row(
            f"**{name}**" if row["above"] else name, number(row["mu"]), _within(row["mu_star"], row["margin"]),
            number(row["sigma"]), number(row["floor"]), *index,
        ))  # fmt: skip
    said = []
    if rest := len(own) - len(shown):
        more = len(others) - len(others[:MOST_ROWS])
        said.append(f"Not shown: {counted(rest, 'parameter')}, {more} of them above luck.")
    if shares["total"].isna().all():
        told = f"{shares['told'].iloc[0]} of {found.size.points}"
        said.append(f"Sobol cannot tell: {told} blocks tell, or nothing varies.")
    return [*lines, *(["", " ".join(said)] if said else [])]


def number(value: float) -> str:
    """Three digits behind the point, without a sign of nothing."""
    return NONE if not math.isfinite(value) else f"{round(value, 3) + 0.0:.3f}".replace("-", "−")


def _within(value: float, margin: float) -> str:
    return number(value) if not math.isfinite(margin) else f"{number(value)} ± {number(margin)}"


def made_by(found: Found, command: str, world: str, users: int, seed: int, seconds: float, runs: int,
            versions: Collection[str]) -> str:  # fmt: skip
    """How the results were made: the command, the world, the sizes of both designs, and the cost."""
    size = found.size
    walked, block = len(found.inputs) + 1, block_length(len(found.kept))
    again = (
        f"; {counted(size.repeated, 'trajectory', 'trajectories')} with one seed more, for the luck"
        if size.repeated
        else ""
    )
    return (
        f"Made by `{command}`: the world {world} with {users:,} users, {counted(size.seeds, 'seed')} at every point "
        f"(from seed {seed}){again}. Morris: {size.trajectories} trajectories of {walked} points. "
        f"Sobol: {size.points} blocks of {block} points. {runs:,} different runs, {seconds / runs:.1f} s each and "
        f"{counted(round(seconds / 60), 'minute')} of one process in all. "
        f"Version {', '.join(sorted(versions)) or NONE}."
    )
