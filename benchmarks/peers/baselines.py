"""Ordinary ways to make a log with the same columns: a SimPy process for each user, and plain NumPy by the week.

Both draw with NumPy's Generator from simple distributions: no agents, no calendar, no time zones, no draws keyed by
user, and another log with every size of a batch. The distributions are assumed; only the time they take matters here.
"""

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pyarrow as pa
import simpy
from numpy.typing import NDArray

from sim.gateway.log import LogWriter

Columns = dict[str, NDArray[Any]]

WEEK_MS = 7 * 86_400_000
LETTERS = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype=np.uint8)
POWERS = 10 ** np.arange(9, -1, -1)
FINISH_CDF = np.cumsum([0.88, 0.03, 0.055, 0.005, 0.01])  # the rest is cancelled
TOOL_CALLS, NO_FINISH = 2, 5


class Baseline:
    """What the baselines know of a world: names, prices, and who lives where. The log writer of the world has it."""

    def __init__(self, world: LogWriter) -> None:
        self.world = world
        # USD a token: prompt, completion, cached
        self.prices = 1e-6 * np.nan_to_num(world.traffic.days.price[-1])

    def columns(self, u: NDArray[np.float64], z: NDArray[np.float64]) -> Columns:
        """The columns of n requests that do not depend on the user, from uniform (9 x n) and normal (4 x n) draws."""
        z = np.exp(z)
        model = (len(self.world.models) * u[0] ** 3).astype(np.int32)
        prompt = (1800.0 * z[0]).astype(np.int32)
        visible = 200.0 * z[1]
        thought = np.where(u[1] < 0.3, visible * z[2], 0.0).astype(np.int32)
        completion = visible.astype(np.int32) + thought
        cached = (0.5 * prompt * u[2]).astype(np.int32)
        free = u[4] < 0.1
        price = np.where(free[:, None], 0.0, self.prices[model])
        wait = 600.0 * z[3] + 0.01 * prompt
        finish = np.searchsorted(FINISH_CDF, u[6])
        return {
            "millis": (WEEK_MS * u[3]).astype(np.int64),
            "model": model,
            "free": free,
            "provider": (len(self.world.providers) * u[5]).astype(np.int32),
            "prompt": prompt,
            "completion": completion,
            "reasoning": thought,
            "cached": cached,
            "cost": (prompt - cached) * price[:, 0] + cached * price[:, 2] + completion * price[:, 1],
            "finish": finish,
            "offered": (u[7] < 0.13) | (finish == TOOL_CALLS),
            "streamed": u[8] < 0.7,
            "wait": wait.astype(np.int32),
            "duration": (wait + 10.0 * completion).astype(np.int32),
        }

    def table(self, rng: np.random.Generator, user: NDArray[np.int64], c: Columns, start_ms: int) -> pa.Table:
        """The requests of a week as a table of the contract, with the types that the world's own tables have."""
        world, n = self.world, len(user)
        people = world.people[user]
        created = c["millis"] + start_ms
        digits = (48 + created[:, None] // 1000 // POWERS % 10).astype(np.uint8)
        unfinished = c["finish"] == NO_FINISH
        made = {
            "generation_id": _ids(rng, b"gen-", digits, np.full((n, 1), ord("-"), dtype=np.uint8), n=n),
            "created_at": pa.array(created).view(pa.timestamp("ms", tz="UTC")),
            "user_id": _named(user, world.user_ids),
            "account_id": _named(people["account"], world.accounts),
            "app_name": _named(people["app"], world.apps),
            "model": _named(c["model"], world.models),
            "model_permaslug": _named(c["model"], world.permaslugs),
            "variant": _named(c["free"], pa.array(["standard", "free"])),
            "provider_name": _named(c["provider"], world.providers),
            "tokens_prompt": pa.array(c["prompt"]),
            "tokens_completion": pa.array(c["completion"]),
            "tokens_reasoning": pa.array(c["reasoning"]),
            "tokens_cached": pa.array(c["cached"]),
            "cost_total": pa.array(c["cost"]),
            "byok": pa.array(people["byok"]),
            "finish_reason": _named(np.where(unfinished, 0, c["finish"]), world.finish, unfinished),
            "tools_offered": pa.array(c["offered"]),
            "tool_called": pa.array(c["finish"] == TOOL_CALLS),
            "streamed": pa.array(c["streamed"]),
            "cancelled": pa.array(unfinished),
            "time_to_first_token_ms": pa.array(c["wait"], mask=~c["streamed"]),
            "generation_time_ms": pa.array(c["duration"]),
            "country": _named(people["country"], world.countries),
            "continent": _named(people["continent"], pa.array(world.continents)),
            "language": _named(people["language"], world.languages),
            "session_id": _ids(rng, b"ses-", n=n),
        }
        return pa.Table.from_arrays([made[name] for name in world.schema.names], schema=world.logged)


def numpy_week(base: Baseline, task: tuple[int, int], mean: float) -> pa.Table:
    """The requests of all users in one batch, `mean` a user, for one (week, block)."""
    rng = np.random.default_rng(task)
    user = np.repeat(np.arange(len(base.world.users)), rng.poisson(mean, len(base.world.users)))
    columns = base.columns(*draw(rng, len(user)))
    return base.table(rng, user, columns, base.world.start_ms + task[0] * WEEK_MS)


def draw(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The draws of n requests."""
    return rng.random((9, n)), rng.standard_normal((4, n))


def simpy_weeks(
    base: Baseline,
    users: int,
    mean: float,
    weeks: int,
    write: Callable[[int, pa.Table], None],
    *,
    draws_only: bool,
) -> None:
    """A process for each user that wakes once a week and makes its requests of the week at once.

    With `draws_only` it leaves all but the draws to the week's table: little more than the number of requests is the
    process's own. One event for each request would be slower than either.
    """
    rng, env = np.random.default_rng(1), simpy.Environment()
    book: list[tuple[int, int, Any]] = []

    def user(number: int) -> Generator[simpy.Event, None, None]:
        while True:
            n = int(rng.poisson(mean))
            if n:
                drawn = draw(rng, n)
                book.append((number, n, drawn if draws_only else base.columns(*drawn)))
            yield env.timeout(1)

    for number in range(users):
        env.process(user(number))
    for week in range(weeks):
        env.run(until=week + 0.5)
        numbers, counts, made = zip(*book, strict=True)
        if draws_only:
            columns = base.columns(*(np.concatenate(part, axis=1) for part in zip(*made, strict=True)))
        else:
            columns = {name: np.concatenate([part[name] for part in made]) for name in made[0]}
        table = base.table(rng, np.repeat(numbers, counts), columns, base.world.start_ms + week * WEEK_MS)
        write(week, table)
        book.clear()


def _ids(rng: np.random.Generator, prefix: bytes, *parts: NDArray[np.uint8], n: int) -> pa.Array:
    """Ids of random letters, as one matrix of bytes."""
    first = np.broadcast_to(np.frombuffer(prefix, dtype=np.uint8), (n, len(prefix)))
    text = np.concatenate([first, *parts, LETTERS[rng.integers(0, 32, (n, 13), dtype=np.uint8)]], axis=1)
    offsets = np.arange(0, text.size + 1, text.shape[1], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(text)])


def _named(codes: NDArray[Any], names: pa.Array, null: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=null), names)
