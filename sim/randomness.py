"""Keyed draws: every draw is a pure function of (seed, purpose, entity, index).

A counter-based hash (the SplitMix64 finaliser of Steele, Lea & Flood 2014, applied twice) replaces a generator
with a state. Therefore results depend neither on the order nor on the grouping of draws, one more entity changes
no other entity's draws, and two worlds that share a seed share their luck.
"""

import math
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from sim.compiled import compiled, elementwise, inlined

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xD1342543DE82EF95)
HALF, HALF_MASK = np.uint64(32), np.uint64((1 << 32) - 1)
"""A word of 64 bits holds two draws: the one above and the one below this bit."""
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_TO_UNIT = 1.0 / (1 << 52)
_HALF_TO_UNIT = 1.0 / (1 << 32)
_DAYS_AT_ONCE = 32


class Purpose(IntEnum):
    """What a draw is for. Numbers are never reused or renumbered: they are part of a world's identity."""

    REPLICATE = 1
    USER_ID = 2
    USER_ARRIVAL = 3
    USER_SEGMENT = 4
    USER_COUNTRY = 5
    USER_LANGUAGE = 6
    USER_LIFE = 7
    USER_CURIOSITY = 8
    USER_REGULARITY = 9
    USER_PRICE_SENSITIVITY = 10
    USER_ACCOUNT = 11
    USER_BYOK = 12
    USER_APP = 13
    USER_ACTIVE_WEEK = 14
    USER_WAVE = 15
    WORKLOAD_EXISTS = 20
    WORKLOAD_START = 21
    WORKLOAD_CATEGORY = 22
    WORKLOAD_HARDNESS = 23
    WORKLOAD_WILLINGNESS = 24
    WORKLOAD_TOOLS = 25
    WORKLOAD_CONTEXT = 26
    WORKLOAD_PERMISSIVE = 27
    WORKLOAD_VOLUME = 28
    WORKLOAD_LIFE = 29
    WORKLOAD_FREE = 30
    DEFAULT_MODEL = 31
    WORKLOAD_PREMIUM = 32
    WORKLOAD_LEGACY = 33
    MATCH = 40
    PERCEPTION = 41
    CHOICE = 42
    LOOK = 43
    TRIAL_LENGTH = 44
    HEARS_RELEASE = 45
    REACTION = 46
    HOME_SILENT = 47
    CHANCE_FIT = 48
    RIVAL_LOOK = 49
    UPGRADE = 50
    UPGRADE_REACTION = 51
    BESIDE_LENGTH = 52
    JUDGEMENT = 53
    LOOK_BACK = 54
    MULTIHOMING = 55
    MULTIHOMING_LENGTH = 56
    DAY_COUNT = 60
    SESSION_START = 61
    RECORD = 62
    BURST = 63
    ACCOUNT_ID = 64
    LABEL = 70
    ID_RESET = 71
    PLANTED_LOYALTY = 80
    FAULT_DUPLICATE = 90
    FAULT_RETRY = 91
    FAULT_MISSING_DAY = 92
    FAULT_SAMPLE = 93
    FAULT_LATE = 94
    FAULT_CLOCK = 95
    FAULT_ZONE = 96
    FAULT_ID_RESET = 97
    FAULT_SHARED_KEY = 98
    FAULT_ALIAS = 99
    FAULT_NULL = 100
    FAULT_NEGATIVE = 101
    FAULT_HUGE = 102


@inlined
def mix(z: np.uint64) -> np.uint64:
    """A bijection of 64-bit integers with good avalanche (SplitMix64 finaliser)."""
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@inlined
def hash_bits(key: np.uint64, entity: np.uint64, index: np.uint64) -> np.uint64:
    """64 random bits of (stream, entity, index)."""
    return mix(mix(key + entity * GOLDEN) + (index + np.uint64(1)) * STEP)


@inlined
def unit(bits: np.uint64) -> float:
    """Bits to a float strictly inside (0, 1)."""
    return (np.float64(bits >> _S12) + 0.5) * _TO_UNIT


@inlined
def low_unit(bits: np.uint64) -> float:
    """The lower half of a word as a uniform draw in (0, 1)."""
    return (np.float64(bits & HALF_MASK) + 0.5) * _HALF_TO_UNIT


@inlined
def high_unit(bits: np.uint64) -> float:
    """The upper half of a word as a uniform draw in (0, 1), independent of the lower one."""
    return (np.float64(bits >> HALF) + 0.5) * _HALF_TO_UNIT


@inlined
def draw_unit(key: np.uint64, entity: np.uint64, index: np.uint64) -> float:
    """A uniform draw in (0, 1) of (stream, entity, index)."""
    return unit(hash_bits(key, entity, index))


