"""The words in which vendors say why a response ended, and the contract's word for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analysis.contract import FINISH_REASONS

_VENDORS: Mapping[str, str] = {
    # OpenAI, chat and responses
    "completed": "stop", "function_call": "tool_calls", "incomplete": "length", "failed": "error",
    "max_output_tokens": "length",
    # Anthropic, Bedrock
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls",
    "refusal": "content_filter", "guardrail_intervened": "content_filter", "content_filtered": "content_filter",
    "model_context_window_exceeded": "length", "malformed_model_output": "error", "malformed_tool_use": "error",
    # Google (letter case does not count)
    "safety": "content_filter", "recitation": "content_filter", "blocklist": "content_filter",
    "prohibited_content": "content_filter", "spii": "content_filter", "malformed_function_call": "error",
    "image_safety": "content_filter", "language": "content_filter", "unexpected_tool_call": "error",
    "too_many_tool_calls": "error",
    # Mistral, Cohere, open servers
    "model_length": "length", "complete": "stop", "eos": "stop", "eos_token": "stop", "tool_call": "tool_calls",
    "error_toxic": "content_filter", "error_limit": "length", "timeout": "error",
    # DeepSeek
    "insufficient_system_resource": "error",
}  # fmt: skip

WORDS: Final[Mapping[str, str]] = {reason: reason for reason in FINISH_REASONS} | dict(_VENDORS)
"""By the vendor's word in lower case; some SDKs write tool-calls, which is the same. Source: the vendors' API
references."""


def is_known(word: str) -> bool:
    """Whether a source's word is known; letter case and hyphens do not count."""
    return word.lower().replace("-", "_") in WORDS
