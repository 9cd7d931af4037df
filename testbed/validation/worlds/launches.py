"""Worlds in which one condition alone decides what a cohort is, and one in which it matters how money is added."""

from __future__ import annotations

from testbed.validation.tables import Row, Tables
from testbed.validation.worlds.rows import facts, log, numbered, price, request
from testbed.validation.worlds.world import World

ONE, TWO = "acme/one", "beta/two"
Ages = dict[int, range]


def _cohort(month: int, users: int, active: Ages, free: range = range(0), each: int = 1) -> list[Row]:
    """Users who begin in a month of 2025, and which of them come back at which age. free: those whose later requests
    are to the free variant; each: requests of a user in a month. The price is one that floats add
    without an error, so that equal prices are equal."""
    rows = []
    for i in range(users):
        ages = [0, *(age for age, back in active.items() if i in back)]
        for age in ages:
            day = f"{2025 + (month - 1 + age) // 12}-{(month - 1 + age) % 12 + 1:02d}-{1 + i % 28:02d}"
            variant = "free" if age and i in free else "standard"
            rows += each * [request(f"u{month}-{i:02d}", ONE, day, variant=variant,
                                    cost_total=0.0 if variant == "free" else 1 / 128)]  # fmt: skip
    return rows


def _launch(*cohorts: list[Row]) -> Tables:
    """A model that is released in February, and a rival that ends the log with December."""
    rows = [row for cohort in cohorts for row in cohort]
    rows += [request("w", TWO, "2025-01-02"), request("w", TWO, "2025-12-31")]
    return log(numbered(rows), [], [facts(ONE, "2025-02-03"), facts(TWO, "2024-06-01")])


def on_the_thresholds() -> Tables:
    """The launch cohort keeps 3 in 10, and is 1 in 10 above the next, to the user; others come at month 5 than at month
    3, some of them to the free variant. The next cohort misses the level alone."""
    return _launch(
        _cohort(2, 40, {3: range(14), 4: range(14), 5: range(8, 20)}, free=range(18, 20)),
        _cohort(3, 20, {3: range(4), 4: range(4), 5: range(4)}),
        _cohort(4, 10, {3: range(1), 4: range(1), 5: range(1)}),
        _cohort(6, 30, {4: range(2)}),
    )


def one_condition_missing() -> Tables:
    """The launch cohort does not level off, the next one is not apart from its followers, the third one is late; later
    cohorts are of different sizes."""
    return _launch(
        _cohort(2, 10, {3: range(9), 4: range(9), 5: range(6)}),
        _cohort(3, 20, {3: range(8), 4: range(8), 5: range(8)}),
        _cohort(4, 20, {3: range(7), 4: range(7), 5: range(7)}),
        _cohort(5, 50, {3: range(2), 4: range(2), 5: range(2)}),
    )


def busy_later_users() -> Tables:
    """The launch cohort stays, half of it with the free variant; the next one is not above the one after it, of whom
    half stay and send much."""
    return _launch(
        _cohort(2, 10, {3: range(7), 4: range(7), 5: range(7)}, free=range(5)),
        _cohort(3, 10, {3: range(4), 4: range(4), 5: range(4)}),
        _cohort(4, 10, {3: range(5), 4: range(5), 5: range(5)}, each=5),
    )


def large_and_small_amounts() -> Tables:
    """One large amount, and many small ones: added in single precision, those are lost."""
    rows = [
        request(
            "u0", ONE, "2025-06-02T00:00:01", cost_total=66_000.0, tokens_prompt=900_000, continent="Europe"
        )
    ]
    rows += [request(f"u{i % 7}", ONE if i % 3 else TWO, f"2025-06-{2 + i % 28:02d}", tokens_prompt=1000 + i,
                     continent="Europe" if i % 2 else "Asia", cost_total=0.0031) for i in range(240)]  # fmt: skip
    rows += [request("u1", ONE, "2025-06-30", cost_total=0.001, byok=True)]
    models = [facts(m, "2025-01-01", prices=[price("2025-01-01", 3.0, 15.0)]) for m in (ONE, TWO)]
    return log(numbered(rows), [], models)


WORLDS = (
    World("on the thresholds", "a launch cohort that is foundational to the user", on_the_thresholds, ONE),
    World("one condition missing", "cohorts that miss one condition each", one_condition_missing, ONE),
    World("busy later users", "a later cohort of whom few send much", busy_later_users, ONE),
    World("large and small amounts", "one large amount, and many of a third of a cent", large_and_small_amounts, ONE),
)  # fmt: skip
