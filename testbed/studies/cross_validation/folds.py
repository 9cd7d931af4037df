"""The fits: one to all calibration claims, and one for each section of the report without the claims of that section.

Each finished fit is remembered as a record, and each evaluation on the way to it, so that the same command goes on.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import testbed.calibration
from analysis.contract import files
from sim.world import source_digest
from testbed import shipped
from testbed.calibration.feasibility import asked_of
from testbed.calibration.fit.calibration import calibrate, world_text
from testbed.calibration.fit.evaluation import digest_of as world_digest
from testbed.calibration.fit.fitting import Settings, Step
from testbed.claims.registry import Registry, digest_of
from testbed.commands import calibrate as by_hand
from testbed.experiment.runs import Record, Tell, key_of, neither
from testbed.experiment.store import Store
from testbed.failure import Failure

ANSWER = "fit"
ALL = "all"


@dataclass(frozen=True)
class Fitting:
    """A job: a fit. left_out: the section whose claims are left out, empty for none; claims: ids of the others; digest:
    of the scenario's world; memory: where its evaluations are remembered; world: the file that its world will be."""

    scenario: Path
    left_out: str
    claims: tuple[str, ...]
    settings: Settings
    digest: str
    memory: Path
    world: Path

    @property
    def key(self) -> str:
        """See Job. What decides a fit: the world, the claims, the settings, and the code of calibration."""
        whole = json.dumps([self.digest, self.claims, method_digest(), str(self.scenario), self.command])
        return key_of(whole)

    @property
    def seed(self) -> int:
        """See Job."""
        return self.settings.master

    @property
    def names(self) -> tuple[str, ...]:
        """See Job."""
        return (ANSWER,)

    @property
    def name(self) -> str:
        """What it is fitted to, in words."""
        return f"all claims but those of the section {self.left_out}" if self.left_out else "all claims"

    @property
    def command(self) -> str:
        """The command that makes the same world."""
        names = {file: name for name, file in shipped.worlds().items()}
        words = ["slipper", "calibrate", names.get(self.scenario.resolve(), str(self.scenario))]
        words += ["--without", self.left_out] if self.left_out else []
        settings = self.settings
        for option, value, usual in (
            ("users", settings.users, by_hand.USERS), ("seeds", len(settings.seeds), by_hand.SEEDS),
            ("seed", settings.master, by_hand.MASTER), ("steps", settings.steps, by_hand.STEPS),
            ("final-steps", settings.final_steps, by_hand.FINAL_STEPS),
        ):  # fmt: skip
            words += [f"--{option}", str(value)] if value != usual else []
        return shlex.join([*words, "--world", str(self.world)])

    def answers(self, tell: Tell) -> dict[str, Any]:
        """See Job: the calibrated world as text, the claims that the fit was for, and those that it gave up."""

        def told(step: Step) -> None:
            tell((step.number + 1) / (self.settings.steps + 1 + self.settings.final_steps))

        found = calibrate(self.scenario, self.claims, self.settings, self.memory, told)
        title = f"{found.scenario.title}, fitted to {self.name}"
        best = found.fit.best
        fold = {
            "text": world_text(found, title, self.scenario, self.world, self.command),
            "asked": best.asked,
            "entered": sorted({part.claim for part in asked_of(found.claims).values()}),
            "met": best.met,
            "conditions": len(best.slack),
        }
        return {ANSWER: neither(fold=fold)}


@dataclass(frozen=True)
class Fold:
    """A finished fit. left_out: the section whose claims were left out, empty for none; world: its scenario file;
    entered: claims with a condition on who uses what; asked: those of them that were not given up; met: conditions that
    hold on expected amounts, of `conditions`."""

    left_out: str
    world: Path
    entered: frozenset[str]
    asked: frozenset[str]
    met: int
    conditions: int


@cache
def method_digest() -> str:
    """Hash of the code of calibration: another version is another fit."""
    (home,) = testbed.calibration.__path__
    return digest_of({file.relative_to(home).as_posix(): file for file in Path(home).rglob("*.py")})


@dataclass(frozen=True)
class Workshop:
    """Where fits are made. scenario: what is fitted; out: folder for what is remembered."""

    scenario: Path
    claims: Registry
    settings: Settings
    out: Path

    @property
    def folder(self) -> Path:
        """Of the study: fits, worlds and runs."""
        return self.out / "cross-validation"

    def fitting(self, left_out: str) -> Fitting:
        """The fit without a section; without none, of all claims."""
        claims = tuple(e.id for e in self.claims if e.claim.calibration and e.section != left_out)
        name = (
            f"{self.scenario.stem}-without-{left_out}"
            if left_out
            else f"{self.scenario.stem}-fitted-to-{ALL}"
        )
        return Fitting(
            self.scenario, left_out, claims, self.settings,
            world_digest(self.scenario, (), self.settings.users) + self.claims.digest,
            self.out / "calibrations" / self.scenario.stem, self.folder / "worlds" / f"{name}.yaml",
        )  # fmt: skip

    def fold(self, left_out: str, tell: Tell) -> Fold:
        """The finished fit, carried out if it is not remembered, with its world written. tell: is told how much is
        done. Raises Failure if it failed, KeyboardInterrupt with its evaluations remembered."""
        job = self.fitting(left_out)
        store = Store(self.folder / "fits")
        store.check([job.key])
        record = store.finished([job.key], job.names).get(job.key)
        if record is None:
            record = _carried_out(job, tell)
            store.write(record)
        tell(1.0)
        found = record["patterns"][ANSWER]["fold"]
        files.write_text(job.world, found["text"])
        return Fold(
            left_out, job.world, frozenset(found["entered"]), frozenset(found["asked"]), found["met"],
            found["conditions"],
        )  # fmt: skip


def _carried_out(job: Fitting, tell: Tell) -> Record:
    """The record of a fit, carried out in this process: each of its evaluations uses all cores. Raises Failure."""
    began = time.monotonic()
    try:
        answers = job.answers(tell)
    except Failure as error:
        raise Failure(f"the fit to {job.name}: {error}") from error
    return {
        "key": job.key, "seed": job.seed, "status": "done", "error": "", "trace": "", "patterns": answers,
        "version": source_digest()[:12], "seconds": round(time.monotonic() - began, 3),
    }  # fmt: skip


def sections_of(entered: Collection[str], claims: Registry) -> list[str]:
    """The sections of the report that have claims which a fit was for, in their order."""
    return list(dict.fromkeys(entry.section for entry in claims if entry.id in entered))
