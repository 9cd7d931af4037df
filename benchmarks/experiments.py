"""What common random numbers save in an experiment, and how long its runs take; run: python -m benchmarks.experiments

Arms of a replicate share its seed, so much of their luck cancels in the difference between two arms. How many times
the replicates independent seeds would need for the same precision is the variance of the difference between
independent runs over that between paired ones.
"""

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.child import peak_memory, run_child
from sim.activity import Activity, monthly
from sim.gateway.models import listed_name
from sim.mechanisms import MECHANISMS
from sim.randomness import replicate_seed
from sim.runs import compile_loops
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import World, load_world

MASTER_SEED = 1
SMALL, REPLICATES = 5_000, 24
LARGE, TURNS = 100_000, 2
MATRIX_ARMS, MATRIX_REPLICATES, MATRIX_MINUTES, PROCESSES = 12, 20, 10, 2
"""The ablation experiment, and the time that it may take."""
MONTH = 3
RECENT_WEEKS = 26
ROUNDING = 1e-12
SHARE = f"R({MONTH})"
OUTCOMES = ("open share", SHARE, "launch contrast")
LEAST_SAVING = 20
"""Times the replicates that independent seeds should need at least."""
ARMS: Mapping[str, tuple[str, ...]] = {
    **{f"{cause} off": (f"mechanisms.{cause}=off",) for cause in MECHANISMS},
    "kappa 10% lower": ("mechanisms.information.kappa=2.25",),
    "lock-in 10% weaker": ("mechanisms.lock_in.strength=0.45",),
    "calendar empty": ("calendar=[]",),
}  # fmt: skip
"""The report world with one cause flipped, or with a small change: what differs little shares the more luck."""


def outcomes(world: World, activity: Activity) -> dict[str, float]:
    """Three outcomes of one run, each a share between 0 and 1 or a difference of two.

    open share: open-weight models' share of the requests of the last 26 whole weeks. R(3): the share of all members of
    cohorts (user x model) who are active in the third month after their first. launch contrast: R(3) of those who
    joined a model in its release month, minus R(3) of those who joined two or more months later, all models together.
    """
    models = world.catalogue.models
    opened = {listed_name(m.slug): m.facts.open_weights for m in models}
    recent = activity.weekly[-RECENT_WEEKS - 1 : -1].sum(axis=0)
    is_open = np.array([opened[name] for name in activity.models])
    # An entry begins a member's row where the user or the model changes.
    begins = np.ones(len(activity), dtype=bool)
    begins[1:] = (np.diff(activity.user) != 0) | (np.diff(activity.model) != 0)
    cohort = activity.month[begins]
    age = activity.month - cohort[np.cumsum(begins) - 1]
    size, stay = (_by_cohort(activity, rows, age) for rows in (begins, age == MONTH))
    months = len(activity.months)
    first = activity.months[0]
    release = {
        listed_name(m.slug): 12 * (m.facts.released.year - first.year) + m.facts.released.month - first.month
        for m in models
    }
    lag = np.arange(months) - np.array([release[name] for name in activity.models])[:, None]
    seen = (np.arange(months) > 0) & (np.arange(months) + MONTH < months)

    def retention(rows: NDArray[np.bool_]) -> float:
        return float(stay[rows].sum() / max(size[rows].sum(), 1))

    values = (
        float(recent[is_open].sum() / max(recent.sum(), 1)),
        retention(seen & np.ones_like(lag, dtype=bool)),
        retention(seen & (lag == 0)) - retention(seen & (lag >= 2)),
    )
    return dict(zip(OUTCOMES, values, strict=True))


def _by_cohort(
    activity: Activity, rows: NDArray[np.bool_], age: NDArray[np.signedinteger]
) -> NDArray[np.int64]:
    """Entries of `rows` by model and first month."""
    months = len(activity.months)
    cell = activity.model[rows].astype(np.int64) * months + (activity.month - age)[rows]
    return np.bincount(cell, minlength=len(activity.models) * months).reshape(-1, months)


def replicate(
    users: int, number: int, settings: Sequence[str] = (), scenario: str = "report.yaml"
) -> dict[str, float]:
    """One arm's outcomes in one replicate."""
    world = load_world(
        WORLDS / scenario, users=users, seed=replicate_seed(MASTER_SEED, number), settings=settings
    )
    return outcomes(world, monthly(run_agents(world)))


