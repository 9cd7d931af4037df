"""Activity straight from spells equals what the log gives when it is grouped: users, models, months, days, counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.traffic.blocks
from sim.activity import Activity, monthly
from sim.agents.spells import Kind
from sim.runs import log_writer, write_log
from sim.simulation import Agents, run_agents
from sim.world import load_world
from tests import worlds
from tests.sim.traffic_world import shipped

# A free twin that is a listing of its own, a free window, a promotion, an outage, a retirement with and one without
# a successor, upgrades with the old model beside the new one, models kept after a move, a wave, a large account, own
# keys, silent weeks, a quieter month, demand that rises, an application that bursts, ids that are reset, and a start
# and an end amid a week and a month.
EVENTFUL = """
start: 2025-01-16
end: 2025-06-12
population:
  initial_share: 0.3
  activity: {2025-03-02: 1.0, 2025-03-03: 0.4, 2025-04-06: 0.4, 2025-04-07: 1.0}
  segments:
    everyone: {share: 1, life_days: {exponential: {mean: 90}}, regularity: 0.6, price_sensitivity: 1.0, curiosity: 2.0,
               workloads: 2, users_per_account: 3, byok_share: 0.3}
  countries:
    US: {continent: North America, share: 2, utc_offset_hours: -11}
    NZ: {continent: Oceania, share: 1, utc_offset_hours: 13}
workloads:
  hardness: {normal: {mean: 0.5, sd: 0.8}}
  free_share: 0.5
  requests_per_day: {lognormal: {median: 0.4, sigma: 1.5}}
  categories:
    programming: {volume: {logistic: {start: 0.5, end: 2.0, midpoint: 2025-04-10, width_days: 40}}}
applications:
  direct: {burstiness: 1.0}
models:
  a/plain: {released: 2024-06-01, ability: 0.6, price_usd_per_mtok: 1.0, line: a}
  a/plain:free: {released: 2025-02-01, ability: 0.6, price_usd_per_mtok: 0.0, line: a}
  b/old: {released: 2024-06-01, ability: 0.9, price_usd_per_mtok: 2.0, retired: 2025-03-20, successor: b/new, line: b}
  b/new: {released: 2025-03-01, ability: 1.2, price_usd_per_mtok: 2.0, line: b}
  c/brief: {released: 2025-02-10, ability: 1.0, price_usd_per_mtok: 0.5, retired: 2025-04-30}
  d/famous: {released: 2025-02-20, ability: 1.5, price_usd_per_mtok: 3.0}
observation:
  id_resets_per_month: {everyone: 0.3}
mechanisms:
  fit: {match_sd: 0.3}
  rival_trials: {look_every_days: 8, trial_days: 3, silent_share: 0.5, inertia: 0.2}
  frontier_attention: on
  lock_in: {strength: 0.2}
  volume_unlock: on
  intermittency: on
  applications: on
  migration: on
  upgrade: {reaction_days: {exponential: {mean: 6}}, beside_days: {exponential: {mean: 30}}}
  multihoming: {beside_days: {exponential: {mean: 40}}}
calendar:
  - {event: wave, date: 2025-02-21, days: 9, model: d/famous, share_of_users: 0.2}
  - {event: large_account, date: 2025-03-28, until: 2025-05-02, model: a/plain, users: 5, requests_per_day: 90,
     category: programming, country: US}
  - {event: promotion, date: 2025-04-05, until: 2025-04-25, model: b/new}
  - {event: outage, date: 2025-03-30, days: 4, model: b/new}
