"""The baselines of the benchmarks write what the log has: the same columns, in the same types, free of violations."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.queries import categories, cost, geography, retention, usage
from analysis.sources.conformance import check_conformance
from analysis.sources.opening import open_log
from benchmarks import (
    agents,
    child,
    expected,
    experiments,
    imports,
    page,
    tables,
    traffic,
    warehouses,
    whole,
)
from benchmarks.peers import pandas_tables
from sim.activity import monthly
from sim.runs import log_writer
from sim.simulation import run_agents
from sim.world import load_world
from tests import browser, worlds
from tests.sim.traffic_world import shipped

NINE_MONTHS = ("start=2025-03-01",)


@pytest.fixture(scope="module")
def contest() -> traffic.Contest:
    world = load_world(shipped("report"), users=600, settings=NINE_MONTHS)
    return traffic.Contest(log_writer(run_agents(world)))


@pytest.mark.parametrize(
    "way", [traffic.OURS, traffic.SIMPY, traffic.SIMPY_DRAWS, traffic.NUMPY, traffic.LIMIT]
)
def test_every_way_writes_the_columns_of_the_log(contest, monkeypatch, tmp_path, way):
    monkeypatch.setattr(traffic, "SIMPY_RECORDS", 2_000)
    records = contest.ways[way](tmp_path)
    files = sorted(tmp_path.glob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == records > 1000
    assert {pq.read_schema(file).remove_metadata() for file in files} == {contest.writer.logged}
    blocks = [
        pq.read_metadata(file).row_group(0).column(1) for file in files if pq.read_metadata(file).num_rows
    ]
    assert {block.compression for block in blocks} == {"ZSTD"}
    assert all("DELTA_BINARY_PACKED" in block.encodings for block in blocks)


@pytest.mark.parametrize("way", [traffic.SIMPY, traffic.SIMPY_DRAWS, traffic.NUMPY])
def test_the_baselines_write_conforming_logs(contest, monkeypatch, tmp_path, way):
    monkeypatch.setattr(traffic, "SIMPY_RECORDS", 2_000)
    contest.ways[way](tmp_path)
    tables = [pq.read_table(file) for file in sorted(tmp_path.glob("*.parquet"))]
    pq.write_table(pa.concat_tables(tables), tmp_path / "all.parquet")
    assert check_conformance(open_log(tmp_path / "all.parquet"), only_violations=True).empty


def test_the_limit_writes_the_log_itself(contest, tmp_path):
    for way in (traffic.OURS, traffic.LIMIT):
        (tmp_path / way).mkdir()
        contest.ways[way](tmp_path / way)
    ours, limit = (sorted((tmp_path / way).iterdir()) for way in (traffic.OURS, traffic.LIMIT))
    assert [file.read_bytes() for file in ours] == [file.read_bytes() for file in limit]


def test_numpy_writes_about_as_many_records_as_the_log_has(contest, tmp_path):
    assert contest.numpy(tmp_path) == pytest.approx(contest.records, rel=0.1)


def test_a_run_of_agents_counts_days_and_decisions():
    run = json.loads(json.dumps(agents.run_once(500)))
    assert 0 < run["days"] < run["agents"] * 731
    assert run["decisions"] > run["agents"]
    assert run["seconds"] > 0
    assert 0.05 < run["peak_gb"] < 4


def test_a_variant_is_timed_by_its_parts_and_held_to_a_target(monkeypatch):
    monkeypatch.setattr(agents, "VARIANT_MS", 1e-3)
    rows = agents.variants(users=50, turns=3).splitlines()
    named = [line.strip("| ").split(" | ") for line in rows if line.startswith("| ")]
    assert [row[0] for row in named] == ["part", "scenario", "agents", "activity", "together"]
    low, high = (float(named[-1][at]) for at in (2, 3))
    assert 0 < low <= float(named[-1][1]) <= high
    assert (
        float(rows[-1].rpartition("**")[0].rpartition("**")[2]) > 1000
    )  # far over a target of a microsecond


def test_expected_quantities_stand_beside_the_log_as_a_ratio():
    rows = [line.strip("| ").split(" | ") for line in expected.measure(users=60, turns=1).splitlines()[-2:]]
    few, many = (int(row[1].replace(",", "")) for row in rows)
    assert many > 5 * few > 5_000
    for _, _, table, log, ratio in rows:
        assert float(ratio.strip("*")) == pytest.approx(float(table[:-2]) / float(log[:-2]), rel=0.2)


def test_a_child_has_a_peak_of_its_own():
    held = bytearray(400_000_000)
    held[::4096] = b"x" * len(held[::4096])
    assert child.peak_memory() > 0.4
    assert child.run_child("benchmarks.agents", "300")["peak_gb"] < 0.4


@pytest.fixture(scope="module")
def small_run(contest, tmp_path_factory):
    """A run folder with the log of the contest's world."""
    from sim.runs import run

    return run(shipped("report"), users=600, settings=NINE_MONTHS, out=tmp_path_factory.mktemp("tables")).path


