"""The log, its labels, the catalogue and the truth as files: what is in them, and that folders are whole or absent."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import sim
from analysis import contract
from analysis.contract import files
from analysis.sources.conformance import check_conformance, is_conforming
from analysis.sources.opening import open_log
from sim.catalogue import write_models_table
from sim.gateway.ids import id_array
from sim.gateway.models import write_models
from sim.gateway.run_folder import RunFolder
from sim.market import Market
from sim.world import load_world
from tests.sim.traffic_world import handmade, scenario_file, shipped

# A market in which everything happens: retirements, a migration, outages, free windows, price changes, reasoning,
# caches, own keys, shared accounts, a large account; two kinds of work; three countries; twelve weeks.
BUSY = {
    "start": "2025-08-07",  # a Thursday
    "end": "2025-10-29",  # a Wednesday
    "users": 400,
    "models": {
        "acme/plain": None,
        "acme/early": {"released": "2025-05-01", "retired": "2025-09-20", "successor": "acme/heir", "ability": 0.5,
                       "reach": 1.0,
                       "prices": [{"date": "2025-05-01", "prompt": 0.2, "completion": 1.5, "cached": 0.02},
                                  {"date": "2025-08-20", "prompt": 0.1, "completion": 0.7, "cached": 0.01}]},
        "acme/heir": {"released": "2025-09-01", "ability": 0.6, "reach": 0.8, "reasoning": "hybrid", "tools": True,
                      "prices": [{"date": "2025-09-01", "prompt": 1.0, "completion": 4.0}]},
        "open/large": {"released": "2025-07-01", "ability": 0.4, "reach": 0.8, "open_weights": True,
                       "params_total_b": 120, "origin": "CN", "tools": True, "free": [["2025-09-05", "2025-09-25"]],
                       "prices": [{"date": "2025-07-01", "prompt": 0.3, "completion": 0.9, "cached": 0.1}]},
        "shut/down": {"released": "2025-06-01", "retired": "2025-09-10", "ability": 0.5, "reach": 1.0,
                      "reasoning": "always", "price_usd_per_mtok": 0.5},
        "gift/tiny:free": {"released": "2025-08-25", "ability": 0.3, "reach": 0.9, "price_usd_per_mtok": 0.0},
        "not/yet": {"released": "2025-12-01", "ability": 3.0, "price_usd_per_mtok": 0.1},
    },
    "population": {
        "initial_share": 0.5,
        "segments": {
            "developer": {"regularity": 0.7, "byok_share": 0.2, "workloads": 1.6, "apps": {"Cline": 2, "direct": 1},
                          "life_days": {"lognormal": {"median": 60, "sigma": 1.0}}},
            "company": {"share": 0.5, "life_days": 5000, "regularity": 0.95, "price_sensitivity": 1.0,
                        "curiosity": 1.0, "users_per_account": 5},
        },
        "countries": {
            "US": {"continent": "North America", "share": 1, "utc_offset_hours": -6, "languages": {"en": 3, "es": 1}},
            "JP": {"continent": "Asia", "share": 1, "utc_offset_hours": 9, "languages": {"ja": 1}},
        },
    },
    "workloads": {
        "hardness": {"normal": {"mean": 0.2, "sd": 0.4}},
        "requests_per_day": {"lognormal": {"median": 0.8, "sigma": 0.8}},
        "free_share": 0.5,
        "life_days": {"lognormal": {"median": 50, "sigma": 1.0}},
        "later_start_days": 10,
        "categories": {"programming": {"needs_tools": 0.2}, "marketing/seo": {"share": 1, "prompt_tokens": 900,
                                                                             "completion_tokens": 200}},
    },
    "mechanisms": {"volume_unlock": "on", "intermittency": "on", "popularity": "on"},
    "traffic": {"tools_offered_share": {"programming": 0.5}},
    "observation": {"label_share": 0.3, "tools_offered_from": "2025-09-01"},
    "calendar": [
        {"event": "outage", "date": "2025-08-12", "days": 2, "model": "shut/down"},
        {"event": "large_account", "date": "2025-08-10", "model": "acme/early", "users": 3, "requests_per_day": 30},
        {"event": "price_change", "date": "2025-10-01", "model": "acme/heir", "factor": 0.3},
        {"event": "promotion", "date": "2025-08-15", "until": "2025-08-24", "model": "shut/down"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A run of the busy world."""
    folder = tmp_path_factory.mktemp("busy")
    return sim.run(scenario_file(folder, **BUSY), out=folder / "outputs", workers=2)


