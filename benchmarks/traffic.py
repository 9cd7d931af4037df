"""Records a second to Parquet, beside SimPy, plain NumPy and the bare write; run: python -m benchmarks.traffic

All four write the same columns with the same codec and encodings. The limit (c) writes the very tables of the world's
log, made beforehand. The four take turns in one run, so that a busy machine slows them alike; ratios are taken within a
turn.
"""

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.peers.baselines import Baseline, numpy_week, simpy_weeks
from sim.gateway.log import LogWriter, write_log_file
from sim.runs import compile_loops, log_writer
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import load_world

WORKERS = 2
TURNS = 9
EVERY = 2
"""Every second week of the report world: its tables fit in a gigabyte."""
SIMPY_WEEKS, SIMPY_RECORDS = 4, 250_000

OURS, OURS_ALONE, NUMPY, LIMIT = "ours", "ours, 1 worker", "(b) NumPy", "(c) limit"
SIMPY, SIMPY_DRAWS = "(a) SimPy", "(a') SimPy, draws only"
MEANING = {
    OURS: "the traffic stage: keyed requests, tables, files; 2 workers",
    OURS_ALONE: "the same with 1 worker",
    SIMPY: "a SimPy process for each user that makes a week's requests at once; one thread",
    SIMPY_DRAWS: "such a process that leaves all but the draws to a table of all users; one thread",
    NUMPY: "vectorised NumPy, all users of a week in one batch; 2 workers",
    LIMIT: "the bare write of our tables, made beforehand; 2 workers",
}


class Contest:
    """The ways to write a log of the report world; each is called with a folder and returns its number of records."""

    def __init__(self, writer: LogWriter) -> None:
        self.writer = writer
        self.tasks = [task for task in writer.traffic.tasks() if task[0] % EVERY == 0]
        self.tables = dict(zip(self.tasks, _each(self.make, self.tasks, WORKERS), strict=True))
        self.records = sum(map(len, self.tables.values()))
        self.mean = self.records / sum(len(table["user_id"].unique()) for table in self.tables.values())
        """Requests of a user in a week in which it has any."""
        self.base = Baseline(writer)
        self.ways: dict[str, Callable[[Path], int]] = {
            OURS: lambda folder: self.ours(folder, WORKERS),
            OURS_ALONE: lambda folder: self.ours(folder, 1),
            SIMPY_DRAWS: lambda folder: self.simpy(folder, draws_only=True),
            SIMPY: lambda folder: self.simpy(folder, draws_only=False),
            NUMPY: self.numpy,
            LIMIT: self.limit,
        }

    def make(self, task: tuple[int, int]) -> pa.Table:
        """One block of the world's own log."""
        return self.writer.table(self.writer.traffic.records(*task), task[1])

    def ours(self, folder: Path, workers: int) -> int:
        """The traffic stage, without labels."""

        def write(task: tuple[int, int]) -> int:
            table = self.make(task)
            write_log_file(table, _file(folder, task))
            return len(table)

        return sum(_each(write, self.tasks, workers))

    def simpy(self, folder: Path, draws_only: bool) -> int:
        """(a): a SimPy process for each of as many users as make the wanted number of records."""
        written = []

        def write(week: int, table: pa.Table) -> None:
            write_log_file(table, _file(folder, (week, 0)))
            written.append(len(table))

        users = round(SIMPY_RECORDS / self.mean / SIMPY_WEEKS)
        simpy_weeks(self.base, users, self.mean, SIMPY_WEEKS, write, draws_only=draws_only)
        return sum(written)

    def numpy(self, folder: Path) -> int:
        """(b): as many records in each week as the world's log has."""

        def write(task: tuple[int, int]) -> int:
            mean = len(self.tables[task]) / len(self.writer.users)
            table = numpy_week(self.base, task, mean)
            write_log_file(table, _file(folder, task))
            return len(table)

        return sum(_each(write, self.tasks, WORKERS))

    def limit(self, folder: Path) -> int:
        """(c): the tables of the log are there already."""
        for _ in _each(
            lambda task: write_log_file(self.tables[task], _file(folder, task)), self.tasks, WORKERS
        ):
            pass
        return self.records

    def turn(self) -> dict[str, float]:
        """Records a second of each way."""
        speed = {}
        for name, way in self.ways.items():
            with tempfile.TemporaryDirectory() as folder:
                gc.collect()  # each way pays for its own garbage
                began = time.perf_counter()
                records = way(Path(folder))
                speed[name] = records / (time.perf_counter() - began)
        return speed


def _each(make: Callable[[Any], Any], tasks: Iterable[Any], workers: int) -> Iterable[Any]:
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(make, tasks)


def _file(folder: Path, task: tuple[int, int]) -> Path:
    return folder / f"{task[0]:03d}-{task[1]:03d}.parquet"


def measure(users: int | None = None, turns: int = TURNS) -> str:
    """The table of the benchmark, as Markdown."""
    compile_loops()
    contest = Contest(log_writer(run_agents(load_world(WORLDS / "report.yaml", users=users))))
    contest.turn()  # warms up
    results = [contest.turn() for _ in range(turns)]
    lines = [
        f"{contest.records:,} records of the report world, {turns} turns; median (least to most).",
        "",
        "| way | records/s | ours / this | what it is |",
        "|---|---|---|---|",
    ]
    for name in contest.ways:
        speeds = [result[name] / 1e6 for result in results]
        ratios = [result[OURS] / result[name] for result in results]
        ratio = "" if name == OURS else _spread(ratios, ".2f" if statistics.median(ratios) < 10 else ".1f")
        lines.append(f"| {name} | {_spread(speeds, '.2f')} M | {ratio} | {MEANING[name]} |")
    a = statistics.median(result[OURS] / result[SIMPY] for result in results)
    c = statistics.median(result[OURS] / result[LIMIT] for result in results)
    lines += ["", f"Targets: at least 12 times (a): **{a:.1f}**; at least 70% of (c): **{c:.0%}**."]
    return "\n".join(lines)


def _spread(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    print(measure())