@pytest.mark.parametrize("few", [False, True])
def test_pandas_sums_what_our_tables_sum(small_run, tmp_path, monkeypatch, few):
    monkeypatch.setattr(tables, "PART", 1)
    tables.sample(str(small_run), str(tmp_path / "sample"))
    frame = pandas_tables.read(tmp_path / "sample", few)
    with open_log(small_run) as log:
        assert len(frame) == log.rows
        weekly = pandas_tables.weekly(frame)
        assert weekly["tokens"].sum() == usage.weekly(log)["tokens"].sum()
        active = retention.cohort_activity(log)["active"]
        assert sorted(pandas_tables.triangles(frame)["active"]) == sorted(active)
        countries = pandas_tables.places(frame).groupby("country", observed=True)["tokens"].sum()
        expected = geography.country_shares(log).set_index("country")["tokens"]
        assert countries[countries > 0].to_dict() == expected.to_dict()
        free = pandas_tables.charges(frame).reset_index()
        paid = free.loc[~free["free"], "cost_total"].sum()
        assert paid == pytest.approx(cost.effective_cost(log)["cost_usd"].sum())
        by_category = pandas_tables.labelled(frame, tmp_path / "sample")[0]
        assert by_category["tokens"].sum() == categories.weekly_shares(log)["tokens"].sum()


def test_every_table_is_made_and_timed_beside_the_scan(small_run, tmp_path, monkeypatch):
    """In this process: that a measurement has one of its own is another test."""
    monkeypatch.setattr(tables, "TURNS", 1)

    def run_here(module, task, *arguments):
        assert module == tables.__name__
        return json.loads(json.dumps(tables.TASKS[task](*arguments)))

    monkeypatch.setattr(tables, "run_child", run_here)
    text = tables.compare(small_run, tmp_path)
    assert text.count("|---") == 5
    assert "scans long" in text and "pandas with categories" in text


def test_replicates_saved_are_those_of_correlated_arms():
    """With correlation r and equal variances independent seeds need 1 / (1 - r) times the replicates."""
    rng = np.random.default_rng(3)
    covered, values = 0, []
    for _ in range(200):
        luck, mine, theirs = rng.normal(size=(3, 24))
        value, low, high = experiments.saving(luck * 3 + mine, luck * 3 + theirs + 0.5)
        covered += low <= 10 <= high
        values.append(value)
    assert np.median(values) == pytest.approx(10, rel=0.1)
    assert covered >= 182  # 190 expected; chance of fewer below 2%
    assert experiments.saving(luck, luck + 1) == (np.inf, np.inf, np.inf)


def test_no_coupling_of_members_saves_more_than_the_ceiling():
    assert experiments.ceiling(0.2, 0.2) == np.inf
    rng = np.random.default_rng(3)
    for p, q in [(0.2, 0.1), (0.5, 0.52), (0.9, 0.4)]:
        luck = rng.random((2_000, 100))  # comonotone: as few members as possible differ
        base, arm = ((luck < share).mean(axis=1) for share in (p, q))
        value, *_ = experiments.saving(base, arm)
        assert value == pytest.approx(experiments.ceiling(p, q), rel=0.25)
        other = (rng.random(luck.shape) < q).mean(axis=1)
        assert experiments.saving(base, other)[0] < 1.2 < experiments.ceiling(p, q)