def saving(base: NDArray[np.float64], arm: NDArray[np.float64]) -> tuple[float, float, float]:
    """How many times the replicates independent seeds would need, with a 95% interval.

    `base` and `arm` hold an outcome by replicate, in the same order. The variance of a difference between independent
    runs is the sum of both arms' variances. The interval is the jackknife's for the logarithm, with Student's t (Miller
    1974). All three are infinite where the arms differ by a constant.
    """
    from scipy.stats import t

    def log_ratio(kept: NDArray[np.bool_] | slice) -> float:
        one, other = base[kept], arm[kept]
        return float(np.log((one.var(ddof=1) + other.var(ddof=1)) / (other - one).var(ddof=1)))

    n = len(base)
    if np.ptp(arm - base) < ROUNDING:
        return np.inf, np.inf, np.inf
    value = log_ratio(slice(None))
    pseudo = n * value - (n - 1) * np.array([log_ratio(np.arange(n) != left_out) for left_out in range(n)])
    half = t.ppf(0.975, n - 1) * pseudo.std(ddof=1) / np.sqrt(n)
    low, high = value - half, value + half
    return float(np.exp(value)), float(np.exp(low)), float(np.exp(high))


def ceiling(one: float, other: float) -> float:
    """The most that common luck can save for a share of the same independent members, `one` and `other` in two arms.

    At least |other - one| of the members differ between the arms, so the difference of a member has at least the
    variance |d| (1 - |d|), against the sum of two Bernoulli variances in independent runs.
    """
    d = abs(other - one)
    return (one * (1 - one) + other * (1 - other)) / (d * (1 - d)) if d else np.inf


def savings(
    users: int = SMALL, replicates: int = REPLICATES, arms: Mapping[str, Sequence[str]] = ARMS
) -> list[list[str]]:
    """The rows of the first table: an arm, and for each outcome the mean difference and the replicates' ratio; for the
    share R(3) also the ceiling of that ratio.
    """
    base = [replicate(users, number) for number in range(replicates)]
    rows = []
    for name, settings in arms.items():
        runs = [replicate(users, number, settings) for number in range(replicates)]
        cells = [name]
        for outcome in OUTCOMES:
            mine, theirs = (np.array([run[outcome] for run in side]) for side in (base, runs))
            value, low, high = saving(mine, theirs)
            cells += [f"{100 * (theirs - mine).mean():+.2f}", f"{value:.1f} ({low:.1f} to {high:.1f})"]
            if outcome == SHARE:
                cells.append(f"{ceiling(mine.mean(), theirs.mean()):.0f}")
        rows.append(cells)
    return rows


def run_once(users: int) -> dict[str, float]:
    """One arm-run, all in: scenario, population, market and search, activity, outcomes."""
    compile_loops()
    replicate(200, 0)
    began = time.perf_counter()
    cpu = time.process_time()
    replicate(users, 0)
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak_gb": peak_memory(),
    }


def measure(
    small: int = SMALL,
    replicates: int = REPLICATES,
    large: int = LARGE,
    arms: Mapping[str, Sequence[str]] = ARMS,
) -> str:
    """The tables of the benchmark, as Markdown."""
    lines = [
        f"Common random numbers: the report world with {small:,} users, {replicates} replicates. For each outcome the "
        "arm's mean difference from the report world in points, and how many times the replicates independent seeds "
        f"would need (95% interval; target: {LEAST_SAVING} and more). `at most`: where a share of members goes from p "
        "to q, at least |q - p| of them differ, so no common luck can save more than (p(1-p) + q(1-q)) / (|q-p| "
        "(1 - |q-p|)): the larger an effect, the less.",
        "",
        "| arm | "
        + " | ".join(f"{name} | times the replicates" + " | at most" * (name == SHARE) for name in OUTCOMES)
        + " |",
        "|---|" + "".join("---:|---|" + "---:|" * (name == SHARE) for name in OUTCOMES),
    ]
    lines += ["| " + " | ".join(row) + " |" for row in savings(small, replicates, arms)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        turns = [
            list(pool.map(lambda _: run_child("benchmarks.experiments", str(large)), range(PROCESSES)))
            for _ in range(TURNS)
        ]
    runs = [run for turn in turns for run in turn]
    seconds = statistics.median(run["seconds"] for run in runs)
    minutes = MATRIX_ARMS * MATRIX_REPLICATES * seconds / PROCESSES / 60
    lines += [
        "",
        f"One arm-run of {large:,} users, all in (scenario, agents, activity, outcomes; {PROCESSES} processes at once, "
        f"one thread each): median {seconds:.1f} s ({statistics.median(run['cpu'] for run in runs):.1f} s of "
        f"processor), peak {max(run['peak_gb'] for run in runs):.2f} GB. Target: {MATRIX_ARMS} arms x "
        f"{MATRIX_REPLICATES} replicates in {MATRIX_MINUTES} minutes; from this: **{minutes:.1f} minutes**.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run_once(int(sys.argv[1]))))
    else:
        print(measure())
