"""The study: worlds with known parameters, what their numbers give back, and how often the intervals are right.

1. An emulator: the scenario at its centre and on both sides of it in each parameter, with shared luck.
2. Training worlds: parameters drawn from the prior, each with luck of its own. What the emulator misses them by is the
   error that a recovery must allow for: luck, and the emulator's own.
3. Test worlds: others, drawn in the same way. Each is calibrated to its own numbers, and its parameters are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from testbed.calibration.globals.emulator import Emulator, emulator, places
from testbed.calibration.globals.fit import Fit, fit
from testbed.calibration.globals.parameters import OWN, Globals
from testbed.calibration.globals.posterior import IDENTIFIED, Estimate, covariance, estimate, spread
from testbed.calibration.globals.pressed import Pressed, pressed
from testbed.calibration.globals.whole_log import log_shares
from testbed.calibration.globals.worlds import Worlds

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
LEVELS = (0.5, 0.9)
"""Of the intervals whose coverage is measured."""
LEAST_DRAWS = 5
"""Fewer worlds of a kind say nothing about errors and coverage (assumed)."""
FOLDS = 8


@dataclass(frozen=True)
class Size:
    """seeds: replicates that the emulator is the mean of; training, test: draws from the prior; seed: of the draws."""

    seeds: int = 3
    training: int = 80
    test: int = 60
    seed: int = 1

    def runs(self, parameters: int) -> int:
        """How many worlds the study runs."""
        return self.seeds * (2 * parameters + 1) + self.training + self.test


@dataclass(frozen=True)
class Recovery:
    """What one set of numbers gave back. truth: draws x parameters; estimates: by draw; numbers: how many there are;
    widened: see `widening`. All in standard deviations of the prior."""

    truth: Floats
    estimates: tuple[Estimate, ...]
    numbers: int
    widened: Floats

    @property
    def at(self) -> Floats:
        """The likeliest points: draws x parameters."""
        return np.array([one.at for one in self.estimates])

    @property
    def sd(self) -> Floats:
        """By parameter, the median of the posterior standard deviation."""
        return np.asarray(np.median([one.sd for one in self.estimates], axis=0))

    @property
    def identified(self) -> Flags:
        """By parameter, whether it is told in most of the worlds."""
        return np.asarray(self.sd < IDENTIFIED)

    @property
    def bias(self) -> Floats:
        """By parameter, the mean of estimate less truth."""
        return np.asarray((self.at - self.truth).mean(axis=0))

    @property
    def error(self) -> Floats:
        """By parameter, the root mean square of estimate less truth."""
        return np.sqrt(((self.at - self.truth) ** 2).mean(axis=0))

    def covered(self, level: float) -> Flags:
        """Whether the interval has the truth in it: draws x parameters."""
        return np.array([one.holds(row, level) for one, row in zip(self.estimates, self.truth, strict=True)])


@dataclass(frozen=True)
class Found:
    """What the study found. published, log: what the two sets of numbers gave back; fit: what the report's own numbers
    ask of the scenario."""

    parameters: Globals
    published: Recovery
    log: Recovery
    fit: Fit

    @property
    def settings(self) -> tuple[str, ...]:
        """What the fit makes of the scenario, as `--set` takes it, without what `slipper calibrate` moves."""
        own = np.array([one in OWN for one in self.parameters.of])
        return self.parameters.settings(np.where(own, self.fit.at, 0.0))


@dataclass(frozen=True)
class Runs:
    """The worlds of a study, read. around: seeds x points of the emulator x numbers; drawn: parameters of worlds x
    parameters, of which the first `training` are for training; read: their numbers, worlds x numbers."""

    around: Floats
    drawn: Floats
    read: Floats
    training: int


def carry_out(worlds: Worlds, size: Size) -> Found:
    """Run the study. Raises Failure if a run fails, KeyboardInterrupt with the finished runs remembered, ValueError for
    fewer draws than a coverage can be told from."""
    if min(size.training, size.test) < LEAST_DRAWS:
        raise ValueError(f"expected at least {LEAST_DRAWS} training and test worlds")
    runs = _run(worlds, size)
    model = emulator(runs.around, shares(worlds))
    is_log = np.arange(len(worlds.names)) >= len(worlds.published)
    off = np.array([one.sd for one in worlds.published])
    rng = np.random.default_rng([size.seed, 1])
    published, log = model.of(~is_log), model.of(is_log)
    own, whole = (replace(runs, read=runs.read[:, part]) for part in (~is_log, is_log))

    def read(z: Floats) -> Floats:
        seeds = worlds.read([(z, number) for number in range(size.seeds)])
        return np.asarray(seeds[:, ~is_log].mean(axis=0))

    targets = np.array([one.target for one in worlds.published])
    known, errors, _ = misses(published, own, off)
    back = recovered(published, own, off, rng)
    return Found(
        worlds.parameters,
        back,
        of_log(log, whole, rng),
        fit(published.of(known), targets[known], errors, [one.sourced for one in worlds.parameters.of], back.widened,
            lambda z: read(z)[known]),
    )  # fmt: skip


def _run(worlds: Worlds, size: Size) -> Runs:
    count = len(worlds.parameters)
    points = places(count)
    drawn = np.random.default_rng(size.seed).standard_normal((size.training + size.test, count))
    asked = [(point, number) for number in range(size.seeds) for point in points]
    asked += [(row, size.seeds + number) for number, row in enumerate(drawn)]
    around, read = np.split(worlds.read(asked), [size.seeds * len(points)])
    return Runs(around.reshape(size.seeds, len(points), -1), drawn, read, size.training)


def misses(model: Emulator | Pressed, runs: Runs, off: Floats) -> tuple[Flags, Floats, Floats]:
    """By how much the emulator misses training worlds: which numbers all of them tell; of these, the covariance of the
    errors that a recovery must reckon with, and their mean. off: standard deviation by which a number is off beside
    that."""
    known = model.known & np.isfinite(runs.read[: runs.training]).all(axis=0)
    missed, middle = _missed(model.of(known), runs, known)
    return known, covariance(missed) + np.diag(off[known] ** 2), middle


def _missed(model: Emulator | Pressed, runs: Runs, known: Flags) -> tuple[Floats, Floats]:
    """By how much some numbers of the training worlds are missed, around their mean; and that mean."""
    missed = runs.read[: runs.training, known] - np.array(
        [model.at(row) for row in runs.drawn[: runs.training]]
    )
    middle = missed.mean(axis=0)
    return missed - middle, middle


def of_log(model: Emulator, runs: Runs, rng: np.random.Generator) -> Recovery:
    """What the numbers of a whole log give back of the test worlds: pressed, since they are many. Those that not all
    worlds tell are left out."""
    known = model.known & np.isfinite(runs.read).all(axis=0)
    missed, _ = _missed(model.of(known), runs, known)
    few = pressed(model.of(known), spread(missed))
    read = runs.read[:, known] @ few.weights.T
    found = recovered(few, replace(runs, read=read), np.zeros(read.shape[1]), rng)
    return replace(found, numbers=int(known.sum()))


def recovered(model: Emulator | Pressed, runs: Runs, off: Floats, rng: np.random.Generator) -> Recovery:
    """What their numbers give back of the test worlds."""
    factors = widening(model, runs, off, rng)
    known, found = _estimates(model, runs, off, rng)
    return Recovery(
        runs.drawn[runs.training :], tuple(one.widened(factors) for one in found), int(known.sum()), factors
    )


def widening(model: Emulator | Pressed, runs: Runs, off: Floats, rng: np.random.Generator) -> Floats:
    """By parameter, the factor by which intervals must be wider than they seem, at least 1: the root mean square of
    what training worlds are missed by, in standard deviations, where the errors are told from the other training
    worlds. The training worlds are taken in `FOLDS` parts."""
    part = np.arange(runs.training) % min(FOLDS, runs.training)
    missed = []
    for number in range(part.max() + 1):
        rows = np.concatenate([np.flatnonzero(part != number), np.flatnonzero(part == number)])
        left = int((part != number).sum())
        some = Runs(runs.around, runs.drawn[rows], runs.read[rows], left)
        _, found = _estimates(model, some, off, rng)
        missed += [(one.at - z) / one.sd for one, z in zip(found, some.drawn[left:], strict=True)]
    return np.maximum(np.sqrt((np.array(missed) ** 2).mean(axis=0)), 1.0)


def _estimates(
    model: Emulator | Pressed, runs: Runs, off: Floats, rng: np.random.Generator
) -> tuple[Flags, list[Estimate]]:
    """What the numbers of worlds beyond the training ones tell, and which numbers."""
    known, errors, middle = misses(model, runs, off)
    model, off = model.of(known), off[known]
    read = runs.read[runs.training :, known]
    seen = read - middle + off * rng.standard_normal(read.shape)
    return known, [estimate(model, row, errors) for row in seen]


def shares(worlds: Worlds) -> Flags:
    """Which of the numbers are shares."""
    return np.array([one.link == "share" for one in worlds.published] + log_shares(worlds.authors))


def by_world(covered: Flags, which: Sequence[bool] | Flags) -> Floats:
    """Of each world, the part of some parameters whose interval has the truth in it."""
    return np.asarray(covered[:, np.asarray(which)].mean(axis=1))
