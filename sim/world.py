"""Runs a world: scenario -> market and agents -> log and truth in a run folder."""

import datetime as dt
import hashlib
import importlib.metadata
import json
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import contract
from analysis.contract import CATEGORIES, files
from sim.agents.choice import view_of
from sim.agents.population import Users, Workloads, build_population
from sim.agents.search import Search
from sim.catalogue import Catalogue, CatalogueError
from sim.catalogue.overrides import WORLDS, looked_at, own_models, real_models, world_catalogue
from sim.config.documents import Document
from sim.config.nodes import Mapping as Keys
from sim.config.problems import Problem, ProblemAt, ScenarioError
from sim.config.schema_errors import parse
from sim.gateway.classifier import Classifier
from sim.gateway.run_folder import LogWriter, RunFolder, write_manifest, write_models, write_truth
from sim.market import Market
from sim.randomness import Draws
from sim.scenario import TELLING, Scenario, read_scenario
from sim.scenario.notices import notices
from sim.traffic.blocks import Traffic
from sim.traffic.records import CONTEXT_PART

MANIFEST_VERSION = 1
PHASES = ("compile", "population", "market", "traffic", "finish")
SECONDS_BETWEEN_REPORTS = 0.05


@dataclass(frozen=True)
class Progress:
    """How far a run is: `done` of `total` steps of a phase (see `PHASES`)."""

    phase: str
    done: float
    total: float
    simulated: dt.date | None = None
    records: int = 0


Reporter = Callable[[Progress], None]


@dataclass(frozen=True)
class World:
    """A resolved world that has not run: its scenario, its models, its draws."""

    scenario: Scenario
    catalogue: Catalogue
    draws: Draws
    name: str = "scenario"
    classifier: Classifier | None = None
    notices: tuple[Problem, ...] = ()
    """What the scenario's writer should hear of: see `sim.scenario.notices`."""

    @cached_property
    def digest(self) -> str:
        """Hash of all that decides the world's data: scenario, catalogue, and the simulator's source."""
        parts = hashlib.sha256()
        resolved = self.scenario.model_dump(mode="json", by_alias=True, exclude=set(TELLING))
        parts.update(json.dumps(resolved, sort_keys=True).encode())
        parts.update(self.catalogue.digest().encode())
        if self.classifier is not None:
            parts.update(repr(self.classifier.table).encode())
        parts.update(source_digest().encode())
        return parts.hexdigest()

    @property
    def run_id(self) -> str:
        """Name of the run's folder: the seed, and a hash of what else decides the data."""
        return f"seed{self.scenario.seed}-{self.digest[:10]}"


@dataclass(frozen=True)
class Agents:
    """A world after its market has run: who there was, what they did, what the market did."""

    world: World
    users: Users
    workloads: Workloads
    market: Market
    search: Search
    spells: dict[str, NDArray[np.int32]]

    @property
    def decisions(self) -> int:
        """Choices that workloads made."""
        return self.search.choices

    def traffic(self) -> Traffic:
        """The maker of this world's requests."""
        world = self.world
        return Traffic(
            world.scenario, world.catalogue, self.market, self.users, self.workloads, self.spells, world.draws
        )


@dataclass(frozen=True)
class Run:
    """A complete run folder."""

    path: Path
    manifest: dict[str, Any]
    reused: bool = field(default=False, compare=False)
    """The folder was there already: the same world had run before."""


def load_world(
    path: str | Path,
    *,
    settings: Sequence[str] = (),
    seed: int | None = None,
    users: int | None = None,
) -> World:
    """Read and resolve a scenario with its models. Raises `ScenarioError` with every problem and its place."""
    document = read_scenario(path, settings=tuple(settings), seed=seed, users=users)
    scenario = parse(document, Scenario)
    draws = Draws(scenario.seed)
    beside = Path(path).resolve().parent
    try:
        catalogue = world_catalogue(scenario, beside)
        look_at = looked_at(scenario, catalogue, _taken_out(document, scenario, beside))
        near = beside / scenario.observation.label_paths
        classifier = Classifier(scenario, beside if near.is_file() else WORLDS, draws)
    except (ProblemAt, CatalogueError) as error:
        raise _as_scenario_error(error, document) from None
    scenario = scenario.model_copy(update={"look_at": look_at})
    told = tuple(document.problem(n.path, n.message, n.hint, n.at_key) for n in notices(scenario, catalogue))
    return World(scenario, catalogue, draws, _world_name(path), classifier, told)


def _taken_out(document: Document, scenario: Scenario, beside: Path) -> Container[str]:
    """Models that a scenario or `--set` may have taken out of the market after `look_at` was stated: all real ones and
    those removed by `~`, where anything was read after it."""
    if document.mark(("look_at",)).file == document.top:
        return ()
    models = document.node(("models",))
    removed = set(models.removed) if isinstance(models, Keys) else set()
    return removed | {model.slug for model in real_models(scenario, beside).models}


