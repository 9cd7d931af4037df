"""How models work: reasoning models, tool calls, caches, as shares by week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from testbed.validation.questions.form import Column, Question, python
from testbed.validation.questions.known_traps import DIVIDED, REQUESTS, TOKENS, WEEKS, traps
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.use import WEEK, WEEK_PY, WEEKLY
from testbed.validation.tables import Row

TOPIC = "agentic use"


def of_tokens(log: Reading, belongs: Callable[[Row], bool]) -> Iterator[dict[str, Any]]:
    """The part of each week's tokens that is of requests which belong; a week without such tokens may be left out."""
    for week, rows in log.weeks.items():
        own = log.tokens(filter(belongs, rows))
        yield {"week": week, "share": log.rules.over(own, log.tokens(rows)), "optional": not own}


def tool_share(log: Reading) -> Iterator[dict[str, Any]]:
    """Tokens of requests that ended in a tool call. A week whose finish reasons are all missing has 0, as any plain
    query gives; the analysis calls it unknown."""
    return of_tokens(log, lambda row: row["finish_reason"] == "tool_calls")


def reasoning_share(log: Reading) -> Iterator[dict[str, Any]]:
    """Tokens of models that are flagged as reasoning-optimised."""
    return of_tokens(log, lambda row: bool((log.facts(row) or {}).get("reasoning_optimised")))


def cache_hit_rate(log: Reading) -> Iterator[dict[str, Any]]:
    """Cached prompt tokens over prompt tokens, of the requests of which both are known."""
    for week, rows in log.weeks.items():
        known = [row for row in rows if row["tokens_cached"] is not None]
        cached, prompts = (
            log.total(row[name] for row in known) for name in ("tokens_cached", "tokens_prompt")
        )
        share = log.rules.over(cached, prompts)
        yield {"week": week, "share": share, "optional": share is None}


SHARE_TRAPS = traps(
    *WEEKS,
    *TOKENS,
    "share of another total",
    "the rest for the part",
    "mean for sum",
    "requests for tokens",
    "mean of ratios",
    "nothing as null",
    *DIVIDED,
)

TOOL_SHARE = Question(
    "tool_share", TOPIC,
    "What share of each week's tokens is of requests that end in a tool call?",
    f"{WEEKLY} share = prompt + completion tokens of the week's requests with finish_reason `tool_calls` over those of "
    "all requests of the week; requests without a finish reason are in the denominator alone. It is not the share of "
    "requests that were offered tools.",
    (WEEK, Column("share", "share", "tokens of tool calls over all tokens of the week")), tool_share,
    """
-- question: tool_share
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       sum(CASE WHEN finish_reason = 'tool_calls' THEN tokens_prompt + tokens_completion ELSE 0 END)
         / sum(tokens_prompt + tokens_completion) AS share
FROM generations
GROUP BY week
ORDER BY week
""",
    python("tool_share", WEEK_PY + '''

def tool_share(generations: pd.DataFrame) -> pd.DataFrame:
    tokens = generations["tokens_prompt"] + generations["tokens_completion"]
    called = tokens.where(generations["finish_reason"] == "tool_calls", 0)
    week = monday(generations["created_at"]).rename("week")
    return (called.groupby(week).sum() / tokens.groupby(week).sum()).rename("share").reset_index()
''', model=False),
    (*SHARE_TRAPS, *traps("offered for called", "flag that may be missing")), {}, "weeks without tool calls",
)  # fmt: skip

REASONING_SHARE = Question(
    "reasoning_share", TOPIC,
    "What share of each week's tokens goes to reasoning-optimised models?",
    f"{WEEKLY} share = prompt + completion tokens of the week's requests to models that the models table flags as "
    "reasoning_optimised over those of all requests of the week, of models without an entry, too. All tokens of those "
    "models count, not the reasoning tokens alone.",
    (WEEK, Column("share", "share", "tokens of reasoning-optimised models over all tokens of the week")),
    reasoning_share,
    """
-- question: reasoning_share
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       sum(CASE WHEN reasoning_optimised THEN tokens_prompt + tokens_completion ELSE 0 END)
         / sum(tokens_prompt + tokens_completion) AS share
FROM generations LEFT JOIN models USING (model)
GROUP BY week
ORDER BY week
""",
    python("reasoning_share", WEEK_PY + '''

def reasoning_share(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    flagged = set(models.loc[models["reasoning_optimised"], "model"])
    tokens = generations["tokens_prompt"] + generations["tokens_completion"]
    own = tokens.where(generations["model"].isin(flagged), 0)
    week = monday(generations["created_at"]).rename("week")
    return (own.groupby(week).sum() / tokens.groupby(week).sum()).rename("share").reset_index()
''', model=False),
    (*SHARE_TRAPS, *traps("unknown models dropped", "unknown models as others", "rows repeated by a join",
                           "aliases apart",
                           "reasoning tokens alone")), {}, "weeks without such models",
)  # fmt: skip

CACHE_HIT_RATE = Question(
    "cache_hit_rate", TOPIC,
    "What share of each week's prompt tokens is read from a cache?",
    f"{WEEKLY} share = cached tokens over prompt tokens, each summed over the week's requests whose tokens_cached is "
    "recorded; a missing value is not known and is no 0. A week without any such request has none.",
    (WEEK, Column("share", "share", "cached tokens over prompt tokens")), cache_hit_rate,
    """
-- question: cache_hit_rate
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week, sum(tokens_cached) / sum(tokens_prompt) AS share
FROM generations
WHERE tokens_cached IS NOT NULL
GROUP BY week
ORDER BY week
""",
    python("cache_hit_rate", WEEK_PY + '''

def cache_hit_rate(generations: pd.DataFrame) -> pd.DataFrame:
    known = generations[generations["tokens_cached"].notna()]
    week = monday(known["created_at"]).rename("week")
    sums = known.groupby(week)[["tokens_cached", "tokens_prompt"]].sum()
    return (sums["tokens_cached"] / sums["tokens_prompt"]).rename("share").reset_index()
''', model=False),
    traps(*WEEKS, "equal amounts once", "nulls as zero", "requests for tokens", "mean of ratios",
          "share of another total", "the rest for the part", "mean for sum", *DIVIDED, *REQUESTS),
    {}, "weeks in which it is not known",
)  # fmt: skip

QUESTIONS = (TOOL_SHARE, REASONING_SHARE, CACHE_HIT_RATE)
