"""Worlds of a few rows: their answers can be worked out by hand."""

from __future__ import annotations

from testbed.validation.tables import Row, Tables
from testbed.validation.worlds.rows import facts, label, log, numbered, price, request
from testbed.validation.worlds.world import World

ONE, TWO, THREE = "acme/one", "beta/two", "rho/three"
PROGRAMMING = "/Computers & Electronics/Programming"


def four_users() -> Tables:
    """Users a, b and c begin with a model in May, d on the first second of June; a comes back after a gap."""
    rows = [
        ("a", TWO, "2025-04-02"),
        ("a", ONE, "2025-05-20T10:00"), ("a", ONE, "2025-05-21T10:00"), ("a", ONE, "2025-08-01T00:00"),
        ("b", ONE, "2025-05-31T23:59:59"), ("b", ONE, "2025-06-30T23:59:59"),
        ("c", ONE, "2025-05-25"),
        ("d", ONE, "2025-06-01T00:00"), ("d", ONE, "2025-07-15"),
        ("z", TWO, "2025-08-31"),
    ]  # fmt: skip
    return log(
        numbered([request(*row) for row in rows]), [], [facts(ONE, "2025-05-20"), facts(TWO, "2024-01-01")]
    )


def two_weeks() -> Tables:
    """Two whole weeks with every kind of model, a request with the customer's own key, a free one, labels that double
    and labels that do not count, and requests on the first and the last second of a week."""
    closed, chinese, western, ghost = "acme/closed", "han/open", "rho/open", "ghost/new"
    rows = numbered([
        request("u1", closed, "2025-06-02T00:00:00", tokens_prompt=600, tokens_completion=400, tokens_reasoning=200,
                tokens_cached=300, cost_total=1.0, finish_reason="tool_calls", session_id="s1"),
        request("u2", chinese, "2025-06-04", tokens_prompt=300, tokens_completion=200, cost_total=0.5,
                continent="Europe", country="DE", session_id="s2"),
        request("u1", western, "2025-06-08T23:59:59", tokens_prompt=400, tokens_completion=100, tokens_cached=None,
                cost_total=0.5, continent=None, country=None, finish_reason=None, session_id="s1"),
        request("u1", closed, "2025-06-09T00:00:00", tokens_prompt=100, tokens_completion=100, byok=True,
                cost_total=0.01, session_id="s1"),
        request("u3", ghost, "2025-06-10", tokens_prompt=500, tokens_completion=300, tokens_cached=100,
                cost_total=0.19, continent="Asia", country="JP"),
        request("u2", chinese, "2025-06-15", tokens_prompt=800, tokens_completion=200, tokens_cached=None,
                variant="free", cost_total=0.0, continent="Europe", country="DE", session_id="s3"),
    ])  # fmt: skip
    first, second, _, _, fifth, sixth = (row["generation_id"] for row in rows)
    labels = [
        label(first, PROGRAMMING), label(first, f"{PROGRAMMING}/Other", 0.8),
        label(first, "/Games/Roleplaying Games", 0.6),
        label(second, "/Reference/Language Resources/Foreign Language Resources", 0.7),
        label(second, PROGRAMMING, 0.49),
        label(fifth, f"{PROGRAMMING}/Rust", 0.5),
        label(sixth, "/Science/Computer Science/Machine Learning & Artificial Intelligence"),
        label("no such request", PROGRAMMING),
    ]  # fmt: skip
    models = [
        facts(closed, "2024-01-01"),
        facts(chinese, "2024-02-01", "cn-open", reasoning="always", reasoning_optimised=True),
        facts(western, "2024-03-01", "row-open", reasoning="hybrid"),
    ]
    return log(rows, labels, models)


def three_prices() -> Tables:
    """Ten users at launch, of whom half stay, not the same ones at month 5; ten in each of the two months after, of
    whom one stays for a time. The prices of three models are 1, 10 and 100 USD, and their tokens as many times
    fewer."""
    rows: list[Row] = []
    stays = {
        1: {4: range(5), 5: range(5), 6: range(5, 10)}, 2: {5: range(1), 6: range(1)}, 3: {6: range(1)}
    }  # fmt: skip
    for month, later in stays.items():
        for i in range(10):
            months = (month, *(m for m, who in later.items() if i in who))
            rows += [request(f"u{month}{i}", ONE, f"2025-{m:02d}-1{i}", tokens_prompt=80, tokens_completion=20,
                             cost_total=0.0001) for m in months]  # fmt: skip
    tokens = 100 * len(rows)  # of the first model, at 1 USD per million
    for model, cost in ((TWO, 10), (THREE, 100)):
        own = tokens // cost
        rows.append(request("w", model, "2025-08-31", tokens_prompt=own - 10, tokens_completion=10,
                            cost_total=own * cost / 1e6))  # fmt: skip
    models = [
        facts(ONE, "2025-01-10", prices=[price("2025-01-10", 1.0, 1.0)]),
        facts(TWO, "2024-06-01", "cn-open", prices=[price("2024-06-01", 10.0, 10.0)]),
        facts(THREE, "2024-06-01", "row-open", prices=[price("2024-06-01", 100.0, 100.0)]),
    ]
    return log(numbered(rows), [], models)


