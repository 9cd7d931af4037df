"""The shipped catalogue is complete and consistent, its facts are right, and bad files are reported by line."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.contract import CATEGORIES
from sim.catalogue import (
    MODELS_SCHEMA,
    Catalogue,
    CatalogueError,
    CatalogueModel,
    PricePoint,
    load_catalogue,
    write_models_table,
)
from tests.sim.catalogue.catalogue_facts import ability_in, is_free_on

FOLDER = Path(__file__).parents[3] / "scenarios" / "catalogue"
CATALOGUE = load_catalogue(FOLDER)
END = date(2025, 11, 30)

NAMED_IN_THE_REPORT = [
    "openai/o1-preview",
    "openai/o1",
    "openai/gpt-4o-mini",
    "openai/gpt-5",
    "openai/gpt-4",
    "openai/gpt-5-pro",
    "anthropic/claude-2.1",
    "anthropic/claude-3-sonnet",
    "anthropic/claude-3.5-sonnet",
    "anthropic/claude-3.7-sonnet",
    "anthropic/claude-sonnet-4",
    "anthropic/claude-sonnet-4.5",
    "google/gemini-2.5-pro",
    "google/gemini-2.5-flash",
    "google/gemini-2.0-flash-001",
    "google/gemini-3-pro-preview",
    "google/gemma-3-12b-it",
    "x-ai/grok-code-fast-1",
    "x-ai/grok-4-fast",
    "cohere/command-r",
    "mattshumer/reflection-70b",
    "deepseek/deepseek-chat",
    "deepseek/deepseek-r1",
    "deepseek/deepseek-chat-v3-0324",
    "qwen/qwen-2.5-coder-32b-instruct",
    "qwen/qwen3-235b-a22b-2507",
    "qwen/qwen3-coder",
    "qwen/qwen3-235b-a22b",
    "qwen/qwen-2-7b-instruct",
    "moonshotai/kimi-k2",
    "moonshotai/kimi-k2-thinking",
    "minimax/minimax-m2",
    "z-ai/glm-4.5",
    "z-ai/glm-4.5-air",
    "z-ai/glm-4.6",
    "meta-llama/llama-3.3-70b-instruct",
    "meta-llama/llama-4-maverick",
    "meta-llama/codellama-34b-instruct",
    "mistralai/mistral-small-24b-instruct-2501",
    "openai/gpt-oss-20b",
    "openai/gpt-oss-120b",
    "tngtech/deepseek-r1t-chimera",
    "tngtech/deepseek-r1t2-chimera",
    "ibm-granite/granite-4.0-h-micro",
]


def price(slug: str, day: str) -> tuple[float, float, float | None]:
    point = CATALOGUE.price_on(slug, date.fromisoformat(day))
    return point.prompt, point.completion, point.cached


def programming(slug: str) -> float:
    return ability_in(CATALOGUE[slug].latent, "programming")


# --- the shipped data ---------------------------------------------------------------------------------------------


def test_there_are_as_many_models_and_hosts_as_the_report_counts_and_all_lie_in_the_window() -> None:
    """More than 300 models and more than 60 providers (C02); the fallback of unknown authors is no provider."""
    quarter = END - timedelta(days=90)
    live = [m for m in CATALOGUE.models if m.facts.retired is None or m.facts.retired > quarter]
    assert len(live) > 300
    assert len({host.name for model in live for host in CATALOGUE.providers_for(model.slug)}) >= 60
    assert all(model.released <= END for model in CATALOGUE.models)
    assert all(model.facts.retired is None or model.facts.retired <= END for model in CATALOGUE.models)


@pytest.mark.parametrize("slug", NAMED_IN_THE_REPORT)
def test_every_model_that_the_report_names_is_there(slug: str) -> None:
    assert slug in CATALOGUE


def test_every_fact_has_a_source() -> None:
    for model in CATALOGUE.models:
        assert ":" not in model.slug.removesuffix(":free"), "a variant is no model of its own in a log"
        assert model.facts.source and model.latent.basis
        assert all(point.source for point in model.facts.prices)
        assert all(window.source for window in model.facts.free_windows)


@pytest.mark.parametrize(
    ("slug", "day", "expected"),
    [
        ("openai/gpt-4o-mini", "2024-07-18", (0.15, 0.6, None)),
        ("openai/gpt-4o-mini", "2024-10-01", (0.15, 0.6, 0.075)),
        ("openai/gpt-4o", "2024-09-30", (5.0, 15.0, None)),
        ("openai/gpt-4o", "2024-10-02", (2.5, 10.0, 1.25)),
        ("openai/gpt-4", "2025-06-01", (30.0, 60.0, None)),
        ("openai/gpt-5-pro", "2025-11-01", (15.0, 120.0, None)),
        ("openai/o3", "2025-06-09", (10.0, 40.0, 2.5)),
        ("openai/o3", "2025-06-10", (2.0, 8.0, 0.5)),
        ("openai/o1-mini", "2025-01-30", (3.0, 12.0, 1.5)),
        ("openai/o1-mini", "2025-01-31", (1.1, 4.4, 0.55)),
        ("anthropic/claude-3.5-sonnet", "2024-08-13", (3.0, 15.0, None)),
        ("anthropic/claude-3.5-sonnet", "2024-08-14", (3.0, 15.0, 0.3)),
        ("anthropic/claude-3.5-haiku", "2024-12-04", (1.0, 5.0, 0.1)),
        ("anthropic/claude-3.5-haiku", "2024-12-05", (0.8, 4.0, 0.08)),
        ("anthropic/claude-sonnet-4", "2025-05-22", (3.0, 15.0, 0.3)),
        ("anthropic/claude-opus-4.5", "2025-11-24", (5.0, 25.0, 0.5)),
        ("google/gemini-pro-1.5", "2024-09-30", (2.5, 7.5, None)),
        ("google/gemini-pro-1.5", "2024-10-01", (1.25, 5.0, None)),
        ("google/gemini-flash-1.5", "2024-08-12", (0.075, 0.3, None)),  # cached only if stored beforehand
        ("google/gemini-2.0-flash-001", "2025-02-05", (0.1, 0.4, None)),
        ("google/gemini-2.5-pro", "2025-06-17", (1.25, 10.0, 0.31)),
        ("google/gemini-2.5-flash", "2025-06-17", (0.3, 2.5, 0.075)),
        ("deepseek/deepseek-chat", "2025-02-07", (0.14, 0.28, 0.014)),
        ("deepseek/deepseek-chat", "2025-02-08", (0.27, 1.1, 0.07)),
        ("deepseek/deepseek-chat-v3-0324", "2025-03-24", (0.27, 1.1, 0.07)),
        ("deepseek/deepseek-r1", "2025-01-20", (0.55, 2.19, 0.14)),
        ("x-ai/grok-code-fast-1", "2025-11-15", (0.2, 1.5, 0.02)),
        ("openai/gpt-oss-120b", "2025-08-05", (0.15, 0.6, None)),
        ("openai/gpt-oss-120b", "2025-10-06", (0.04, 0.4, None)),
        ("meta-llama/llama-3.3-70b-instruct", "2025-10-25", (0.13, 0.38, None)),
        ("ibm-granite/granite-4.0-h-micro", "2025-11-01", (0.017, 0.11, None)),
    ],
)
def test_published_prices(slug: str, day: str, expected: tuple[float, float, float | None]) -> None:
    assert price(slug, day) == expected


@pytest.mark.parametrize(
    ("slug", "day"),
    [
        ("openai/gpt-4o-mini", "2024-07-18"),
        ("openai/o1", "2024-12-17"),
        ("deepseek/deepseek-chat", "2024-12-26"),
        ("deepseek/deepseek-r1", "2025-01-20"),
        ("google/gemini-2.0-flash-001", "2025-02-05"),
        ("deepseek/deepseek-chat-v3-0324", "2025-03-24"),
        ("meta-llama/llama-4-maverick", "2025-04-05"),
        ("anthropic/claude-sonnet-4", "2025-05-22"),
        ("google/gemini-2.5-pro", "2025-06-17"),
        ("google/gemini-2.5-flash", "2025-06-17"),
        ("openai/gpt-oss-120b", "2025-08-05"),
        ("ibm-granite/granite-4.0-h-micro", "2025-10-20"),
    ],
)
def test_published_market_dates(slug: str, day: str) -> None:
    assert CATALOGUE[slug].released == date.fromisoformat(day)


def test_size_classes_follow_the_reports_cuts() -> None:
    for model in CATALOGUE.models:
        facts = model.facts
        if facts.open_weights and facts.params_total_b is not None:
            total = facts.params_total_b
            assert facts.size_class == ("small" if total < 15 else "medium" if total < 70 else "large"), (
                facts.slug
            )


def test_chinese_weights_tuned_elsewhere_count_as_rest_of_the_world() -> None:
    assert CATALOGUE["tngtech/deepseek-r1t2-chimera"].facts.origin == "RoW"
    assert CATALOGUE["deepseek/deepseek-r1"].facts.origin == "CN"
    assert all((m.facts.developer_country == "CN") == (m.facts.origin == "CN") for m in CATALOGUE.models)


@pytest.mark.parametrize(
    ("old", "new", "day"),
    [
        ("google/gemini-2.5-pro-exp-03-25", "google/gemini-2.5-pro", "2025-06-17"),
        ("google/gemini-2.5-pro-preview", "google/gemini-2.5-pro", "2025-06-17"),
        ("google/gemini-2.5-flash-preview", "google/gemini-2.5-flash", "2025-07-15"),
        ("openrouter/optimus-alpha", "openai/gpt-4.1", "2025-04-14"),
        ("deepseek/deepseek-chat-v2.5", "deepseek/deepseek-chat", "2024-12-26"),
    ],
)
def test_previews_move_to_their_final_id(old: str, new: str, day: str) -> None:
    facts = CATALOGUE[old].facts
    assert (facts.successor, facts.retired) == (new, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("line", "models"),
    [
        ("claude-sonnet", "3-sonnet 3.5-sonnet 3.7-sonnet sonnet-4 sonnet-4.5"),
        ("claude-opus", "3-opus opus-4 opus-4.1 opus-4.5"),
        ("gpt-mini", "gpt-3.5-turbo gpt-4o-mini gpt-4.1-mini gpt-5-mini"),
        (
            "gemini-flash",
            "1.5 2.0-flash-exp:free 2.0-flash-001 2.5-flash-preview 2.5-flash 2.5-flash-preview-09-2025",
        ),
        ("deepseek-chat", "chat-v2.5 chat chat-v3-0324 chat-v3.1 v3.1-terminus v3.2-exp"),
        ("llama-70b", "2-70b-chat 3-70b-instruct 3.1-70b-instruct 3.3-70b-instruct"),
        ("gpt-oss-120b", "gpt-oss-120b"),
    ],
)
def test_models_of_a_line_follow_one_another(line: str, models: str) -> None:
    found = [m.slug for m in CATALOGUE.models if m.facts.line == line]
    assert len(found) == len(models.split())
    assert all(slug.endswith(end) for slug, end in zip(found, models.split(), strict=True))


def test_the_page_counts_the_lines_as_they_are() -> None:
    sizes = Counter(model.facts.line for model in CATALOGUE.models)
    several = sum(size > 1 for size in sizes.values())
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{several} of the {len(sizes)} lines hold two models or more" in page


def test_stealth_models_cost_nothing_as_long_as_they_live() -> None:
    stealth = [m for m in CATALOGUE.models if any(w.kind == "stealth" for w in m.facts.free_windows)]
    assert len(stealth) >= 8
    for model in stealth:
        assert all(point.prompt == point.completion == 0 for point in model.facts.prices)
        last = (model.facts.retired or END) - timedelta(days=1)
        assert is_free_on(CATALOGUE, model.slug, model.released) and is_free_on(CATALOGUE, model.slug, last)


def test_free_access_has_its_dates() -> None:
    assert is_free_on(CATALOGUE, "deepseek/deepseek-chat-v3-0324", date(2025, 7, 1))
    assert not is_free_on(CATALOGUE, "deepseek/deepseek-chat-v3-0324", date(2025, 11, 1))
    assert is_free_on(CATALOGUE, "minimax/minimax-m2", date(2025, 10, 30))
    assert not is_free_on(CATALOGUE, "minimax/minimax-m2", date(2025, 11, 20))
    assert not is_free_on(CATALOGUE, "google/gemini-2.0-flash-exp:free", date(2024, 12, 1))
    assert not is_free_on(CATALOGUE, "openai/gpt-4o-mini", date(2025, 1, 1))
    assert is_free_on(CATALOGUE, "x-ai/grok-4-fast", date(2025, 9, 24))
    assert not is_free_on(CATALOGUE, "x-ai/grok-4-fast", date(2025, 10, 6))


def test_the_scale_of_ability() -> None:
    assert CATALOGUE["openai/gpt-3.5-turbo"].latent.ability == (0.0,) * len(CATEGORIES)
    for number, category in enumerate(CATEGORIES):
        best = max(model.latent.ability[number] for model in CATALOGUE.models)
        assert best == pytest.approx(4.5, abs=0.01), category


def test_the_frontier_rises_by_about_two_units_a_year() -> None:
    for number in range(len(CATEGORIES)):

        def frontier(day: date, number: int = number) -> float:
            return max(m.latent.ability[number] for m in CATALOGUE.models if m.released <= day)

        rise = (frontier(END) - frontier(date(2024, 1, 1))) / ((END - date(2024, 1, 1)).days / 365.25)
        assert 1.5 < rise < 2.5
        assert frontier(date(2024, 1, 1)) < frontier(date(2024, 12, 31)) < frontier(date(2025, 6, 30))


def test_programming_order_agrees_with_public_benchmarks() -> None:
    order = [
        "anthropic/claude-opus-4.5",
        "anthropic/claude-sonnet-4.5",
        "openai/gpt-5",
        "anthropic/claude-sonnet-4",
        "qwen/qwen3-coder",
        "anthropic/claude-3.7-sonnet",
        "anthropic/claude-3.5-sonnet",
        "openai/gpt-4o",
        "openai/gpt-4o-mini",
        "openai/gpt-3.5-turbo",
    ]
    values = [programming(slug) for slug in order]
    assert values == sorted(values, reverse=True)
    before = [m for m in CATALOGUE.models if m.released < date(2024, 6, 20)]
    rivals = max(ability_in(m.latent, "programming") for m in before)
    assert programming("anthropic/claude-3.5-sonnet") > rivals + 0.5
    assert programming("meta-llama/llama-4-maverick") < programming("deepseek/deepseek-chat-v3-0324")
    free_before = CATALOGUE["google/gemini-2.0-flash-exp:free"].latent.ability
    flash = CATALOGUE["google/gemini-2.0-flash-001"].latent.ability
    assert flash == pytest.approx(free_before, abs=0.1)


def test_providers_share_the_requests_of_every_model() -> None:
    for model in CATALOGUE.models:
        shares = CATALOGUE.providers_for(model.slug)
        assert sum(share.weight for share in shares) == pytest.approx(1.0)
    assert {share.name for share in CATALOGUE.providers_for("anthropic/claude-sonnet-4")} == {
        "Anthropic",
        "Google Vertex",
        "Amazon Bedrock",
    }
    assert len(CATALOGUE.providers_for("tencent/hunyuan-a13b-instruct")) > 1


# --- the public table ---------------------------------------------------------------------------------------------


def test_closed_weights_are_not_served_by_hosts_of_open_ones() -> None:
    """A host of open models could not have them: only the developer, its clouds, and who sells for it."""
    open_only = {
        "DeepInfra",
        "Novita",
        "Chutes",
        "Parasail",
        "Featherless",
        "SiliconFlow",
        "Nebius",
        "Hyperbolic",
    }
    for model in CATALOGUE.models:
        if not model.facts.open_weights:
            hosts = {host.name for host in CATALOGUE.providers_for(model.slug)}
            assert not hosts & open_only or model.slug in {
                # closed when it was listed, served by the hosts of its author
                "meta-llama/llama-3.3-8b-instruct:free",
            }, model.slug


def test_the_public_table_holds_facts_only() -> None:
    table = write_models_table(CATALOGUE, END)
    assert table.schema == MODELS_SCHEMA
    assert table.num_rows == len(CATALOGUE)
    assert not {"ability", "reach", "hype", "permissive"} & set(table.column_names)


def test_the_public_table_knows_nothing_of_the_future() -> None:
    end = date(2025, 3, 1)
    rows = {row["model"]: row for row in write_models_table(CATALOGUE, end).to_pylist()}
    assert "anthropic/claude-sonnet-4" not in rows
    assert all(point["from"] <= end for row in rows.values() for point in row["prices"])
    assert rows["deepseek/deepseek-r1"]["free_windows"] == [
        {"from": date(2025, 1, 20), "to": None, "kind": "free_variant"}
    ]
    assert rows["openai/o1-preview"]["retired"] is None and rows["openai/o1-preview"]["successor"] is None
    assert rows["deepseek/deepseek-chat-v2.5"]["successor"] == "deepseek/deepseek-chat"


# --- look-ups and changes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("anthropic/claude-sonet-4", "anthropic/claude-sonnet-4"),
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("google/gemini-2.5-po", "google/gemini-2.5-pro"),
        ("zzzz/qqqqqqqq", None),
    ],
)
def test_nearest_name(wrong: str, right: str | None) -> None:
    assert CATALOGUE.nearest(wrong) == right


def test_an_unknown_model_names_the_nearest_one() -> None:
    with pytest.raises(KeyError, match="did you mean 'anthropic/claude-sonnet-4'"):
        CATALOGUE["anthropic/claude-sonet-4"]


def test_models_stand_in_order_of_release() -> None:
    keys = [(model.released, model.slug) for model in CATALOGUE.models]
    assert keys == sorted(keys)
    assert all(CATALOGUE.index(model.slug) == number for number, model in enumerate(CATALOGUE.models))


def test_the_digest_follows_the_content() -> None:
    again = load_catalogue(FOLDER)
    assert again.digest() == CATALOGUE.digest()
    extra = CatalogueModel.build("new/frontier", released=date(2025, 1, 15), price_usd_per_mtok=3.0)
    assert CATALOGUE.with_models([extra]).digest() != CATALOGUE.digest()
    dearer = CatalogueModel.build("new/frontier", released=date(2025, 1, 15), price_usd_per_mtok=3.5)
    assert CATALOGUE.with_models([extra]).digest() != CATALOGUE.with_models([dearer]).digest()


def test_a_model_is_made_in_one_line() -> None:
    model = CatalogueModel.build(
        "new/frontier",
        released=date(2025, 1, 15),
        price_usd_per_mtok=3.0,
        ability={"programming": 2.0},
        reasoning="hybrid",
        context_tokens=32_000,
    )
    assert model.author == "new" and ability_in(model.latent, "programming") == 2.0
    assert ability_in(model.latent, "legal") == 0.0
    assert (model.facts.prices[0].prompt, model.facts.prices[0].completion) == (3.0, 3.0)
    assert Catalogue((model,)).providers_for("new/frontier")[0].name == "new"
    added = CATALOGUE.with_models([model])
    assert len(added) == len(CATALOGUE) + 1 and added["new/frontier"] is model


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"price_usd_per_mtok": -1.0}, "negative"),
        ({}, "give price_usd_per_mtok"),
        ({"price_usd_per_mtok": 1.0, "ability": {"programing": 1.0}}, "did you mean 'programming'"),
        ({"price_usd_per_mtok": 1.0, "retired": date(2025, 1, 1)}, "not after the release"),
    ],
)
def test_an_impossible_model_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CatalogueModel.build("new/frontier", released=date(2025, 1, 15), **arguments)  # type: ignore[arg-type]


def test_removing_a_model_forgets_it_as_a_successor() -> None:
    rest = CATALOGUE.without(["google/gemini-2.5-pro"])
    assert "google/gemini-2.5-pro" not in rest
    assert rest["google/gemini-2.5-pro-preview"].facts.successor is None


START = date(2025, 1, 1)
offsets = st.lists(st.integers(1, 700), max_size=6, unique=True).map(sorted)
usd = st.floats(0, 200)


@settings(max_examples=60)
@given(offsets, st.lists(usd, min_size=7, max_size=7), st.integers(-100, 900))
def test_the_price_on_a_day_is_that_of_the_last_change_before_it(
    days: list[int], values: list[float], ask: int
) -> None:
    points = [PricePoint(START + timedelta(d), v, v) for d, v in zip([0, *days], values, strict=False)]
    model = CatalogueModel.build("a/b", released=START, prices=points)
    day = START + timedelta(ask)
    past = [point for point in points if point.start <= day]
    assert Catalogue((model,)).price_on("a/b", day) == (past[-1] if past else points[0])


@settings(max_examples=30)
@given(st.permutations(CATALOGUE.models[:12]))
def test_the_order_in_which_models_are_given_does_not_matter(models: list[CatalogueModel]) -> None:
    assert Catalogue(tuple(models)).digest() == Catalogue(CATALOGUE.models[:12]).digest()


# --- broken files -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "catalogue"))


def test_a_catalogue_is_read_again_when_a_file_of_it_changed(folder: Path) -> None:
    before = load_catalogue(folder)
    assert load_catalogue(folder) is before
    file = folder / "abilities.csv"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    again = load_catalogue(folder)
    assert again is not before and again == before
    file.unlink()
    with pytest.raises(CatalogueError):
        load_catalogue(folder)


def change(file: Path, slug: str, column: str, value: str, which: int = 0) -> int:
    """Write `value` into the `which`-th row of `slug`; returns its line number."""
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    numbers = [number for number, row in enumerate(rows) if row[0] == slug]
    rows[numbers[which]][rows[0].index(column)] = value
    with file.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)
    return numbers[which] + 1


@pytest.mark.parametrize(
    ("file", "slug", "column", "value", "message"),
    [
        ("models.csv", "openai/gpt-5", "released", "2025-13-01", "expected a date"),
        ("models.csv", "openai/gpt-5", "released", "0", "expected a date like 2025-01-31, got '0'"),
        ("models.csv", "openai/gpt-5", "tools", "1", "'1' is not one of true, false"),
        ("models.csv", "openai/gpt-5", "context_tokens", "32000.0", "expected a whole number, got '32000.0'"),
        ("models.csv", "openai/gpt-5", "context_tokens", "0", "outside 1"),
        ("models.csv", "openai/gpt-5", "origin", "USA", "is not one of CN, RoW"),
        ("models.csv", "openai/gpt-5", "reasoning", "allways", "did you mean 'always'"),
        ("models.csv", "openai/gpt-5", "context_tokens", "many", "expected a whole number"),
        ("models.csv", "openai/gpt-5", "size_class", "large", "weights are closed"),
        ("models.csv", "openai/gpt-oss-20b", "size_class", "", "weights are open"),
        ("models.csv", "openai/o1-preview", "retired", "2024-01-01", "not after the release"),
        ("models.csv", "openai/o1-preview", "successor", "openai/o1-ful", "did you mean 'openai/o1"),
        (
            "models.csv",
            "openai/o1-preview",
            "successor",
            "google/gemini-3-pro-preview",
            "after the retirement",
        ),
        ("models.csv", "openai/gpt-5", "source", "", "is empty"),
        ("models.csv", "openai/gpt-5", "line", "", "is empty"),
        ("models.csv", "openai/gpt-5", "line", "claude-opus", "claude-opus is a line of anthropic (line 34)"),
        ("models.csv", "openai/gpt-5-nano", "line", "gpt", "is released on the same day"),
        ("prices.csv", "openai/o3", "from", "2025-04-20", "the release is 2025-04-16"),
        ("prices.csv", "openai/o3", "prompt_usd_per_mtok", "-10", "outside 0"),
        ("prices.csv", "openai/o3", "prompt_usd_per_mtok", "nan", "nan is outside 0"),
        ("prices.csv", "openai/o3", "prompt_usd_per_mtok", "", "expected a number, got ''"),
        ("prices.csv", "openai/o3", "cached_usd_per_mtok", "11", "more than the prompt price"),
        ("prices.csv", "openai/o3", "completion_usd_per_mtok", "cheap", "expected a number"),
        ("free_windows.csv", "minimax/minimax-m2", "to", "2025-10-01", "is before"),
        ("free_windows.csv", "minimax/minimax-m2", "kind", "gratis", "is not one of"),
        ("abilities.csv", "openai/gpt-5", "marketing/seo", "99", "outside -5 .. 10"),
        ("abilities.csv", "openai/gpt-5", "reach", "1.5", "outside 0 .. 1"),
        ("abilities.csv", "openai/gpt-5", "informed", "mesured", "did you mean 'measured'"),
        ("providers.csv", "anthropic", "weight", "-1", "outside 0"),
    ],
)
def test_a_wrong_cell_is_reported_with_its_place(
    folder: Path, file: str, slug: str, column: str, value: str, message: str
) -> None:
    line = change(folder / file, slug, column, value)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    place = f"{folder / file}:{line}:{column}: "
    reported = [text for text in str(caught.value).splitlines() if text.startswith(place)]
    assert reported and message in reported[0]


@pytest.mark.parametrize(
    ("file", "slug", "column", "value"),
    [
        ("models.csv", "openai/gpt-5", "released", "soon"),
        ("models.csv", "openai/gpt-5", "open_weights", "flase"),
        ("prices.csv", "openai/o3", "from", "soon"),
        ("prices.csv", "openai/o3", "prompt_usd_per_mtok", "-10"),
        ("free_windows.csv", "minimax/minimax-m2", "to", "soon"),
        ("providers.csv", "anthropic", "weight", "-1"),
    ],
)
def test_a_wrong_cell_is_told_alone_without_what_would_follow_from_it(
    folder: Path, file: str, slug: str, column: str, value: str
) -> None:
    change(folder / file, slug, column, value)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    assert [(Path(fault.file).name, fault.column) for fault in caught.value.faults] == [(file, column)]


def test_price_rows_out_of_order_are_reported(folder: Path) -> None:
    line = change(folder / "prices.csv", "openai/o3", "from", "2025-04-16", which=1)
    with pytest.raises(CatalogueError, match=rf"prices\.csv:{line}:from: .*in order"):
        load_catalogue(folder)


def test_a_model_without_latents_and_latents_without_a_model(folder: Path) -> None:
    change(folder / "abilities.csv", "openai/gpt-5", "slug", "openai/gpt-5x")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    assert "openai/gpt-5 has no row in abilities.csv" in str(caught.value)
    assert "openai/gpt-5x is not in models.csv; did you mean 'openai/gpt-5'" in str(caught.value)


def test_the_same_model_twice(folder: Path) -> None:
    line = change(folder / "models.csv", "openai/gpt-5-mini", "slug", "openai/gpt-5-nano")
    with pytest.raises(CatalogueError, match=r"openai/gpt-5-nano stands already on line \d+") as caught:
        load_catalogue(folder)
    assert f":{line + 1}:slug" in str(caught.value) or f":{line}:slug" in str(caught.value)


def test_all_faults_are_reported_at_once(folder: Path) -> None:
    change(folder / "models.csv", "openai/gpt-5", "origin", "USA")
    change(folder / "prices.csv", "openai/o3", "prompt_usd_per_mtok", "-10")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    assert len(caught.value.faults) >= 2


def test_a_missing_file_and_a_misspelt_column(folder: Path) -> None:
    (folder / "providers.csv").unlink()
    text = (folder / "prices.csv").read_text(encoding="utf-8")
    (folder / "prices.csv").write_text(text.replace("cached_usd", "cache_usd", 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    assert f"{folder / 'providers.csv'}:1:author: cannot be read" in str(caught.value)
    assert "prices.csv:1:cached_usd_per_mtok: column is missing" in str(caught.value)
    assert "unknown column; did you mean 'cached_usd_per_mtok'" in str(caught.value)


def test_a_row_with_too_few_cells(folder: Path) -> None:
    with (folder / "providers.csv").open("a", encoding="utf-8") as handle:
        handle.write("someone,Host\n")
    with pytest.raises(CatalogueError, match=r"providers\.csv:\d+:source: 2 cells instead of 6"):
        load_catalogue(folder)
