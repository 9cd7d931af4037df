"""Faults of data: each at its rate and off, none in another's way, and the same block by block as on the whole log.

Rates of error: see `tests.laws`.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import sim
import sim.traffic.blocks as blocks
from analysis import contract
from sim.config.problems import ScenarioError
from sim.gateway.faults import FAULTS, FaultSettings, Ground, Rows, plant
from sim.gateway.ids import id_array
from sim.randomness import Draws, Purpose
from tests.laws import assert_share
from tests.sim.traffic_world import scenario_file

FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 4, 10)
ZONES = {"US": -6.0, "IN": 5.5, "GB": 0.0}
GROUND = Ground(Draws(3), FIRST, LAST, ZONES, id_array)
COUNT, PEOPLE, HOSTS = 20_000, 1500, 1200
MIDDLE = dt.date(2025, 3, 1)
RATES = {
    "duplicates": {"share": 0.1},
    "retries": {"share": 0.1, "after_seconds": 20},
    "late_rows": {"share": 0.1, "days": 12},
    "missing_days": {"share": 0.1},
    "sampling": {"kept": 0.8},
    "truncation": {"last_day": "2025-03-17", "hours": 14},
    "clock_skew": {"share": 0.1, "hours": 2},
    "mixed_zones": {"share": 0.1},
    "nulls": {"columns": {"user_id": 0.1, "country": 0.05, "cost_total": 0.2, "streamed": 0.1}},
    "negative_counts": {"share": 0.1},
    "huge_counts": {"share": 0.1, "factor": 500},
    "id_reset": {"date": MIDDLE.isoformat(), "share": 0.4},
    "shared_keys": {"share": 0.3, "keys": 4},
    "aliases": {"share": 0.1},
    "schema_drift": {"missing_before": {"language": "2025-02-01"}, "missing_from": {"tokens_cached": "2025-03-20"}},
    "finish_reasons": {"date": MIDDLE.isoformat()},
}  # fmt: skip


def clean() -> pa.Table:
    """A log of many users and providers, text encoded as the writer encodes it."""
    rng = np.random.default_rng(1)
    start = int(dt.datetime(2025, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)
    columns: dict[str, Any] = {
        "generation_id": [f"gen-{i:06d}" for i in range(COUNT)],
        "created_at": start + rng.integers(0, 100 * 86_400_000, COUNT),
        "user_id": [f"user-{i}" for i in rng.integers(0, PEOPLE, COUNT)],
        "model": rng.choice(["acme/nova", "zed/one"], COUNT),
        "provider_name": [f"host-{i}" if i else None for i in rng.integers(0, HOSTS, COUNT)],
        "country": rng.choice(["US", "IN", "GB"], COUNT),
        "finish_reason": [r or None for r in rng.choice([*contract.FINISH_REASONS, ""], COUNT)],
        "tokens_prompt": rng.integers(1, 3_000_000, COUNT),
        "tokens_completion": rng.integers(0, 900, COUNT),
        "cost_total": rng.random(COUNT),
    }
    columns["model_permaslug"] = [
        "acme/nova-2025-01-01" if m == "acme/nova" else "zed/one" for m in columns["model"]
    ]
    usual = {"string": "x", "integer": 1, "boolean": True, "float": 1.0}
    arrays, fields = [], []
    for field in contract.GENERATIONS:
        values = columns.get(field.name, [usual[field.family]] * COUNT if field.family in usual else None)
        array = pa.array(values, pa.int64()) if field.family == "timestamp" else pa.array(values)
        array = array.cast(field.arrow_type)
        if field.family == "string" and field.name != "generation_id":
            array = array.dictionary_encode()
        arrays.append(array)
        fields.append(pa.field(field.name, array.type, nullable=field.nullable))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


CLEAN = clean()


def faulty(*keys: str, table: pa.Table = CLEAN, **faults: dict) -> tuple[pd.DataFrame, dict, Rows]:
    """The rows of a table with faults, what these fell on, and the same with what is not in the table."""
    asked = FaultSettings.model_validate({**{key: RATES[key] for key in keys}, **faults})
    rows, planted = plant(asked, Rows.of(table), GROUND)
    return frame(rows.table), planted, rows


def frame(table: pa.Table) -> pd.DataFrame:
    """A table in plain values."""
    made = table.to_pandas()
    return made.astype({name: object for name in made if name != "created_at"})


BEFORE = frame(CLEAN)


def plain(column: pd.Series) -> pd.Series:
    return column.where(column.notna(), None)


def changed(name: str, after: pd.DataFrame, before: pd.DataFrame = BEFORE) -> pd.Series:
    """Which rows differ in a column."""
    return plain(after[name]).ne(plain(before[name])) & (after[name].notna() | before[name].notna())


def others_stay(after: pd.DataFrame, *names: str, before: pd.DataFrame = BEFORE) -> None:
    rest = [name for name in before if name not in names]
    pd.testing.assert_frame_equal(after[rest], before[rest])


def rows_of(planted: dict) -> dict[str, int]:
    return {key: found.total() for key, found in planted.items()}


# --- each at its rate --------------------------------------------------------------------------------------------


def test_nothing_is_planted_by_default():
    assert not any(FaultSettings().planted)
    table = faulty()[2].table
    assert table.equals(CLEAN)
    for key in FAULTS:
        asked = FaultSettings.model_validate({key: RATES[key]})
        assert [fault.key for fault in asked.planted] == [key]


def test_copies_are_exact_and_follow_their_originals():
    after, planted, _ = faulty("duplicates")
    twice = after["generation_id"].eq(after["generation_id"].shift())
    assert_share(BEFORE["generation_id"].isin(after.loc[twice, "generation_id"]), 0.1)
    pd.testing.assert_frame_equal(after[~twice].reset_index(drop=True), BEFORE)
    assert after.drop_duplicates().shape == BEFORE.shape
    assert rows_of(planted) == {"duplicates": twice.sum()}


def test_retries_are_the_same_requests_moments_later_under_new_ids():
    after, planted, _ = faulty("retries")
    pd.testing.assert_frame_equal(after[:COUNT], BEFORE)
    again = after[COUNT:].reset_index(drop=True)
    assert rows_of(planted) == {"retries": len(again)} and after["generation_id"].is_unique
    content = [name for name in after if name not in ("generation_id", "created_at")]
    key = ["user_id", "provider_name", "tokens_prompt", "cost_total"]
    pairs = again.merge(BEFORE, on=key, suffixes=("", "_first"))
    assert len(pairs) == len(again)
    assert all((plain(pairs[name]) == plain(pairs[f"{name}_first"])).sum() == pairs[name].notna().sum()
               for name in content if name not in key)  # fmt: skip
    gaps = (pairs["created_at"] - pairs["created_at_first"]).dt.total_seconds()
    assert gaps.min() > 0 and gaps.mean() == pytest.approx(20, rel=0.15)
    assert_share(np.arange(COUNT) < len(again), 0.1)
    seconds = again["created_at"].map(lambda at: int(at.timestamp()))
    assert (again["generation_id"].str.split("-").str[1].astype(int) == seconds).all()


def test_late_rows_change_no_column():
    after, planted, rows = faulty("late_rows")
    pd.testing.assert_frame_equal(after, BEFORE)
    late = rows.late_ms > 0
    assert_share(late, 0.1)
    assert rows_of(planted) == {"late_rows": late.sum()}
    assert rows.late_ms.max() <= 12 * 86_400_000 and rows.late_ms[late].mean() > 5.5 * 86_400_000


def test_whole_days_are_missing():
    days = BEFORE["created_at"].dt.date
    after, planted, _ = faulty(missing_days={"share": 0.1, "dates": ["2025-02-03"]})
    gone = set(days) - set(after["created_at"].dt.date)
    assert dt.date(2025, 2, 3) in gone
    assert_share([day in gone for day in sorted(set(days) - {dt.date(2025, 2, 3)})], 0.1)
    assert {plant.of: n for plant, n in planted["missing_days"].items()} == {
        str(day): (days == day).sum() for day in gone
    }
    pd.testing.assert_frame_equal(after, BEFORE[~days.isin(gone)].reset_index(drop=True))


@pytest.mark.parametrize(("by", "unit"), [("request", "generation_id"), ("user", "user_id")])
def test_a_sample_is_of_requests_or_of_users(by, unit):
    after, planted, _ = faulty(sampling={"kept": 0.7, "by": by})
    units = BEFORE[unit].drop_duplicates()
    assert_share(units.isin(after[unit]), 0.7)
    assert rows_of(planted) == {"sampling": COUNT - len(after)}
    if by == "user":
        assert len(after) == BEFORE["user_id"].isin(after["user_id"]).sum()


def test_a_log_ends_within_a_day():
    after, planted, _ = faulty("truncation")
    end = pd.Timestamp("2025-03-17T14:00", tz="UTC")
    pd.testing.assert_frame_equal(after, BEFORE[BEFORE["created_at"] < end].reset_index(drop=True))
    assert rows_of(planted) == {"truncation": COUNT - len(after)}


def test_a_share_of_the_providers_has_a_clock_that_is_off():
    after, planted, _ = faulty("clock_skew")
    others_stay(after, "created_at")
    hours = (after["created_at"] - BEFORE["created_at"]).dt.total_seconds() / 3600
    of_host = hours.groupby(BEFORE["provider_name"]).agg(["min", "max"])
    assert (of_host["min"] == of_host["max"]).all() and set(of_host["min"]) == {-2, 0, 2}
    assert_share(of_host["min"] != 0, 0.1)
    assert_share(of_host.loc[of_host["min"] != 0, "min"] > 0, 0.5)
    assert not hours[BEFORE["provider_name"].isna()].any()
    off = {plant.of: plant.became for plant in planted["clock_skew"]}
    assert off == {host: f"{h:+g} h" for host, h in of_host["min"].items() if h}
    assert rows_of(planted) == {"clock_skew": (hours != 0).sum()}


def test_a_share_of_the_users_has_local_times():
    after, planted, _ = faulty("mixed_zones")
    others_stay(after, "created_at")
    hours = (after["created_at"] - BEFORE["created_at"]).dt.total_seconds() / 3600
    local = hours != 0
    assert (hours[local] == BEFORE.loc[local, "country"].map(ZONES)).all()
    abroad = BEFORE[BEFORE["country"] != "GB"]
    by_user = local[abroad.index].groupby(abroad["user_id"]).agg(["min", "max"])
    assert (by_user["min"] == by_user["max"]).all()
    assert_share(by_user["max"], 0.1)
    assert planted["mixed_zones"] == {
        ("US", "-6 h"): (local & (BEFORE["country"] == "US")).sum(),
        ("IN", "+5.5 h"): (local & (BEFORE["country"] == "IN")).sum(),
    }


def test_values_are_missing_each_by_its_own_draw():
    after, planted, rows = faulty("nulls")
    columns = RATES["nulls"]["columns"]
    others_stay(after, *columns)
    for name, share in columns.items():
        assert_share(after[name].isna(), share)
        assert planted["nulls"][name, "null"] == after[name].isna().sum()
        assert rows.table.schema.field(name).nullable
        assert plain(after[name])[after[name].notna()].equals(BEFORE[name][after[name].notna()])
    both = after["user_id"].isna() & after["streamed"].isna()
    assert_share(both, 0.01)


def test_columns_come_and_go():
    after, planted, _ = faulty("schema_drift")
    others_stay(after, "language", "tokens_cached")
    days = BEFORE["created_at"].dt.date
    assert (after["language"].isna() == (days < dt.date(2025, 2, 1))).all()
    assert (after["tokens_cached"].isna() == (days >= dt.date(2025, 3, 20))).all()
    assert planted["schema_drift"] == {
        ("language", "null before 2025-02-01"): after["language"].isna().sum(),
        ("tokens_cached", "null from 2025-03-20"): after["tokens_cached"].isna().sum(),
    }


def test_counts_are_below_zero():
    after, planted, _ = faulty("negative_counts")
    others_stay(after, "tokens_prompt", "tokens_completion")
    hit = after["tokens_prompt"] < 0
    assert_share(hit, 0.1)
    assert (after.loc[hit, ["tokens_prompt", "tokens_completion"]] == -1).all(axis=None)
    others_stay(after[~hit], before=BEFORE[~hit])
    assert rows_of(planted) == {"negative_counts": hit.sum()}


def test_counts_are_huge_and_still_counts():
    after, planted, _ = faulty("huge_counts")
    others_stay(after, "tokens_prompt")
    ratio = after["tokens_prompt"].astype(float) / BEFORE["tokens_prompt"].astype(float)
    hit = ratio > 1
    assert_share(hit, 0.1)
    assert (ratio[hit & (BEFORE["tokens_prompt"] < 4_000_000)] == 500).all()
    most = faulty(huge_counts={"share": 1, "factor": 5000})[0]["tokens_prompt"]
    assert most.min() > 0 and most.max() == np.iinfo(np.int32).max
    assert rows_of(planted) == {"huge_counts": hit.sum()}


def test_users_have_new_ids_from_a_date_on():
    after, planted, _ = faulty("id_reset")
    others_stay(after, "user_id")
    new = changed("user_id", after)
    late = BEFORE["created_at"].dt.date >= MIDDLE
    assert not new[~late].any()
    by_user = new[late].groupby(BEFORE["user_id"]).agg(["min", "max"])
    assert (by_user["min"] == by_user["max"]).all()
    assert_share(by_user["max"], 0.4)
    assert not set(after.loc[new, "user_id"]) & set(BEFORE["user_id"])
    pairs = {plant.of: plant.became for plant in planted["id_reset"]}
    assert (after.loc[new, "user_id"] == BEFORE.loc[new, "user_id"].map(pairs)).all()
    assert len(set(pairs.values())) == len(pairs) == by_user["max"].sum()
    assert rows_of(planted) == {"id_reset": new.sum()}


def test_some_users_share_a_few_ids():
    after, planted, _ = faulty("shared_keys")
    others_stay(after, "user_id")
    shared = changed("user_id", after)
    of_user = after["user_id"].groupby(BEFORE["user_id"]).nunique()
    assert (of_user == 1).all() and after.loc[shared, "user_id"].nunique() == 4
    assert_share(shared.groupby(BEFORE["user_id"]).max(), 0.3)
    pairs = {plant.of: plant.became for plant in planted["shared_keys"]}
    assert (after.loc[shared, "user_id"] == BEFORE.loc[shared, "user_id"].map(pairs)).all()


@pytest.mark.parametrize("spelling", ["dated", "bare"])
def test_models_have_aliases(spelling):
    after, planted, _ = faulty(aliases={"share": 0.1, "spelling": spelling})
    others_stay(after, "model")
    other = changed("model", after)
    assert_share(other, 0.1)
    nova = {"dated": "acme/nova-2025-01-01", "bare": "nova"}[spelling]
    names = BEFORE["model"].map({"acme/nova": nova, "zed/one": "one"})
    assert (after.loc[other, "model"] == names[other]).all()
    assert planted["aliases"] == {
        ("acme/nova", nova): (after["model"] == nova).sum(), ("zed/one", "one"): (after["model"] == "one").sum()
    }  # fmt: skip


def test_finish_reasons_are_a_vendors_words_from_a_date_on():
    after, _, _ = faulty("finish_reasons")
    others_stay(after, "finish_reason")
    late = BEFORE["created_at"].dt.date >= MIDDLE
    assert set(after.loc[late, "finish_reason"].dropna()) == {
        "end_turn",
        "max_tokens",
        "tool_use",
        "refusal",
        "error",
    }
    assert (after["finish_reason"].isna() == BEFORE["finish_reason"].isna()).all()
    assert after.loc[~late, "finish_reason"].equals(BEFORE.loc[~late, "finish_reason"])


# --- none in another's way -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key in FAULTS if key not in ("missing_days", "truncation")])
def test_one_more_fault_changes_no_draw_of_another(key):
    """On the ids that both leave: what a fault does to a row is the same with all the others that keep the row."""
    alone = faulty(key)[1][key]
    # Those that repeat or lose rows change how many there are to be hit; those that move them, what falls on a day.
    beside = [k for k in FAULTS if k not in ("retries", "sampling", "missing_days", "truncation", "clock_skew",
                                             "mixed_zones", "nulls", "duplicates", key)]  # fmt: skip
    together = faulty(key, *beside)[1][key]
    if key not in ("id_reset", "shared_keys"):  # their pairs name ids that the other has changed
        assert together == alone
    assert together.total() == alone.total()


def test_each_fault_has_draws_of_its_own():
    rows = Rows.of(CLEAN)
    purposes = [purpose for purpose in Purpose if purpose.name.startswith("FAULT_")]
    draws = np.array([GROUND.draws.uniform(purpose, rows.request) for purpose in purposes])
    assert np.abs(np.corrcoef(draws) - np.eye(len(purposes))).max() < 6 / np.sqrt(COUNT)


def test_the_order_and_the_grouping_of_rows_do_not_matter():
    shuffled = CLEAN.take(pa.array(np.random.default_rng(2).permutation(COUNT)))
    parts = [shuffled.slice(0, 3000), shuffled.slice(3000, 1), shuffled.slice(3001)]
    whole, planted, rows = faulty(*RATES)
    pieces = [faulty(*RATES, table=part) for part in parts]
    added = {key: sum((piece[1][key] for piece in pieces), type(planted[key])()) for key in planted}
    assert added == planted
    late = np.concatenate([piece[2].late_ms for piece in pieces])
    together = pd.concat([piece[0] for piece in pieces], ignore_index=True).assign(late=late)
    order = ["generation_id", "created_at"]
    left, right = (
        frame.astype({"late": int}).sort_values(order, ignore_index=True, kind="stable")
        for frame in (whole.assign(late=rows.late_ms), together)
    )
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


# --- in a scenario ---------------------------------------------------------------------------------------------------

ALL = {key: value for key, value in RATES.items() if key != "truncation"} | {
    "missing_days": {"dates": ["2025-01-15"]},
    "truncation": {"last_day": "2025-01-31", "hours": 9},
    "id_reset": {"date": "2025-01-20"},
    "clock_skew": {"share": 1.0, "hours": 30},
    "schema_drift": {"missing_before": {"language": "2025-01-10"}},
    "finish_reasons": {"date": "2025-01-20"},
}
WORLD = {
    "traffic__volume": 0.2,
    "observation__label_share": 0.5,
    "population__countries__GB": None,
    "population__countries__JP": {"continent": "Asia", "share": 1, "utc_offset_hours": 9},
}


def log_of(run: sim.Run) -> pd.DataFrame:
    made = frame(ds.dataset(run.path / "log", partitioning="hive").to_table())
    return made.sort_values(["generation_id", "created_at"], ignore_index=True, kind="stable")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One world with all faults, in blocks of a few users and in one; and without any."""
    folder, found = tmp_path_factory.mktemp("runs"), {}
    patched = pytest.MonkeyPatch()
    for name, size, faults in (("small", 40, ALL), ("faulty", 1 << 18, ALL), ("clean", 1 << 18, {})):
        patched.setattr(blocks, "BLOCK_USERS", size)
        (folder / name).mkdir()
        found[name] = sim.run(scenario_file(folder / name, **WORLD, observation__faults=faults),
                              out=folder / name / "out", workers=2)  # fmt: skip
    patched.undo()
    return found


