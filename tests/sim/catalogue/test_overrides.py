"""The models of one world: the catalogue's, the scenario's own, and changes to either; errors name the place."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from analysis.contract import CATEGORIES
from sim.catalogue import Catalogue, ModelLatent, load_catalogue
from sim.catalogue.overrides import real_models, world_catalogue
from sim.config.problems import ProblemAt, ScenarioError
from sim.scenario.shipped import WORLDS
from tests.sim.catalogue.catalogue_facts import ability_in, is_free_on
from tests.worlds import play, spells, world

REAL = load_catalogue(WORLDS / "catalogue")
OWN = "models: {m/own: {released: 2024-12-01, price_usd_per_mtok: 2.0}}\n"
SOME = "catalogue: {use: all, only: [openai/gpt-4o, deepseek/deepseek-chat, google/gemini-2.5-pro]}\n"
ONE_OWN = "models: {m/own: {released: 2024-12-01, price_usd_per_mtok: 2.0, KEYS}}"


def models(text: str, *settings: str) -> Catalogue:
    return world(text, *settings).catalogue


def refused(text: str, *settings: str) -> tuple[str, str]:
    """Path and message of the one problem of a scenario, which has a place in a file."""
    with pytest.raises(ScenarioError) as caught:
        world(text, *settings)
    (problem,) = caught.value.problems
    assert problem.line > 0 and problem.column > 0 and problem.file
    return problem.path, f"{problem.message}; {problem.hint}"


# --- which models ---------------------------------------------------------------------------------------------------


def test_all_models_of_the_catalogue():
    assert models("catalogue: {use: all}\n").models == REAL.models


def test_none_but_the_scenarios_own():
    assert [m.slug for m in models(OWN).models] == ["m/own"]


def test_only_some_and_without_others():
    assert [m.slug for m in models(SOME).models] == [
        "openai/gpt-4o",
        "deepseek/deepseek-chat",
        "google/gemini-2.5-pro",
    ]
    assert {m.slug for m in models(SOME + OWN).models} > {"m/own"}  # `only` chooses from the catalogue
    left = models("catalogue: {use: all, without: [openai/gpt-4o]}\n")
    assert len(left) == len(REAL) - 1 and "openai/gpt-4o" not in left
    less = models(SOME.replace("}", ", without: [openai/gpt-4o]}"))
    assert [m.slug for m in less.models] == ["deepseek/deepseek-chat", "google/gemini-2.5-pro"]


def test_a_changed_model_is_in_the_market_though_the_catalogue_is_not():
    assert [m.slug for m in models("models: {openai/gpt-4o: {reach: 0.3}}\n").models] == ["openai/gpt-4o"]


def test_models_are_in_order_of_release():
    text = OWN.replace("}}", "}, m/older: {released: 2024-01-01, price_usd_per_mtok: 1}}")
    released = [m.released for m in models(SOME + text).models]
    assert released == sorted(released)


def test_hosts_stay_with_their_models():
    assert models(SOME).providers_for("openai/gpt-4o") == REAL.providers_for("openai/gpt-4o")


# --- models of the scenario's own -----------------------------------------------------------------------------------


def test_a_new_model_needs_little():
    (own,) = models(OWN).models
    assert (own.slug, own.author, own.facts.name) == ("m/own", "m", "own")
    assert own.released == dt.date(2024, 12, 1)
    (price,) = own.facts.prices
    assert (price.start, price.prompt, price.completion, price.cached) == (own.released, 2.0, 2.0, None)
    assert own.latent.ability == (0.0,) * len(CATEGORIES)
    assert not own.facts.open_weights and own.facts.size_class is None


def test_a_new_model_can_say_everything():
    (own,) = models(
        """
models:
  m/own:
    released: 2024-12-01
    retired: 2025-03-01
    author: someone
    name: Own
    open_weights: on
    origin: CN
    params_total_b: 14.9
    reasoning: always
    tools: off
    context_tokens: 5000
    prices:
      - {date: 2024-12-01, prompt: 1, completion: 2, cached: 0.5}
      - {date: 2025-02-01, prompt: 0.5, completion: 1}
    free: [[2024-12-01, 2024-12-10], [2025-01-01, 2025-01-01]]
    ability: {programming: 1.5, legal: -0.5}
    reach: 0.7
    hype: -0.2
    permissive: on
