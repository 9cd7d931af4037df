"""What `slipper catalogue` shows: the right models, and facts kept apart from model parameters."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from analysis.contract import CATEGORIES
from sim.catalogue import load_catalogue
from testbed.terminal.catalogue_view import (
    LATENT_HEADING,
    as_records,
    detail_of,
    list_models,
    table_of,
)

CATALOGUE = load_catalogue(Path(__file__).parents[3] / "scenarios" / "catalogue")


def printed(renderable: RenderableType, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def slugs(**conditions: object) -> set[str]:
    return {model.slug for model in list_models(CATALOGUE, **conditions)}  # type: ignore[arg-type]


def test_without_conditions_all_models_are_listed_by_release() -> None:
    assert list_models(CATALOGUE) == list(CATALOGUE.models)


@pytest.mark.parametrize(
    ("conditions", "inside", "outside"),
    [
        ({"author": "anthropic"}, "anthropic/claude-sonnet-4", "openai/gpt-5"),
        ({"author": ["anthropic", "openai"]}, "openai/gpt-5", "x-ai/grok-4"),
        ({"openness": "open"}, "openai/gpt-oss-120b", "openai/gpt-5"),
        ({"openness": "closed"}, "openai/gpt-5", "openai/gpt-oss-120b"),
        ({"origin": "CN"}, "qwen/qwen3-max", "tngtech/deepseek-r1t-chimera"),
        ({"reasoning": "always"}, "deepseek/deepseek-r1", "anthropic/claude-sonnet-4"),
        ({"reasoning": ["always", "hybrid"]}, "anthropic/claude-sonnet-4", "openai/gpt-4o-mini"),
        ({"released_from": date(2025, 5, 22)}, "anthropic/claude-sonnet-4", "openai/gpt-4o-mini"),
        ({"released_to": date(2024, 7, 18)}, "openai/gpt-4o-mini", "anthropic/claude-sonnet-4"),
        ({"free": True}, "deepseek/deepseek-r1", "openai/gpt-4o-mini"),
        ({"free": False}, "openai/gpt-4o-mini", "deepseek/deepseek-r1"),
        ({"search": "CODER"}, "qwen/qwen3-coder", "openai/gpt-4o-mini"),
        ({"search": "Sonnet 4"}, "anthropic/claude-sonnet-4", "anthropic/claude-opus-4"),
        ({"author": "qwen", "openness": "closed"}, "qwen/qwen3-max", "qwen/qwen3-coder"),
    ],
)
def test_each_condition_keeps_the_right_models(
    conditions: dict[str, object], inside: str, outside: str
) -> None:
    found = slugs(**conditions)
    assert inside in found and outside not in found


def test_open_and_closed_together_are_all() -> None:
    assert slugs(openness="open") | slugs(openness="closed") == {model.slug for model in CATALOGUE.models}
    assert not slugs(openness="open") & slugs(openness="closed")


def test_nothing_found_gives_an_empty_table() -> None:
    models = list_models(CATALOGUE, search="no such model")
    assert models == []
    assert "0 models" in printed(table_of(models))


def test_the_table_shows_slug_date_and_latest_price() -> None:
    text = printed(table_of([CATALOGUE["openai/o3"]]))  # its price was cut from 10 / 40
    assert "openai/o3" in text and "2025-04-16" in text and "2 / 8" in text
    assert "10 / 40" not in text


def test_a_table_fits_a_narrow_terminal() -> None:
    text = printed(table_of(list_models(CATALOGUE, author="deepseek")), width=80)
    assert max(map(len, text.splitlines())) <= 80


def test_one_model_shows_its_facts_price_path_and_windows() -> None:
    text = printed(detail_of(CATALOGUE["deepseek/deepseek-chat"]))
    for piece in (
        "DeepSeek V3",
        "2024-12-26",
        "0.14",
        "2025-02-08",
        "0.27",
        "free_variant",
        "Confidence",
        "Source",
    ):
        assert piece in text


def test_parameters_stand_below_their_heading_and_facts_above() -> None:
    text = printed(detail_of(CATALOGUE["anthropic/claude-sonnet-4"]))
    facts, heading, parameters = text.partition(LATENT_HEADING)
    assert heading
    assert "Reach" not in facts and "Hype" not in facts
    assert "Price path" in facts
    assert all(category in parameters for category in CATEGORIES)


def test_reach_is_one_share_or_the_span_of_all_categories() -> None:
    model = CATALOGUE["openai/gpt-4"]
    assert "0.90 of the market hears of it" in printed(detail_of(model))
    reach = (0.25, *model.latent.reach[1:])
    changed = replace(model, latent=replace(model.latent, reach=reach))
    assert "by category 0.25 to 0.90 of the market hears of it" in printed(detail_of(changed))
    [record] = as_records([changed])
    assert record["model_parameters"]["reach"] == dict(zip(CATEGORIES, reach, strict=True))


def test_text_in_brackets_is_not_taken_for_markup() -> None:
    model = CATALOGUE["openai/gpt-4"]
    changed = CATALOGUE.with_models(
        [
            type(model)(
                type(model.facts)(**{**model.facts.__dict__, "note": "see [bold]table 3[/bold]"}),
                model.latent,
            )
        ]
    )
    assert "see [bold]table 3[/bold]" in printed(detail_of(changed["openai/gpt-4"]))


def test_records_are_json_and_hold_facts_and_parameters_apart() -> None:
    [record] = as_records([CATALOGUE["openai/o3"]])
    again = json.loads(json.dumps(record))
    assert again["model"] == "openai/o3" and again["released"] == "2025-04-16"
    assert [point["from"] for point in again["prices"]] == ["2025-04-16", "2025-06-10"]
    assert "ability" not in again
    assert set(again["model_parameters"]["ability"]) == set(CATEGORIES)