def test_a_run_has_the_faults_of_its_rows_whatever_the_blocks(runs):
    table = ds.dataset(runs["clean"].path / "log").to_table()
    ground = Ground(Draws(1), dt.date(2025, 1, 6), dt.date(2025, 2, 2), {"JP": 9}, id_array)
    rows, planted = plant(FaultSettings.model_validate(ALL), Rows.of(table.combine_chunks()), ground)
    expected = frame(rows.table).sort_values(
        ["generation_id", "created_at"], ignore_index=True, kind="stable"
    )
    for name in ("faulty", "small"):
        pd.testing.assert_frame_equal(log_of(runs[name])[list(expected)], expected, check_dtype=False)
        manifest = json.loads((runs[name].path / "manifest.json").read_text())
        assert manifest["faults"] == {key: found.total() for key, found in planted.items()}
        assert manifest["counts"]["generations"] == len(expected)
        truth = pq.read_table(runs[name].path / "truth" / "faults.parquet").to_pandas()
        assert truth.groupby("fault")["rows"].sum().to_dict() == manifest["faults"]
        assert any("Faults of data" in line for line in manifest["census"])
    assert min(planted[key].total() for key in FAULTS) > 0


def test_a_run_without_faults_says_nothing_of_any(runs):
    assert not (runs["clean"].path / "truth" / "faults.parquet").exists()
    assert "faults" not in runs["clean"].manifest