"""
    ).models
    f, latent = own.facts, own.latent
    assert (f.retired, f.author, f.name, f.open_weights, f.origin) == (
        dt.date(2025, 3, 1),
        "someone",
        "Own",
        True,
        "CN",
    )
    assert (f.params_total_b, f.size_class, f.reasoning, f.tools, f.context_tokens) == (
        14.9,
        "small",
        "always",
        False,
        5000,
    )
    assert [(p.start.isoformat(), p.prompt, p.completion, p.cached) for p in f.prices] == [
        ("2024-12-01", 1, 2, 0.5), ("2025-02-01", 0.5, 1, None),
    ]  # fmt: skip
    assert [(w.start.day, w.end.day) for w in f.free_windows] == [(1, 10), (1, 1)]
    assert ability_in(latent, "programming") == 1.5 and ability_in(latent, "legal") == -0.5
    assert ability_in(latent, "health") == 0
    assert (latent.reach, latent.hype, latent.permissive) == (everywhere(0.7), -0.2, True)


def test_one_ability_for_all_categories():
    (own,) = models(ONE_OWN.replace("KEYS", "ability: 1.25")).models
    assert own.latent.ability == (1.25,) * len(CATEGORIES)


def everywhere(value: float) -> tuple[float, ...]:
    return (value,) * len(CATEGORIES)


def reach_in(latent: ModelLatent) -> dict[str, float]:
    return dict(zip(CATEGORIES, latent.reach, strict=True))


def test_reach_is_one_number_or_one_for_each_category_that_is_named():
    (own,) = models(ONE_OWN.replace("KEYS", "reach: {legal: 0.9, marketing/seo: 0}")).models
    assert reach_in(own.latent) == dict.fromkeys(CATEGORIES, 0.5) | {"legal": 0.9, "marketing/seo": 0}
    real, slug = REAL["openai/gpt-4o"], "openai/gpt-4o"
    changed = models(SOME + f"models: {{{slug}: {{reach: {{legal: 0.03}}}}}}\n")[slug]
    assert reach_in(changed.latent) == reach_in(real.latent) | {"legal": 0.03}
    liked = models(
        f"models: {{m/own: {{like: {slug}, released: 2025-03-15, reach: {{trivia: 1}}}}, "
        "m/all: {like: m/own, released: 2025-03-16, reach: 0.2}}\n"
    )
    assert reach_in(liked["m/own"].latent) == reach_in(real.latent) | {"trivia": 1}
    assert liked["m/all"].latent.reach == everywhere(0.2)


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ("open_weights: on", None),  # unknown, not guessed
        ("open_weights: on, params_total_b: 14.9", "small"),
        ("open_weights: on, params_total_b: 15", "medium"),
        ("open_weights: on, params_total_b: 70", "large"),
        ("open_weights: off, params_total_b: 70", None),
        ("params_total_b: 7", None),
    ],
)
def test_open_models_have_a_size_class(keys, size):
    (own,) = models(ONE_OWN.replace("KEYS", keys)).models
    assert own.facts.size_class == size


# --- changes to models of the catalogue -----------------------------------------------------------------------------


def test_only_what_is_named_changes():
    changed = models(SOME + "models: {openai/gpt-4o: {reach: 0.33, ability: {programming: 9, legal: 8}}}\n")
    one, other = REAL["openai/gpt-4o"], changed["openai/gpt-4o"]
    assert other.facts.prices == one.facts.prices and other.facts.context_tokens == one.facts.context_tokens
    assert other.latent.reach == everywhere(0.33) and other.latent.hype == one.latent.hype
    assert ability_in(other.latent, "programming") == 9 and ability_in(other.latent, "legal") == 8
    for category in set(CATEGORIES) - {"programming", "legal"}:
        assert ability_in(other.latent, category) == ability_in(one.latent, category)
    assert changed["deepseek/deepseek-chat"] == REAL["deepseek/deepseek-chat"]


def test_a_price_of_ones_own_replaces_the_path():
    changed = models("models: {deepseek/deepseek-chat: {price_usd_per_mtok: 3.0}}\n")[
        "deepseek/deepseek-chat"
    ]
    assert [(p.start, p.prompt, p.completion) for p in changed.facts.prices] == [(changed.released, 3.0, 3.0)]
    path = (
        "prices: [{date: 2024-12-26, prompt: 1, completion: 2}, {date: 2025-01-02, prompt: 3, completion: 4}]"
    )
    changed = models(f"models: {{deepseek/deepseek-chat: {{{path}}}}}\n")["deepseek/deepseek-chat"]
    assert [(p.start.isoformat(), p.prompt) for p in changed.facts.prices] == [
        ("2024-12-26", 1),
        ("2025-01-02", 3),
    ]


@pytest.mark.parametrize("released", ["2025-03-10", "2025-02-08", "2024-06-01", "2026-01-01"])
def test_another_release_keeps_the_prices_that_were_in_force(released):
    day, slug = dt.date.fromisoformat(released), "deepseek/deepseek-chat"
    moved = models(f"models: {{{slug}: {{released: {released}}}}}\n")
    assert moved[slug].facts.prices[0].start == moved[slug].released == day
    old = Catalogue(REAL.models)
    for later in (0, 1, 20, 60, 300):
        date = day + dt.timedelta(days=later)
        mine, theirs = moved.price_on(slug, date), old.price_on(slug, date)
        assert (mine.prompt, mine.completion, mine.cached) == (
            theirs.prompt,
            theirs.completion,
            theirs.cached,
        )
        assert is_free_on(moved, slug, date) == (is_free_on(old, slug, date) and date >= day)
    assert all(w.start >= day for w in moved[slug].facts.free_windows)


def test_a_closed_model_can_be_opened_and_an_open_one_closed():
    opened = models("models: {openai/gpt-4o: {open_weights: on}}\n")["openai/gpt-4o"]
    assert opened.facts.open_weights and opened.facts.size_class is None
    closed = models("models: {deepseek/deepseek-chat: {open_weights: off}}\n")["deepseek/deepseek-chat"]
    assert not closed.facts.open_weights and closed.facts.size_class is None
    small = models("models: {deepseek/deepseek-chat: {params_total_b: 3}}\n")["deepseek/deepseek-chat"]
    assert small.facts.size_class == "small"


def test_a_successor_that_is_not_in_the_market_is_forgotten():
    preview = next(m for m in REAL.models if m.slug == "google/gemini-2.5-pro-exp-03-25")
    assert preview.facts.successor == "google/gemini-2.5-pro"
    text = """
