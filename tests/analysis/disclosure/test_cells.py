"""No small cell is left, and none follows from what is: by linear algebra, on random tables."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.disclosure.cells import P_PERCENT, Partition, settle

LEAST = 3
GRIDS = {"weeks": (0,), "models": (0, 1), "places": (0, 2), "countries": (2,), "tools": (0, 1, 3)}
"""Facets of each grid: week, model, place, flag."""


@st.composite
def tables(draw):
    """Rows: their facets, user, account and tokens."""
    seed, rows = draw(st.integers(0, 10_000)), draw(st.integers(10, 150))
    users, skew = draw(st.integers(2, 25)), draw(st.floats(0.3, 3.0))
    rng = np.random.default_rng(seed)
    facets = [rng.integers(0, n, rows) ** 2 // n for n in (4, 5, 4, 2)]  # rare values, too
    user = rng.integers(0, users, rows)
    account = user // draw(st.integers(1, 4))
    tokens = np.ceil(rng.lognormal(3, skew, rows))
    return facets, user, account, tokens


def settled(facets, user, account, tokens):
    parts = {
        name: Partition.of([facets[at] for at in places], user, account, ("tokens",))
        for name, places in GRIDS.items()
    }
    return parts, *settle(parts, np.ones(len(user), dtype=bool), {"tokens": tokens}, LEAST)


def cells_of(facets, places):
    """The rows of each cell of a grid, as flags."""
    codes = np.stack([facets[at] for at in places])
    return [(codes == one[:, None]).all(axis=0) for one in np.unique(codes, axis=1).T]


def is_small(rows, user, account, tokens):
    """The rule in plain words."""
    if not rows.any():
        return False
    parts = sorted((tokens[rows & (account == one)].sum() for one in np.unique(account[rows])), reverse=True)
    rest = sum(parts[2:])
    return len(np.unique(user[rows])) < LEAST or rest < P_PERCENT * parts[0]


def determined(cells, published):
    """Which cells follow from the published sums: those that lie in the space that these span."""
    rank = np.linalg.matrix_rank(published) if len(published) else 0
    return [bool(np.linalg.matrix_rank(np.vstack([*published, cell])) == rank) for cell in cells]


@given(tables())
def test_no_cell_that_is_left_is_small(table):
    facets, user, account, tokens = table
    _, kept, _ = settled(*table)
    for places in GRIDS.values():
        for cell in cells_of(facets, places):
            assert not is_small(cell & kept, user, account, tokens)


@given(tables())
def test_a_cell_is_left_out_whole_and_only_if_it_became_small(table):
    parts, kept, out = settled(*table)
    for name, part in parts.items():
        assert not kept[out[name][part.cell]].any()
    small = np.any([out[name][part.cell] for name, part in parts.items()], axis=0)
    assert (kept == ~small).all()


@given(tables())
def test_no_small_cell_follows_from_the_published_sums_by_linear_algebra(table):
    facets, user, account, tokens = table
    _, kept, _ = settled(*table)
    published = [cell & kept for places in GRIDS.values() for cell in cells_of(facets, places)]
    published += [
        cell & kept for places in ((), (1,), (3,), (0, 3), (1, 3)) for cell in margins(facets, places)
    ]
    small = [
        cell
        for places in GRIDS.values()
        for cell in cells_of(facets, places)
        if is_small(cell, user, account, tokens)
    ]
    assert not any(determined(np.array(small, float), np.array(published, float)))


def margins(facets, places):
    return cells_of(facets, places) if places else [np.ones(len(facets[0]), dtype=bool)]


def test_the_algebra_finds_a_cell_that_a_total_gives_away():
    """What hides the small cell alone: the week's total less the other model is that cell."""
    week_total, first, small = [1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 1]
    assert determined(np.array([small], float), np.array([week_total, first], float)) == [True]
    assert determined(np.array([small], float), np.array([first, first], float)) == [False]


def test_a_cell_that_becomes_small_by_another_goes_too():
    """Three users of a model in a week, one of them alone in a place: without that one the model has two."""
    week = np.zeros(9, dtype=np.int64)
    model = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0])
    place = np.array([1, 0, 0, 0, 0, 0, 0, 0, 0])
    user = np.arange(9)
    _, kept, out = settled([week, model, place, week], user, user, np.ones(9))
    assert kept.tolist() == [False] * 3 + [True] * 6
    assert out["places"].sum() == 1 and out["tools"].sum() == 1  # the model's cell, by its flag


def test_an_account_that_has_nearly_all_of_a_cell_makes_it_small():
    zero, users = np.zeros(6, dtype=np.int64), np.arange(6)
    tokens = np.array([1000.0, 30, 25, 25, 25, 25])
    assert not settled([zero] * 4, users, users, tokens)[1].any()
    even = np.array([1000.0, 30, 60, 25, 25, 25])
    assert settled([zero] * 4, users, users, even)[1].all()
    one_account = np.zeros(6, dtype=np.int64)
    assert not settled([zero] * 4, users, one_account, even)[1].any()


def test_an_empty_table_has_no_cells():
    none = np.zeros(0, dtype=np.int64)
    _, kept, out = settled([none] * 4, none, none, np.zeros(0))
    assert not len(kept) and not any(len(found) for found in out.values())


@given(tables(), st.integers(2, 4))
def test_rows_of_a_group_are_kept_or_left_out_together(table, size):
    facets, user, account, tokens = table
    group = np.arange(len(user)) // size
    parts = {
        name: Partition.of([facets[at] for at in places], user, account, ()) for name, places in GRIDS.items()
    }
    kept, _ = settle(parts, np.ones(len(user), dtype=bool), {"tokens": tokens}, LEAST, group)
    shares = np.bincount(group, weights=kept) / np.bincount(group)
    assert set(shares) <= {0.0, 1.0}
    for places in GRIDS.values():
        assert all(
            len(np.unique(user[cell & kept])) >= LEAST
            for cell in cells_of(facets, places)
            if (cell & kept).any()
        )
