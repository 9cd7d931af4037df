"""Two analysed logs beside each other: what differs, how sure that is, and what is not known."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import open_log
from analysis.proportions import newcombe, wilson
from analysis.queries import openness, usage
from analysis.report.comparison import (
    Analysed,
    NotAnalysed,
    exhibit_differences,
    panel_models,
    retention_differences,
    scenario_differences,
    verdict_differences,
)
from analysis.report.exhibit import Exhibit
from analysis.report.exhibits import EXHIBITS
from analysis.report.pages.compare import render_comparison, verdict_words
from analysis.report.results import write_analysis
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made, write_run
from tests.analysis.rich_log import rich

SHARES = Exhibit(
    "fig01", "Shares", "openness", "share of tokens", openness.weekly_shares, (openness.weekly_shares,),
    formats={"week": "week", "source_type": "text", "share": "share"}, compared="share", key=("source_type",),
)  # fmt: skip
AUTHORS = Exhibit(
    "table1", "Authors", "openness", "tokens", usage.by_author, (usage.by_author,),
    formats={"author": "text", "tokens": "tokens"}, compared="tokens", key=("author",),
)  # fmt: skip
SONNET = "anthropic/claude-sonnet-4"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two analysed runs of different seeds with two exhibits only."""
    folders = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.exhibits.EXHIBITS", (SHARES, AUTHORS))
        for seed in (1, 2):
            folder = write_run(
                made(rows=6_000, users=600, seed=seed), tmp_path_factory.mktemp("pair") / f"run{seed}"
            )
            manifest = json.loads((folder / "manifest.json").read_text())
            manifest["resolved"] = {
                "title": f"t{seed}",
                "seed": seed,
                "fit": {"on": seed == 1, "strength": 0.5},
            }
            if seed == 2:
                manifest["resolved"]["extra"] = [1, 2]
            (folder / "manifest.json").write_text(json.dumps(manifest))
            with open_log(folder) as log:
                write_analysis(log, folder)
            folders.append(folder)
    return Analysed.at(folders[0]), Analysed.at(folders[1])


def test_only_scenario_keys_that_differ_are_listed(pair):
    rows = scenario_differences(*pair)
    assert rows.to_dict("records") == [
        {"key": "seed", "a": "1", "b": "2"},
        {"key": "fit.on", "a": "true", "b": "false"},
        {"key": "extra", "a": "", "b": "[1, 2]"},
    ]
    assert scenario_differences(pair[0], pair[0]).empty


def test_a_log_without_a_manifest_can_be_compared(pair):
    bare = Analysed(pair[1].folder, None)
    assert scenario_differences(pair[0], bare) is None
    cells = retention_differences(pair[0], bare, [SONNET])
    series = exhibit_differences(SHARES, pair[0].table("fig01"), bare.table("fig01"))
    page = render_comparison(pair[0], bare, cells, series, (SHARES, AUTHORS))
    assert "Not known: B has no manifest" in page


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(NotAnalysed, match="no results"):
        Analysed.at(tmp_path)


def test_retention_differences_are_those_of_the_two_triangles(pair):
    cells = retention_differences(pair[0], pair[1], [SONNET])
    assert len(cells) > 5
    a, b = (one.table("fig25_triangles").set_index(["model", "cohort", "k"]) for one in pair)
    for row in cells.itertuples():
        key = (row.model, row.cohort, row.k)
        assert row.difference == pytest.approx(b.loc[key, "retention"] - a.loc[key, "retention"])
        assert bool(a.loc[key, "complete"] and b.loc[key, "complete"])
        assert row.low <= row.difference <= row.high
        assert row.differs == (row.low > 0 or row.high < 0)
    assert (cells["k"] > 0).all()


def test_a_log_differs_from_itself_in_nothing(pair):
    models = list(panel_models(pair[0], pair[0]))
    assert len(models) == 8
    cells = retention_differences(pair[0], pair[0], models)
    assert (cells["difference"] == 0).all()
    assert not cells["differs"].any()
    series = exhibit_differences(SHARES, pair[0].table("fig01"), pair[0].table("fig01"))
    assert (series["difference"] == 0).all()
    assert not series["differs"].any()


def test_newcombe_is_the_published_interval():
    # Newcombe (1998), table II, method 10: 56/70 - 48/80 and 9/10 - 3/10
    assert np.round(newcombe(48, 80, 56, 70), 4).tolist() == [0.0524, 0.3339]
    assert np.round(newcombe(3, 10, 9, 10), 4).tolist() == [0.1705, 0.8090]
    low, high = newcombe([0, 5], [0, 10], [1, 5], [10, 10])
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert low[1] == pytest.approx(-high[1])


def test_newcombe_covers_the_true_difference():
    rng = np.random.default_rng(1)
    p, q, n, m = 0.15, 0.4, 120, 60
    low, high = newcombe(rng.binomial(n, p, 4000), n, rng.binomial(m, q, 4000), m)
    covered = int(((low <= q - p) & (q - p <= high)).sum())
    assert stats.binomtest(covered, 4000, 0.95).pvalue > 1e-4
    assert wilson(5, 10)[0] < 0.5


