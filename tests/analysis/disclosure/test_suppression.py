"""A log as it may be shown: nothing that is written depends on what was left out."""

from __future__ import annotations

import html
from contextlib import suppress

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pandas.testing import assert_frame_equal

from analysis import contract
from analysis.disclosure.grids import COHORTS, GRIDS, LABEL_GRIDS, facet, grids_of
from analysis.disclosure.labelled import REST
from analysis.disclosure.suppression import IDENTITIES, protected
from analysis.queries import categories, retention, usage
from analysis.report.exhibits import EXHIBITS
from analysis.report.results import write_analysis
from analysis.report.withholding import shares, shown, table_of
from analysis.sources.log import LogError, NotAvailable
from tests.analysis.in_memory import opened
from tests.analysis.made_log import made
from tests.analysis.rows import labels, put

LEAST = 7


@pytest.fixture(scope="module")
def tables():
    """A log of which a part has to be left out."""
    log = made(rows=9000, users=1200, seed=5, start="2025-09-01", end="2025-11-30")
    return log.generations, log.labels, log.models


@pytest.fixture(scope="module")
def safe(tables):
    with opened(*tables) as log:
        kept, account = protected(log, LEAST)
        yield log, kept, account


def test_each_cell_of_the_log_that_is_shown_stands_on_enough_users(safe):
    log, kept, account = safe
    ids = kept.generations.select("generation_id")
    rows = log.generations.semi_join(ids, "generation_id")
    seen = {grid.name: grid for grid in grids_of(log)}
    assert 0 < kept.rows < log.rows and kept.rows == rows.count().to_pyarrow().as_py()
    for name in account.cells:
        facets = {f"facet_{one}": facet(log, one) for one in seen[name].facets}
        cells = log.generations.mutate(**facets).semi_join(ids, "generation_id")
        fewest = cells.group_by(list(facets)).aggregate(users=cells.user_id.nunique()).users.min()
        assert fewest.to_pyarrow().as_py() >= LEAST, name


def test_reasoning_of_few_does_not_hide_among_many_that_reason_nothing():
    """A week's mean times its requests is what one user reasoned, if nobody else did."""
    held = made(rows=4000, users=400, seed=5, start="2025-10-06", end="2025-11-02")
    one = held.generations["user_id"][0]
    own = pc.equal(held.generations["user_id"], one).combine_chunks()  # one token a request
    rows = put(held.generations, "tokens_reasoning", own)
    with opened(rows, None, held.models) as log:
        kept, account = protected(log, LEAST)
        assert (
            log.generations.tokens_reasoning.sum().to_pyarrow().as_py() > 0 and account.cells["reasoning"] > 0
        )
        assert kept.generations.tokens_reasoning.sum().to_pyarrow().as_py() == 0 < kept.rows


def test_each_cell_of_the_labelled_that_is_shown_stands_on_enough_users(safe):
    log, kept, account = safe
    whose = log.generations.select("generation_id", "user_id")
    rows = categories.labelled_paths(kept).inner_join(whose, "generation_id").to_pandas()
    all_rows = categories.labelled_paths(log).generation_id.nunique().to_pyarrow().as_py()
    assert 0 < rows["generation_id"].nunique() < all_rows and sum(account.label_cells.values())
    programming = rows["category"].eq("programming").groupby(rows["generation_id"]).transform("max")
    carried = rows.groupby("generation_id")["category"].transform("nunique")
    keys = {
        "labelled requests": [rows["week"], carried],
        "programming or not": [rows["week"], programming],
        "sub-tags": [rows["category"], rows["path"]],
    }
    assert keys.keys() <= account.label_cells.keys()
    for by in keys.values():
        assert rows.groupby(by)["user_id"].nunique().min() >= LEAST


def test_where_all_requests_are_labelled_those_without_labels_are_no_small_cell():
    """The labelled are all but two users' requests: the week's sum less theirs would be of those two."""
    table = made(rows=300, users=40, seed=1, start="2025-11-03", end="2025-11-09", models=1).generations
    two = pc.is_in(table["user_id"], pa.array(sorted(set(table["user_id"].to_pylist()))[:2]))
    assert 0 < pc.sum(two).as_py() < len(table)
    for some, cells in ((table.filter(pc.invert(two)), 1), (table, 0)):
        with opened(table, labels((id, "/Adult", 0.9) for id in some["generation_id"].to_pylist())) as log:
            kept, account = protected(log, 3)
            assert account.label_cells.get(REST, 0) == cells
            assert kept.labels.count().to_pyarrow().as_py() == (0 if cells else len(table))


def test_the_columns_that_name_a_party_are_gone(safe):
    _, kept, _ = safe
    assert not IDENTITIES & kept.columns


