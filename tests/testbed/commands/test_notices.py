"""What a scenario's writer hears of: events and models outside the world's time, unstated sizes, cut prompts."""

from __future__ import annotations

import json

import pytest

import sim
from sim.scenario.shipped import WORLDS, worlds
from tests.worlds import PLAIN, play, requests, world

# The world goes from 2025-01-01 to 2025-04-10.
OWN = "models:\n  m/own: {released: 2024-12-01, price_usd_per_mtok: 2.0, ability: 1}\n"


def heard(text: str) -> list[tuple[int, str, str]]:
    """Line (of the text), path and sentence of each notice."""
    told = world(text).notices
    assert all(notice.file.endswith("world.yaml") for notice in told)
    return [(n.line - 1, n.path, f"{n.message}; {n.hint}") for n in told]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("event: outage, date: 2025-04-11, days: 1, model: m/own", "after the world ends (2025-04-10); this outage"),
        ("event: price_change, date: 2025-05-01, factor: 2, model: m/own", "this price_change never happens"),
        ("event: ability_change, date: 2025-05-01, by: 2, model: m/own", "this ability_change never happens"),
        ("event: price_strategy, date: 2025-05-01, author: m", "this price_strategy never happens"),
        ("event: wave, date: 2025-05-01, model: m/own, share_of_users: 0.1", "this wave never happens"),
        ("event: promotion, date: 2024-12-03, until: 2024-12-31, model: m/own",
         "it is over on 2024-12-31, before the world starts (2025-01-01); this promotion has no effect"),
        ("event: outage, date: 2024-12-30, days: 2, model: m/own", "this outage has no effect"),
        ("event: large_account, date: 2024-12-02, until: 2024-12-31, model: m/own, requests_per_day: 1",
         "this large_account has no effect"),
        ("event: wave, date: 2024-12-02, days: 9, model: m/own, share_of_users: 0.1",
         "all its users are there on the first day"),
        ("event: wave, date: 2025-04-05, days: 9, model: m/own, share_of_users: 0.1",
         "goes on until 2025-04-13, after the world ends (2025-04-10); whoever would come later comes on 2025-04-10"),
    ],
)  # fmt: skip
def test_events_outside_the_world_are_told_at_their_date(event, said):
    ((line, path, sentence),) = heard(f"{OWN}calendar:\n  - {{{event}}}\n")
    assert (line, path) == (4, "calendar.0.date")
    assert said in sentence


@pytest.mark.parametrize(
    "event",
    [
        "event: outage, date: 2025-04-10, days: 9, model: m/own",
        "event: outage, date: 2024-12-30, days: 3, model: m/own",
        "event: price_change, date: 2024-12-05, factor: 2, model: m/own",  # it still holds
        "event: ability_change, date: 2024-12-05, by: 1, model: m/own",
        "event: promotion, date: 2024-12-03, until: 2025-01-01, model: m/own",
        "event: large_account, date: 2024-12-02, model: m/own, requests_per_day: 1",
        "event: wave, date: 2025-03-28, days: 14, model: m/own, share_of_users: 0.1",
    ],
)
def test_events_with_an_effect_are_not_mentioned(event):
    assert heard(f"{OWN}calendar:\n  - {{{event}}}\n") == []


@pytest.mark.parametrize(
    ("keys", "path", "said"),
    [
        ("released: 2025-04-11", "released", "after this world ends (2025-04-10); nobody can use it"),
        ("released: 2024-11-01, retired: 2025-01-01", "retired", "before this world starts (2025-01-01); nobody"),
        ("released: 2024-12-01, open_weights: on", "open_weights", "its size class is unknown; give params_total_b"),
        ("released: 2024-12-01, free: [[2025-04-11, 2025-04-12]]", "free.0.0", "this window never opens"),
    ],
)  # fmt: skip
def test_models_outside_the_world_or_of_unknown_size_are_told(keys, path, said):
    text = f"{OWN}  m/b: {{price_usd_per_mtok: 1, {keys}}}\n"
    ((line, where, sentence),) = heard(text)
    assert (line, where) == (3, f"models.m/b.{path}")
    assert said in sentence


def test_a_price_after_the_end_is_told():
    prices = (
        "prices: [{date: 2024-12-01, prompt: 1, completion: 1}, {date: 2025-04-11, prompt: 2, completion: 2}]"
    )
    ((_, path, sentence),) = heard(f"{OWN}  m/b: {{released: 2024-12-01, {prices}}}\n")
    assert path == "models.m/b.prices.1.date" and "nobody pays this price" in sentence


