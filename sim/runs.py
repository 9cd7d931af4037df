"""Runs a world: its market and agents are simulated, its log and truth are written into a run folder."""

import functools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis.contract import files
from sim.gateway import object_store
from sim.gateway.journal import Journal
from sim.gateway.log import LogWriter, Written
from sim.gateway.manifest import new_manifest, texts, versions
from sim.gateway.models import write_models
from sim.gateway.parts import Spread, SpreadLog
from sim.gateway.run_folder import RunFolder, write_manifest
from sim.gateway.truth import write_truth
from sim.progress import Progress, Reporter, throttled, timed
from sim.scenario.shipped import WORLDS
from sim.simulation import Agents, run_agents
from sim.world import World, load_world


@dataclass(frozen=True)
class StoredRun:
    """A complete run in an object store. reused: as of `Run`."""

    url: str
    manifest: dict[str, Any]
    reused: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Run:
    """A complete run folder."""

    path: Path
    manifest: dict[str, Any]
    reused: bool = field(default=False, compare=False)
    """The folder was there already: the same world had run before."""


def run(
    scenario: str | Path,
    *,
    seed: int | None = None,
    users: int | None = None,
    settings: Sequence[str] = (),
    out: str | Path = "outputs",
    workers: int | None = None,
    fresh: bool = False,
    progress: Reporter | None = None,
) -> Run:
    """Simulate a scenario and write its log and truth into `out/<scenario>/<run-id>/`.

    `settings` are overrides `section.key=value`; for the rest see `run_world`. Raises `ScenarioError` for a scenario
    that cannot run.
    """
    world = load_world(scenario, settings=settings, seed=seed, users=users)
    return run_world(world, out=out, workers=workers, fresh=fresh, progress=progress)


def run_world(
    world: World,
    *,
    out: str | Path = "outputs",
    workers: int | None = None,
    fresh: bool = False,
    progress: Reporter | None = None,
    spread: Spread | None = None,
) -> Run:
    """Simulate a world and write its log and truth into `out/<scenario>/<run-id>/`.

    The same scenario, seed and version always give the same bytes, so a complete run of the same world is used again
    unless `fresh`; what the scenario tells its readers (its title, its question) is written into the manifest anew.
    `workers` threads make the requests (default: one for each core) and do not change the data. An interrupted run
    leaves nothing behind.

    spread: workers on this machine or others that make the requests instead, the same ones; all must see `out`. Then an
    interrupted run leaves the blocks that are whole (see `begun`), and the next one goes on from there, unless `fresh`.
    Raises RunError for workers that cannot take part.
    """
    report = throttled(progress)
    final = Path(out) / world.name / world.run_id
    if not fresh and (final / files.MANIFEST).is_file():
        manifest = files.manifest_of(final)
        if (told := manifest | texts(world)) != manifest:
            write_manifest(final, told)
        return Run(final, told, reused=True)
    with RunFolder(final, lasting=spread is not None) as folder:
        if fresh and folder.lasting:
            folder.forget()
        parts = None if spread is None else SpreadLog(folder, spread)
        manifest = _simulate(world, folder, parts, workers, progress)
        folder.publish(manifest, {} if parts is None else parts.marks)
        report(Progress("finish", 1, 1, records=manifest["counts"]["generations"]))
    return Run(final, manifest)


def run_into_store(
    world: World, url: str, spread: Spread, *, fresh: bool = False, progress: Reporter | None = None
) -> StoredRun:
    """Simulate a world and have the workers put its log into an object store, as `url/<scenario>/<run-id>/`: the same
    bytes as in a folder (`sim.gateway.object_store`).

    The run is there when its manifest is. What an interrupted one has put is put again. Raises RunError for a store or
    for workers that cannot take part.
    """
    report = throttled(progress)
    store = object_store.Store(f"{url.rstrip('/')}/{world.name}/{world.run_id}")
    there = object_store.manifest_in(store)
    if there is not None and not fresh:
        return StoredRun(store.url, there, reused=True)
    with (
        TemporaryDirectory(prefix="slipper-") as place,
        RunFolder(Path(place, "run"), lasting=True) as folder,
    ):
        site = object_store.site_of(store)
        try:
            parts = SpreadLog(folder, spread, site)
            if there is not None:
                store.remove(files.MANIFEST)  # no reader takes it for whole meanwhile
            manifest = _simulate(world, folder, parts, None, progress)
            site.complete(folder.path, manifest, parts.marks)
        finally:
            site.leave()
        report(Progress("finish", 1, 1, records=manifest["counts"]["generations"]))
    return StoredRun(store.url, manifest)