def _world_name(path: str | Path) -> str:
    """The file's name without its ending; before that of a shipped world in a folder, the folder: nulls-whale."""
    file = Path(path).resolve()
    inside = file.relative_to(WORLDS).parts[:-1] if file.is_relative_to(WORLDS) else ()
    return "-".join((*inside, Path(path).stem))


def _as_scenario_error(error: ProblemAt | CatalogueError, document: Document) -> ScenarioError:
    if isinstance(error, CatalogueError):
        return ScenarioError([Problem(f.file, f.line, 1, f.column, f.message) for f in error.faults])
    return ScenarioError([document.problem(error.path, error.message, error.hint, at_key=error.at_key)])


def run_agents(world: World, report: Reporter | None = None) -> Agents:
    """Run the market and the search of all workloads: no log yet."""
    report = _throttled(report)
    scenario = world.scenario
    report(Progress("population", 0, 1))
    users, workloads = build_population(scenario, world.catalogue, world.draws)
    report(Progress("population", 1, 1))
    market = Market(scenario, world.catalogue)
    search = Search(scenario, market, workloads, world.draws)
    for day in market.days():
        search.step(day, view_of(market, scenario, day))
        report(Progress("market", day + 1, scenario.days, scenario.start + dt.timedelta(days=day)))
    search.finish(scenario.days)
    search.planted.keep_users(users)
    return Agents(world, users, workloads, market, search, search.spells.arrays())


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
) -> Run:
    """Simulate a world and write its log and truth into `out/<scenario>/<run-id>/`.

    The same scenario, seed and version always give the same bytes, so a complete run of the same world is used again
    unless `fresh`; what the scenario tells its readers (its title, its question) is written into the manifest anew.
    `workers` threads make the requests (default: one for each core) and do not change the data. An interrupted run
    leaves nothing behind.
    """
    report = _throttled(progress)
    final = Path(out) / world.name / world.run_id
    if not fresh and (final / files.MANIFEST).is_file():
        manifest = files.manifest_of(final)
        if (told := manifest | _texts(world)) != manifest:
            write_manifest(final, told)
        return Run(final, told, reused=True)
    timings: dict[str, float] = {}
    with RunFolder(final) as folder:
        with _timed(timings, "compile"):
            report(Progress("compile", 0, 1))
            compile_loops()
            report(Progress("compile", 1, 1))
        with _timed(timings, "market"):
            agents = run_agents(world, progress)
        with _timed(timings, "traffic"):
            writer = log_writer(agents)
            generations, labels, cut = write_log(writer, folder.path, workers, report)
        with _timed(timings, "finish"):
            report(Progress("finish", 0, 1, records=generations))
            models = write_models(folder.path, world.catalogue, world.scenario, agents.market)
            write_truth(folder.path, world.scenario, world.catalogue, agents.market, agents.users, agents.workloads,
                        agents.spells, writer, agents.search.planted)  # fmt: skip
        counts = {
            "users": len(agents.users),
            "workloads": len(agents.workloads),
            "decisions": agents.decisions,
            "spells": len(agents.spells["workload"]),
            "generations": generations,
            "labels": labels,
            "prompts_cut": cut,
            "models": models,
        }
        manifest = _manifest(agents, counts, timings)
        folder.publish(manifest)
        report(Progress("finish", 1, 1, records=generations))
    return Run(final, manifest)


def log_writer(agents: Agents) -> LogWriter:
    """The writer of a world's log."""
    world = agents.world
    if world.classifier is None:
        raise ValueError("this world has no classifier; make it with load_world")
    return LogWriter(world.scenario, world.catalogue, agents.users, agents.workloads, agents.traffic(),
                     world.classifier, world.draws)  # fmt: skip


def write_log(
    writer: LogWriter, folder: Path, workers: int | None = None, report: Reporter | None = None
) -> tuple[int, int, int]:
    """Write all blocks of the log below `folder`. Returns the numbers of generations, labels and cut prompts."""
    tasks = list(writer.traffic.tasks())
    weeks = writer.traffic.weeks()
    (folder / "log").mkdir(exist_ok=True)
    generations = labels = cut = 0
    for number, (written, labelled, shortened) in enumerate(
        _in_order(writer.write, folder, tasks, workers or os.cpu_count() or 1)
    ):
        generations, labels, cut = generations + written, labels + labelled, cut + shortened
        if report is not None:
            report(Progress("traffic", number + 1, len(tasks), weeks[tasks[number][0]][0], generations))
    writer.traffic.memory.clear()
    return generations, labels, cut


def _in_order(
    write: Callable[[Path, int, int], tuple[int, int, int]],
    folder: Path,
    tasks: list[tuple[int, int]],
    workers: int,
) -> Iterator[tuple[int, int, int]]:
    """Results of the tasks in their order, made by threads: the loops and the Parquet writer hold no lock.

    Few tasks are under way at once, so that memory does not grow with the length of the log.
    """
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[tuple[int, int, int]]] = deque()
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