@pytest.fixture(scope="module")
def log(busy) -> pd.DataFrame:
    frame = ds.dataset(busy.path / "log", partitioning="hive").to_table().to_pandas()
    return frame.assign(date=frame["created_at"].dt.tz_localize(None).dt.normalize())


@pytest.fixture(scope="module")
def truth(busy) -> dict[str, pd.DataFrame]:
    return {file.stem: pq.read_table(file).to_pandas() for file in (busy.path / "truth").glob("*.parquet")}


# --- the contract ------------------------------------------------------------------------------------------------


def plain_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


@pytest.mark.parametrize("table", contract.TABLES)
def test_the_schema_of_every_file_is_the_contracts(busy, table):
    files = {"generations": busy.path.glob("log/week=*/*.parquet"), "labels": busy.path.glob("labels/week=*/*.parquet"),
             "models": [busy.path / "models.parquet"]}[table]  # fmt: skip
    expected = contract.arrow_schema(table)
    seen = 0
    for file in files:
        found = pq.read_schema(file)
        decoded = pa.schema([f.with_type(plain_type(f.type)) for f in found])
        assert decoded.equals(expected), f"{file}:\n{decoded.to_string()}\ninstead of\n{expected.to_string()}"
        seen += 1
    assert seen == {"generations": 13, "labels": 13, "models": 1}[table]


def test_the_log_conforms(busy):
    with open_log(busy.path) as opened:
        findings = check_conformance(opened)
    assert is_conforming(findings)
    assert findings.loc[findings["violations"] > 0, ["table", "check", "column"]].to_numpy().tolist() == []
    assert (findings["rows"] > 0).all()


def test_weeks_lie_in_their_folders(busy, log):
    weeks = sorted(path.name for path in (busy.path / "log").iterdir())
    assert weeks[0] == "week=2025-08-04"  # the Monday before the first day
    assert weeks[-1] == "week=2025-10-27"
    assert len(weeks) == 13
    monday = log["date"] - pd.to_timedelta(log["date"].dt.day_of_week, unit="D")
    assert (monday == pd.to_datetime(log["week"].astype(str))).all()
    assert log["date"].min() == pd.Timestamp("2025-08-07")
    assert log["date"].max() == pd.Timestamp("2025-10-29")
    assert str(pq.read_schema(next(busy.path.glob("log/*/*.parquet"))).field("created_at").type) == (
        "timestamp[ms, tz=UTC]"
    )


# --- columns -----------------------------------------------------------------------------------------------------


def test_ids_are_unique_opaque_and_hold_their_second(log):
    assert log["generation_id"].is_unique
    assert log["generation_id"].str.fullmatch(r"gen-\d{10}-[0-9a-hjkmnp-tv-z]{13}").all()
    second = pd.to_datetime(log["generation_id"].str.slice(4, 14).astype("int64"), unit="s", utc=True)
    assert (second == log["created_at"].dt.floor("s")).all()
    for column, prefix in (("user_id", "usr"), ("account_id", "acc"), ("session_id", "ses")):
        assert log[column].astype(str).str.fullmatch(prefix + "-[0-9a-hjkmnp-tv-z]{13}").all()


def test_ids_give_back_their_bits():
    codes = np.array([0, 1, 31, 32, 2**64 - 1, 0x0123456789ABCDEF], dtype=np.uint64)
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    for number, text in zip(codes.tolist(), id_array("usr-", codes).to_pylist(), strict=True):
        assert text.startswith("usr-")
        assert sum(letters.index(c) << (5 * i) for i, c in enumerate(text[4:])) == number
    seconds = np.array([0, 1, 999, 1_700_000_000, 9_999_999_999, 42])
    texts = id_array("gen-", codes, seconds).to_pylist()
    assert [int(t[4:14]) for t in texts] == seconds.tolist()
    assert [t[14] for t in texts] == ["-"] * 6
    assert id_array("ses-", codes[:0]).to_pylist() == []
    with pytest.raises(ValueError, match="four letters"):
        id_array("s-", codes)


