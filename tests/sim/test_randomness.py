"""Keyed draws: pure functions of (seed, purpose, entity, index), uniform, independent, and pinned for good.

Statistical checks use fixed seeds; each test's rate of false alarms is FALSE_ALARM, shared out among its checks
(Bonferroni).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri

from sim.compiled import elementwise
from sim.randomness import (
    GOLDEN,
    Draws,
    Purpose,
    draw_unit,
    hash_bits,
    mix,
    normal_quantile,
    replicate_seed,
    unit,
)
from tests.laws import FALSE_ALARM, correlation_p, grid_p

WORD = 2**64
N = 40_000
SEEDS = st.integers(0, 2**63 - 1)
PURPOSES = st.sampled_from(list(Purpose))
WORDS = st.integers(0, WORD - 1)


# --- the definition, in plain integers ------------------------------------------------------------------------------


def plain_mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)


def plain_unmix(z: int) -> int:
    """The inverse of the mix: it exists, so the mix is a bijection."""

    def unshift(y: int, by: int) -> int:
        x = y
        for _ in range(64 // by):
            x = y ^ (x >> by)
        return x

    z = unshift(z, 31) * pow(0x94D049BB133111EB, -1, WORD) % WORD
    z = unshift(z, 27) * pow(0xBF58476D1CE4E5B9, -1, WORD) % WORD
    return unshift(z, 30)


def plain_bits(seed: int, purpose: int, entity: int, index: int) -> int:
    def hashed(key: int, entity: int, index: int) -> int:
        inner = plain_mix((key + entity * 0x9E3779B97F4A7C15) % WORD)
        return plain_mix((inner + (index + 1) * 0xD1342543DE82EF95) % WORD)

    return hashed(hashed(0x9E3779B97F4A7C15, seed, purpose), entity, index)


def test_mix_is_the_published_finaliser():
    # First outputs of SplitMix64 seeded with 1234567 (Vigna's reference code): mix of a counter in golden steps.
    known = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    state = [(1234567 + (i + 1) * 0x9E3779B97F4A7C15) % WORD for i in range(5)]
    assert [int(mix(np.uint64(s))) for s in state] == known


@given(WORDS)
def test_mix_has_an_inverse(z):
    assert plain_unmix(int(mix(np.uint64(z)))) == z
    assert int(mix(np.uint64(plain_unmix(z)))) == z


@given(SEEDS, PURPOSES, WORDS, WORDS)
def test_draws_follow_the_definition(seed, purpose, entity, index):
    bits = Draws(seed).bits(purpose, np.uint64(entity), np.uint64(index))
    assert int(bits) == plain_bits(seed, purpose, entity, index)


def test_golden_values():
    # A change of these numbers changes every world that was ever made.
    known = [12171075564154934137, 3272667483724214272, 17460840143408089048]
    assert [int(b) for b in Draws(1).bits(Purpose.USER_ARRIVAL, [0, 1, 2])] == known
    last = np.uint64(WORD - 1)
    assert int(Draws(2**63 - 1).bits(Purpose.LABEL, last, last)) == 10030161936365639608
    assert float(Draws(1).uniform(Purpose.MATCH, 5, 3)) == 0.9311635218748419
    assert float(Draws(1).normal(Purpose.MATCH, 5, 3)) == pytest.approx(1.484512700804075, rel=1e-12)
    assert [replicate_seed(1, r) for r in range(2)] == [7313069232020270840, 6877514814488525394]


def test_purposes_are_pinned_and_unique():
    numbers = [int(p) for p in Purpose.__members__.values()]
    assert len(set(numbers)) == len(numbers) == len(list(Purpose))
    # Numbers are part of a world's identity: new ones may come, these may not move.
    pinned = """
        1 REPLICATE, 2 USER_ID, 3 USER_ARRIVAL, 4 USER_SEGMENT, 5 USER_COUNTRY, 6 USER_LANGUAGE, 7 USER_LIFE,
        8 USER_CURIOSITY, 9 USER_REGULARITY, 10 USER_PRICE_SENSITIVITY, 12 USER_BYOK, 13 USER_APP,
        14 USER_ACTIVE_WEEK, 15 USER_WAVE, 20 WORKLOAD_EXISTS, 21 WORKLOAD_START, 22 WORKLOAD_CATEGORY,
        23 WORKLOAD_HARDNESS, 24 WORKLOAD_WILLINGNESS, 25 WORKLOAD_TOOLS, 26 WORKLOAD_CONTEXT,
        27 WORKLOAD_PERMISSIVE, 28 WORKLOAD_VOLUME, 29 WORKLOAD_LIFE, 30 WORKLOAD_FREE, 40 MATCH, 41 PERCEPTION,
        42 CHOICE, 43 LOOK, 44 TRIAL_LENGTH, 45 HEARS_RELEASE, 46 REACTION, 47 HOME_SILENT, 48 CHANCE_FIT,
        49 RIVAL_LOOK, 60 DAY_COUNT, 61 SESSION_START, 62 RECORD, 64 ACCOUNT_ID, 70 LABEL
    """
    for entry in pinned.split(","):
        number, name = entry.split()
        assert Purpose[name] == int(number)


# --- a pure function ------------------------------------------------------------------------------------------------


@given(
    seed=SEEDS,
    purpose=PURPOSES,
    pairs=st.lists(st.tuples(WORDS, st.integers(0, 2**32)), min_size=1, max_size=30),
    data=st.data(),
)
def test_draws_do_not_depend_on_grouping_or_order(seed, purpose, pairs, data):
    entity = np.array([e for e, _ in pairs], dtype=np.uint64)
    index = np.array([i for _, i in pairs], dtype=np.uint64)
    draws = Draws(seed)
    whole = draws.uniform(purpose, entity, index)
    cut = data.draw(st.integers(0, len(pairs)))
    order = np.array(data.draw(st.permutations(range(len(pairs)))))
    chunks = [
        draws.uniform(purpose, entity[:cut], index[:cut]),
        draws.uniform(purpose, entity[cut:], index[cut:]),
    ]
    assert (np.concatenate(chunks) == whole).all()
    draws.normal(Purpose.LOOK, np.arange(5))  # other draws in between change nothing
    assert (draws.uniform(purpose, entity[order], index[order]) == whole[order]).all()
    key = draws.key(purpose)
    for e, i, value in zip(entity, index, whole, strict=True):
        assert float(Draws(seed).uniform(purpose, e, i)) == value
        assert draw_unit(key, e, i) == value
        assert unit(np.uint64(hash_bits(key, e, i))) == value


def test_draws_broadcast():
    draws, entity, index = Draws(3), np.arange(4)[:, None], np.arange(5)[None, :]
    table = draws.uniform(Purpose.MATCH, entity, index)
    assert table.shape == (4, 5)
    assert table[2, 3] == float(draws.uniform(Purpose.MATCH, 2, 3))
    assert (draws.uniform(Purpose.MATCH, np.arange(4)) == table[:, 0]).all()  # index 0 is the default
    assert draws.uniform(Purpose.MATCH, []).shape == (0,)


@given(SEEDS, st.integers(0, 10_000))
def test_a_replicates_seed_is_a_seed_of_its_own(master, replicate):
    seed = replicate_seed(master, replicate)
    assert 0 <= seed < 2**63
    assert (
        seed == replicate_seed(master, replicate) == plain_bits(master, Purpose.REPLICATE, replicate, 0) >> 1
    )


def test_replicates_of_neighbouring_masters_do_not_meet():
    seeds = {replicate_seed(master, replicate) for master in range(100) for replicate in range(100)}
    assert len(seeds) == 10_000


# --- floats and distributions ---------------------------------------------------------------------------------------


def test_uniforms_lie_strictly_inside():
    assert unit(np.uint64(0)) == 2.0**-53
    assert unit(np.uint64(WORD - 1)) == 1.0 - 2.0**-53
    assert np.isfinite(ndtri([2.0**-53, 1.0 - 2.0**-53])).all()


def test_normal_quantile_has_seven_digits():
    p = np.concatenate(
        [np.linspace(1e-6, 1 - 1e-6, 20_001), 10.0 ** -np.arange(3, 16.0), 1 - 10.0 ** -np.arange(3, 15.0)]
    )
    ours = np.array([normal_quantile(x) for x in p])
    assert ours == pytest.approx(ndtri(p), rel=2e-7, abs=2e-7)


def test_normals_are_quantiles_of_the_uniforms():
    draws, ids = Draws(5), np.arange(1000)
    u = draws.uniform(Purpose.MATCH, ids, 9)
    assert draws.normal(Purpose.MATCH, ids, 9) == pytest.approx(stats.norm.ppf(u), abs=1e-12)


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 40.0])
def test_the_next_event_comes_after_the_whole_days_of_an_exponential_time(mean):
    n, never = 20_000, 10_000
    days = Draws(8).next_event(
        Purpose.LOOK, np.arange(n, dtype=np.uint64), 100, np.full(n, mean), np.full(n, never)
    )
    assert days.min() >= 101
    wait = days - 101  # of n exponential times, the whole days
    stays = np.exp(-1 / mean)
    for t in (0, 1, 5, 50):
        share, expected = (wait >= t).mean(), stays**t
        sd = np.sqrt(expected * (1 - expected) / n)
        assert abs(share - expected) <= 5 * sd + 1e-12, t  # false alarms: 6e-7 each


@given(
    seed=SEEDS,
    day=st.integers(0, 300),
    later=st.integers(0, 60),
    mean=st.floats(0.05, 200),
    patience=st.floats(1, 50),
    ends=st.lists(st.integers(302, 700), min_size=1, max_size=20),
)
def test_waits_meet_in_the_same_events_again(seed, day, later, mean, patience, ends):
    latest = np.array(ends)
    ids, means = np.arange(len(ends), dtype=np.uint64), np.full(len(ends), mean)

    def following(day, means=means):
        return Draws(seed).next_event(Purpose.RIVAL_LOOK, ids, day, means, latest)

    event = following(day)
    assert (event > day).all() and (event <= latest).all()
    # Who begins to wait later meets the same event if it still lies ahead, and a later one if not.
    begun = min(day + later, 301)
    again = following(begun)
    assert (again[event > begun] == event[event > begun]).all()
    assert (again > begun)[latest > begun].all()
    # Who is more patient looks on some of the same days, never earlier.
    assert (following(day, means * patience) >= event).all()
    alone = Draws(seed).next_event(Purpose.RIVAL_LOOK, ids[-1:], day, means[-1:], latest[-1:])
    assert alone[0] == event[-1]


def test_every_stream_is_uniform():
    checks = 0
    worst = 1.0
    for seed in (0, 1, 2**62 + 12345):
        draws = Draws(seed)
        for purpose in Purpose:
            for u in (draws.uniform(purpose, np.arange(N)), draws.uniform(purpose, 17, np.arange(N))):
                worst = min(worst, float(stats.kstest(u, "uniform").pvalue))
                checks += 1
    assert worst > FALSE_ALARM / checks


def test_every_bit_is_fair():
    bits = Draws(11).bits(Purpose.CHOICE, np.arange(N), 4)
    ones = np.array([((bits >> np.uint64(b)) & np.uint64(1)).sum() for b in range(64)])
    z = abs(ones - N / 2) / np.sqrt(N / 4)
    assert 2 * stats.norm.sf(z.max()) > FALSE_ALARM / 64


# --- independence ---------------------------------------------------------------------------------------------------


def independent(pairs):
    """Each pair of uniform arrays is uncorrelated and fills the unit square evenly."""
    pairs = list(pairs)
    p = [test(x, y) for x, y in pairs for test in (correlation_p, grid_p)]
    assert min(p) > FALSE_ALARM / len(p)


def test_purposes_are_independent():
    draws, ids = Draws(1), np.arange(N)
    streams = [draws.uniform(purpose, ids) for purpose in Purpose]
    corr = np.corrcoef(streams)[np.triu_indices(len(streams), 1)]
    assert 2 * stats.norm.sf(abs(corr).max() * np.sqrt(N)) > FALSE_ALARM / len(corr)
    independent(pairwise(streams))


def test_neighbouring_entities_and_indices_are_independent():
    draws, ids = Draws(1), np.arange(N)
    for purpose in (Purpose.MATCH, Purpose.WORKLOAD_HARDNESS, Purpose.DAY_COUNT):
        independent(
            [
                (draws.uniform(purpose, ids), draws.uniform(purpose, ids + step)) for step in (1, 2, 8)
            ] + [
                (draws.uniform(purpose, ids, 3), draws.uniform(purpose, ids, 3 + step)) for step in (1, 2, 7)
            ] + [
                (draws.uniform(purpose, 6, ids), draws.uniform(purpose, 6 + step, ids)) for step in (1, 2, 8)
            ] + [
                (draws.uniform(purpose, ids, 3), draws.uniform(purpose, 3, ids)),  # entity and index swapped
            ]
        )  # fmt: skip


def test_neighbouring_seeds_are_independent():
    ids = np.arange(N)
    independent(
        (Draws(seed).uniform(purpose, ids), Draws(seed + step).uniform(purpose, ids))
        for seed in (0, 1, 2**40)
        for step in (1, 2, 64)
        for purpose in (Purpose.USER_ARRIVAL, Purpose.MATCH)
    )


def test_replicates_are_independent():
    ids, seeds = np.arange(N), [replicate_seed(1, r) for r in range(6)]
    streams = [Draws(seed).uniform(Purpose.MATCH, ids) for seed in seeds]
    independent(pairwise(streams))


@pytest.mark.parametrize("what", ["seed", "entity", "index"])
def test_one_flipped_bit_flips_half_of_the_result(what):
    ids = np.arange(2000, dtype=np.uint64)
    for bit in range(63):
        flip = np.uint64(1 << bit)
        if what == "seed":
            one, other = Draws(99).bits(Purpose.MATCH, ids), Draws(99 ^ int(flip)).bits(Purpose.MATCH, ids)
        elif what == "entity":
            one, other = Draws(99).bits(Purpose.MATCH, ids), Draws(99).bits(Purpose.MATCH, ids ^ flip)
        else:
            one, other = Draws(99).bits(Purpose.MATCH, 7, ids), Draws(99).bits(Purpose.MATCH, 7, ids ^ flip)
        flipped = int(np.bitwise_count(one ^ other).sum())
        z = abs(flipped - 32 * len(ids)) / np.sqrt(16 * len(ids))
        assert 2 * stats.norm.sf(z) > FALSE_ALARM / (3 * 63), (what, bit)


def test_no_two_draws_of_a_world_are_the_same():
    ids = np.arange(3000)
    draws = Draws(1)
    bits = np.concatenate([draws.bits(p, ids[:, None], np.arange(8)).ravel() for p in Purpose])
    assert len(np.unique(bits)) == len(bits)  # a million words of 64 bits: one meeting in 3e7 worlds


def test_the_golden_step_is_odd():
    # An even step would make entities collide: the map from entity to stream must be a bijection.
    assert int(GOLDEN) % 2 == 1


def test_a_function_of_numbers_is_compiled_once_and_not_before_it_is_called(monkeypatch):
    made = []

    def vectorize(signatures, cache):
        made.extend(signatures)
        return np.vectorize

    monkeypatch.setattr("sim.compiled.vectorize", vectorize)
    half = elementwise("float64(float64)")(lambda x: x / 2)
    assert not made
    assert half(np.array([1.0, 3.0])).tolist() == [0.5, 1.5] and half(2.0) == 1.0
    assert made == ["float64(float64)"]