def _simulate(
    world: World, folder: RunFolder, parts: SpreadLog | None, workers: int | None, progress: Reporter | None
) -> dict[str, Any]:
    """Simulate a world, write all but its manifest into a folder, and return that; the log where the parts go."""
    report, timings = throttled(progress), dict[str, float]()
    with timed(timings, "compile"):
        report(Progress("compile", 0, 1))
        compile_loops()
        report(Progress("compile", 1, 1))
    with timed(timings, "market"):
        agents = run_agents(world, progress)
    with timed(timings, "traffic"):
        writer = log_writer(agents)
        log = (
            write_log(writer, folder.path, workers, report) if parts is None else parts.write(writer, report)
        )
    with timed(timings, "finish"):
        report(Progress("finish", 0, 1, records=log.generations))
        models = write_models(folder.path, world.catalogue, world.scenario, agents.market)
        write_truth(folder.path, world.scenario, world.catalogue, agents.market, agents.users, agents.workloads,
                    agents.spells, writer, agents.search.planted, log.planted)  # fmt: skip
    counts = {
        "users": len(agents.users),
        "workloads": len(agents.workloads),
        "decisions": agents.decisions,
        "spells": len(agents.spells["workload"]),
        "generations": log.generations,
        "labels": log.labels,
        "prompts_cut": log.prompts_cut,
        "models": models,
    }
    return new_manifest(agents, counts, timings, log.planted)


def begun(world: World, out: str | Path) -> tuple[Path, int]:
    """Where an interrupted run with `spread` has left its work, and how many blocks are whole; 0 if there is none."""
    folder = RunFolder(Path(out) / world.name / world.run_id, lasting=True).path
    return folder, len(Journal(folder, versions()).whole())


def log_writer(agents: Agents) -> LogWriter:
    """The writer of a world's log."""
    world = agents.world
    if world.classifier is None:
        raise ValueError("this world has no classifier; make it with load_world")
    return LogWriter(world.scenario, world.catalogue, agents.users, agents.workloads, agents.traffic(),
                     world.classifier, world.draws)  # fmt: skip


def write_log(
    writer: LogWriter, folder: Path, workers: int | None = None, report: Reporter | None = None
) -> Written:
    """Write all blocks of the log below `folder`."""
    tasks = list(writer.traffic.tasks())
    weeks = writer.traffic.weeks()
    (folder / "log").mkdir(exist_ok=True)
    written = Written()
    for number, part in enumerate(_in_order(writer.write, folder, tasks, workers or os.cpu_count() or 1)):
        written.add(part)
        if report is not None:
            report(
                Progress("traffic", number + 1, len(tasks), weeks[tasks[number][0]][0], written.generations)
            )
    writer.traffic.memory.clear()
    return written


def _in_order(
    write: Callable[[Path, int, int], Written],
    folder: Path,
    tasks: list[tuple[int, int]],
    workers: int,
) -> Iterator[Written]:
    """Results of the tasks in their order, made by threads: the loops and the Parquet writer hold no lock.

    Few tasks are under way at once, so that memory does not grow with the length of the log.
    """
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[Written]] = deque()
        try:
            for task in tasks:
                under_way.append(pool.submit(write, folder, *task))
                if len(under_way) > 2 * workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for waiting in under_way:
                waiting.cancel()


@functools.cache
def compile_loops() -> None:
    """Compile the loops (or read them from the cache) by running a world of a few users, once a process."""
    world = load_world(WORLDS / "one-frontier-model.yaml", users=20)
    agents = run_agents(world)
    writer = log_writer(agents)
    records = writer.traffic.records(len(writer.traffic.weeks()) - 1, 0)
    writer.table(records, 0)