def test_missing_values_say_unknown_and_nothing_else(log):
    before = log["date"] < "2025-09-01"
    assert before.any()
    assert log.loc[before, "tools_offered"].isna().all()
    assert log.loc[~before, "tools_offered"].notna().all()
    assert (log["cancelled"] == log["finish_reason"].isna()).all()
    assert 0 < log["cancelled"].mean() < 0.05
    assert (log["time_to_first_token_ms"].isna() == ~log["streamed"]).all()
    others = log.drop(columns=["tools_offered", "finish_reason", "time_to_first_token_ms"])
    assert not others.isna().any().any()


def test_tools_offered_is_always_recorded_where_the_scenario_names_no_date(tmp_path):
    table = handmade(scenario_file(tmp_path)).writer()
    records = table.traffic.records(0, 0)
    assert table.table(records, 0)["tools_offered"].null_count == 0


def test_a_listing_that_is_free_by_name_is_a_variant_of_its_model(tmp_path):
    gift = {"released": "2024-06-01", "price_usd_per_mtok": 0.0}
    writer = handmade(
        scenario_file(tmp_path, models={"gift/tiny:free": gift}), model="gift/tiny:free"
    ).writer()
    table = writer.table(writer.traffic.records(0, 0), 0).to_pandas()
    assert set(table["model"]) == {"gift/tiny"}
    assert set(table["variant"]) == {"free"}
    assert (table["cost_total"] == 0).all()


def test_tools_are_called_where_offered_and_called_only_then(log):
    called = log["finish_reason"] == "tool_calls"
    assert (log["tool_called"] == called).all()
    known = log[log["tools_offered"].notna()]
    assert (known.loc[known["tool_called"], "tools_offered"] == True).all()  # noqa: E712
    assert 0 < known["tool_called"].mean() < known["tools_offered"].mean() < 1
    assert log.loc[log["date"] < "2025-09-01", "tool_called"].any()  # finish reasons are always recorded


def test_free_variants_cost_nothing_and_only_they(log):
    free = log["variant"] == "free"
    assert (log.loc[free, "cost_total"] == 0).all()
    windows = {"open/large": ("2025-09-05", "2025-09-25"), "shut/down": ("2025-08-15", "2025-08-24"),
               "gift/tiny": ("2025-08-25", "2025-10-29")}  # fmt: skip
    assert set(log.loc[free, "model"]) == set(windows)
    for model, (first, last) in windows.items():
        dates = log.loc[free & (log["model"] == model), "date"]
        assert dates.min() >= pd.Timestamp(first)
        assert dates.max() <= pd.Timestamp(last)
    assert (log.loc[log["model"] == "gift/tiny", "variant"] == "free").all()
    paid = log[~free & (log["finish_reason"] != "error")]
    assert (paid["cost_total"] > 0).all()
    assert (log.loc[log["finish_reason"] == "error", "cost_total"] == 0).all()


def test_every_record_costs_what_the_public_price_list_says(busy, log):
    """Prices from models.parquet alone; reasoning tokens are a part of the completion and pay its price."""
    models = pq.read_table(busy.path / "models.parquet").to_pylist()
    points = pd.DataFrame([{"model": m["model"], **p} for m in models for p in m["prices"]])
    points["date"] = pd.to_datetime(points["from"]).astype(log["date"].dtype)
    rows = log.sort_values("date").astype({"model": str})
    priced = pd.merge_asof(rows, points.sort_values("date"), on="date", by="model")
    cached_price = priced["cached_usd_per_mtok"].fillna(priced["prompt_usd_per_mtok"])
    cost = ((priced["tokens_prompt"] - priced["tokens_cached"]) * priced["prompt_usd_per_mtok"]
            + priced["tokens_cached"] * cached_price
            + priced["tokens_completion"] * priced["completion_usd_per_mtok"]) / 1e6  # fmt: skip
    charged = np.where((priced["variant"] == "free") | (priced["finish_reason"] == "error"), 0.0, cost)
    charged = np.where(priced["byok"], 0.05 * charged, charged)
    np.testing.assert_allclose(priced["cost_total"], charged, rtol=1e-12)
    assert priced.loc[priced["cached_usd_per_mtok"].isna(), "tokens_cached"].sum() == 0
    assert priced["tokens_cached"].sum() > 0
    assert set(priced.loc[priced["tokens_reasoning"] > 0, "model"]) == {"acme/heir", "shut/down"}