def test_late_rows_lie_in_later_files_and_moved_ones_in_the_week_that_they_state(runs):
    seen = 0
    for file in (runs["faulty"].path / "log").rglob("*.parquet"):
        own = file.stem == "part-00000"
        created = pq.read_table(file, columns=["created_at"], partitioning=None)["created_at"]
        mondays = pc.floor_temporal(created, unit="week").cast(pa.date32()).unique().to_pylist()
        week = dt.date.fromisoformat(file.parent.name.removeprefix("week="))
        assert all(monday == week if own else monday <= week for monday in mondays)
        assert week <= dt.date(2025, 1, 27)
        seen += not own and any(monday < week for monday in mondays)
    assert seen > 2


def test_labels_are_of_requests_that_the_log_holds(runs):
    labels = ds.dataset(runs["faulty"].path / "labels").to_table()["generation_id"]
    whole = ds.dataset(runs["clean"].path / "labels").to_table()["generation_id"]
    held = set(log_of(runs["faulty"])["generation_id"])
    assert sorted(labels.to_pylist()) == sorted(id for id in whole.to_pylist() if id in held)
    assert len(labels) < len(whole)


@pytest.mark.parametrize(
    ("faults", "path", "said"),
    [
        ({"nulls": {"columns": {"countri": 0.1}}}, "nulls.columns.countri", "did you mean 'country'"),
        ({"nulls": {"columns": {"created_at": 0.1}}}, "nulls.columns.created_at", "can be missing"),
        ({"schema_drift": {"missing_from": {"x": "2025-01-01"}}}, "schema_drift.missing_from.x", "no column 'x'"),
        ({"duplicates": {"share": 1.5}}, "duplicates.share", "between 0 and 1"),
        ({"duplicate": {"share": 0.5}}, "duplicate", "did you mean 'duplicates'"),
    ],
)  # fmt: skip
def test_impossible_faults_are_refused_at_their_key(tmp_path, faults, path, said):
    with pytest.raises(ScenarioError) as refused:
        sim.load_scenario(scenario_file(tmp_path, observation__faults=faults))
    (problem,) = refused.value.problems
    assert problem.path == f"observation.faults.{path}" and said in problem.message + problem.hint
