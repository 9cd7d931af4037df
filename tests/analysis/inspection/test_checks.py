"""Each check finds what it is about in a log that is spoiled by hand, and nothing in the same log as it was."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analysis.inspection import inspection
from analysis.inspection.check import CHECKS, PARTS, SEVERITIES
from analysis.inspection.facts import Facts
from analysis.inspection.offsets import UTC_OFFSET
from analysis.sources.opening import open_log
from tests.analysis.in_memory import fill, opened
from tests.analysis.rows import filled, model, models, put

DAYS, USERS = 200, 90
BEGIN = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
PRICES = [{"from": dt.date(2024, 1, 1), "prompt_usd_per_mtok": 1.0, "completion_usd_per_mtok": 1.0,
           "cached_usd_per_mtok": None}]  # fmt: skip
FACTS = models(model("acme/one", "2024-01-01", context_tokens=10_000, prices=PRICES))


def sound():
    """Users of three countries who come again, work by day, and differ in what they send; half of a prompt or more may
    be cached, and half of a completion or more reasoning."""
    rng = np.random.default_rng(20260721)
    rows = []
    for user in range(USERS):
        country, hours = (("US", -6), ("DE", 1), ("JP", 9))[user % 3]
        for day in np.flatnonzero(rng.random(DAYS) < 0.2):
            local = rng.normal(14, 3)
            prompt, completion = int(rng.integers(50, 5000)), int(rng.integers(50, 2000))
            rows.append({
                "created_at": BEGIN + dt.timedelta(days=int(day), hours=local - hours),
                "user_id": f"u{user}", "account_id": f"a{user}", "session_id": f"s{user}-{day}", "model": "acme/one",
                "model_permaslug": "acme/one-20240101", "provider_name": f"P{day % 2}", "country": country,
                "continent": {"US": "North America", "DE": "Europe", "JP": "Asia"}[country],
                "tokens_prompt": prompt, "tokens_cached": int(prompt * rng.random()),
                "tokens_completion": completion, "tokens_reasoning": int(completion * rng.random()),
                "cost_total": (prompt + completion) * 1e-6,
            })  # fmt: skip
    rows.sort(key=lambda row: str(row["created_at"]))
    return filled([{"generation_id": f"g{i:05d}"} | row for i, row in enumerate(rows)])


SOUND = sound()
LATE = pc.greater(SOUND["created_at"], pa.scalar(BEGIN + dt.timedelta(days=100), SOUND["created_at"].type))


def some(share: float = 0.05) -> pa.Array:
    return pa.array(np.random.default_rng(1).random(len(SOUND)) < share)


def where(column: str, mask: pa.Array, value: object) -> pa.Table:
    """The sound log with another value in some rows of a column."""
    other = value if isinstance(value, pa.ChunkedArray) else pa.scalar(value, SOUND[column].type)
    return put(SOUND, column, pc.if_else(mask, other, SOUND[column]).combine_chunks())


def moved(hours: pa.Array) -> pa.Table:
    """The sound log, so many hours later."""
    shift = pc.multiply(hours, 3_600_000).cast(pa.duration("ms"))
    at = pc.add(SOUND["created_at"].cast(pa.timestamp("ms")), shift)
    return put(SOUND, "created_at", at.cast(pa.timestamp("ms", "UTC")).combine_chunks())


def scaled(column: str, times: float) -> pa.Table:
    return put(SOUND, column, pc.multiply(SOUND[column], times).combine_chunks())


def added(whole: str, part: str) -> pa.Table:
    return put(SOUND, whole, pc.add(SOUND[whole], SOUND[part]).combine_chunks())


def again() -> pa.Table:
    """Some requests once more, seconds later, under ids of their own."""
    more = SOUND.filter(some())
    ids = pa.array([f"again-{i}" for i in range(len(more))])
    later = pc.add(more["created_at"].cast(pa.int64()), 5_000).cast(SOUND["created_at"].type)
    more = put(put(more, "generation_id", ids), "created_at", later.combine_chunks())
    return pa.concat_tables([SOUND, more])


OFFSETS = pa.array([UTC_OFFSET[country] for country in SOUND["country"].to_pylist()])
SPOILED = {
    "one user": lambda: put(SOUND, "user_id", "me"),
    "placeholder users": lambda: where("user_id", some(), "Unknown"),
    "sessions as users": lambda: put(SOUND, "user_id", SOUND["session_id"].combine_chunks()),
    "keys as users": lambda: where("user_id", some(0.2), "sk-or-v1-abc"),
    "one user's share": lambda: where("user_id", some(0.5), "whale"),
    "users of several countries": lambda: where("user_id", some(0.1), "shared"),
    "ids reset": lambda: where("user_id", LATE, pc.binary_join_element_wise(SOUND["user_id"], "new", "-")),
    "no cost": lambda: scaled("cost_total", 0.0),
    "unit of costs": lambda: scaled("cost_total", 100.0),
    "prompts beyond the context": lambda: where("tokens_prompt", some(0.001), 10_001),
    "cached tokens added twice": lambda: added("tokens_prompt", "tokens_cached"),
    "reasoning tokens added twice": lambda: added("tokens_completion", "tokens_reasoning"),
    "clocks of countries": lambda: moved(pc.if_else(pc.equal(SOUND["country"], "DE"), 7, 0)),
    "clocks of providers": lambda: moved(pc.if_else(pc.equal(SOUND["provider_name"], "P1"), 6, 0)),
    "local times": lambda: moved(OFFSETS),
    "cut inside a day": lambda: pa.concat_tables([SOUND] * 10).filter(
        pc.less(pa.concat_tables([SOUND] * 10)["created_at"],
                pa.scalar(BEGIN + dt.timedelta(days=150, hours=3), SOUND["created_at"].type))),
    "missing values": lambda: where("country", some(0.01), None),
    "columns that come and go": lambda: where("tokens_cached", LATE, None),
    "country codes": lambda: where("country", some(0.01), "Germany"),
    "several names of a version": lambda: where("model", some(0.01), "acme/one-20240101"),
    "repeated requests": again,
    "no sum of cached tokens": lambda: scaled("tokens_cached", 0.0),
}  # fmt: skip


@pytest.fixture(scope="module")
def facts(connection):
    """The facts of a table, opened as a log."""

    def of(table):
        fill(connection, generations=table, models=FACTS)
        return Facts(open_log((connection, "generations"), check=False))

    return of


def test_a_sound_log_is_warned_of_nothing(facts):
    looked = facts(SOUND)
    assert {name: found for name, one in CHECKS.items() if (found := one.of(looked))} == {}


def test_a_column_without_any_value_is_not_said_to_be_0(facts):
    nothing = put(SOUND, "tokens_cached", pa.nulls(SOUND.num_rows, pa.int32()))
    assert CHECKS["no sum of cached tokens"].of(facts(nothing)) is None


def test_the_name_that_litellm_gives_the_holder_of_its_key_is_no_user(facts):
    assert CHECKS["placeholder users"].of(facts(where("user_id", some(), "default_user_id"))) is not None


@pytest.mark.parametrize("name", SPOILED)
def test_each_check_finds_what_it_is_about(facts, name):
    found = CHECKS[name].of(facts(SPOILED[name]()))
    assert found is not None
    assert (
        found.count > 0
        and found.severity in SEVERITIES
        and found.touches
        and set(found.touches) <= set(PARTS)
    )
    assert name in found.sentence and f"{found.count:,}" in found.sentence


def renamed(days):
    """The sound log, in which users have another id from their day on."""
    ids = []
    for id, at in zip(SOUND["user_id"].to_pylist(), SOUND["created_at"].to_pylist(), strict=True):
        day = days.get(int(id[1:]), DAYS)
        ids.append(f"new-{id}" if at >= BEGIN + dt.timedelta(days=day) else id)
    return put(SOUND, "user_id", ids)


def test_ids_that_few_users_get_anew_are_seen_by_their_accounts(facts):
    found = CHECKS["ids reset"].of(facts(renamed(dict.fromkeys(range(6), 100))))
    assert found is not None and (found.count, found.examples) == (6, "2025-04-16")
    assert "6 accounts of one user went on under another user_id" in found.words
    # Without accounts so few are not seen; nor are those who change one by one.
    assert (
        CHECKS["ids reset"].of(facts(put(renamed(dict.fromkeys(range(6), 100)), "account_id", None))) is None
    )
    assert CHECKS["ids reset"].of(facts(renamed({user: 20 + 2 * user for user in range(USERS)}))) is None


def test_all_checks_are_tried():
    assert set(SPOILED) | {"charged over list"} == set(CHECKS)


def test_a_model_that_is_charged_over_its_list_price_is_named(connection):
    two = put(SOUND, "model", pc.if_else(some(0.5), "acme/one", "acme/two"))
    dear = pc.if_else(pc.equal(two["model"], "acme/two"), 5.0, 1.0)
    two = put(two, "cost_total", pc.multiply(two["cost_total"], dear).combine_chunks())
    both = pa.concat_tables([FACTS, models(model("acme/two", "2024-01-01", prices=PRICES))])
    with opened(two, models=both, check=False) as log:
        found = CHECKS["charged over list"].of(Facts(log))
    assert found is not None and found.examples == "acme/two"


def test_the_unit_of_costs_is_guessed(facts):
    assert "may be in cents" in CHECKS["unit of costs"].of(facts(scaled("cost_total", 100.0))).words
    assert "may be in billionths" in CHECKS["unit of costs"].of(facts(scaled("cost_total", 1e9))).words


def test_an_inspection_says_the_worst_first_and_what_it_touches():
    spoiled = where("country", some(0.01), "Germany")
    with opened(pa.concat_tables([spoiled, spoiled.slice(0, 20)]), models=FACTS, check=False) as log:
        found = inspection.inspect(log)
    names = [one.check for one in found.findings]
    assert names[0] == "country codes" and "unique" in names
    assert [SEVERITIES.index(one.severity) for one in found.findings] == sorted(
        SEVERITIES.index(one.severity) for one in found.findings
    )
    said = found.sentences()
    assert said[""][0].startswith("The log has errors") and "Germany" in said["geography"][0]
    assert not said["cost"] and not any(
        "unique" in line for line in said[""]
    )  # the log's own warnings say it
    told = found.as_json()
    assert told["counts"]["error"] == 1 and told["findings"][0]["examples"] == "Germany"


def test_a_log_without_its_columns_is_inspected_as_far_as_it_goes():
    with opened(SOUND.drop_columns(["cost_total"]), check=False) as log:
        found = inspection.inspect(log)
    assert [one.check for one in found.errors] == ["column present"]


def test_missing_optional_columns_are_one_note_that_names_them():
    with opened(SOUND.drop_columns(["tokens_cached", "language"])) as log:
        found = inspection.inspect(log)
    (note,) = [one for one in found.of("note") if one.check == "optional columns"]
    assert (note.count, note.of) == (2, 19)
    assert note.words.endswith("generations: tokens_cached, language")
    assert set(note.touches) == {"cost", "geography"}