# --- the truth ---------------------------------------------------------------------------------------------------


def test_users_of_the_log_are_those_of_the_truth(log, truth):
    users = truth["users"].set_index("user_id")
    assert users.index.is_unique
    assert len(users) == 403
    seen = log.drop_duplicates(
        ["user_id", "account_id", "country", "language", "byok", "app_name"]
    ).set_index("user_id")
    assert seen.index.is_unique  # these belong to the user
    known = users.loc[seen.index]
    for column in ("account_id", "country", "language"):
        assert (seen[column].astype(str) == known[column].astype(str)).all()
    assert (seen["byok"] == known["byok"]).all()
    continent = {"US": "North America", "JP": "Asia", "GB": "Europe"}
    assert (log["country"].astype(str).map(continent) == log["continent"].astype(str)).all()
    assert (
        log["date"].dt.date.to_numpy() >= log["user_id"].astype(str).map(users["arrival"]).to_numpy()
    ).all()
    assert (log["date"].dt.date.to_numpy() < log["user_id"].astype(str).map(users["leave"]).to_numpy()).all()


def test_accounts_are_shared_in_companies_and_in_one_country(truth):
    users = truth["users"]
    sizes = users[users["segment"] == "developer"].groupby("account_id", observed=True).size()
    assert sizes.value_counts().index.tolist() == [1, 3]  # the large account's keys count as developers
    companies = users[users["segment"] == "company"].groupby("account_id", observed=True)
    assert 2 < companies.size().mean() < 6
    assert (companies["country"].nunique() == 1).all()