def test_series_are_means_of_the_last_weeks_marked_where_they_do_not_overlap():
    weeks = pd.date_range("2025-01-06", periods=6, freq="7D")

    def frame(values, other):
        rows = [(w, "x", v) for w, v in zip(weeks, values, strict=True)]
        rows += [(w, "y", v) for w, v in zip(weeks, other, strict=True)]
        data = pd.DataFrame(rows, columns=["week", "source_type", "share"])
        return data.assign(complete=data["week"] < weeks[5])

    a = frame([0, 0.1, 0.2, 0.3, 0.4, 9], [0.5] * 6)
    b = frame([0, 0.5, 0.6, 0.7, 0.8, 9], [0.5, 0.4, 0.6, 0.5, 0.5, 9])
    rows = exhibit_differences(SHARES, a, b).set_index("series")
    assert rows.loc["x", "a"] == pytest.approx(0.25)
    assert rows.loc["x", "b"] == pytest.approx(0.65)
    assert rows.loc["x", "difference"] == pytest.approx(0.4)
    assert rows.loc["x", "ratio"] == pytest.approx(2.6)
    assert rows.loc["x", "differs"]
    assert not rows.loc["y", "differs"]


def test_rows_of_a_table_are_matched_by_name_and_not_judged():
    a = pd.DataFrame({"author": ["p", "q"], "tokens": [100, 50]})
    b = pd.DataFrame({"author": ["q", "r"], "tokens": [150, 1]})
    rows = exhibit_differences(AUTHORS, a, b).set_index("series")
    assert rows.loc["q", "difference"] == 100
    assert np.isnan(rows.loc["p", "b"])
    assert np.isnan(rows.loc["r", "a"])
    assert rows["differs"].isna().all()


@pytest.fixture(scope="module")
def rich_log():
    tables = rich(rows=4000, users=300)
    with opened(tables.generations, tables.labels, tables.models) as log:
        yield log


COMPARED = [exhibit for exhibit in EXHIBITS if exhibit.section != "retention"]


@pytest.mark.parametrize("exhibit", COMPARED, ids=lambda exhibit: exhibit.id)
def test_every_exhibit_compares_its_number_by_the_names_of_its_series_alone(rich_log, exhibit):
    frame = exhibit.table(rich_log)
    rows = [*(["week"] if "week" in frame else []), *exhibit.key]
    assert not frame.duplicated(rows).any() if rows else len(frame) == 1
    if exhibit.unit.startswith("share"):
        assert exhibit.formats[exhibit.compared] == "share"
    other = frame.copy()
    for column, kind in exhibit.formats.items():
        if kind == "text" and column in other and column not in exhibit.key:
            other[column] = other[column].astype(object).where(other.index > 0, "elsewhere")
    other[exhibit.compared] = other[exhibit.compared] * 2
    found = exhibit_differences(exhibit, frame, other)
    assert len(found)
    assert set(found["value"]) == {exhibit.compared}
    known = found[found["a"].notna()]
    assert len(known)
    assert (known["b"] == 2 * known["a"]).all()
    assert found["a"].isna().equals(found["b"].isna())


def test_a_compared_length_is_a_mean_and_not_a_sum():
    compared = {exhibit.id: exhibit.compared for exhibit in EXHIBITS}
    lengths = [compared[f"fig{number}"] for number in (14, 15, 16, 17)]
    assert lengths == ["mean_prompt", "mean_completion", "mean_prompt", "mean_total"]


def test_a_table_without_a_row_is_compared_as_missing():
    a = pd.DataFrame({"author": ["p"], "tokens": [100]})
    rows = exhibit_differences(AUTHORS, a, a.head(0))
    assert rows["series"].tolist() == ["p"]
    assert rows["b"].isna().all()
    assert exhibit_differences(AUTHORS, a.head(0), a.head(0)).empty


def judged(folder, rows):
    """A folder of results that holds verdicts, as far as they are compared."""
    (folder / "tables").mkdir(parents=True)
    frame = pd.DataFrame(rows, columns=["model", "kind", "headline", "month", "difference"])
    frame.to_parquet(folder / "tables" / "fig25_verdicts.parquet")
    return Analysed(folder, None)


def test_verdicts_stand_side_by_side_and_those_that_differ_come_first(tmp_path):
    a = judged(tmp_path / "a", [
        ("x/same", "no fit", "no fit", 5.0, 0.01), ("x/only-a", "no fit", "no fit", 5.0, 0.0),
        ("x/other", "foundational", "foundational launch cohort", 5.0, 0.223),
    ])  # fmt: skip
    b = judged(tmp_path / "b", [
        ("x/other", "insufficient data", "insufficient data", np.nan, np.nan),
        ("x/same", "no fit", "no fit; not firm: would change", 4.0, 0.02),
    ])  # fmt: skip
    found = verdict_differences(a, b)
    assert found["model"].tolist() == ["x/other", "x/same"]
    assert found["differs"].tolist() == [True, False]
    first = found.iloc[0]
    assert verdict_words(first, "a") == "foundational launch cohort (22.3 points in month 5)"
    assert verdict_words(first, "b") == "insufficient data"
    (tmp_path / "c" / "tables").mkdir(parents=True)
    assert verdict_differences(a, Analysed(tmp_path / "c", None)).empty