"""
KEY = ["user_id", "account_id", "model", "month"]


def log_of(agents: Agents) -> pd.DataFrame:
    """The written log's users, accounts, models and moments."""
    with TemporaryDirectory() as folder:
        write_log(log_writer(agents), Path(folder), workers=1)
        files = sorted(Path(folder).glob("log/*/*.parquet"))
        columns = ["user_id", "account_id", "model", "variant", "created_at"]
        frame = pd.concat(pd.read_parquet(file, columns=columns) for file in files)
    frame = frame.astype({"model": str, "user_id": str, "account_id": str})
    day = frame["created_at"].dt.tz_localize(None).dt.normalize()
    return frame.assign(
        first_day=day,
        month=day.dt.to_period("M").dt.start_time,
        week=day - pd.to_timedelta(day.dt.day_of_week, "D"),
    )


def assert_same(activity: Activity, log: pd.DataFrame) -> None:
    """Grouping the log gives the very entries and weeks of `activity`."""
    expected = log.groupby(KEY, as_index=False).agg(
        requests=("model", "size"), first_day=("first_day", "min")
    )
    found = activity.table().to_pandas()
    found = found.astype({"user_id": str, "account_id": str, "model": str})
    for column in ("month", "first_day"):
        found[column] = pd.to_datetime(found[column])
    found = found.sort_values(KEY, ignore_index=True)
    pd.testing.assert_frame_equal(
        found[expected.columns], expected.sort_values(KEY, ignore_index=True), check_dtype=False
    )
    weeks = activity.weekly_table().to_pydict()
    week, model, requests = weeks["week"], weeks["model"], weeks["requests"]
    by_week = log.groupby([log["week"].dt.date, "model"]).size()
    assert dict(zip(zip(week, model, strict=True), requests, strict=True)) == by_week.to_dict()


@pytest.fixture(scope="module")
def eventful() -> Agents:
    return worlds.play(EVENTFUL, users=400)


def test_the_eventful_world_has_what_could_go_wrong(eventful):
    log = log_of(eventful)
    assert set(log["variant"].unique()) == {"standard", "free"}
    twin = log[log["model"] == "a/plain"].groupby("user_id")["variant"].nunique()
    assert (twin == 2).any()  # a user of both listings of one model
    assert set(worlds.spells(eventful)["kind"]) == {kind.name for kind in Kind}
    assert log["first_day"].min() == pd.Timestamp("2025-01-16")
    assert log["first_day"].max() == pd.Timestamp("2025-06-12")
    away = log["first_day"].between("2025-03-30", "2025-04-02")
    assert away.any()
    assert not (log.loc[away, "model"] == "b/new").any()
    assert {"migrated", "retired", "silent", "returned"} <= set(worlds.spells(eventful)["reason"].str.lower())
    assert eventful.users.byok.any()
    assert len(eventful.users) == 405  # the keys of the large account
    assert log["user_id"].nunique() > 405  # ids were reset
    assert eventful.workloads.pinned_model.max() >= 0


def test_the_eventful_worlds_activity_is_its_logs(eventful):
    assert_same(monthly(eventful), log_of(eventful))


def test_ids_that_change_every_month_have_room():
    """Busy users with a new id in most months have more entries than their spells touch months."""
    agents = worlds.play(
        EVENTFUL, "calendar=[]", "observation.id_resets_per_month.everyone=0.95", "population.activity=1.0",
        "workloads.requests_per_day=4", "population.segments.everyone.regularity=1.0",
        "population.segments.everyone.workloads=1", "mechanisms.rival_trials=off", users=300,
    )  # fmt: skip
    activity, spells = monthly(agents), agents.traffic().spell_table
    begins, ends = (np.datetime64("2025-01-16") + spells[name].astype(int) for name in ("start", "end"))
    months = (ends - 1).astype("datetime64[M]") - begins.astype("datetime64[M]")
    assert len(activity) > (months.astype(int) + 1).sum()
    assert_same(activity, log_of(agents))


@pytest.mark.parametrize(("name", "users"), [("report-small", 700), ("whale", 500), ("price-cut", 400)])
def test_a_shipped_worlds_activity_is_its_logs(name, users):
    agents = run_agents(load_world(shipped(name), users=users))
    activity = monthly(agents)
    assert len(activity) > users
    assert_same(activity, log_of(agents))


