"""What a run says of itself: its scenario, its versions and counts, and a census of its market."""

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.contract import CATEGORIES
from sim.catalogue.overrides import own_models
from sim.gateway.faults import Planted
from sim.simulation import Agents
from sim.traffic.records import CONTEXT_PART
from sim.world import World, source_digest

MANIFEST_VERSION = 1
LIBRARIES = ("numpy", "numba", "simpy", "pyarrow", "pydantic", "scipy")


def new_manifest(
    agents: Agents, counts: dict[str, int], timings: dict[str, float], planted: Mapping[str, Planted]
) -> dict[str, Any]:
    """The manifest of a run. counts: rows of each kind; timings: seconds of each phase; planted: what faults of data
    fell on, by fault (the manifest has numbers of rows, the truth the rest)."""
    scenario = agents.world.scenario
    faults = {key: found.total() for key, found in planted.items()}
    return {
        "schema_version": MANIFEST_VERSION,
        "scenario": agents.world.name,
        **texts(agents.world),
        "run_id": agents.world.run_id,
        "seed": scenario.seed,
        "users": scenario.users,
        "start": scenario.start.isoformat(),
        "end": scenario.end.isoformat(),
        "versions": versions(),
        "counts": counts,
        **({"faults": faults} if faults else {}),
        "timings_s": timings,
        "census": census(agents, counts, faults),
    }


def versions() -> dict[str, str]:
    """What decides the data beside the scenario and the seed: the versions of this package, of its source, and of what
    it computes and writes with."""
    return {
        "glass_slipper": importlib.metadata.version("glass-slipper"),
        "source": source_digest()[:12],
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def texts(world: World) -> dict[str, Any]:
    """What a manifest says of the scenario and no data depends on, and the whole scenario that holds it."""
    scenario = world.scenario
    return {
        "title": scenario.title,
        "question": scenario.question,
        "look_at": scenario.look_at,
        "study_window": scenario.study_window,
        "own_models": own_models(scenario, world.catalogue),
        "notices": [str(notice) for notice in world.notices],
        "resolved": scenario.model_dump(mode="json", by_alias=True),
    }


def census(agents: Agents, counts: dict[str, int], faults: dict[str, int] | None = None) -> list[list[str]]:
    """Who is in this market: label and value. faults: rows that each fault of data fell on."""
    scenario, users, work = agents.world.scenario, agents.users, agents.workloads
    models = agents.world.catalogue.models
    share = np.bincount(users.segment, minlength=len(users.names.segments)) / len(users)
    by_category = np.bincount(work.category, minlength=len(CATEGORIES)) / max(len(work), 1)
    most = {CATEGORIES[i]: by_category[i] for i in np.argsort(-by_category)[:4]}
    fit_found = len(np.unique(agents.spells["workload"][agents.spells["kind"] == 1]))
    planted, loyal = scenario.planted_loyalty, len(agents.search.planted.users())
    off = [key for key, cause in scenario.mechanisms if not cause.enabled]
    return [
        ["Time", f"{scenario.start} to {scenario.end}, UTC"],
        ["Users", f"{len(users):,} in {len(np.unique(users.account)):,} accounts: "
         + _shares(dict(zip(users.names.segments, share, strict=True)))],
        ["Workloads", f"{len(work):,}: " + _shares(most)
         + f"; {fit_found / max(len(work), 1):.0%} found a home"],
        ["Models", f"{len(models)} by {len({m.author for m in models})} authors, "
         f"{sum(m.facts.open_weights for m in models)} with open weights"],
        ["Requests", f"{counts['generations']:,}, of which {counts['labels']:,} labels say what they were for"],
        *_cut_prompts(counts),
        ["Scale", f"{counts['generations'] / max(len(users), 1):.0f} requests a user; a model of a platform with "
         "millions of users and billions of requests"],
        ["Switched off", ", ".join(off) or "nothing"],
        *([["Faults of data", ", ".join(f"{key} {rows:,} rows" for key, rows in faults.items())]] if faults else []),
        *([] if planted is None else [["Planted", f"{loyal:,} users ({planted.loyal_share:.0%} of "
         f"{planted.model}'s launch cohort) who never leave it, by construction"]]),
    ]  # fmt: skip


def _shares(parts: dict[str, float]) -> str:
    """Names with their shares in per cent, without those that are of next to nothing."""
    told = {name: f"{share:.0%}" for name, share in parts.items()}
    return ", ".join(f"{name} {share}" for name, share in told.items() if share != "0%")


def _cut_prompts(counts: dict[str, int]) -> list[list[str]]:
    """The census's line on prompts that were longer than the model's context, if there were any."""
    cut, share = counts["prompts_cut"], counts["prompts_cut"] / max(counts["generations"], 1)
    if not cut:
        return []
    shown = f"{share:.1%}" if share >= 0.001 else "fewer than 0.1%"
    return [["Cut prompts", f"{cut:,} ({shown}) were drawn longer than the model's context holds, and were cut to "
             f"{CONTEXT_PART:.0%} of it"]]  # fmt: skip
