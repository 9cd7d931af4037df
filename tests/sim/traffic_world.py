"""Worlds for the tests of traffic, log and runs: scenarios as mappings, and worlds whose spells are set by hand."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sim.agents.population import Users, Workloads, build_population
from sim.agents.spells import Kind
from sim.gateway.log import LogWriter
from sim.market import Market
from sim.scenario.shipped import WORLDS
from sim.traffic.blocks import Traffic
from sim.traffic.records import Records
from sim.world import World, load_world

# One model, one country, one kind of work; everybody is there from the first day and works every day alike.
PLAIN: dict[str, Any] = {
    "title": "A plain world",
    "question": "What does the traffic look like?",
    "start": "2025-01-06",  # a Monday
    "end": "2025-02-02",
    "users": 200,
    "catalogue": {"use": "none"},
    "models": {
        "acme/plain": {"released": "2024-06-01", "ability": 2.0, "tools": False, "context_tokens": 2_000_000,
                       "prices": [{"date": "2024-06-01", "prompt": 1.0, "completion": 4.0}]},
    },
    "population": {
        "growth": 1.0,
        "initial_share": 1.0,
        "segments": {
            "developer": {"share": 1, "life_days": 5000, "regularity": 1.0, "price_sensitivity": 1.0,
                          "curiosity": 1.0},
        },
        "countries": {"GB": {"continent": "Europe", "share": 1}},
    },
    "workloads": {
        "hardness": 0.0,
        "willingness_to_pay_usd_per_mtok": 1000.0,
        "life_days": 5000,
        "later_start_days": 0,
        "requests_per_day": 6.0,
        "trial_requests_per_day": 1.0,
        "context_tokens": 4000,
        "free_share": 0.0,
        "categories": {
            "programming": {"share": 1, "prompt_tokens": 4000, "completion_tokens": 800, "session_requests": 1},
        },
    },
    "mechanisms": {"volume_unlock": "off", "intermittency": "off", "popularity": "off", "reasoning_length": "off"},
}  # fmt: skip


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of `base` in which the values of `changes` stand; None removes a key."""
    out = copy.deepcopy(dict(base))
    for key, value in changes.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = merged(out[key], value)
        else:
            out[key] = copy.deepcopy(value)
    return out


def write_scenario(folder: Path, scenario: Mapping[str, Any], name: str = "plain") -> Path:
    """Write a scenario's file."""
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(dict(scenario), sort_keys=False), encoding="utf-8")
    return file


def scenario_file(folder: Path, **changes: Any) -> Path:
    """Write `PLAIN` with changes; `a__b` stands for the nested key a: {b: ...}."""
    nested: dict[str, Any] = {}
    for name, value in changes.items():
        *outer, last = name.split("__")
        at = nested
        for key in outer:
            at = at.setdefault(key, {})
        at[last] = value
    return write_scenario(folder, merged(PLAIN, nested))


@dataclass(frozen=True)
class Handmade:
    """A world whose spells were set by hand: no search stands between the scenario and its traffic."""

    world: World
    users: Users
    workloads: Workloads
    market: Market
    traffic: Traffic

    def writer(self) -> LogWriter:
        world = self.world
        assert world.classifier is not None
        return LogWriter(world.scenario, world.catalogue, self.users, self.workloads, self.traffic,
                         world.classifier, world.draws)  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """All records, one row each; `user` and `workload` number the world's, `slug` names the model."""
        traffic = self.traffic
        parts = [records_frame(traffic, week, block) for week, block in traffic.tasks()]
        frame = pd.concat(parts, ignore_index=True)
        slugs = np.array([m.slug for m in self.world.catalogue.models])
        moment = pd.Timestamp(self.world.scenario.start) + pd.to_timedelta(frame["day_millis"], unit="ms")
        return frame.assign(
            slug=slugs[frame["model"]],
            moment=moment,
            day=frame["day_millis"] // 86_400_000,
            category=self.workloads.category[frame["workload"]],
            visible=frame["tokens_completion"] - frame["tokens_reasoning"],
        )


def records_frame(traffic: Traffic, week: int, block: int) -> pd.DataFrame:
    """The records of one block, with the world's numbers of users and workloads."""
    records = traffic.records(week, block)
    frame = pd.DataFrame({f.name: getattr(records, f.name) for f in fields(Records)})
    frame["user"] += traffic.users_of(block).start
    frame["workload"] += traffic.work_of(block).start
    return frame


def handmade(file: Path, spells: pd.DataFrame | None = None, model: str | None = None) -> Handmade:
    """A world with the given spells (workload, slug, kind, start, end, and since where it differs from start).

    Without spells every workload is at home on `model` (or the only one) from the first day to the last.
    """
    world = load_world(file)
    users, workloads = build_population(world.scenario, world.catalogue, world.draws)
    market = Market(world.scenario, world.catalogue)
    for _ in market.days():
        pass
    if spells is None:
        slug = model or world.catalogue.models[0].slug
        spells = pd.DataFrame({"workload": np.arange(len(workloads)), "slug": slug, "kind": int(Kind.HOME),
                               "start": 0, "end": world.scenario.days})  # fmt: skip
    spells = spells.sort_values(["workload", "start"], kind="stable")
    columns = {
        "workload": spells["workload"],
        "model": spells["slug"].map(world.catalogue.index),
        "kind": spells["kind"],
        "start": spells["start"],
        "end": spells["end"],
        "since": spells["since"] if "since" in spells else spells["start"],
    }
    arrays = {name: value.to_numpy().astype(np.int32) for name, value in columns.items()}
    traffic = Traffic(world.scenario, world.catalogue, market, users, workloads, arrays, world.draws)
    return Handmade(world, users, workloads, market, traffic)


def shipped(name: str) -> Path:
    """A shipped scenario's file."""
    return WORLDS / f"{name}.yaml"