def covered_days(truth: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a user, model and day of a spell, with the spell's kind and whether it is the spell's first day."""
    spells = truth["spells"].merge(truth["workloads"][["workload", "user_id"]], on="workload")
    length = (pd.to_datetime(spells["end"]) - pd.to_datetime(spells["start"])).dt.days
    assert (length > 0).all()
    rows = spells.loc[spells.index.repeat(length), ["workload", "user_id", "model", "kind", "start"]]
    offset = rows.groupby(level=0).cumcount()
    date = pd.to_datetime(rows["start"]) + pd.to_timedelta(offset, unit="D")
    return rows.assign(date=date, first=offset == 0).astype({"user_id": str, "model": str, "kind": str})


def test_every_request_lies_in_a_spell_of_its_user_and_model(log, truth):
    covered = covered_days(truth)
    asked = log[["user_id", "model", "date"]].astype({"user_id": str, "model": str}).drop_duplicates()
    found = asked.merge(covered[["user_id", "model", "date"]].drop_duplicates(), how="left", indicator=True)
    assert (found["_merge"] == "both").all()
    assert covered["date"].max() <= pd.Timestamp("2025-10-29")


def test_every_trial_left_a_request_on_its_first_day(log, truth):
    covered = covered_days(truth)
    trials = covered[covered["first"] & (covered["kind"] != "home")]
    assert {"trial", "rival"} == set(trials["kind"])
    asked = log[["user_id", "model", "date"]].astype({"user_id": str, "model": str}).drop_duplicates()
    found = trials.merge(asked, how="left", indicator=True)
    assert (found["_merge"] == "both").all()


def test_spells_of_one_workload_do_not_overlap_but_for_trials_of_rivals(truth):
    covered = covered_days(truth)
    covered["role"] = np.where(covered["kind"] == "rival", "rival", "own")
    assert not covered.duplicated(["workload", "date", "role"]).any()
    together = covered[covered.duplicated(["workload", "date"], keep=False)]
    assert (together.groupby(["workload", "date"])["model"].nunique() == 2).all()


def test_models_are_used_in_their_lives_alone_and_not_in_outages(log, truth):
    days = log.astype({"model": str}).groupby("model")["date"].agg(["min", "max"])
    assert days.loc["acme/early", "max"] == pd.Timestamp("2025-09-19")
    assert days.loc["shut/down", "max"] == pd.Timestamp("2025-09-09")
    assert days.loc["acme/heir", "min"] >= pd.Timestamp("2025-09-01")
    assert days.loc["gift/tiny", "min"] >= pd.Timestamp("2025-08-25")
    assert "not/yet" not in days.index
    silent = log[(log["model"] == "shut/down") & log["date"].between("2025-08-12", "2025-08-13")]
    assert silent.empty
    assert (log["model"] == "shut/down").sum() > 100
    spells = truth["spells"].astype({"model": str}).groupby("model").agg({"start": "min", "end": "max"})
    assert spells.loc["acme/heir", "start"] >= dt.date(2025, 9, 1)
    assert spells.loc["acme/early", "end"] == dt.date(2025, 9, 20)
    assert spells.loc["shut/down", "end"] == dt.date(2025, 9, 10)
    reasons = truth["spells"].groupby("end_reason", observed=True).size()
    assert {"migrated", "retired", "misfit", "embedded", "horizon", "ended"} <= set(reasons.index)


def test_events_of_the_truth_are_the_markets(truth):
    events = {(e.event, e.model, str(e.date)) for e in truth["events"].itertuples()}
    assert {("retirement", "acme/early", "2025-09-20"), ("retirement", "shut/down", "2025-09-10"),
            ("release", "acme/heir", "2025-09-01"), ("price", "acme/early", "2025-08-20"),
            ("free", "open/large", "2025-09-05"), ("free_end", "open/large", "2025-09-26"),
            ("outage", "shut/down", "2025-08-12")} <= events  # fmt: skip
    assert not any(model == "not/yet" for _, model, _ in events)


def test_the_public_catalogue_holds_what_was_known_at_the_end(busy):
    models = {m["model"]: m for m in pq.read_table(busy.path / "models.parquet").to_pylist()}
    assert set(models) == {"acme/early", "acme/heir", "open/large", "shut/down", "gift/tiny"}
    assert models["acme/early"]["retired"] == dt.date(2025, 9, 20)
    assert models["acme/early"]["successor"] == "acme/heir"
    assert [p["from"] for p in models["acme/early"]["prices"]] == [dt.date(2025, 5, 1), dt.date(2025, 8, 20)]
    # with what the scenario's calendar did
    heir = [
        (str(p["from"]), p["prompt_usd_per_mtok"], p["cached_usd_per_mtok"])
        for p in models["acme/heir"]["prices"]
    ]
    assert heir == [("2025-09-01", 1.0, None), ("2025-10-01", 0.3, None)]
    windows = [(str(w["from"]), str(w["to"]), w["kind"]) for w in models["shut/down"]["free_windows"]]
    assert windows == [("2025-08-15", "2025-08-24", "promotion")]
    assert [w["kind"] for w in models["open/large"]["free_windows"]] == ["launch_promotion"]
    assert models["open/large"]["size_class"] == "large"
    assert models["open/large"]["origin"] == "CN"
    assert not {"ability", "reach", "hype"} & set(models["open/large"])


def test_the_report_worlds_public_prices_are_the_catalogues(tmp_path):
    """Nothing in its calendar changes a price, so the market must have followed every listed price to the day."""
    world = load_world(shipped("report-small"), users=10)
    market = Market(world.scenario, world.catalogue)
    for _ in market.days():
        pass
    write_models(tmp_path, world.catalogue, world.scenario, market)
    found = pq.read_table(tmp_path / "models.parquet").to_pylist()
    listed = write_models_table(world.catalogue, world.scenario.end).to_pylist()
    assert len(found) == len(listed) > 100
    for row, expected in zip(found, listed, strict=True):
        assert row["prices"] == expected["prices"], row["model"]
        assert row["free_windows"] == expected["free_windows"]


def test_counts_of_the_manifest_are_those_of_the_files(busy, log, truth):
    counts = busy.manifest["counts"]
    labels = ds.dataset(busy.path / "labels", partitioning="hive")
    assert counts["generations"] == len(log) > 10_000
    assert counts["labels"] == labels.count_rows() > 3_000
    assert counts["models"] == 5
    assert [counts[k] for k in ("users", "workloads", "spells")] == [
        len(truth[k]) for k in ("users", "workloads", "spells")
    ]
    assert json.loads((busy.path / "manifest.json").read_text()) == busy.manifest


def test_labels_belong_to_requests_of_their_week(busy, log):
    labels = ds.dataset(busy.path / "labels", partitioning="hive").to_table().to_pandas()
    week = log.set_index("generation_id")["week"].astype(str)
    assert (week.loc[labels["generation_id"]].to_numpy() == labels["week"].astype(str).to_numpy()).all()
    assert labels.groupby("generation_id").size().max() == 2
    assert labels["confidence"].between(0, 1).all()


# --- the folder --------------------------------------------------------------------------------------------------


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def manifest(**more: str) -> dict[str, Any]:
    """What makes a manifest ours, and more."""
    return dict.fromkeys(sorted(files.MANIFEST_KEYS), "x") | {"versions": {"glass_slipper": "0"}} | more


def test_a_published_folder_has_its_name_and_nothing_else_is_left(tmp_path):
    with RunFolder(tmp_path / "world" / "run") as folder:
        assert names(tmp_path / "world") != {"run"}
        (folder.path / "data").write_text("x")
        folder.publish(manifest(title="é"))
        assert names(tmp_path / "world") == {"run"}
    assert names(tmp_path / "world") == {"run"}
    assert names(tmp_path / "world" / "run") == {"data", "manifest.json", files.LIST}
    assert json.loads((tmp_path / "world" / "run" / "manifest.json").read_text("utf-8"))["title"] == "é"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_folder_that_is_not_published_is_gone(tmp_path, error):
    with pytest.raises(error), RunFolder(tmp_path / "run") as folder:
        (folder.path / "data").write_text("x")
        raise error
    assert names(tmp_path) == set()


def test_a_new_run_takes_the_place_of_the_old_one_as_a_whole(tmp_path):
    for text in ("old", "new"):
        with RunFolder(tmp_path / "run") as folder:
            (folder.path / text).write_text("x")
            folder.publish(manifest())
    assert names(tmp_path) == {"run"}
    assert names(tmp_path / "run") == {"new", "manifest.json", files.LIST}


def test_an_old_run_is_never_seen_half_removed(tmp_path, monkeypatch):
    """However far the removal of the old run came when the process died, what bears the run's name is whole."""
    with RunFolder(tmp_path / "run") as folder:
        (folder.path / "old").write_text("x")
        folder.publish(manifest())

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr(shutil, "rmtree", die)
    with pytest.raises(SystemExit), RunFolder(tmp_path / "run") as folder:
        (folder.path / "new").write_text("x")
        folder.publish(manifest())
    monkeypatch.undo()
    assert names(tmp_path / "run") == {"new", "manifest.json", files.LIST}
    with RunFolder(tmp_path / "other") as folder:
        folder.publish(manifest())
    assert names(tmp_path) == {"run", "other"}


def test_two_runs_of_one_world_at_once_both_finish(tmp_path):
    """The second to publish replaces the first; both were the same world."""
    with RunFolder(tmp_path / "run") as one, RunFolder(tmp_path / "run") as two:
        assert one.path != two.path
        (one.path / "data").write_text("x")
        (two.path / "data").write_text("x")
        one.publish(manifest(by="one"))
        assert names(tmp_path / "run") == {"data", "manifest.json", files.LIST}
        two.publish(manifest(by="two"))
    assert names(tmp_path) == {"run"}
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["by"] == "two"


DEAD = """
import os, signal, sys
from pathlib import Path
from typing import Any
from sim.gateway.run_folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
folder.__enter__()
(folder.path / "half").mkdir()
if sys.argv[2] == "wait":
    print("ready", flush=True)
    sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_run_removes_what_a_killed_one_left_but_not_the_work_of_a_living_one(tmp_path):
    command = [sys.executable, "-c", DEAD, str(tmp_path / "run")]
    living = subprocess.Popen([*command, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert living.stdin is not None and living.stdout is not None
    assert living.stdout.readline() == b"ready\n"
    work = names(tmp_path)
    assert len(work) == 1
    assert subprocess.run([*command, "die"], check=False).returncode == -9
    left = names(tmp_path) - work
    assert len(left) == 1
    with RunFolder(tmp_path / "another") as folder:
        folder.publish(manifest())
    assert names(tmp_path) == work | {"another"}
    living.stdin.close()
    assert living.wait() == -9
    living.stdout.close()
    with RunFolder(tmp_path / "another") as folder:
        assert names(tmp_path) == {"another", folder.path.name}
    assert names(tmp_path) == {"another"}


def test_a_folder_of_a_process_that_died_as_it_began_is_removed_at_once(tmp_path):
    with RunFolder(tmp_path / "run") as folder:
        aside = folder.path.name
    (tmp_path / aside).mkdir()
    with RunFolder(tmp_path / "run") as folder:
        folder.publish(manifest())
    assert names(tmp_path) == {"run"}


# --- only what is ours is replaced


def published(folder: Path, text: str = "x") -> None:
    with RunFolder(folder) as run:
        (run.path / "log").mkdir()
        (run.path / "log" / "part").write_text(text)
        run.publish(manifest())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("notes.txt", "did not write"),
        ("log/more", "did not write"),
        ("log/part", "changed"),
        ("tables/a.csv", "did not"),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_a_run_folder_with_a_foreign_file_is_not_replaced(tmp_path, name, why, early):
    published(tmp_path / "run")
    mine = tmp_path / "run" / name
    if early:
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("mine")
    with pytest.raises(files.Foreign, match=f"run/{name}: .*{why}"), RunFolder(tmp_path / "run") as run:
        assert not early
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("mine")
        run.publish(manifest())
    assert mine.read_text() == "mine" and names(tmp_path) == {"run"}
    mine.unlink()
    published(tmp_path / "run", "new")
    assert (tmp_path / "run" / "log" / "part").read_text() == "new"


def test_a_run_whose_manifest_is_lost_is_known_by_its_list(tmp_path):
    published(tmp_path / "run")
    (tmp_path / "run" / "manifest.json").unlink()
    published(tmp_path / "run", "new")
    (tmp_path / "run" / "manifest.json").write_text('{"entries": []}')
    with pytest.raises(files.Foreign, match=r"manifest\.json: this is not the manifest of a run"):
        published(tmp_path / "run")
    (tmp_path / "run" / files.LIST).unlink()
    (tmp_path / "run" / "manifest.json").unlink()
    with pytest.raises(files.Foreign, match=r"log/part: slipper did not write"):
        published(tmp_path / "run")


def test_a_file_or_link_in_the_place_of_a_run_is_not_replaced(tmp_path):
    (tmp_path / "run").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("run", "link"):
        with pytest.raises(files.Foreign, match=name):
            published(tmp_path / name)
    assert (tmp_path / "run").read_text() == "mine" and (tmp_path / "link").is_symlink()


def test_hidden_folders_of_the_user_are_not_swept(tmp_path):
    for name in (".partial-download", ".replaced-by-me", ".partial-run-0123"):
        (tmp_path / name).mkdir()
    published(tmp_path / "run")
    assert names(tmp_path) == {".partial-download", ".replaced-by-me", ".partial-run-0123", "run"}


def test_a_run_that_was_moved_away_by_a_killed_one_comes_back(tmp_path):
    published(tmp_path / "run", "old")
    (tmp_path / "run").rename(tmp_path / ".replaced-run-0123456789ab")
    with RunFolder(tmp_path / "other"):
        assert (tmp_path / "run" / "log" / "part").read_text() == "old"
    assert names(tmp_path) == {"run"}