models:
  google/gemini-2.5-pro-exp-03-25: {released: 2025-01-02, retired: 2025-02-01, price_usd_per_mtok: 1, reach: 1}
"""
    agents = play(text, "mechanisms.migration=on", "workloads.hardness=0", users=20)
    assert agents.world.catalogue.models[0].facts.successor is None
    assert "RETIRED" in set(spells(agents)["reason"])
    both = models("catalogue: {use: all, only: [google/gemini-2.5-pro]}\n" + text)
    assert both["google/gemini-2.5-pro-exp-03-25"].facts.successor == "google/gemini-2.5-pro"


def test_a_scenario_does_not_change_the_catalogue():
    world(SOME + "models: {openai/gpt-4o: {reach: 0.01}}\n")
    assert load_catalogue(WORLDS / "catalogue").digest() == REAL.digest()


def test_a_model_taken_out_of_the_market_is_not_looked_at_any_more():
    looking = OWN + "catalogue: {use: all}\nlook_at: [m/own, openai/gpt-4o, google/gemini-2.5-pro]\n"
    assert world(looking).scenario.look_at == ["m/own", "openai/gpt-4o", "google/gemini-2.5-pro"]
    less = world(looking, "models.m/own=~", "catalogue.without=[openai/gpt-4o]")
    assert less.scenario.look_at == ["google/gemini-2.5-pro"]
    with pytest.raises(ScenarioError, match="unknown model 'm/onw'"):
        world(looking.replace("[m/own", "[m/onw"), "seed=3")


# --- like another model ---------------------------------------------------------------------------------------------


def test_a_new_model_like_another_one_copies_what_describes_it_and_nothing_else():
    slug = "deepseek/deepseek-chat"
    real = REAL[slug]
    own = models(f"models: {{m/own: {{like: {slug}, released: 2025-03-15}}}}\n")["m/own"]
    assert (own.latent.ability, own.latent.reach, own.latent.hype, own.latent.permissive) == (
        real.latent.ability, real.latent.reach, real.latent.hype, real.latent.permissive,
    )  # fmt: skip
    same = ("open_weights", "origin", "developer_country", "params_total_b", "params_active_b", "size_class",
            "reasoning", "tools", "context_tokens")  # fmt: skip
    assert [getattr(own.facts, name) for name in same] == [getattr(real.facts, name) for name in same]
    price, paid = REAL.price_on(slug, dt.date(2025, 3, 15)), own.facts.prices
    assert [(p.start, p.prompt, p.completion, p.cached) for p in paid] == [
        (dt.date(2025, 3, 15), price.prompt, price.completion, price.cached)
    ]
    assert (own.facts.author, own.facts.name) == ("m", "own")
    assert (own.facts.retired, own.facts.successor, own.facts.free_windows) == (None, None, ())


def test_what_the_writer_states_wins_over_what_is_copied():
    own = models(
        "models: {m/own: {like: deepseek/deepseek-chat, released: 2025-03-15, price_usd_per_mtok: 9, reach: 0.11,"
        " hype: -1, permissive: on, context_tokens: 77, tools: off, reasoning: always, params_total_b: 3,"
        " ability: {legal: 4}}}\n"
    )["m/own"]
    latent, facts = own.latent, own.facts
    assert (latent.reach, latent.hype, latent.permissive) == (everywhere(0.11), -1, True)
    assert ability_in(latent, "legal") == 4
    real = REAL["deepseek/deepseek-chat"].latent
    assert all(ability_in(latent, c) == ability_in(real, c) for c in CATEGORIES if c != "legal")
    assert (facts.context_tokens, facts.tools, facts.reasoning) == (77, False, "always")
    assert (facts.params_total_b, facts.params_active_b, facts.size_class) == (3, None, "small")
    assert facts.prices[0].prompt == 9
    closed = models(
        "models: {m/own: {like: deepseek/deepseek-chat, released: 2025-03-15, open_weights: off}}\n"
    )
    assert closed["m/own"].facts.size_class is None


def test_a_model_of_the_catalogue_keeps_its_facts_and_gets_the_abilities_of_the_one_it_is_like():
    slug, other = "openai/gpt-4o", "deepseek/deepseek-chat"
    changed = models(SOME + f"models: {{{slug}: {{like: {other}, hype: 0.5}}}}\n")[slug]
    assert changed.latent.ability == REAL[other].latent.ability
    assert (changed.latent.reach, changed.latent.hype) == (REAL[other].latent.reach, 0.5)
    assert changed.facts.prices == REAL[slug].facts.prices
    assert changed.facts.context_tokens == REAL[slug].facts.context_tokens
    assert not changed.facts.open_weights


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
def test_models_can_be_like_each_other_in_a_chain_in_any_order(order):
    keys = {
        "a": "m/a: {released: 2024-12-01, price_usd_per_mtok: 2.0, ability: 1.5, reach: 0.3}",
        "b": "m/b: {like: m/a, released: 2024-12-02, ability: {legal: 3}}",
        "c": "m/c: {like: m/b, released: 2024-12-03, reach: 0.9}",
    }
    made = models("models: {" + ", ".join(keys[name] for name in order) + "}\n")
    assert ability_in(made["m/c"].latent, "legal") == 3 and ability_in(made["m/c"].latent, "health") == 1.5
    assert (made["m/b"].latent.reach, made["m/c"].latent.reach) == (everywhere(0.3), everywhere(0.9))
    assert made["m/c"].facts.prices[0].prompt == 2.0


def test_a_long_chain_is_no_trouble():
    keys = ["m/0: {released: 2024-12-01, price_usd_per_mtok: 2.0, ability: 1.5}"]
    keys += [f"m/{n}: {{like: m/{n - 1}, released: 2024-12-01}}" for n in range(1, 1500)]
    assert models("models: {" + ", ".join(reversed(keys)) + "}\n")["m/1499"].latent.ability[0] == 1.5


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("m/a: {like: m/a, released: 2024-12-01}", "m/a.like", "like goes in a circle: m/a -> m/a"),
        ("m/a: {like: m/b, released: 2024-12-01}, m/b: {like: m/c, released: 2024-12-01},"
         " m/c: {like: m/b, released: 2024-12-01}", "m/c.like", "like goes in a circle: m/b -> m/c -> m/b"),
        ("m/a: {like: openai/gpt-4x, released: 2024-12-01}", "m/a.like", "unknown model 'openai/gpt-4x'; did you mean"),
        ("m/own: {released: 2024-12-01, price_usd_per_mtok: 1}, m/a: {like: m/owm, released: 2024-12-01}", "m/a.like",
         "did you mean 'm/own'?"),
        ("m/a: {like: openai/gpt-4o}", "m/a", "a new model needs `released`"),
        ("m/a: {released: 2024-12-01}", "m/a", "or to be `like` a model"),
    ],
)  # fmt: skip
def test_likeness_that_leads_nowhere_is_refused(text, path, said):
    where, what = refused(f"models: {{{text}}}")
    assert where == f"models.{path}"
    assert said in what


def test_a_model_joins_a_line_of_its_author_and_nothing_else_does_so_for_it():
    joins = "google/next: {released: 2025-10-01, price_usd_per_mtok: 1, line: gemini-pro}"
    alike = "m/own: {released: 2025-10-02, like: google/gemini-2.5-pro}"
    found = models(SOME + f"models: {{{joins}, {alike}}}")
    assert {m.slug: m.facts.line for m in found.models} == {
        "openai/gpt-4o": "gpt", "deepseek/deepseek-chat": "deepseek-chat", "google/gemini-2.5-pro": "gemini-pro",
        "google/next": "gemini-pro", "m/own": "",
    }  # fmt: skip
    moved = models(SOME + "models: {openai/gpt-4o: {line: of-its-own}}")
    assert moved["openai/gpt-4o"].facts.line == "of-its-own"


# --- what all models of an author have in common --------------------------------------------------------------------

MADE = """
models:
  m/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, reach: 0.8}
  m/two: {released: 2024-12-02, price_usd_per_mtok: 1.0, reach: {legal: 0.4}}
  n/like: {like: m/two, released: 2024-12-03}
  n/theirs: {released: 2024-12-04, price_usd_per_mtok: 1.0, author: m, reach: 0.1}
