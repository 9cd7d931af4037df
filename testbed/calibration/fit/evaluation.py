"""What a world brings at a point of the fit: its expected amounts, over several seeds, through the experiment engine.

An evaluation is a run without a log: the market and the search run, and what their spells are expected to bring is
summed in closed form. Its arrays are kept beside the record of the run, so that the same fit goes on where it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

import sim
from analysis.contract import files
from sim.randomness import replicate_seed
from testbed.calibration.linear.readings import Quantity
from testbed.calibration.tensor.amounts import Amounts, together
from testbed.experiment import runner
from testbed.experiment.engine import Engine
from testbed.experiment.runs import OtherVersion, Tell, key_of, local, neither
from testbed.experiment.store import Store

ANSWER = "amounts"
MARKET_PART = 0.9
"""Of the time of an evaluation, for its progress."""


@dataclass(frozen=True)
class Evaluation:
    """A job: the expected amounts of a world. scenario: see `runs.portable`; digest: of the resolved world without its
    seed; folder: where the arrays are kept."""

    key: str
    scenario: str
    settings: tuple[str, ...]
    users: int
    seed: int
    digest: str
    folder: str

    @property
    def names(self) -> tuple[str, ...]:
        """See Job."""
        return (ANSWER,)

    def answers(self, tell: Tell) -> dict[str, Any]:
        """See Job. The arrays are written to `arrays_of(folder, key)`."""
        world = sim.load_world(local(self.scenario), settings=self.settings, seed=self.seed, users=self.users)
        if digest_of(local(self.scenario), self.settings, self.users) != self.digest:
            raise OtherVersion(
                "the scenario, the catalogue or the code changed while the fit ran; start it again"
            )

        write(arrays_of(Path(self.folder), self.key), played(world, tell, MARKET_PART))
        return {ANSWER: neither()}


def played(world: sim.World, tell: Tell, part: float) -> Amounts:
    """What a world brings. part: of the time of the job that its market takes, from 0 to 1, for `tell`."""
    from testbed.calibration.tensor.worlds import amounts_of

    def pass_on(step: sim.Progress) -> None:
        if step.phase == "market" and step.total:
            tell(part * step.done / step.total)

    return amounts_of(sim.run_agents(world, pass_on))


def digest_of(scenario: Path, settings: Sequence[str], users: int) -> str:
    """Hash of a resolved world without its seed."""
    from sim.world import load_world

    return load_world(scenario, settings=tuple(settings), seed=0, users=users).digest


def arrays_of(folder: Path, key: str) -> Path:
    """Where an evaluation's arrays lie."""
    return folder / f"{key}.npz"


def write(file: Path, amounts: Amounts) -> None:
    """Keep amounts: each quantity as its cells above 0 and their places."""
    arrays: dict[str, Any] = {
        "weeks": np.array(amounts.weeks, dtype="datetime64[D]"),
        "models": np.array(amounts.models),
    }
    for name, values in amounts.of.items():
        at = np.flatnonzero(values)
        arrays[f"{name}.at"], arrays[f"{name}.is"] = at.astype(np.uint32), values.ravel()[at]
        arrays["shape"] = np.array(values.shape)
    with files.replacement(file) as staged, staged.open("wb") as out:
        np.savez_compressed(out, **arrays)


def read(file: Path) -> Amounts:
    """The amounts that were kept. Raises OSError or ValueError where they are not there whole."""
    with np.load(file) as arrays:
        weeks = tuple(dt.date.fromisoformat(str(week)) for week in arrays["weeks"])
        of = {}
        for name in get_args(Quantity):
            if f"{name}.at" in arrays:
                values = np.zeros(int(np.prod(arrays["shape"])))
                values[arrays[f"{name}.at"]] = arrays[f"{name}.is"]
                of[name] = values.reshape(arrays["shape"])
        return Amounts(weeks, tuple(str(model) for model in arrays["models"]), of)


def evaluate(
    scenario: Path,
    settings: Sequence[str],
    *,
    users: int,
    master: int,
    seeds: Sequence[int],
    folder: Path,
    engine: str | Engine = "processes",
) -> Amounts:
    """Amounts of several replicates together. seeds: numbers of replicates of the master seed: the same numbers, the
    same luck.

    Raises Failure if a run fails, KeyboardInterrupt with the finished runs remembered.
    """
    digest = digest_of(scenario, settings, users)
    jobs = []
    for number in seeds:
        seed = replicate_seed(master, number)
        key = key_of(f"{ANSWER} {digest} {seed} {users}")
        jobs.append(
            Evaluation(
                key, str(scenario.absolute()), tuple(settings), users, seed, digest, str(folder.absolute())
            )
        )
    store = Store(folder)
    lost = {job.key for job in jobs if not arrays_of(folder, job.key).is_file()}
    runner.run(jobs, store, engine=engine, fresh=lost, quiet=True)
    for job in jobs:
        store.of(job, f"the evaluation with seed {job.seed}")
    return together([read(arrays_of(folder, job.key)) for job in jobs])
