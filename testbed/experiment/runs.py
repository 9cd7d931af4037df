"""Carries one run out: simulates a world and asks the patterns. Plain data, for any engine.

A run that fails is a record with its traceback, not the end of the experiment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from analysis.contract.files import MANIFEST
from testbed.failure import explain

if TYPE_CHECKING:
    import sim
    from testbed.patterns.outcome import Outcome
    from testbed.patterns.registry import Found

SHIPPED = "shipped:"
KEY_LENGTH = 20  # of a hash, in hexadecimal: 80 bits, so that no two runs meet
# Parts of a run's time, for the display only: by phase, the share of the work before it and its own. The patterns have
# the rest.
PHASES = {"compile": (0.0, 0.02), "population": (0.02, 0.03), "market": (0.05, 0.3), "traffic": (0.35, 0.25),
          "finish": (0.6, 0.05)}  # fmt: skip
SIMULATED = 0.65
STEP = 0.01  # of a run's time, before its progress is told again

Tell = Callable[[float], None]
"""Is told how much of a run is done, from 0 to 1."""

Record = dict[str, Any]
"""One run as plain data: key, seed, status (done or failed), seconds, version, error and trace (of a failed one), and
patterns: by name {status: ok, not_testable or failed; holds, value, why; numbers: by name {value, unit}, if it has
any}."""


class Job(Protocol):
    """What an engine can carry out, on this or another machine: plain data. key: stands for all that its answers depend
    on."""

    @property
    def key(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]:
        """Of the answers."""
        ...

    def answers(self, tell: Tell) -> dict[str, Any]:
        """The answers by name, as `Record` says. Raises what goes wrong."""
        ...


@dataclass(frozen=True)
class Task:
    """One run: everything that a process on this or another machine needs, as plain data. The key stands for the
    resolved scenario, the seed, the patterns and the version of the code. scenario: see `portable`.

    How it is run changes no answer, and is not in the key. threads: of the run. home: folder of run folders; a finished
    run in it is used, and with keep the run's folder stays there. scratch: folder for a log that goes away (default,
    and where it is not there: the machine's).
    """

    key: str
    scenario: str
    settings: tuple[str, ...]
    users: int | None
    seed: int
    needs: Literal["activity", "log"]
    patterns: tuple[tuple[str, str, str], ...]  # name, registered name, arguments as JSON
    digest: str  # of the resolved world without its seed: another version of the code gives another
    threads: int = 1
    home: str = ""
    keep: bool = False
    scratch: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """See Job."""
        return tuple(name for name, _, _ in self.patterns)

    def answers(self, tell: Tell) -> dict[str, Any]:
        """See Job."""
        check_version(self)
        return ask(self, tell)


def key_of(whole: str) -> str:
    """The key of a job. whole: all that its answers depend on, as text."""
    return hashlib.sha256(whole.encode()).hexdigest()[:KEY_LENGTH]


def neither(value: float | None = None, why: str = "", **more: Any) -> dict[str, Any]:
    """An answer, as `Record` says, that holds neither way: a number, or what else came out."""
    return {"status": "ok", "holds": None, "value": value, "why": why, **more}


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


def nobody(part: float) -> None:
    """For those who want no progress: does nothing."""


def carry_out(task: Job, tell: Tell = nobody) -> Record:
    """The record of a job. Never raises for what goes wrong in the run."""
    from sim.world import source_digest

    began = time.monotonic()
    record: Record = {"key": task.key, "seed": task.seed, "status": "done", "error": "", "trace": ""}
    try:
        record |= {"patterns": task.answers(_seldom(tell)), "version": source_digest()[:12]}
    except Exception as error:
        record |= failed(task, explain(error), traceback.format_exc())
    record["seconds"] = round(time.monotonic() - began, 3)
    return record


def failed(task: Job, error: str, trace: str = "") -> Record:
    """The record of a run that gave nothing."""
    patterns = {name: {"status": "failed", "holds": None, "value": None, "why": error} for name in task.names}
    return {"key": task.key, "seed": task.seed, "status": "failed", "error": error, "trace": trace, "seconds": 0.0,
            "version": "", "patterns": patterns}  # fmt: skip


def has_failed(record: Record) -> bool:
    """Whether a run, or a pattern that it was asked, gave nothing for an error."""
    answers = record["patterns"].values()
    return record.get("status") != "done" or any(answer.get("status") == "failed" for answer in answers)


class OtherVersion(Exception):
    """The code or the files here are not those of the machine that made the plan."""


def check_version(task: Task) -> None:
    """Raises OtherVersion where the world of a task is read otherwise than when it was planned."""
    from sim.world import load_world

    world = load_world(local(task.scenario), settings=task.settings, seed=0, users=task.users)
    if world.digest != task.digest:
        raise OtherVersion(
            "this worker reads another world than the one that was planned: its version of glass-slipper, the scenario "
            "or the catalogue differ; install the same version everywhere and share the files"
        )


def _seldom(tell: Tell) -> Tell:
    """Passes on what is a step further than what was told before."""
    told = [0.0]

    def pass_on(part: float) -> None:
        if part - told[0] >= STEP:
            told[0] = part
            tell(part)

    return pass_on


def ask(task: Task, tell: Tell = nobody) -> dict[str, Any]:
    """Simulate a task's world, whichever version it is, and ask the patterns."""
    from testbed.patterns import bind

    asked = [(name, bind(registered, json.loads(arguments))) for name, registered, arguments in task.patterns]
    answers: dict[str, Any] = {}
    with _outcome(task, tell) as outcome:
        for number, (name, bound) in enumerate(asked):
            tell(SIMULATED + (1 - SIMULATED) * number / len(asked))
            try:
                answers[name] = _answer(bound.ask(outcome))
            except Exception as error:  # one pattern's fault is not another's
                answers[name] = {"status": "failed", "holds": None, "value": None, "why": explain(error),
                                 "trace": traceback.format_exc()}  # fmt: skip
    return answers


