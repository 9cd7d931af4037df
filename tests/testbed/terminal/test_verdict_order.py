"""The whole verdict of one log, number by number: it depends neither on the order of the rows, nor on the files that
hold them, nor on how often it is asked for."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import open_log
from analysis.inference.cohorts.populations import Population, planted
from analysis.inference.error_rates import rates
from analysis.inference.verdict.judging import verdicts
from testbed import cli
from tests.analysis.rows import generations, model, models

LOYAL, ALIKE, OLD = "acme/loyal", "acme/alike", "acme/old"
SIMULATIONS = rates.LEAST_SIMULATIONS


def _rows(name: str, family: Population, seed: int) -> list[tuple[Any, ...]]:
    """A panel as rows of a log, two requests in each active month. Three users share an organisation, whose key is
    rotated from quarter to quarter and unknown in some months; every third organisation never states one."""
    rng = np.random.default_rng(seed)
    panel = family.draw(rng)
    users, months = (np.repeat(part, 2) for part in np.nonzero(panel.active))
    days, hours = rng.integers(1, 29, len(users)), rng.integers(0, 24, len(users))
    rows = []
    for user, month, date, hour in zip(
        users.tolist(), months.tolist(), days.tolist(), hours.tolist(), strict=True
    ):
        key = f"{name}-{user // 3}-{month // 3}"
        known = user // 3 % 3 and (user + month) % 4
        moment = f"{panel.months[month]:%Y-%m}-{date:02d}T{hour:02d}:00:00"
        rows.append((f"{name}-{user}", name, moment, {"account_id": key if known else None}))
    return rows


@pytest.fixture(scope="module")
def held() -> pa.Table:
    """The rows of the log, in the order of their making."""
    rows = _rows(LOYAL, planted((300,) + (150,) * 5, 0.35, months=7), 1)
    rows += _rows(ALIKE, Population("alike", (250,) * 6, months=7), 2)
    rows += [
        (f"old-{i % 9}", OLD, f"2025-{m:02d}-{d:02d}")
        for m in range(1, 8)
        for i, d in enumerate((1, 9, 17, 28))
    ]
    rows.append(("old-0", OLD, "2025-07-31"))  # July is complete
    return generations(rows)


@pytest.fixture(scope="module")
def catalogue() -> pa.Table:
    return models(model(LOYAL, "2025-01-01"), model(ALIKE, "2025-01-01"))


def _written(folder: Path, parts: dict[str, pa.Table], catalogue: pa.Table) -> Path:
    """A log of several files with its models table beside it."""
    for name, part in parts.items():
        path = folder / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(part, path)
    pq.write_table(catalogue, folder / "models.parquet")
    return folder


def _judged(folder: Path, simulations: int = 0) -> str:
    """All that is said of both models, as text: equal texts are equal numbers, to the last bit."""
    with open_log(folder, threads=2) as log:
        rng = np.random.default_rng(7) if simulations else None
        found = verdicts(log, [LOYAL, ALIKE], rng, simulations=simulations, min_cohort=100)
        return json.dumps([*(verdict.as_json() for verdict in found), list(log.warnings)])


def _told(folder: Path, *models: str) -> str:
    """What `slipper verdict --json` prints, without the name of the folder; of one model its account as well."""
    chosen = [word for name in models for word in ("--model", name)]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        argv = ["verdict", str(folder), *chosen, "--min-cohort", "100", "--json", "--quiet"]
        assert cli.main([*argv, "--simulations", "0"]) == 0
    return printed.getvalue().replace(str(folder), "LOG")


@pytest.fixture(scope="module")
def plain(held, catalogue, tmp_path_factory) -> Path:
    return _written(tmp_path_factory.mktemp("plain"), {"all.parquet": held}, catalogue)


@pytest.fixture(scope="module")
def answers(plain) -> dict[int, str]:
    """What is said of the plain log, by the number of simulations."""
    return {simulations: _judged(plain, simulations) for simulations in (0, SIMULATIONS)}


def test_the_log_asks_what_the_tests_are_about(held, answers):
    """Or they would compare nothing: a loyal cohort, another model, organisations of which some months know nothing."""
    loyal, alike, _ = json.loads(answers[SIMULATIONS])
    assert loyal["verdict"] == "foundational" and loyal["error_rates"] and loyal["robustness_checks"]
    assert alike["p"] > 0.05 and alike["tests"]
    assert loyal["panel"]["clusters"] == "organisation"
    keys = held.filter(pc.equal(held["model"], LOYAL)).to_pandas().groupby("user_id")["account_id"]
    assert (keys.nunique() > 1).sum() > 50  # rotated
    assert (
        keys.apply(lambda given: given.notna().any() and given.isna().any()).sum() > 50
    )  # known in some months


# Where a file lies and what it is called; {} is its number. The names of the last two sort before all others.
NAMES = ("{}.parquet", "part-{}.pq", "2025/week={}/p.parquet", "z{}.PARQUET", "00/{}.parq", "-{}/a.parquet")


@st.composite
def _splits(draw: st.DrawFn, rows: int) -> dict[str, np.ndarray]:
    """File name -> the rows that it holds, in its order. Each row is in one file: cut as the rows lie, or dealt out."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["shuffled", "reversed", "rotated", "as made"]))
    order = np.arange(rows)
    if kind == "shuffled":
        rng.shuffle(order)
    elif kind == "reversed":
        order = order[::-1]
    elif kind == "rotated":
        order = np.roll(order, draw(st.integers(1, rows - 1)))
    files = draw(st.integers(1, 6))
    if draw(st.booleans()):
        dealt = [order[i::files] for i in range(files)]
    else:
        cuts = sorted(draw(st.sets(st.integers(1, rows - 1), min_size=files - 1, max_size=files - 1)))
        dealt = np.split(order, cuts)
    numbers = draw(st.permutations(range(files)))
    return {draw(st.sampled_from(NAMES)).format(n): part for n, part in zip(numbers, dealt, strict=True)}


def _assert_same(
    held: pa.Table, catalogue: pa.Table, split: dict[str, np.ndarray], told: str, simulations: int
) -> None:
    assert sum(map(len, split.values())) == held.num_rows
    with tempfile.TemporaryDirectory() as folder:
        parts = {name: held.take(pa.array(rows)) for name, rows in split.items()}
        assert _judged(_written(Path(folder), parts, catalogue), simulations) == told


@settings(max_examples=3)
@given(data=st.data())
def test_no_order_and_no_split_into_files_changes_a_number(held, catalogue, answers, data):
    _assert_same(held, catalogue, data.draw(_splits(held.num_rows)), answers[0], 0)


@settings(max_examples=1)
@given(data=st.data())
def test_nor_an_error_rate(held, catalogue, answers, data):
    _assert_same(held, catalogue, data.draw(_splits(held.num_rows)), answers[SIMULATIONS], SIMULATIONS)


def test_the_command_says_the_same_twice_and_of_the_rows_in_other_files(
    held, catalogue, plain, tmp_path, inspected_once
):
    order = np.random.default_rng(5).permutation(held.num_rows)
    parts = {f"{i}/{9 - i}.parquet": held.take(pa.array(order[i::4])) for i in range(4)}
    other = _written(tmp_path, parts, catalogue)
    once = _told(plain, LOYAL, ALIKE)
    assert _told(plain, LOYAL, ALIKE) == once == _told(other, LOYAL, ALIKE)
    account = _told(plain, LOYAL)
    assert json.loads(account)["verdicts"][0]["cohort_profile"]
    assert _told(other, LOYAL) == account
