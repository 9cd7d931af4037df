"""Replicates of a scenario, judged: how often each claim holds over seeds.

The seed of replicate i is `sim.randomness.replicate_seed(master, i)`: it depends on the master seed and i only, so arms
that share a master seed share their luck. Each replicate runs in a process of its own. A finished one is remembered in
`outputs/checks/<scenario>/` under its run id and the registry's digest, so an interrupted study goes on where it was;
its log is deleted unless it is to be kept.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from analysis.contract.files import check_record
from analysis.proportions import wilson
from testbed.claims.registry import Entry, Registry
from testbed.claims.scoreboard import INPUT_CAVEAT, ROLES, write_json
from testbed.failure import Failure, explain

if TYPE_CHECKING:
    import sim

RUNNING = ".running-"  # and the number of the process that studies
PATIENCE_S = 20.0  # for an ended replicate to clean up
# Parts of a replicate's time, for the display only: (phase, share of the work before it, its share)
PHASES = {"compile": (0.0, 0.02), "population": (0.02, 0.03), "market": (0.05, 0.3), "traffic": (0.35, 0.25),
          "finish": (0.6, 0.05), "claims": (0.65, 0.35)}  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One replicate to run: everything that its process needs."""

    scenario: str
    settings: tuple[str, ...]
    users: int | None
    number: int
    seed: int
    run_id: str
    home: str  # folder for the run
    keep: bool
    memory: str  # file in which the verdicts are remembered
    threads: int


@dataclass(frozen=True)
class PartFrequency:
    """How often one condition of a claim holds. testable, values, example: as in `Frequency`."""

    name: str
    holds: int
    testable: int
    values: tuple[float, ...]
    unit: str | None
    example: str


@dataclass(frozen=True)
class Frequency:
    """How often a claim holds. testable: replicates that can tell; low, high: Wilson's 95% interval of the share.
    parts: the conditions of a claim that has several."""

    entry: Entry
    holds: int
    testable: int
    replicates: int
    low: float | None
    high: float | None
    values: tuple[float, ...]
    unit: str | None
    example: str  # the simulated value of the first replicate
    why_not: str  # why it is not testable, where it never is
    reasons: tuple[str, ...] = ()  # of the verdict in each replicate, with the numbers
    parts: tuple[PartFrequency, ...] = ()

    @property
    def share(self) -> float | None:
        """Share of the testable replicates in which it holds."""
        return self.holds / self.testable if self.testable else None


@dataclass(frozen=True)
class Study:
    """A judged set of replicates."""

    scenario: str
    master_seed: int
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]
    digest: str
    frequencies: tuple[Frequency, ...]
    titles: dict[str, str]

    def totals(self) -> dict[str, dict[str, float]]:
        """By role: claims, those testable at all, those that hold in all testable replicates, in most, in few, in
        none, and the mean number that hold in a replicate."""
        totals: dict[str, dict[str, float]] = {}
        for role in ROLES:
            mine = [f for f in self.frequencies if f.entry.claim.role == role]
            shares = [f.share for f in mine if f.share is not None]
            totals[role] = {
                "claims": len(mine),
                "testable": len(shares),
                "always": sum(s == 1 for s in shares),
                "mostly": sum(0.5 < s < 1 for s in shares),
                "rarely": sum(0 < s <= 0.5 for s in shares),
                "never": sum(s == 0 for s in shares),
                "mean_held": round(sum(f.holds for f in mine) / max(len(self.seeds), 1), 2),
            }
        return totals

    def as_json(self) -> dict[str, Any]:
        """The study as data."""
        return {
            "scenario": self.scenario,
            "master_seed": self.master_seed,
            "seeds": list(self.seeds),
            "run_ids": list(self.run_ids),
            "registry_digest": self.digest,
            "caveat": INPUT_CAVEAT,
            "totals": self.totals(),
            "claims": [
                {
                    "id": f.entry.id,
                    "section": f.entry.section,
                    "statement": f.entry.claim.text,
                    "reported": f.entry.claim.reported,
                    "role": f.entry.claim.role,
                    "holds": f.holds,
                    "testable": f.testable,
                    "replicates": f.replicates,
                    "share": f.share,
                    "low": f.low,
                    "high": f.high,
                    "values": list(f.values),
                    "unit": f.unit,
                    "simulated": f.example,
                    "why_not_testable": f.why_not,
                    "reasons": list(f.reasons),
                    "parts": [asdict(part) | {"values": list(part.values)} for part in f.parts],
                }
                for f in self.frequencies
            ],
        }