def compile_loops() -> None:
    """Compile the loops (or read them from the cache) by running a world of a few users."""
    world = load_world(WORLDS / "one-frontier-model.yaml", users=20)
    agents = run_agents(world)
    writer = log_writer(agents)
    records = writer.traffic.records(len(writer.traffic.weeks()) - 1, 0)
    writer.table(records, 0)


@cache
def source_digest() -> str:
    """Hash of the source that makes a world, the simulator's and the contract's: another version is another world.
    Read once, like the code that runs."""
    parts = hashlib.sha256()
    for home in (Path(__file__).parent, Path(contract.__file__).parent):
        for file in sorted(home.rglob("*.py")):
            parts.update(
                f"{home.name}/{file.relative_to(home).as_posix()}".encode() + b"\0" + file.read_bytes()
            )
    return parts.hexdigest()


@contextmanager
def _timed(timings: dict[str, float], phase: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    timings[phase] = round(time.monotonic() - began, 3)


def _throttled(report: Reporter | None) -> Reporter:
    """A reporter that is called at most twenty times a second, and at the end of each phase."""
    if report is None:
        return lambda _: None
    last = [0.0]

    def pass_on(progress: Progress) -> None:
        now = time.monotonic()
        if progress.done in (0, progress.total) or now - last[0] >= SECONDS_BETWEEN_REPORTS:
            last[0] = now
            report(progress)

    return pass_on


def _manifest(agents: Agents, counts: dict[str, int], timings: dict[str, float]) -> dict[str, Any]:
    scenario = agents.world.scenario
    libraries = ("numpy", "numba", "simpy", "pyarrow", "pydantic", "scipy")
    return {
        "schema_version": MANIFEST_VERSION,
        "scenario": agents.world.name,
        **_texts(agents.world),
        "run_id": agents.world.run_id,
        "seed": scenario.seed,
        "users": scenario.users,
        "start": scenario.start.isoformat(),
        "end": scenario.end.isoformat(),
        "versions": {
            "glass_slipper": importlib.metadata.version("glass-slipper"),
            "source": source_digest()[:12],
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in libraries},
        },
        "counts": counts,
        "timings_s": timings,
        "census": census(agents, counts),
    }


def _texts(world: World) -> dict[str, Any]:
    """What a manifest says of the scenario and no data depends on, and the whole scenario that holds it."""
    scenario = world.scenario
    return {
        "title": scenario.title,
        "question": scenario.question,
        "look_at": scenario.look_at,
        "own_models": own_models(scenario, world.catalogue),
        "notices": [str(notice) for notice in world.notices],
        "resolved": scenario.model_dump(mode="json", by_alias=True),
    }


def census(agents: Agents, counts: dict[str, int]) -> list[list[str]]:
    """Who is in this market: label and value."""
    scenario, users, work = agents.world.scenario, agents.users, agents.workloads
    models = agents.world.catalogue.models
    share = np.bincount(users.segment, minlength=len(users.names.segments)) / len(users)
    by_category = np.bincount(work.category, minlength=len(CATEGORIES)) / max(len(work), 1)
    top = np.argsort(-by_category)[:4]
    fit_found = len(np.unique(agents.spells["workload"][agents.spells["kind"] == 1]))
    planted, loyal = scenario.planted_loyalty, len(agents.search.planted.users())
    off = [key for key, cause in scenario.mechanisms if not cause.enabled]
    return [
        ["Time", f"{scenario.start} to {scenario.end}, UTC"],
        ["Users", f"{len(users):,} in {len(np.unique(users.account)):,} accounts: "
         + ", ".join(f"{name} {s:.0%}" for name, s in zip(users.names.segments, share, strict=True))],
        ["Workloads", f"{len(work):,}: " + ", ".join(f"{CATEGORIES[i]} {by_category[i]:.0%}" for i in top)
         + f"; {fit_found / max(len(work), 1):.0%} found a home"],
        ["Models", f"{len(models)} by {len({m.author for m in models})} authors, "
         f"{sum(m.facts.open_weights for m in models)} with open weights"],
        ["Requests", f"{counts['generations']:,}, of which {counts['labels']:,} labels say what they were for"],
        *_cut_prompts(counts),
        ["Scale", f"{counts['generations'] / max(len(users), 1):.0f} requests a user; a model of a platform with "
         "millions of users and billions of requests"],
        ["Switched off", ", ".join(off) or "nothing"],
        *([] if planted is None else [["Planted", f"{loyal:,} users ({planted.loyal_share:.0%} of "
         f"{planted.model}'s launch cohort) who never leave it, by construction"]]),
    ]  # fmt: skip


def _cut_prompts(counts: dict[str, int]) -> list[list[str]]:
    """The census's line on prompts that were longer than the model's context, if there were any."""
    cut, share = counts["prompts_cut"], counts["prompts_cut"] / max(counts["generations"], 1)
    if not cut:
        return []
    shown = f"{share:.1%}" if share >= 0.001 else "fewer than 0.1%"
    return [["Cut prompts", f"{cut:,} ({shown}) were drawn longer than the model's context holds, and were cut to "
             f"{CONTEXT_PART:.0%} of it"]]  # fmt: skip
