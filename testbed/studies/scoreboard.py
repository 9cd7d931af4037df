"""The scoreboard over seeds: an experiment with one arm, whose patterns are the claims of the report.

Its runs are those that any experiment on the scenario would make, with the same luck: the seed of replicate i follows
from the master seed and i alone. The log of a run is deleted once it is judged, unless it is to be kept.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sim
from analysis.numerals import NONE
from analysis.report.pages import claim_verdicts
from analysis.workers import cores
from testbed.claims import scoreboard
from testbed.claims.frequency import Study, frequency
from testbed.claims.registry import Entry, Registry
from testbed.claims.verdict import Verdict
from testbed.experiment import runner
from testbed.experiment.plan import Plan, of_scenario
from testbed.experiment.runs import Record, has_failed, local, run_is_there
from testbed.experiment.store import Store
from testbed.failure import Failure


def plan(
    scenario: Path,
    count: int,
    claims: Registry,
    *,
    master: int | None = None,
    users: int | None = None,
    settings: Sequence[str] = (),
) -> Plan:
    """The experiment: one world, one arm, every claim that can be tested. master: seed (default: the scenario's).
    Raises sim.ScenarioError."""
    asked = [entry.id for entry in claims if entry.claim.testable]
    return of_scenario(scenario, asked, replicates=count, seed=master, users=users, settings=settings)


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
    quiet: bool = False,
) -> Study:
    """Run what is not remembered in `out/checks/<scenario>/`, `workers` replicates at a time (default: one a core), and
    count. keep: the run folders stay in `out`, each with its verdicts.

    Raises sim.ScenarioError for a scenario that cannot run, Failure if a replicate fails. Interrupted, it ends all
    replicates, removes what they had begun, and leaves the finished ones remembered.
    """
    planned = plan(scenario, count, claims, master=master, users=users, settings=settings)
    name = planned.worlds[0].name
    threads = max(1, cores() // min(workers or cores(), count))
    tasks = [
        replace(cell.task, threads=threads, home=str(out.absolute()), keep=keep) for cell in planned.cells
    ]
    ids = {
        task.key: sim.load_world(
            local(task.scenario), settings=task.settings, seed=task.seed, users=task.users
        ).run_id
        for task in tasks
    }
    folders = {key: out / name / run_id for key, run_id in ids.items()}
    store = Store(out / "checks" / name)

    def keep_verdicts(record: Record) -> None:
        folder = folders[record["key"]]
        if run_is_there(folder) and not has_failed(record):
            lines = [(entry, _line(entry, record)) for entry in claims]
            claim_verdicts.keep(
                folder,
                scoreboard.as_data(ids[record["key"]], claims.digest, _titles(claims), lines, simulated=True),
            )

    lost = {key for key, folder in folders.items() if keep and not run_is_there(folder)}
    runner.run(tasks, store, workers=workers, fresh=lost, quiet=quiet, then=keep_verdicts)
    return counted(planned, claims, store, tuple(ids.values()))


def counted(planned: Plan, claims: Registry, store: Store, run_ids: tuple[str, ...] = ()) -> Study:
    """What the finished runs of a plan say of its claims. Raises Failure for one that failed or is not remembered."""
    tasks, records = [cell.task for cell in planned.cells], []
    for number, task in enumerate(tasks):
        record = store.read(task.key, task.names)
        if record is None:
            raise Failure(f"replicate {number}: its verdicts cannot be read back from {store.path(task.key)}")
        if has_failed(record):
            raise Failure(f"replicate {number} (seed {task.seed}): {_why(record)}")
        records.append(record)
    return Study(
        planned.worlds[0].name, planned.seed, tuple(task.seed for task in tasks), run_ids, claims.digest,
        tuple(frequency(entry, [_line(entry, record) for record in records]) for entry in claims), _titles(claims),
    )  # fmt: skip


def _titles(claims: Registry) -> dict[str, str]:
    return {str(key): title for key, title in claims.titles.items()}


def _line(entry: Entry, record: Record) -> Mapping[str, Any]:
    """A claim's line of the scoreboard in a run; one that no log can test has the same in all."""
    answer = record["patterns"].get(entry.id)
    if answer is None:
        return scoreboard.line(scoreboard.Judged(entry, Verdict("not_testable", entry.claim.note), NONE))
    line: Mapping[str, Any] = answer["line"]
    return line


def _why(record: Record) -> str:
    """Why a run failed, or the first claim that did; with SLIPPER_DEBUG, with its traceback."""
    failed = [(name, a) for name, a in record["patterns"].items() if a["status"] == "failed"]
    if record["status"] == "failed" or not failed:
        why, trace = record["error"], record["trace"]
    else:
        (name, answer), *_ = failed
        why, trace = f"{name}: {answer['why']}", answer.get("trace", "")
    return f"{why}\n{trace}" if os.environ.get("SLIPPER_DEBUG", "0") not in ("", "0") else why