def test_cohorts_are_of_all_users_and_their_small_cells_are_not_observed(safe):
    log, kept, account = safe
    all_cells, cells = retention.triangles(log), retention.triangles(kept)
    shown = cells[cells["observed"]].merge(all_cells, on=["model", "cohort", "k"], suffixes=("", "_all"))
    assert len(shown) == cells["observed"].sum() > 0
    assert (shown["active"] == shown["active_all"]).all() and (shown["users"] == shown["users_all"]).all()
    later = shown[shown["k"] > 0]
    assert (shown["users"] >= LEAST).all() and (later["active"] >= LEAST).all()
    assert (later["users"] - later["active"] >= LEAST).all()
    hidden = cells[~cells["observed"]]
    assert hidden[["active", "retention", "wilson_low", "wilson_high"]].isna().all(axis=None)
    assert account.cohort_cells == all_cells["observed"].sum() - cells["observed"].sum() > 0


def louder(generations: pa.Table, kept: set[str]) -> pa.Table:
    """The same requests, in which those that are not kept have a few more tokens, and cost more."""
    times = np.where(pc.is_in(generations["generation_id"], pa.array(sorted(kept))), 1, 1.02)
    for name in ("tokens_prompt", "tokens_completion", "cost_total"):
        more = pa.array(generations[name].to_numpy() * times)
        generations = put(generations, name, more.cast(generations.schema.field(name).type, safe=False))
    return generations


@pytest.fixture(scope="module")
def written(tables, tmp_path_factory):
    """The folder of an analysis, and its account."""
    folder = tmp_path_factory.mktemp("shown") / "out"
    with opened(*tables) as log:
        return folder, write_analysis(log, folder, models=["openai/gpt-4o-mini"], k_anonymity=LEAST)[
            "withheld"
        ]


def shown_of(log, account):
    """All that tables, charts and pages are made of."""
    frames = {"triangles": retention.triangles(log), "shares": shares(log, account)}
    for exhibit in EXHIBITS:
        with suppress(NotAvailable):
            frames[exhibit.id] = table_of(exhibit, log, account)
    return frames


def test_nothing_that_is_shown_depends_on_what_was_left_out(safe, tables):
    _, kept, account = safe
    ids = set(kept.generations.generation_id.to_pyarrow().to_pylist())
    with opened(louder(tables[0], ids), *tables[1:]) as log, shown(log, LEAST) as (other, same):
        assert usage.weekly(log)["tokens"].sum() > usage.weekly(kept)["tokens"].sum()
        assert same == account  # no cell is large or small by these tokens
        one, two = shown_of(kept, account), shown_of(other, account)
    assert one.keys() == two.keys() > {"fig01", "fig03", "fig24", "fig27", "table2c"}
    for id in one:
        assert_frame_equal(one[id], two[id])
    assert account.cells["models"] and account.cells["continents"] and account.grids


def test_the_page_says_what_is_withheld_and_no_sum_is_0(written):
    folder, account = written
    page = (folder / "report.html").read_text()
    for lines in account.sentences().values():
        for line in lines:
            assert line in html.unescape(page)
    tables = sorted((folder / "tables").glob("*.parquet"))
    assert "fig25_verdicts.parquet" in {path.name for path in tables}
    for path in tables:
        table = pd.read_parquet(path)
        for name in {"requests", "tokens", "spend_usd", "share"} & set(table):
            assert not (table[name] == 0).any(), path.name
    listed = pd.read_csv(folder / "tables" / "withheld.csv").set_index("cells")["withheld"]
    assert listed.dropna().to_dict() == account.cells | account.label_cells | {COHORTS: account.cohort_cells}


def test_a_log_of_too_few_users_is_refused(tables):
    with opened(*tables) as log, pytest.raises(LogError, match="fewer than 2000 users"):
        protected(log, 2000)


@pytest.mark.parametrize(
    ("alone", "unit"), [(("user_id",), "account"), (("user_id", "account_id"), "request")]
)
def test_where_users_are_not_known_accounts_or_requests_are_counted(tables, alone, unit):
    generations = tables[0]
    for name in alone:
        generations = put(generations, name, "one")
    with opened(generations, *tables[1:]) as log:
        kept, account = protected(log, LEAST)
        assert account.unit == unit and kept.rows
        assert "counted in their place" in account.sentences()[""][0]


def test_every_exhibit_names_grids_that_there_are():
    known = {COHORTS, *(grid.name for grid in (*GRIDS, *LABEL_GRIDS))}
    assert all(set(exhibit.cells or ()) <= known for exhibit in EXHIBITS)
    assert set(IDENTITIES) <= set(contract.fields("generations"))