def test_outcomes_of_an_experiment_are_the_logs():
    world = load_world(shipped("report"), users=400)
    agents = run_agents(world)
    found = experiments.outcomes(world, monthly(agents))
    table = worlds.requests(agents)
    slugs = {m.slug: m for m in world.catalogue.models}
    days = np.datetime64(world.scenario.start) + table["day"].to_numpy()
    week = (days.astype("datetime64[D]").astype(int) + 3) // 7
    recent = table[(week < week.max()) & (week >= week.max() - 26)]
    is_open = recent["model"].map(lambda slug: slugs[slug].facts.open_weights)
    assert found["open share"] == pytest.approx(recent["n"][is_open].sum() / recent["n"].sum())

    table["model"] = table["model"].str.removesuffix(":free")
    table["month"] = days.astype("datetime64[M]").astype(int) - 12 * 53 - 11  # since December 2023
    used = table.groupby(["user", "model"])["month"].agg(set)
    release = {
        slug.removesuffix(":free"): 12 * (m.facts.released.year - 2023) + m.facts.released.month - 12
        for slug, m in slugs.items()
    }
    first = used.map(min)
    stays = pd.Series(
        [start + 3 in months for start, months in zip(first, used, strict=True)], index=used.index
    )
    lag = first - used.index.get_level_values("model").map(release)
    seen = first.between(1, 20)
    assert found["R(3)"] == pytest.approx(stays[seen].mean())
    expected = stays[seen & (lag == 0)].mean() - stays[seen & (lag >= 2)].mean()
    assert found["launch contrast"] == pytest.approx(expected)


def test_the_table_of_experiments_names_arms_and_targets(monkeypatch):
    """In this process, that a measurement has one of its own is another test; with nine months of the world."""
    monkeypatch.setattr(experiments, "PROCESSES", 1)
    monkeypatch.setattr(experiments, "TURNS", 1)
    replicate = experiments.replicate

    def of_nine_months(users, number, settings=()):
        return replicate(users, number, (*NINE_MONTHS, *settings))

    monkeypatch.setattr(experiments, "replicate", of_nine_months)

    def run_here(module, users):
        assert module == experiments.__name__
        return json.loads(json.dumps(experiments.run_once(int(users))))

    monkeypatch.setattr(experiments, "run_child", run_here)
    text = experiments.measure(200, 3, 300, {"fit off": experiments.ARMS["fit off"]})
    assert "| fit off | " in text and "minutes**" in text


def test_every_arm_of_the_experiments_differs_from_the_report_world():
    base = load_world(shipped("report"), users=300)
    for settings in experiments.ARMS.values():
        other = load_world(shipped("report"), users=300, settings=settings)
        assert other.scenario != base.scenario