def _answer(found: Found) -> dict[str, Any]:
    """What a pattern says, as plain data."""
    from analysis.json_values import finite

    told = found.holds is not None
    answer: dict[str, Any] = {
        "status": "ok" if told else "not_testable", "holds": bool(found.holds) if told else None,
        "value": finite(found.value), "why": found.why,
    }  # fmt: skip
    if found.numbers:
        answer["numbers"] = {name: asdict(number) for name, number in found.numbers.items()}
    if found.line:
        answer["line"] = dict(found.line)
    return answer


@contextlib.contextmanager
def _outcome(task: Task, tell: Tell) -> Iterator[Outcome]:
    import sim
    from testbed.patterns import outcome

    def pass_on(step: sim.Progress) -> None:
        before, share = PHASES[step.phase]
        tell(before + share * (step.done / step.total if step.total else 0.0))

    world = sim.load_world(local(task.scenario), settings=task.settings, seed=task.seed, users=task.users)
    if task.needs == "activity":
        with outcome.of_activity(sim.run_agents(world, pass_on)) as made:
            yield made
        return
    with _home(task, world) as home:
        run = sim.run_world(world, out=home, workers=task.threads, progress=pass_on)
        with outcome.of_run(run.path, threads=task.threads) as made:
            yield made


@contextlib.contextmanager
def _home(task: Task, world: sim.World) -> Iterator[Path]:
    """Where the run's folder lies: for good if it is kept or was there before, else in a folder that goes away."""
    if task.home and (task.keep or run_is_there(Path(task.home) / world.name / world.run_id)):
        yield Path(task.home)
        return
    scratch = task.scratch if task.scratch and Path(task.scratch).is_dir() else None
    with tempfile.TemporaryDirectory(prefix="slipper-run-", dir=scratch) as home:
        yield Path(home)


def run_is_there(folder: Path) -> bool:
    """Whether a folder holds a finished run."""
    return (folder / MANIFEST).is_file()
