"""Columns by what they hold, where no name says what they are: models of the catalogue, kinds of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from analysis.importing.guessing.names import SUMMED, named
from analysis.importing.guessing.sample import ENOUGH, Column, Sample
from analysis.importing.model_ids import Listed

_KINDS = (
    "run_type", "observation_type", "span_kind", "openinference.span.kind", "gen_ai.operation.name", "call_type",
    "api_type", "request_type", "model_type", "operation_name", "type", "kind",
)  # fmt: skip
"""Columns that say what a row is, by their names in LangSmith, Langfuse, OpenInference, OpenTelemetry, LiteLLM,
OpenRouter and Cloudflare."""
_NO_REQUESTS = frozenset(
    ("agent", "chain", "embedding", "embeddings", "evaluator", "event", "execute_tool", "guardrail", "image",
     "image_generation", "invoke_agent", "moderation", "parser", "prompt", "rerank", "reranker", "retriever", "span",
     "speech", "task", "tool", "transcription", "workflow")
)  # fmt: skip
"""Words there for what is no request to a language model, or sums requests up."""


def models(columns: Iterable[Column], listed: pa.Table) -> list[str]:
    """The places whose values are listed models."""
    known = Listed(listed)
    found = []
    for column in columns:
        names = set(column.filled)
        meant = sum(bool(known.resolve(name).how) for name in names)
        if names and meant >= ENOUGH * len(names):
            found.append(column.place)
    return found


def sums(sample: Sample) -> tuple[str, ...]:
    """The columns that say that a row is a sum of several requests."""
    return tuple(
        place
        for place in named(sample.columns, SUMMED)
        if any((number or 0) > 1 for number in sample.columns[place].numbers or ())
    )


def asides(sample: Sample) -> Mapping[str, list[str]]:
    """By column that says what a row is: its words for rows that are no requests, where others are some."""
    found = {}
    for place in named(sample.columns, _KINDS):
        words = {text.lower() for text in sample.columns[place].filled}
        others = {word for word in words if word.removeprefix("a") in _NO_REQUESTS or word in _NO_REQUESTS}
        if others and others < words:
            found[place] = sorted(others)
    return found