def test_a_page_is_measured_against_its_limits_with_or_without_a_browser(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_bytes(b"x" * 2_000_000)
    found = {"seconds": [0.5, 3.0, 1.0], "charts": 30, "all_s": 9.0, "browser": "Chromium 1"}
    monkeypatch.setattr(page, "find_browser", lambda: "/a/browser")
    monkeypatch.setattr(page, "opened", lambda path, browser: found)
    text = page.compare(path, 500)
    assert "| 2.00 MB | 8 MB | **0.25** |" in text
    assert "| 1.00 s | 2 s | **0.50** |" in text
    monkeypatch.setattr(page, "find_browser", lambda: None)
    without = page.compare(path, 500)
    assert "**0.25**" in without and "2 s" not in without
    assert "was not measured: no Chromium found" in without


@pytest.mark.browser
def test_opening_waits_for_the_charts_of_the_first_screen(chromium, tmp_path):
    """A page whose chart is drawn 0.4 s after it loads takes at least as long; one below the fold is not waited for."""
    draw = "setTimeout(() => {f.classList.add('drawn'); f.innerHTML = '<div class=chart><svg></svg></div>'}, WAIT)"
    parts = [f"<figure data-chart=c{i} style='height:1500px'></figure>" for i in range(2)]
    script = "".join(
        f"{{const f = document.querySelectorAll('figure')[{i}]; {draw.replace('WAIT', str(wait))}}}"
        for i, wait in enumerate((400, 1500))
    )
    (tmp_path / "report.html").write_text(f"<!doctype html><body>{''.join(parts)}<script>{script}</script>")
    found = run_apart(tmp_path / "report.html")
    assert min(found["seconds"]) >= 0.4 and max(found["seconds"]) < 1.4
    assert found["charts"] == 2 and found["all_s"] > 0.5
    assert found["browser"].startswith("Chromium ")


def run_apart(path):
    """`page.opened` in a thread of its own: the driver of the session's browser is running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(page.opened, path, browser.find_browser(), 1).result()


def turn_of(seconds: float) -> whole.Turn:
    phases = {"market": 0.25 * seconds, "verdicts": 0.5 * seconds, whole.REST: 0.25 * seconds}
    return whole.Turn(1000, seconds, seconds - 1, phases, 0.5)


def test_the_whole_command_is_told_by_phase():
    found = whole.Measured("report-small", [turn_of(seconds) for seconds in (2.0, 9.0, 4.0)])
    assert "| whole command | 4.0 (2.0 to 9.0) | 8.0 |" in found.text
    assert "| verdicts | 2.0 | 4.0 |" in found.text
    assert "after 3.0 s." in found.text and "at most 15 s: **4.0 s**" in found.text


@pytest.mark.parametrize(("seconds", "status"), [(14.9, 0), (15.1, 1)])
def test_the_check_fails_where_a_target_is_missed(monkeypatch, capsys, seconds, status):
    monkeypatch.setattr(whole, "turn", lambda world, users=None: turn_of(seconds))
    assert whole.main(["--check"]) == status
    assert ("missed" in capsys.readouterr().out) is bool(status)
    assert whole.main([]) == 0


def test_a_turn_is_the_command_itself_and_its_phases_add_up(tmp_path):
    """Of a short world with few models."""
    (tmp_path / "short.yaml").write_text(f"extends: {shipped('one-frontier-model')}\nend: 2024-12-31\n")
    found = whole.turn(str(tmp_path / "short"), 60)
    assert list(found.phases) == [
        "compile", "market", "traffic", "finish", "tables", "verdicts", "figures", "page", whole.REST,
    ]  # fmt: skip
    assert sum(found.phases.values()) == pytest.approx(found.whole)
    assert found.phases[whole.REST] > 0.2  # starting Python is part of it
    assert found.phases["tables"] < found.answer < found.whole
    assert found.records > 100 and found.scan > 0


def test_an_import_is_timed_beside_the_reading_of_the_same_rows(tmp_path, monkeypatch):
    imports.make(tmp_path, 500)
    for name in imports.FILES.values():
        read, ours = imports.read(tmp_path / name), imports.imported(tmp_path / name)
        assert read["rows"] == ours["rows"] == 500
    monkeypatch.setattr(imports, "run_child", lambda _, way, path: {
        "rows": 500, "seconds": 2.0 if way == "read" else 5.0, "memory": 0.5
    })  # fmt: skip
    text = imports.measure(500)
    assert text.count("| 2.0 | 5.0 | **2.5** | 0.50 GB |") == 3


def test_engines_are_timed_and_must_agree(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(warehouses, "_no_spark", lambda: "no Java")
    compared, told = warehouses.compared, []

    def noted(expected, found):
        told.append(expected)
        return compared(expected, found)

    monkeypatch.setattr(warehouses, "compared", noted)
    lines = warehouses.compare(run_folder, tmp_path, turns=1).splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == ["DuckDB", "PostgreSQL", "Spark, local mode"]
    assert rows[0][2] == "1.0" and "no Java" in rows[2][1]
    assert float(rows[0][1]) > 0 and ("equal" in rows[1][-1] or "not measured" in rows[1][1])

    answers = told[0]
    changed = answers["usage.weekly"].assign(tokens=lambda frame: frame["tokens"] + (frame.index == 3))
    with pytest.raises(AssertionError, match=r"usage\.weekly"):
        compared(answers, answers | {"usage.weekly": changed})
