"""Ids of gateways, vendors and versions mean the listed model that they spell, or stand as they are."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analysis.contract import arrow_schema
from analysis.importing.model_ids import AS_LISTED, VERSION, Listed, without_variants
from tests.analysis.importers.exports import imported, models, request, table


@pytest.fixture(scope="module")
def listed():
    return Listed(models())


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("anthropic/claude-haiku-4.5", "anthropic/claude-haiku-4.5"),
        ("anthropic/claude-4.5-haiku-20251001", "anthropic/claude-haiku-4.5"),  # the gateway's version
        ("anthropic/claude-4.5-haiku", "anthropic/claude-haiku-4.5"),
        ("claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5"),  # the vendor's own id
        ("claude-haiku-4-5@20251001", "anthropic/claude-haiku-4.5"),  # Vertex
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic/claude-haiku-4.5"),  # Bedrock
        ("openrouter/anthropic/claude-haiku-4.5", "anthropic/claude-haiku-4.5"),
        ("Anthropic/Claude-Haiku-4.5", "anthropic/claude-haiku-4.5"),
        ("openai/gpt-4.1-2025-04-14", "openai/gpt-4.1"),
        ("openai/gpt-4o-2024-06-01", "openai/gpt-4o"),  # no build that is listed
        ("openai/gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),  # a build that is listed beside its model
        ("claude-3-5-sonnet-20241022", "anthropic/claude-3.5-sonnet"),  # the vendor's id, of no listed build
        ("claude-3-5-sonnet", "anthropic/claude-3.5-sonnet"),
        ("claude-3-5-sonnet@20240620", "anthropic/claude-3.5-sonnet-20240620"),  # of one that is
        ("us.anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic/claude-3.5-sonnet-20240620"),
        ("anthropic/sonnet-3.5-claude-2024-06-20", "anthropic/claude-3.5-sonnet-20240620"),
        ("claude-3-5-sonnet-v2@20241022", "anthropic/claude-3.5-sonnet"),
        ("openai:gpt-4o", "openai/gpt-4o"),  # as SDKs of agents spell it
        ("anthropic:claude-haiku-4-5", "anthropic/claude-haiku-4.5"),
        ("azure/gpt-4o", "openai/gpt-4o"),
        ("gpt-4o", "openai/gpt-4o"),
        ("x-ai/grok-4-07-09", "x-ai/grok-4"),
        ("xai/grok-4", "x-ai/grok-4"),
        ("qwen/qwen3-14b-04-28", "qwen/qwen3-14b"),
        ("gemini-2.0-flash", "google/gemini-2.0-flash-001"),  # the vendor's name of its one stable revision
        ("google/gemini-2.0-flash-lite", "google/gemini-2.0-flash-lite-001"),
        ("vertex_ai/gemini-2.0-flash", "google/gemini-2.0-flash-001"),
        ("us.amazon.nova-lite-v1:0", "amazon/nova-lite-v1"),  # Bedrock
        ("openai.gpt-oss-120b-1:0", "openai/gpt-oss-120b"),
        ("us.deepseek.r1-v1:0", "deepseek/deepseek-r1"),
        ("meta.llama3-1-70b-instruct-v1:0", "meta-llama/llama-3.1-70b-instruct"),
        ("accounts/fireworks/models/llama-v3p1-70b-instruct", "meta-llama/llama-3.1-70b-instruct"),
        ("azure/gpt-35-turbo", "openai/gpt-3.5-turbo"),
        ("claude-3-5-sonnet-latest", "anthropic/claude-3.5-sonnet"),
        ("claude-sonnet-4-0", "anthropic/claude-sonnet-4"),
        ("claude-haiku-4-5-20251001[1m]", "anthropic/claude-haiku-4.5"),  # Claude Code
    ],
)
def test_one_model_is_meant_by_many_ids(listed, name, model):
    found = listed.resolve(name)
    assert (found.model, found.variant) == (model, None)
    assert found.how


def test_the_way_is_said(listed):
    assert listed.resolve("openai/gpt-4o").how == AS_LISTED
    assert listed.resolve("anthropic/claude-4.5-haiku-20251001").how == VERSION


@pytest.mark.parametrize(
    "name",
    [
        "deepseek/deepseek-v4-flash-20260731",
        "google/gemini-2.0-flash-002",  # another revision than the listed one
        "my-fine-tune",
        "llama3-latest",  # another one every year
        "custom-4p1-x",
        "own.model-v1:0",
        "coder-of-ours",
        "llama-9-70b",  # by several authors
        "ft:ours:me::1",
        "gpt-4o:old",
        "",
        "/",
    ],
)
def test_what_means_no_listed_model_stands_as_it_is(listed, name):
    found = listed.resolve(name)
    assert (found.model, found.how) == (name, "")


@pytest.mark.parametrize(("name", "model"), [
    ("gpt-4o-super", "openai/gpt-4o-super"), ("claude-opus-9-20290101", "anthropic/claude-opus-9-20290101"),
    ("gemini-9-ultra", "google/gemini-9-ultra"), ("ft:gpt-4o:me::1", "openai/ft-gpt-4o-me--1"),
])  # fmt: skip
def test_a_model_that_is_not_listed_gets_the_author_of_its_family(listed, name, model):
    found = listed.resolve(name)
    assert (found.model, found.how) == (model, "")


def test_what_has_no_author_is_said_to_stop_an_analysis(tmp_path):
    rows = [
        request(number, model_permaslug=name)
        for number, name in enumerate(("gpt-4o", "gpt-9", "ours", "ours"))
    ]
    account, log = imported(tmp_path, table(rows))
    (said,) = [sentence for sentence in account.warnings if "without an author" in sentence]
    assert said.startswith("2 rows of models without an author (ours): an analysis stops at them")
    assert sorted(log["model"].to_pylist()) == ["openai/gpt-4o", "openai/gpt-9", "ours", "ours"]
    assert [one.id for one in account.unresolved] == ["ours", "gpt-9"]


def test_every_listed_model_and_version_means_itself(listed):
    for row in without_variants(models()).to_pylist():
        assert listed.resolve(row["model"]).model == row["model"]


@pytest.mark.parametrize("variant", ["free", "nitro", "thinking"])
def test_a_variant_goes_to_its_own_field(listed, variant):
    found = listed.resolve(f"openai/gpt-4o:{variant}")
    assert (found.model, found.variant) == ("openai/gpt-4o", variant)


def of(*names):
    """A models table of these names."""
    row = {
        "name": "", "author": "a", "released": None, "open_weights": False, "origin": "RoW", "reasoning": "none",
        "reasoning_optimised": False, "tools": True,
    }  # fmt: skip
    schema = pa.schema([field.with_nullable(True) for field in arrow_schema("models")])
    return pa.Table.from_pylist([row | {"model": name} for name in names], schema=schema)


def test_an_id_that_could_mean_two_models_means_none():
    known = Listed(of("one/chat-2-pro", "two/chat-2-pro", "one/pro-chat-3", "one/chat-pro-3"))
    assert known.resolve("chat-2-pro").how == ""
    assert known.resolve("one/3-chat-pro").how == ""
    assert known.resolve("one/chat-2-pro").how == AS_LISTED


def test_a_model_that_is_listed_with_and_without_its_variant_is_listed_once():
    assert without_variants(of("a/b:free", "a/b", "a/c:free"))["model"].to_pylist() == ["a/b", "a/c"]


def test_a_rows_own_variant_goes_before_that_of_its_id(tmp_path):
    ids = [("openai/gpt-4o:free", ""), ("openai/gpt-4o:free", "nitro"), ("openai/gpt-4o", "")]
    rows = [request(n, model_permaslug=name, variant=variant) for n, (name, variant) in enumerate(ids)]
    account, log = imported(tmp_path, table(rows))
    assert log["variant"].to_pylist() == ["free", "nitro", None]
    assert set(log["model"].to_pylist()) == {"openai/gpt-4o"}
    assert {(one.id, one.rows) for one in account.ids} == {("openai/gpt-4o:free", 2), ("openai/gpt-4o", 1)}
    assert account.unresolved == ()
