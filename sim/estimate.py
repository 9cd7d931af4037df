"""How large a world will be, before it is simulated: requests, disk, memory and time, from two small ones of its kind.

Measured here and now: requests, bytes and processor time of two pilots of the same world with few users, from which the
line to its own users is drawn. Assumed: what memory a run takes beside its arrays, and that all cores help.
"""

import io
import os
import time
from dataclasses import dataclass, replace

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.activity import monthly
from sim.gateway.columns import COMPRESSION
from sim.gateway.log import DICTIONARY_COLUMNS
from sim.runs import compile_loops, log_writer
from sim.scenario.calendar import LargeAccountEvent
from sim.simulation import run_agents
from sim.world import World

PILOT_USERS = (1_000, 4_000)
WEEKS_TRIED = 12
"""Weeks of the larger pilot whose requests are made and packed, evenly over the world."""
BASE_MEMORY = 400e6
"""Bytes that a run takes whatever its size (assumed: interpreter, libraries, compiled loops)."""
COPIES = 2.5
"""Memory at the peak for a byte of users, workloads, spells and their tables (assumed: sorting makes copies; with it
the report world with 1.1 million users comes to 3.0 GB, where 2.8 were measured)."""
TRUTH_PACKED = 0.5
"""Bytes on disk for a byte of those arrays (assumed)."""
MOST_USERS, MOST_REQUESTS = 1_000_000, 1_000_000_000
"""A world with as many users, or that may have as many requests, is estimated before it runs. The bound on requests is
rough: for the report world it is 210 million, where there are about 8 million."""


@dataclass(frozen=True)
class Estimate:
    """What a run will take: requests, bytes on disk, bytes of memory at the peak, seconds without the analysis."""

    users: int
    requests: int
    disk: int
    memory: int
    seconds: float
    cores: int

    def sentence(self) -> str:
        """All of it for people."""
        return (
            f"{self.users:,} users: about {_short(self.requests)} requests, {_bytes(self.disk)} on disk, "
            f"{_bytes(self.memory)} of memory and {_time(self.seconds)} to simulate (measured on worlds of "
            f"{PILOT_USERS[0]:,} and {PILOT_USERS[1]:,} users here; assumed: {self.cores} free "
            f"core{'s' if self.cores > 1 else ''}, {COPIES:g} bytes of memory for one of the agents' arrays)"
        )


def may_be_large(world: World) -> bool:
    """Whether a world should be estimated first: by its users, or by a rough bound on its requests."""
    scenario = world.scenario
    middle = np.linspace(0.005, 0.995, 100)
    a_day = float(np.mean(scenario.workloads.requests_per_day.quantile(middle)))
    kinds = scenario.population.segments.values()
    work = max(kind.workloads * kind.volume for kind in kinds)
    categories = scenario.workloads.categories.values()
    shares = np.array([float(np.mean(scenario.daily(kind.share))) for kind in categories])
    volumes = np.array([float(np.mean(scenario.daily(kind.volume))) for kind in categories])
    volume = float(shares @ volumes / shares.sum())
    season = float(np.mean(scenario.daily(scenario.traffic.season))) * scenario.traffic.volume
    life = min(scenario.days, float(np.mean(scenario.workloads.life_days.quantile(middle))))
    most = scenario.users * work * volume * a_day * life
    for event in scenario.calendar:
        if isinstance(event, LargeAccountEvent):
            days = (min(event.until or scenario.end, scenario.end) - event.date).days
            most += event.requests_a_day(scenario.users) * days
    return scenario.users >= MOST_USERS or most * season >= MOST_REQUESTS


def estimate(world: World, workers: int | None = None) -> Estimate:
    """What a run of this world will take. Takes some seconds, and writes nothing."""
    compile_loops()
    cores = workers or os.cpu_count() or 1
    users = world.scenario.users
    few, many = (_pilot(world, min(size, users)) for size in PILOT_USERS)

    def at(name: str) -> float:
        low, high = getattr(few, name), getattr(many, name)
        if many.users == few.users:
            return float(high)
        slope = max(high - low, 0) / (many.users - few.users)
        return float(high + slope * (users - many.users))

    requests = at("requests")
    arrays = at("arrays")
    return Estimate(
        users=users,
        requests=round(requests),
        disk=round(requests * many.bytes_each + arrays * TRUTH_PACKED),
        memory=round(BASE_MEMORY + arrays * COPIES),
        seconds=at("market_seconds") + requests * many.seconds_each / cores,
        cores=cores,
    )


@dataclass(frozen=True)
class _Pilot:
    users: int
    requests: int
    arrays: int  # bytes
    market_seconds: float
    bytes_each: float
    seconds_each: float


def _pilot(world: World, users: int) -> _Pilot:
    small = replace(world, scenario=world.scenario.model_copy(update={"users": users}))
    began = time.process_time()
    agents = run_agents(small)
    market = time.process_time() - began
    writer = log_writer(agents)
    traffic = writer.traffic
    arrays = _size(agents.users.__dict__) + _size(agents.workloads.__dict__) + _size(agents.spells)
    arrays += traffic.spell_table.nbytes + traffic.work_table.nbytes
    weeks = np.unique(np.linspace(0, len(traffic.weeks()) - 1, WEEKS_TRIED).astype(int)).tolist()
    packed = made = 0
    began = time.process_time()
    for week in weeks:
        records = traffic.records(week, 0)
        if len(records):
            part = io.BytesIO()
            pq.write_table(writer.table(records, 0), part, use_dictionary=DICTIONARY_COLUMNS, **COMPRESSION)
            packed, made = packed + part.tell(), made + len(records)
    spent = time.process_time() - began
    requests = int(monthly(agents).requests.sum())
    return _Pilot(users, requests, arrays, market, packed / max(made, 1), spent / max(made, 1))


def _size(arrays: dict[str, NDArray[np.int32]]) -> int:
    return sum(array.nbytes for array in arrays.values() if isinstance(array, np.ndarray))


def _short(number: float) -> str:
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if number >= unit:
            return f"{_two(number / unit)} {name}"
    return f"{number:,.0f}"


def _bytes(number: float) -> str:
    return f"{_two(number / 1e9)} GB" if number >= 1e9 else f"{number / 1e6:,.0f} MB"


def _two(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