@settings(max_examples=6)
@given(
    seed=st.integers(0, 2**63 - 1),
    users=st.integers(1, 60),
    start=st.dates(dt.date(2024, 12, 30), dt.date(2025, 2, 15)),
    days=st.integers(1, 80),
    intermittent=st.booleans(),
)
def test_activity_is_the_logs_for_every_seed_and_calendar(seed, users, start, days, intermittent):
    agents = worlds.play(
        EVENTFUL, f"start={start}", f"end={start + dt.timedelta(days=days - 1)}",
        f"mechanisms.intermittency={'on' if intermittent else 'off'}", "calendar=[]",
        "observation.id_resets_per_month.everyone=0", seed=seed, users=users,
    )  # fmt: skip
    activity, traffic = monthly(agents), agents.traffic()
    names = np.array([m.slug.removesuffix(":free") for m in agents.world.catalogue.models])
    parts = [traffic.records(*task) for task in traffic.tasks()]
    log = pd.DataFrame({
        "user": np.concatenate([part.user for part in parts]),
        "model": names[np.concatenate([part.model for part in parts])],
        "day": np.concatenate([part.day_millis for part in parts]) // 86_400_000,
    })  # fmt: skip
    log["month"] = [(start + dt.timedelta(days=day)).replace(day=1) for day in log["day"].tolist()]
    expected = log.groupby(["user", "model", "month"])["day"].agg(["size", "min"])
    found = {
        (int(user), activity.models[model], activity.months[month]): [int(n), int(first)]
        for user, model, month, n, first in zip(
            activity.user, activity.model, activity.month, activity.requests, activity.first_day, strict=True
        )
    }
    assert found == {key: row.tolist() for key, row in zip(expected.index, expected.to_numpy(), strict=True)}
    assert len(found) == len(activity)
    assert activity.weekly.sum() == len(log)


def test_users_that_lie_in_different_blocks_are_counted_alike(eventful, monkeypatch):
    one = monthly(eventful)
    monkeypatch.setattr(sim.traffic.blocks, "BLOCK_USERS", 64)
    many = monthly(eventful)
    assert eventful.traffic().blocks == 7
    for name in ("user", "account", "model", "month", "requests", "first_day", "weekly"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))


def test_entries_are_ordered_and_in_their_types(eventful):
    activity = monthly(eventful)
    order = np.lexsort([activity.month, activity.model, activity.user])
    np.testing.assert_array_equal(order, np.arange(len(activity)))
    types = {"user": "int32", "account": "int32", "model": "int16", "month": "int16", "requests": "int32",
             "first_day": "int32", "weekly": "int64"}  # fmt: skip
    assert {name: str(getattr(activity, name).dtype) for name in types} == types
    assert set(activity.models) == {"a/plain", "b/old", "b/new", "c/brief", "d/famous"}
    assert len(activity.models) == 5
    assert activity.months == tuple(dt.date(2025, month, 1) for month in range(1, 7))
    assert (activity.weeks[0], activity.weeks[-1]) == (dt.date(2025, 1, 13), dt.date(2025, 6, 9))
    assert activity.requests.min() >= 1
    schema = activity.table().schema
    assert schema.field("month").type == schema.field("first_day").type == pa.date32()
    accounts = pd.Series(activity.account).groupby(activity.user).nunique()
    assert (accounts == 1).all()
    assert pd.Series(activity.user).groupby(activity.account).nunique().max() > 1


def test_a_world_in_which_nobody_finds_anything_has_no_activity():
    agents = worlds.play(
        "models: {a/late: {released: 2025-04-10, ability: 2.0, price_usd_per_mtok: 500.0}}\n", users=20
    )
    activity = monthly(agents)
    assert len(activity) == activity.table().num_rows == activity.weekly_table().num_rows == 0
    assert activity.weekly.shape == (15, 1)