"""


def test_an_authors_factor_multiplies_the_reach_of_all_its_models_and_nothing_else():
    plain, scaled = models(MADE), models(MADE + "authors: {m: {reach: {legal: 3, trivia: 0}}}\n")
    for slug in ("m/one", "m/two", "n/theirs"):
        before, after = plain[slug], scaled[slug]
        known = reach_in(before.latent)
        assert reach_in(after.latent) == known | {"legal": known["legal"] * 3, "trivia": 0}
        assert after.facts == before.facts and after.latent == replace(
            before.latent, reach=after.latent.reach
        )
    assert reach_in(scaled["m/one"].latent)["legal"] == pytest.approx(2.4)  # a factor may make it more than 1
    assert scaled["n/like"] == plain["n/like"]  # by another author, whatever it is like
    everything = models(MADE, "authors.m.reach=0.5")
    assert everything["m/one"].latent.reach == everywhere(0.4)


def test_an_author_of_the_catalogue_may_have_no_model_in_this_market():
    assert models(MADE + "authors: {anthropic: {reach: 2}}\n").models == models(MADE).models
    real = models(SOME + "authors: {openai: {reach: 2}}\n")
    doubled = tuple(2 * reach for reach in REAL["openai/gpt-4o"].latent.reach)
    assert real["openai/gpt-4o"].latent.reach == doubled
    assert real["deepseek/deepseek-chat"] == REAL["deepseek/deepseek-chat"]


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("catalogue: {use: all, only: [openai/gpt-4x]}", "catalogue.only.0", "did you mean 'openai/gpt-4"),
        ("catalogue: {use: all, without: [openai/gpt-4o, claude-sonet-4]}", "catalogue.without.1",
         "unknown model 'claude-sonet-4'; did you mean 'anthropic/claude-sonnet-4'"),
        ("catalogue: {use: all, without: [zzzzzz]}", "catalogue.without.0", "`slipper catalogue` lists the models"),
        ("catalogue: {use: all, folder: nowhere}", "catalogue.folder", "no folder 'nowhere'"),
        ("catalogue: {use: none}", "models", "no models"),
        ("models: {openai/gpt-4oo: {reach: 0.3}}", "models.openai/gpt-4oo",
         "a new model needs `released`; did you mean 'openai/gpt-4o'"),
        ("models: {m/own: {released: 2024-12-01}}", "models.m/own", "needs `price_usd_per_mtok`"),
        ("models: {own: {released: 2024-12-01, price_usd_per_mtok: 1}}", "models.own", "not author/name"),
        (OWN + "authors: {antropic: {reach: 2}}", "authors.antropic",
         "unknown author 'antropic'; did you mean 'anthropic'?"),
        (OWN + "authors: {zzzzzz: {reach: 2}}", "authors.zzzzzz", "`slipper catalogue` lists the models"),
        (OWN + "authors: {m: {reach: {legal: -1}}}", "authors.m.reach.legal", "must be at least 0, got -1"),
        (OWN + "authors: {m: {reach: {legel: 1}}}", "authors.m.reach.legel", "did you mean 'legal'?"),
        ("models: {m/own: {released: 2024-12-01, price_usd_per_mtok: 1, reach: {legal: 1.5}}}",
         "models.m/own.reach.legal", "must be between 0 and 1, got 1.5"),
        ("models: {openai/gpt-4o: {retired: 2024-05-13}}", "models.openai/gpt-4o", "not after the release 2024-05-13"),
        ("models: {openai/gpt-4o: {prices: [{date: 2025-01-01, prompt: 1, completion: 1}]}}", "models.openai/gpt-4o",
         "the first price is of 2025-01-01, the release is 2024-05-13"),
        ("models: {m/own: {released: 2024-12-01, prices: [{date: 2024-12-01, prompt: 1, completion: 1, cached: 2}]}}",
         "models.m/own", "cached_usd_per_mtok is more than the prompt price"),
        ("catalogue: {use: all}\nlook_at: [openai/gpt-4o, claude-sonet-4]", "look_at.1",
         "unknown model 'claude-sonet-4'; did you mean 'anthropic/claude-sonnet-4'"),
        ("catalogue: {use: all}\nlook_at: [openai/gpt-4o, openai/gpt-4o]", "look_at.1", "named twice"),
        (SOME + "look_at: [anthropic/claude-sonnet-4]", "look_at.0", "unknown model 'anthropic/claude-sonnet-4'"),
        ("models: {m/own: {released: 2024-12-01, prices: [{date: 2024-12-01, prompt: 1, completion: 1},"
         " {date: 2024-12-01, prompt: 2, completion: 2}]}}", "models.m/own", "in order of date"),
        (SOME + "models: {m/own: {released: 2025-12-01, price_usd_per_mtok: 1, line: gemini-pro}}", "models.m/own.line",
         "'gemini-pro' is a line of google, and 'm/own' is by m; a line is one author's"),
        (SOME + "models: {openai/gpt-4o: {line: gpt}, m/own: {released: 2025-12-01, price_usd_per_mtok: 1, line: x},"
         " m/other: {author: n, released: 2025-12-01, price_usd_per_mtok: 1, line: x}}", "models.m/own.line", "of n"),
        (SOME + "models: {m/own: {released: 2025-12-01, price_usd_per_mtok: 1, line: ''}}", "models.m/own.line",
         "at least 1 character"),
    ],
)  # fmt: skip
def test_impossible_markets_are_refused(text, path, said):
    where, what = refused(text)
    assert where == path
    assert said in what


@pytest.mark.parametrize(
    ("keys", "path", "said"),
    [
        ("prices: [{date: 2024-12-01, prompt: 1, completion: 1}]", ".prices", "not both"),
        ("retired: 2024-12-01", "", "not after the release"),
        ("retired: 2025-02-01, successor: m/owm", ".successor", "did you mean 'm/own'"),
        ("retired: 2025-02-01, successor: m/own", "", "successor is the model itself"),
        ("successor: m/own", "", "successor is given, but the model never retires"),
        ("free: [[2024-12-05, 2024-12-04]]", "", "2024-12-04 is before 2024-12-05"),
        ("free: [[2024-11-05, 2024-12-04]]", "", "a free window is before the release"),
        ("free: [[2024-12-01, 2024-12-09], [2024-12-09, 2024-12-10]]", "", "a free window overlaps"),
    ],
)
def test_impossible_models_are_refused(keys, path, said):
    where, what = refused(ONE_OWN.replace("KEYS", keys))
    assert where == f"models.m/own{path}"
    assert said in what


EVENT = """
models: {m/own: {released: 2024-12-01, price_usd_per_mtok: 2.0, retired: 2025-03-01}}
calendar:
  - {event: outage, date: 2025-01-05, days: 1, model: m/own}
  - {%s}
