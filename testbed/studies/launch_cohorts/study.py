"""What became of launch cohorts, by the truth of one run.

A log shows who comes back. The truth shows why the others do not: they looked and found no fit, they compared with what
they had and went back, they found a better model later, their work was done. Nothing is chosen by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import analysis
from analysis.numerals import NONE
from sim.scenario.shipped import WORLDS
from testbed import markdown
from testbed.truth_checks.truth import Truth, read

PROGRAM = "python -m testbed.studies.launch_cohorts"
PAGE = WORLDS.parent / "docs" / "launch-cohorts.md"
BEGIN = f"<!-- made by `{PROGRAM}`: results -->"
COHORTS = (
    ("anthropic/claude-sonnet-4", "2025-05", 5),
    ("google/gemini-2.5-pro", "2025-06", 5),
    ("openai/gpt-4o-mini", "2024-07", 5),
    ("openai/gpt-4o-mini", "2024-10", 5),
    ("meta-llama/llama-4-maverick", "2025-04", 3),
    ("meta-llama/llama-4-maverick", "2025-06", 3),
    ("google/gemini-2.0-flash-001", "2025-02", 3),
    ("google/gemini-2.0-flash-001", "2025-05", 3),
    ("deepseek/deepseek-r1", "2025-04", 3),
    ("deepseek/deepseek-chat-v3-0324", "2025-07", 2),
)
"""The cohorts that section 7 of the study speaks of, and of three of the models a later one: model, month of joining,
and how many months later it is looked at."""
FATES = (
    "stay",
    "keep it beside another",
    "found a better one",
    "upgraded",
    "are done",
    "lost it",
    "are silent",
)
"""What a settled user's work does in the month, first that applies: uses the model as its home; uses it while another
is its home; left it for another; left it for a later one of its line; has ended, with the job or the user; lost it to a
price, an ability or a retirement; is still its home but unused."""
LOST = ("price", "ability", "retired", "migrated")


@dataclass(frozen=True)
class Cohort:
    """What became of one. users: in it; looked, compared: parts of them that never settled with the model, having
    tried it without a home, or beside one; fates: of those who settled, parts by fate in the month; retention: part of
    all that is active in it."""

    users: int
    looked: float
    compared: float
    settled: float
    fates: dict[str, float]
    retention: float


def cohort_of(truth: Truth, model: str, month: str, age: int) -> Cohort | None:
    """The cohort of users who first used a model in a month, `age` months later. None where nobody is in it.

    It is counted by the truth's spells: a user who had one is in it, even without a request in its first month."""
    number, first = truth.names.index(model), int(np.datetime64(month, "M").astype(np.int64))
    at = first + age
    used = truth.used[truth.used["model"] == number]
    user = pd.Series(truth.user[used["workload"]], index=used.index)
    joined = used.groupby(user)["month"].min()
    members = joined.index[joined == first].to_numpy()
    if not len(members):
        return None
    spells = truth.spells[truth.spells["model"] == number]
    spells = spells[np.isin(truth.user[spells["workload"]], members)]
    before = spells[truth.month(spells["start"].to_numpy()) <= at]
    owner = truth.user[before["workload"]]
    homes = (before["kind"] == "home").to_numpy()
    settled = np.unique(owner[homes])
    beside = np.setdiff1d(np.unique(owner[np.isin(before["kind"], ("rival", "upgrade"))]), settled)
    active = np.unique(user[used["month"] == at].to_numpy())
    fates = _fates(truth, number, before[homes], settled, active, at)
    whole = len(members)
    return Cohort(
        whole,
        (whole - len(settled) - len(beside)) / whole, len(beside) / whole, len(settled) / whole, fates,
        len(np.intersect1d(active, members)) / whole,
    )  # fmt: skip


def _fates(
    truth: Truth,
    model: int,
    homes: pd.DataFrame,
    settled: NDArray[np.int64],
    active: NDArray[np.int64],
    at: int,
) -> dict[str, float]:
    """Parts of the settled users by fate, as of the month's end: a move that is made later does not count. active: who
    used the model in the month, with whatever work."""
    tenures = truth.tenures
    tenures = tenures[(tenures["model"] == model) & (truth.month(tenures["begin"].to_numpy()) <= at)]
    tenures = tenures.groupby("workload").last()
    last = homes.groupby("workload").last()
    left = tenures["moved_to"].where(truth.month(tenures["end"].to_numpy() - 1) <= at)
    moved_to = left.reindex(last.index).fillna(-1).to_numpy(dtype=np.int64)
    over = truth.month(last["end"].to_numpy() - 1) <= at
    upgraded = (moved_to >= 0) & (truth.line[moved_to] == truth.line[model]) & (truth.line[model] >= 0)
    reason = last["reason"].to_numpy()
    fate = np.select(
        [(moved_to >= 0) & ~upgraded, upgraded, over & (reason == "ended"), over & np.isin(reason, LOST)],
        [2, 3, 4, 5], 6,
    )  # fmt: skip
    of_user = pd.Series(fate).groupby(truth.user[last.index.to_numpy()]).min()
    of_user[np.intersect1d(active, of_user.index)] = 1
    at_home = homes[truth.month(homes["end"].to_numpy() - 1) >= at]
    of_user[np.unique(truth.user[at_home["workload"]])] = 0
    counts = of_user.reindex(settled).value_counts()
    return {name: float(counts.get(n, 0)) / max(len(settled), 1) for n, name in enumerate(FATES)}


def results(run: Path) -> list[str]:
    """The lines of the page. Raises BadInput for a folder without truth."""
    truth = read(run)
    lines = [f"Of {run.name}, with {len(np.unique(truth.user)):,} users.", ""]
    lines += markdown.heading(
        "cohort", "users", "found no fit", "went back to what they had", "settled with it",
        "month", *(f"of these {fate}" for fate in FATES), "of all active", "in the log",
    )  # fmt: skip
    with analysis.open_log(run) as log:
        triangle = cache(partial(analysis.retention.triangle, log))
        for model, month, age in COHORTS:
            if model not in truth.names or (found := cohort_of(truth, model, month, age)) is None:
                continue
            cells = triangle(model)
            own = cells[(pd.to_datetime(cells["cohort"]).dt.strftime("%Y-%m") == month) & (cells["k"] == age)]
            logged = NONE if own.empty else f"{own['retention'].iloc[0]:.0%} of {own['users'].iloc[0]:,}"
            lines.append(markdown.row(
                f"{model}, {month}", f"{found.users:,}", f"{found.looked:.0%}", f"{found.compared:.0%}",
                f"{found.settled:.0%}", str(age), *(f"{found.fates[fate]:.0%}" for fate in FATES),
                f"{found.retention:.0%}", logged,
            ))  # fmt: skip
    return lines