def test_what_is_known_of_a_size_is_not_mentioned():
    assert (
        heard(
            OWN
            + "  m/b: {price_usd_per_mtok: 1, released: 2025-04-10, open_weights: on, params_total_b: 3}\n"
        )
        == []
    )
    assert heard("catalogue: {use: all}\nmodels: {deepseek/deepseek-chat: {reach: 0.1}}\n") == []


@pytest.mark.parametrize("name", worlds())
def test_nothing_is_to_be_told_of_a_shipped_world(name):
    notices = [one.message for one in sim.load_world(WORLDS / f"{name}.yaml").notices]
    if (
        name == "lessons/glass-slipper"
    ):  # its head says it: a model that a lesson brings forward comes after the end
        assert [notice for notice in notices if "after" not in notice] == [] and len(notices) == 1
    else:
        assert notices == []


def test_notices_are_in_the_manifest_and_follow_the_file(tmp_path):
    event = "{event: outage, date: 2025-05-01, days: 1, model: m/own}"
    file = tmp_path / "w.yaml"
    text = PLAIN.replace("users: 300", "users: 5") + OWN + f"calendar: [{event}]\n"
    file.write_text(text)
    first = sim.run(file, out=tmp_path)
    (told,) = first.manifest["notices"]
    assert "calendar.0.date: this is after the world ends" in told
    file.write_text(f"# one line more\n{text}")
    again = sim.run(file, out=tmp_path)
    assert again.reused
    (moved,) = json.loads((again.path / "manifest.json").read_text())["notices"]
    assert moved.split(":")[1] == str(int(told.split(":")[1]) + 1)


def test_a_wave_after_the_end_draws_nobody():
    wave = "calendar: [{event: wave, date: 2025-05-01, model: m/own, share_of_users: 0.5}]\n"
    agents = play(OWN + wave, users=50)
    assert (agents.users.wave_model < 0).all()
    assert agents.users.arrival.tolist() == play(OWN, users=50).users.arrival.tolist()


# --- prompts ----------------------------------------------------------------------------------------------------------


LONG = OWN.replace("ability: 1", "ability: 1, context_tokens: 1200")  # the median prompt has 1,000 tokens


def test_cut_prompts_are_counted_and_told(tmp_path):
    agents = play(LONG, users=40)
    traffic = agents.traffic()
    cut = asked = 0
    for week in range(len(traffic.weeks())):
        records = traffic.records(week, 0)
        at_limit = int((records.tokens_prompt == 1080).sum())  # 90% of the context
        assert (
            records.prompts_cut <= at_limit <= records.prompts_cut + 5
        )  # a few are drawn of just that length
        cut, asked = cut + records.prompts_cut, asked + len(records)
    assert asked == len(requests(agents)) or asked > 100
    assert 0.3 < cut / asked < 0.6  # the normal tail above log(1.08)
    file = tmp_path / "w.yaml"
    file.write_text(PLAIN.replace("users: 300", "users: 40") + LONG)
    manifest = sim.run(file, out=tmp_path).manifest
    assert manifest["counts"]["prompts_cut"] == cut
    ((_, said),) = [row for row in manifest["census"] if row[0] == "Cut prompts"]
    assert said.startswith(f"{cut:,} ({cut / asked:.1%})")


def test_nothing_is_said_of_prompts_where_none_is_cut(tmp_path):
    file = tmp_path / "w.yaml"
    own = OWN.replace("ability: 1", "ability: 1, context_tokens: 100000000")
    file.write_text(PLAIN.replace("users: 300", "users: 5") + own)
    manifest = sim.run(file, out=tmp_path).manifest
    assert manifest["counts"]["prompts_cut"] == 0
    assert "Cut prompts" not in [label for label, _ in manifest["census"]]


def test_dates_of_faults_after_the_end_are_told_at_their_place():
    text = """observation:
  faults:
    id_reset: {date: 2025-04-10}
    finish_reasons: {date: 2025-04-11}
    missing_days: {dates: [2025-02-01, 2025-05-01]}
    schema_drift: {missing_from: {country: 2025-06-01}}
"""
    said = "this is after the world ends (2025-04-10); the log does not reach it"
    assert heard(OWN + text) == [
        (6, "observation.faults.finish_reasons.date", said),
        (8, "observation.faults.schema_drift.missing_from.country", said),
        (7, "observation.faults.missing_days.dates.1", said),
    ]
