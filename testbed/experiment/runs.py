"""Carries one run out: simulates a world and asks the patterns. A top-level function of plain data, for any engine.

A run that fails is a record with its traceback, not the end of the experiment.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from testbed.failure import explain

if TYPE_CHECKING:
    from testbed.patterns.outcome import Outcome

SHIPPED = "shipped:"
Record = dict[str, Any]
"""One run as plain data: key, seed, status (done or failed), seconds, version, error and trace (of a failed one), and
patterns: by name {status: ok, not_testable or failed; holds, value, why; numbers: by name {value, unit}, if it has
any}."""


@dataclass(frozen=True)
class Task:
    """One run: everything that a process on this or another machine needs, as plain data. The key stands for the
    resolved scenario, the seed, the patterns and the version of the code. scenario: see `portable`."""

    key: str
    scenario: str
    settings: tuple[str, ...]
    users: int | None
    seed: int
    needs: Literal["activity", "log"]
    patterns: tuple[tuple[str, str, str], ...]  # name, registered name, arguments as JSON
    digest: str  # of the resolved world without its seed: another version of the code gives another


def portable(file: Path) -> str:
    """A scenario file for any machine: a shipped one by its place among the shipped, others by their path."""
    from testbed import shipped

    inside = file.is_relative_to(shipped.FOLDER)
    return f"{SHIPPED}{file.relative_to(shipped.FOLDER).as_posix()}" if inside else str(file)


def local(scenario: str) -> Path:
    """The file that `portable` stands for on this machine."""
    from testbed import shipped

    if scenario.startswith(SHIPPED):
        return shipped.FOLDER / scenario.removeprefix(SHIPPED)
    return Path(scenario)


def carry_out(task: Task) -> Record:
    """Simulate, judge, and tell. Never raises for what goes wrong in the run."""
    began = time.monotonic()
    record: Record = {"key": task.key, "seed": task.seed, "status": "done", "error": "", "trace": ""}
    try:
        record |= _carry_out(task)
    except Exception as error:
        record |= failed(task, explain(error), traceback.format_exc())
    record["seconds"] = round(time.monotonic() - began, 3)
    return record


def failed(task: Task, error: str, trace: str = "") -> Record:
    """The record of a run that gave nothing."""
    patterns = {
        name: {"status": "failed", "holds": None, "value": None, "why": error} for name, _, _ in task.patterns
    }
    return {"key": task.key, "seed": task.seed, "status": "failed", "error": error, "trace": trace, "seconds": 0.0,
            "version": "", "patterns": patterns}  # fmt: skip


def has_failed(record: Record) -> bool:
    """Whether a run, or a pattern that it was asked, gave nothing for an error."""
    answers = record["patterns"].values()
    return record.get("status") != "done" or any(answer.get("status") == "failed" for answer in answers)


class OtherVersion(Exception):
    """The code or the files here are not those of the machine that made the plan."""


def _carry_out(task: Task) -> Record:
    from sim.world import load_world, source_digest
    from testbed.patterns import bind

    if (
        load_world(local(task.scenario), settings=task.settings, seed=0, users=task.users).digest
        != task.digest
    ):
        raise OtherVersion(
            "this worker reads another world than the one that was planned: its version of glass-slipper, the scenario "
            "or the catalogue differ; install the same version everywhere and share the files"
        )
    asked = [(name, bind(registered, json.loads(arguments))) for name, registered, arguments in task.patterns]
    answers: dict[str, Any] = {}
    with _outcome(task) as outcome:
        for name, bound in asked:
            try:
                found = bound.ask(outcome)
            except Exception as error:  # one pattern's fault is not another's
                answers[name] = {"status": "failed", "holds": None, "value": None, "why": explain(error),
                                 "trace": traceback.format_exc()}  # fmt: skip
                continue
            status = "ok" if found.holds is not None else "not_testable"
            answers[name] = {"status": status, "holds": None if found.holds is None else bool(found.holds),
                             "value": _plain(found.value), "why": found.why}  # fmt: skip
            if found.numbers:
                answers[name]["numbers"] = {n: asdict(number) for n, number in found.numbers.items()}
    return {"version": source_digest()[:12], "patterns": answers}


def _plain(value: float | None) -> float | None:
    import math

    return float(value) if value is not None and math.isfinite(value) else None


@contextlib.contextmanager
def _outcome(task: Task) -> Iterator[Outcome]:
    import sim
    from testbed.patterns import outcome

    if task.needs == "activity":
        world = sim.load_world(local(task.scenario), settings=task.settings, seed=task.seed, users=task.users)
        with outcome.of_activity(sim.run_agents(world)) as made:
            yield made
        return
    with tempfile.TemporaryDirectory(prefix="slipper-run-") as home:
        run = sim.run(
            local(task.scenario),
            settings=task.settings,
            seed=task.seed,
            users=task.users,
            out=home,
            workers=1,
        )
        with outcome.of_run(run.path) as made:
            yield made