@inlined
def normal_quantile(p: float) -> float:
    """Inverse of the normal distribution function, about 7 digits (Wichura 1988, AS 241, PPND7)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return (
            q
            * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
            / (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
        )
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        z = (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) / (
            (0.12021132975 * r + 0.7370016425) * r + 1.0
        )
    else:
        r -= 5.0
        z = (((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115) / (
            (0.012258202635 * r + 0.24197894225) * r + 1.0
        )
    return -z if q < 0.0 else z


@elementwise("uint64(uint64, uint64, uint64)")
def _hash_array(key, entity, index):  # type: ignore[no-untyped-def]
    return hash_bits(key, entity, index)


@elementwise("float64(uint64, uint64, uint64)")
def _unit_array(key, entity, index):  # type: ignore[no-untyped-def]
    return draw_unit(key, entity, index)


@elementwise("float64(uint64)")
def mixed_unit(bits):  # type: ignore[no-untyped-def]
    """Uniform draws in (0, 1) from 64-bit integers, once more mixed."""
    return unit(mix(bits))


def daily_chance(mean: NDArray[np.floating]) -> NDArray[np.floating]:
    """The chance of an event each day, if it comes after an exponential time of `mean` days (> 0)."""
    return np.asarray(-np.expm1(-1.0 / mean))


@compiled
def first_day(key, entity, day, chance, latest):  # type: ignore[no-untyped-def]
    """The first day after `day` whose draw lies below the entity's daily chance, but `latest` at most."""
    word = mix(key + entity * GOLDEN)
    # (bits + 0.5) / 2^52 < chance, in whole numbers: many days at once are compared, without branches.
    below = np.uint64(max(0.0, math.ceil(chance * 2.0**52 - 0.5)))
    t = day + 1
    while t < latest:
        first, hits = word + np.uint64(t + 1) * STEP, 0
        for k in range(_DAYS_AT_ONCE):
            hits |= int((mix(first + np.uint64(k) * STEP) >> _S12) < below) << k
        if hits:
            while not hits & 1:
                hits, t = hits >> 1, t + 1
            return min(t, latest)
        t += _DAYS_AT_ONCE
    return latest


@compiled
def _first_days(key, entity, day, chance, latest):  # type: ignore[no-untyped-def]
    """The same for each entity."""
    first = np.empty(len(entity), dtype=np.int64)
    for i in range(len(entity)):
        first[i] = first_day(key, entity[i], day, chance[i], latest[i])
    return first


class Draws:
    """The draws of one world.

    `seed` is any integer in [0, 2**63). Entities and indices are non-negative integers or arrays of them, which
    broadcast against each other; results have the broadcast shape.
    """

    def __init__(self, seed: int) -> None:
        self.seed = int(seed)
        self._keys: dict[Purpose, np.uint64] = {}

    def key(self, purpose: Purpose) -> np.uint64:
        """The 64-bit key of one purpose's stream, for compiled loops."""
        if purpose not in self._keys:
            seed, number = np.uint64(self.seed), np.uint64(int(purpose))
            self._keys[purpose] = np.uint64(_hash_array(GOLDEN, seed, number))
        return self._keys[purpose]

    def bits(self, purpose: Purpose, entity: ArrayLike, index: ArrayLike = 0) -> NDArray[np.uint64]:
        """Random 64-bit integers."""
        entities = np.asarray(entity).astype(np.uint64)
        indices = np.asarray(index).astype(np.uint64)
        return np.asarray(_hash_array(self.key(purpose), entities, indices), dtype=np.uint64)

    def uniform(self, purpose: Purpose, entity: ArrayLike, index: ArrayLike = 0) -> NDArray[np.float64]:
        """Uniform draws strictly inside (0, 1)."""
        entities = np.asarray(entity).astype(np.uint64)
        indices = np.asarray(index).astype(np.uint64)
        return np.asarray(_unit_array(self.key(purpose), entities, indices), dtype=np.float64)

    def normal(self, purpose: Purpose, entity: ArrayLike, index: ArrayLike = 0) -> NDArray[np.float64]:
        """Standard normal draws (inverse of the distribution function)."""
        return np.asarray(ndtri(self.uniform(purpose, entity, index)))

    def next_event(
        self,
        purpose: Purpose,
        entity: NDArray[np.uint64],
        day: int,
        mean: NDArray[np.floating],
        latest: NDArray[np.integer],
    ) -> NDArray[np.int64]:
        """The day of each entity's next event: `day` + 1 + the whole days of an exponential time of `mean` days (> 0).

        No later than `latest`. That time is geometric, so each day can have a draw of its own (its index) and the event
        comes on the first day whose draw lies below 1 - exp(-1 / mean). Two worlds in which an entity waits from
        different days, or more patiently, thus meet in the same days again. All arrays have an entry for each entity.
        """
        chance = daily_chance(mean)
        return np.asarray(
            _first_days(self.key(purpose), entity, np.int64(day), chance, latest.astype(np.int64))
        )


def replicate_seed(master: int, replicate: int) -> int:
    """The seed of a replicate: it depends on the master seed and the replicate's number only."""
    return int(Draws(master).bits(Purpose.REPLICATE, replicate) >> np.uint64(1))
