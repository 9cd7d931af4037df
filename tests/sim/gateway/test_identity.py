"""Ids that are reset: how often, that the truth knows whose they are, and that nothing else changes.

Rates of error: see `tests.laws`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sim
from sim.agents.population import build_population
from sim.config.problems import ScenarioError
from sim.gateway.identity import Identities
from sim.world import load_world
from tests.laws import assert_share
from tests.sim.traffic_world import scenario_file

WEEKS = 16
TWO_KINDS = {
    "traffic__volume": 0.15,
    "start": "2025-01-08", "end": "2025-04-29", "users": 900,  # a Wednesday to a Tuesday: 17 UTC weeks
    "population__initial_share": 0.7,
    "population__segments": {
        "developer": {"share": 2, "life_days": 5000, "regularity": 1.0, "price_sensitivity": 1.0, "curiosity": 1.0},
        "settled": {"share": 1, "life_days": 5000, "regularity": 1.0, "price_sensitivity": 1.0, "curiosity": 1.0},
    },
    "calendar": [{"event": "large_account", "date": "2025-01-10", "model": "acme/plain", "users": 3,
                  "requests_per_day": 30}],
}  # fmt: skip
MONTHLY = 0.3
WEEKLY = 1 - (1 - MONTHLY) ** (7 / 30)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, tuple[pd.DataFrame, dict[str, pd.DataFrame]]]:
    """The log and the truth of one world, with resets and without."""
    found = {}
    for name, resets in (("with", {"developer": MONTHLY}), ("without", {})):
        folder = tmp_path_factory.mktemp(name)
        run = sim.run(
            scenario_file(folder, **TWO_KINDS, observation__id_resets_per_month=resets), out=folder / "out"
        )
        files = sorted((run.path / "log").rglob("*.parquet"))
        log = pd.concat([pq.read_table(file).to_pandas() for file in files], ignore_index=True)
        truth = {
            file.stem: pq.read_table(file).to_pandas() for file in (run.path / "truth").glob("*.parquet")
        }
        found[name] = (log, truth)
    return found


def test_the_log_is_the_same_but_for_the_ids(runs):
    log, plain = runs["with"][0], runs["without"][0]
    assert log.drop(columns="user_id").equals(plain.drop(columns="user_id"))
    assert "identities" not in runs["without"][1]
    pd.testing.assert_frame_equal(runs["with"][1]["users"], runs["without"][1]["users"])


def test_the_truth_knows_whose_an_id_is_and_since_when(runs):
    log, truth = runs["with"]
    table = truth["identities"]
    assert table["logged_as"].is_unique
    assert not set(table["logged_as"]) & set(truth["users"]["user_id"])
    true = runs["without"][0]["user_id"]
    # The last id of the user that began on or before the day of the request.
    asked = pd.DataFrame({"row": np.arange(len(log)), "user_id": true.astype(str),
                          "day": log["created_at"].dt.tz_localize(None).astype("datetime64[ns]")})  # fmt: skip
    since = table.assign(since=pd.to_datetime(table["since"]).astype("datetime64[ns]")).sort_values("since")
    known = pd.merge_asof(asked.sort_values("day"), since, left_on="day", right_on="since", by="user_id")
    known = known.sort_values("row")
    expected = known["logged_as"].fillna(known["user_id"])
    assert (expected.to_numpy() == log["user_id"].astype(str).to_numpy()).all()
    assert (pd.to_datetime(table["since"]).dt.day_of_week == 0).all()


def test_ids_are_reset_at_the_stated_rate_in_the_stated_segment(runs):
    truth = runs["with"][1]
    users, table = truth["users"].set_index("user_id"), truth["identities"]
    keys = users["account_id"] == users["account_id"].iloc[-1]  # of the large account
    reset = users[(users["segment"] == "developer") & ~keys]
    assert set(table["user_id"]) <= set(reset.index)
    mondays = pd.date_range("2025-01-13", periods=WEEKS, freq="7D")
    arrived = pd.to_datetime(reset["arrival"]).to_numpy()
    at_risk = mondays.to_numpy()[None, :] > arrived[:, None]
    hit = pd.crosstab(table["user_id"], pd.to_datetime(table["since"]))
    was_reset = hit.reindex(index=reset.index, columns=mondays, fill_value=0).to_numpy() > 0
    assert not was_reset[~at_risk].any()
    assert_share(was_reset[at_risk], WEEKLY)


def test_a_large_accounts_keys_and_the_accounts_stay(runs):
    log, truth = runs["with"]
    assert log.groupby("account_id")["user_id"].nunique().max() > 4
    account = truth["users"]["account_id"].iloc[-1]
    assert log.loc[log["account_id"] == account, "user_id"].nunique() == 3


def test_ids_of_a_week_do_not_depend_on_the_block(tmp_path):
    world = load_world(
        scenario_file(tmp_path, **TWO_KINDS, observation__id_resets_per_month={"developer": MONTHLY})
    )
    users, _ = build_population(world.scenario, world.catalogue, world.draws)
    ids = Identities(world.scenario, users, world.draws)
    day = world.scenario.end
    whole = ids.codes(slice(0, len(users)), day)
    parts = [ids.codes(slice(a, min(a + 100, len(users))), day) for a in range(0, len(users), 100)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    np.testing.assert_array_equal(ids.codes(slice(0, len(users)), world.scenario.start), ids.first)
    assert (whole != ids.first).mean() > 0.4


@pytest.mark.parametrize(
    ("resets", "path", "said"),
    [
        ({"settle": 0.1}, "observation.id_resets_per_month.settle", "unknown segment 'settle'; known: developer"),
        ({"developer": 1.5}, "observation.id_resets_per_month.developer", "between 0 and 1"),
    ],
)  # fmt: skip
def test_impossible_resets_are_refused_at_their_key(tmp_path, resets, path, said):
    file = scenario_file(tmp_path, **TWO_KINDS, observation__id_resets_per_month=resets)
    with pytest.raises(ScenarioError) as refused:
        sim.load_scenario(file)
    (problem,) = refused.value.problems
    assert problem.path == path and said in problem.message + problem.hint
    line = file.read_text().splitlines()[problem.line - 1]
    assert next(iter(resets)) in line