"""


@pytest.mark.parametrize(
    ("event", "path", "said"),
    [
        ("event: outage, date: 2025-01-05, days: 1, model: m/owm", "model", "'m/owm'; did you mean 'm/own'"),
        ("event: price_change, date: 2025-01-05, factor: 2, model: openai/gpt-4o", "model", "unknown model"),
        ("event: price_strategy, date: 2025-01-05, author: n", "author", "no model in this market is by 'n'"),
        ("event: ability_change, date: 2024-11-30, by: 1, model: m/own", "date", "not released before 2024-12-01"),
        ("event: outage, date: 2025-03-01, days: 1, model: m/own", "date", "retired since 2025-03-01"),
        ("event: outage, date: 2025-01-05, days: 1, model: all", "model", "unknown model 'all'"),
    ],
)  # fmt: skip
def test_impossible_events_are_refused(event, path, said):
    where, what = refused(EVENT % event)
    assert where == f"calendar.1.{path}"
    assert said in what


def test_a_large_account_needs_a_model_that_the_world_still_lists():
    account = "calendar:\n  - {event: large_account, date: 2024-12-05, model: m/own, requests_per_day: 1}\n"
    gone = OWN.replace("}}", ", retired: 2025-01-01}, n/new: {released: 2025-01-01, price_usd_per_mtok: 1}}")
    assert refused(gone + account) == ("calendar.0.date", "'m/own' is retired since 2025-01-01; ")
    agents = play(gone.replace("2025-01-01}", "2025-01-02}", 1) + account, users=10)
    own = spells(agents)
    own = own[agents.workloads.pinned_model[own["workload"]] >= 0]
    assert own[["start", "end"]].to_numpy().tolist() == [[0, 1]]


def test_problems_have_the_keys_path():
    scenario = world(OWN).scenario
    broken = scenario.model_copy(update={"models": {}})
    with pytest.raises(ProblemAt) as caught:
        world_catalogue(broken, real_models(broken))
    assert caught.value.path == ("models",)


def test_the_market_is_made_of_these_models():
    agents = play(OWN, users=5)
    assert agents.market.release_day.tolist() == [-31]
    np.testing.assert_array_equal(agents.market.price, [[2.0, 2.0, 2.0]])