def one_user() -> Tables:
    """One user who skips months and comes back, over a year."""
    days = ("2025-01-15", "2025-02-28T23:30", "2025-04-01T00:30", "2025-07-04", "2025-07-04T12:30", "2025-07-04T13:01",
            "2025-12-31T23:59:59")  # fmt: skip
    rows = numbered([
        request("only", ONE, day, tokens_prompt=100 * (i + 1), tokens_cached=10 * i, cost_total=0.01 * (i + 1),
                session_id=f"s{i // 2}", finish_reason="tool_calls" if i % 2 else "stop")
        for i, day in enumerate(days)
    ])  # fmt: skip
    labels = [
        label(rows[0]["generation_id"], PROGRAMMING),
        label(rows[3]["generation_id"], "/Finance/Banking"),
    ]
    return log(rows, labels, [facts(ONE, "2025-01-15", prices=[price("2025-01-15", 3.0, 15.0, 0.3)])])


def over_a_year() -> Tables:
    """Three users begin with a model in February 2024: a comes back a month on and a year on, b 13 months on, c twice
    in the month before a year is over. d begins in December, comes back in the next January and a year after it."""
    used = {
        "a": ("2024-02-10", "2024-03-10", "2025-02-10"), "b": ("2024-02-20", "2025-03-20"),
        "c": ("2024-02-28", "2025-01-05", "2025-01-31T23:59:59"), "d": ("2024-12-09", "2025-01-09", "2026-01-09"),
    }  # fmt: skip
    rows = [request(user, ONE, day) for user, days in used.items() for day in days]
    rows += [request("b", TWO, "2024-01-03"), request("z", TWO, "2026-02-28")]
    return log(
        numbered(rows),
        [],
        [facts(ONE, "2024-02-10"), facts(TWO, "2023-06-01", "row-open", reasoning="always")],
    )


def ties() -> Tables:
    """Twelve models, four of them with as many tokens as the tenth; requests of one moment; pauses of just half an
    hour; two months with as many users. The launch cohort of another model stays, and has no later one beside it."""
    rows: list[Row] = []
    for i in range(12):
        model = f"author{11 - i:02d}/model"
        tokens = 1000 if i >= 8 else 2000 + 500 * i
        for part in range(2):
            rows.append(request(f"u{i % 4}", model, f"2025-03-0{1 + i % 4}T12:{30 * part:02d}", session_id=f"s{i}",
                                tokens_prompt=tokens // 2 - 100, tokens_completion=100, cost_total=0.02))  # fmt: skip
    for day, users in (
        ("03-30", "abc"),
        ("05-30", "ab"),
        ("06-30", "abdef"),
        ("07-30", "abde"),
        ("08-31", "ab"),
    ):
        rows += [request(user, ONE, f"2025-{day}") for user in users]
    kinds = ("closed", "cn-open", "row-open", "cn-closed")
    models = [facts(f"author{i:02d}/model", "2025-01-01", kinds[i % 4]) for i in range(12)]
    ordered = numbered(rows)
    labels = [label(row["generation_id"], PROGRAMMING, 0.5) for row in ordered[:8]]
    return log(ordered, labels, [*models, facts(ONE, "2025-03-01")])


WORLDS = (
    World("four users", "ten requests; one user comes back after a gap", four_users, ONE),
    World("two weeks", "six requests to every kind of model, labels that double or do not count", two_weeks,
          "acme/closed"),
    World("three prices", "a launch cohort that stays, and models of three prices", three_prices, ONE),
    World("one user", "a single user who skips months", one_user, ONE),
    World("over a year", "users who come back when the month of their first request comes again", over_a_year, ONE),
    World("ties", "models with as many tokens as the tenth, pauses of just half an hour", ties, ONE),
)  # fmt: skip