def jobs(
    scenario: Path,
    count: int,
    claims: Registry,
    *,
    master: int | None = None,
    users: int | None = None,
    settings: Sequence[str] = (),
    out: Path = Path("outputs"),
    keep: bool = False,
    threads: int = 1,
) -> tuple[int, str, list[Job]]:
    """The master seed, the scenario's name, and the jobs of replicates 0 to count - 1; raises sim.ScenarioError."""
    import sim
    from sim.randomness import replicate_seed

    world = sim.load_world(scenario, settings=settings, seed=master, users=users)
    first = world.scenario.seed if master is None else master
    memory = out / "checks" / world.name
    found = []
    for number in range(count):
        seed = replicate_seed(first, number)
        run_id = sim.load_world(scenario, settings=settings, seed=seed, users=users).run_id
        file = memory / f"{run_id}-{claims.digest[:10]}.json"
        found.append(
            Job(
                str(scenario),
                tuple(settings),
                users,
                number,
                seed,
                run_id,
                str(out),
                keep,
                str(file),
                threads,
            )
        )
    return first, world.name, found


def remembered(job: Job, claims: Registry) -> dict[str, Any] | None:
    """The verdicts of a finished replicate, if they are there, whole, and of this registry."""
    try:
        data = json.loads(Path(job.memory).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    good = isinstance(data, dict) and data.get("registry_digest") == claims.digest
    return data if good and len(data.get("claims", ())) == len(claims.entries) else None


def study(
    scenario: Path,
    count: int,
    claims: Registry,
    *,
    master: int | None = None,
    users: int | None = None,
    settings: Sequence[str] = (),
    out: Path = Path("outputs"),
    keep: bool = False,
    workers: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Study:
    """Run what is not yet remembered, `workers` replicates at a time (default: one a core), and count.

    Raises sim.ScenarioError for a scenario that cannot run, Failure if a replicate fails. Interrupted, it ends all
    replicates, removes what they had begun, and leaves the finished ones remembered.
    """
    cores = os.cpu_count() or 1
    workers = min(workers or cores, count)
    first, name, todo = jobs(
        scenario, count, claims, master=master, users=users, settings=settings, out=out, keep=keep,
        threads=max(1, cores // workers),
    )  # fmt: skip
    for job in todo:
        check_record(Path(job.memory), ("version", "claims", "registry_digest"))
    waiting = [
        job for job in todo if remembered(job, claims) is None or (keep and not _run_is_there(job, name))
    ]
    if waiting:
        _run_all(waiting, name, workers, len(todo), progress or (lambda done, total: None))
    boards = []
    for job in todo:
        board = remembered(job, claims)
        if board is None:
            raise Failure(f"replicate {job.number}: its verdicts cannot be read back from {job.memory}")
        boards.append(board)
    return Study(name, first, tuple(job.seed for job in todo), tuple(job.run_id for job in todo), claims.digest,
                 tuple(_frequency(entry, boards) for entry in claims),
                 {str(key): title for key, title in claims.titles.items()})  # fmt: skip


def _run_is_there(job: Job, name: str) -> bool:
    return (Path(job.home) / name / job.run_id / "manifest.json").is_file()


def _frequency(entry: Entry, boards: list[dict[str, Any]]) -> Frequency:
    records = [record for board in boards for record in board["claims"] if record["id"] == entry.id]
    told = [record for record in records if record["status"] != "not_testable"]
    holds = sum(record["status"] == "holds" for record in told)
    low, high = wilson(holds, len(told)) if told else (None, None)
    return Frequency(
        entry=entry,
        holds=holds,
        testable=len(told),
        replicates=len(records),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        values=tuple(record["value"] for record in records if record["value"] is not None),
        unit=next((record["unit"] for record in records if record["unit"]), None),
        example=records[0]["simulated"] if records else "–",
        why_not="" if told or not records else records[0]["reason"],
        reasons=tuple(record["reason"] for record in records),
        parts=tuple(_part_frequency(parts) for parts in zip(*(r["parts"] for r in records), strict=True)),
    )


def _part_frequency(records: tuple[dict[str, Any], ...]) -> PartFrequency:
    told = [record for record in records if record["status"] != "not_testable"]
    return PartFrequency(
        name=records[0]["name"],
        holds=sum(record["status"] == "holds" for record in told),
        testable=len(told),
        values=tuple(record["value"] for record in records if record["value"] is not None),
        unit=next((record["unit"] for record in records if record["unit"]), None),
        example=records[0]["simulated"],
    )


# --- processes ------------------------------------------------------------------------------------------------------


def _run_all(
    waiting: list[Job], name: str, workers: int, total: int, progress: Callable[[float, float], None]
) -> None:
    finished = total - len(waiting)
    memory = Path(waiting[0].memory).parent
    memory.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, tuple[BaseProcess, Job, float]] = {}
    process: BaseProcess
    queue = list(waiting)
    _sweep(memory)
    scratch = Path(tempfile.mkdtemp(prefix=f"{RUNNING}{os.getpid()}-", dir=memory))
    try:
        progress(finished, total)
        while queue or running:
            while queue and len(running) < workers:
                job = queue.pop(0)
                parent, child = context.Pipe(duplex=False)
                process = context.Process(
                    target=replicate, args=(job, name, str(scratch), child), daemon=True
                )
                with _deaf():
                    process.start()
                child.close()
                running[parent] = (process, job, 0.0)
            for pipe in wait(list(running), timeout=0.5):
                assert isinstance(pipe, Connection)
                process, job, _ = running[pipe]
                try:
                    kind, what = pipe.recv()
                except EOFError:
                    process.join()
                    raise Failure(
                        f"replicate {job.number} (seed {job.seed}) died with status {process.exitcode}, perhaps out of "
                        "memory; try --workers 1"
                    ) from None
                if kind == "error":
                    raise Failure(f"replicate {job.number} (seed {job.seed}): {what}")
                if kind == "done":
                    process.join()
                    del running[pipe]
                    pipe.close()
                    finished += 1
                else:
                    running[pipe] = (process, job, what)
            progress(finished + sum(part for _, _, part in running.values()), total)
    finally:
        _end([process for process, _, _ in running.values()])
        shutil.rmtree(scratch, ignore_errors=True)


def _sweep(memory: Path) -> None:
    """Remove what killed studies left aside: folders of processes that are no more."""
    for left in memory.glob(f"{RUNNING}*"):
        named = re.fullmatch(rf"{re.escape(RUNNING)}(\d+)-[a-z0-9_]+", left.name)
        if named is None:
            continue
        try:
            os.kill(int(named[1]), 0)
        except (ProcessLookupError, OverflowError):
            shutil.rmtree(left, ignore_errors=True)
        except PermissionError:
            pass  # another user's


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started here does not hear Ctrl-C, from its first moment on: the parent decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(processes: list[BaseProcess]) -> None:
    """Asks processes to end, waits until they have cleaned up, and ends those that do not."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + PATIENCE_S
    for process in processes:
        process.join(max(0.1, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def replicate(job: Job, name: str, scratch: str, pipe: Connection) -> None:
    """Simulates and judges one replicate, in a process of its own; tells its progress and its end through the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    signal.signal(signal.SIGTERM, _interrupted)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            _replicate(job, name, scratch, pipe)
        except Exception as error:
            if os.environ.get("SLIPPER_DEBUG", "0") not in ("", "0"):
                traceback.print_exc()
            pipe.send(("error", explain(error)))
        else:
            pipe.send(("done", None))


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _replicate(job: Job, name: str, scratch: str, pipe: Connection) -> None:
    import sim
    from analysis import open_log
    from analysis.report.pages import verdicts
    from testbed.claims import registry, scoreboard

    told = [0.0]

    def tell(phase: str, done: float, total: float) -> None:
        before, share = PHASES[phase]
        now = before + share * (done / total if total else 0.0)
        if now - told[0] >= 0.01:
            told[0] = now
            pipe.send(("progress", now))

    def tell_simulation(step: sim.Progress) -> None:
        tell(step.phase, step.done, step.total)

    there = (Path(job.home) / name / job.run_id / "manifest.json").is_file()
    with _home(job, scratch, there) as home:
        run = sim.run(
            job.scenario, seed=job.seed, users=job.users, settings=job.settings, out=home, workers=job.threads,
            progress=tell_simulation,
        )  # fmt: skip
        with open_log(run.path, threads=job.threads) as log:
            board = scoreboard.score(
                log, claims=registry.registry(), progress=lambda done, total: tell("claims", done, total)
            )
        if job.keep or there:
            verdicts.keep(run.path, board.as_json())
        found = board.as_json() | {"scenario": name, "run_id": job.run_id, "seed": job.seed}
        write_json(found, Path(job.memory))


@contextmanager
def _home(job: Job, scratch: str, there: bool) -> Iterator[Path]:
    """Where the run lies: for good if it is kept or was there before, else in a folder that goes away."""
    if job.keep or there:
        yield Path(job.home)
        return
    home = Path(tempfile.mkdtemp(prefix="replicate-", dir=scratch))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
