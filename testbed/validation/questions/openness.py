"""Whose models are used: token shares by week, by openness and origin, and by author."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from testbed.validation.questions.form import Column, Question, python
from testbed.validation.questions.known_traps import DIVIDED, TOKENS, WEEKS, traps
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.use import WEEK, WEEK_PY, WEEKLY
from testbed.validation.tables import Row

TOPIC = "models"
SHARE_TRAPS = traps(
    *WEEKS, *TOKENS, "mean for sum", "another unit", "share of another total",
    "requests for tokens", "mean of ratios", "window frames",
    "unknown models dropped", "rows repeated by a join", "nothing as null", *DIVIDED,
)  # fmt: skip
SOURCE_TYPES = ("closed", "cn-closed", "cn-open", "row-open", "unknown")


def source_type(facts: Row | None) -> str:
    """The source type of a model with these facts."""
    if facts is None or facts["open_weights"] is None or facts["origin"] not in ("CN", "RoW"):
        return "unknown"
    if facts["open_weights"]:
        return "cn-open" if facts["origin"] == "CN" else "row-open"
    return "cn-closed" if facts["origin"] == "CN" else "closed"


def shares(
    log: Reading, name: str, kind: Callable[[Row], str], kinds: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """Tokens and shares of the week's tokens by week and kind; kinds without tokens may be left out."""
    kinds = sorted(kinds)
    for week, rows in log.weeks.items():
        parts, whole = groups(rows, kind), log.tokens(rows)
        for one in kinds:
            tokens = log.tokens(parts.get(one, ()))
            share = log.rules.over(tokens, whole)
            yield {"week": week, name: one, "tokens": tokens, "share": share, "optional": not tokens}


def by_source_type(log: Reading) -> Iterator[dict[str, Any]]:
    """Shares of the source types."""
    return shares(log, "source_type", lambda row: source_type(log.facts(row)), SOURCE_TYPES)


def by_author(log: Reading) -> Iterator[dict[str, Any]]:
    """Shares of the authors."""
    return shares(log, "author", log.author, set(map(log.author, log.requests)))


WEEKLY_OPENNESS = Question(
    "weekly_openness", TOPIC,
    "What share of each week's tokens goes to open models, and from where?",
    f"{WEEKLY} source_type of a model, from the models table: `closed` (closed weights, origin RoW), `cn-closed`, "
    "`cn-open`, `row-open`, and `unknown` for a model without an entry. tokens = prompt + completion tokens of all "
    "requests of the week to models of the type; share = those over the tokens of all requests of the week, unknown "
    "models included. One row a week and type.",
    (
        WEEK,
        Column("source_type", "key", ", ".join(SOURCE_TYPES), of="text", missing_as="unknown"),
        Column("tokens", "count", "prompt and completion tokens of the type"),
        Column("share", "share", "tokens over those of the whole week"),
    ),
    by_source_type,
    """
-- question: weekly_openness
WITH typed AS (
  SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
         CASE WHEN open_weights AND origin = 'CN' THEN 'cn-open'
              WHEN open_weights AND origin = 'RoW' THEN 'row-open'
              WHEN NOT open_weights AND origin = 'CN' THEN 'cn-closed'
              WHEN NOT open_weights AND origin = 'RoW' THEN 'closed'
              ELSE 'unknown' END AS source_type,
         tokens_prompt + tokens_completion AS tokens
  FROM generations LEFT JOIN models USING (model)
)
SELECT week, source_type, sum(tokens) AS tokens, sum(tokens) / sum(sum(tokens)) OVER (PARTITION BY week) AS share
FROM typed
GROUP BY week, source_type
ORDER BY week, source_type
""",
    python("weekly_openness", WEEK_PY + '''

def weekly_openness(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    facts = models.set_index("model")
    openness = {
        (True, "CN"): "cn-open", (True, "RoW"): "row-open", (False, "CN"): "cn-closed", (False, "RoW"): "closed",
    }
    types = {
        model: openness.get((opened, origin), "unknown")
        for model, opened, origin in zip(facts.index, facts["open_weights"], facts["origin"])
    }
    log = pd.DataFrame({
        "week": monday(generations["created_at"]),
        "source_type": generations["model"].map(types).fillna("unknown"),
        "tokens": generations["tokens_prompt"] + generations["tokens_completion"],
    })
    sums = log.groupby(["week", "source_type"])["tokens"].sum().reset_index()
    sums["share"] = sums["tokens"] / sums.groupby("week")["tokens"].transform("sum")
    return sums
''', model=False),
    (*SHARE_TRAPS, *traps("unknown models as others", "source types merged", "aliases apart")),
    {}, "types without tokens in a week",
)  # fmt: skip

WEEKLY_AUTHORS = Question(
    "weekly_authors", TOPIC,
    "What share of each week's tokens goes to each author's models?",
    f"{WEEKLY} author = what stands before the slash of the model's listed id. tokens = prompt + completion tokens of "
    "all requests of the week to the author's models; share = those over the tokens of all requests of the week. One "
    "row a week and author.",
    (
        WEEK,
        Column("author", "key", "the part of `model` before the slash", of="text"),
        Column("share", "share", "the author's tokens over those of the whole week"),
        Column("tokens", "count", "prompt and completion tokens of the author's models", required=False),
    ),
    by_author,
    """
-- question: weekly_authors
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week, split_part(model, '/', 1) AS author,
       sum(tokens_prompt + tokens_completion) AS tokens,
       sum(tokens_prompt + tokens_completion)
         / sum(sum(tokens_prompt + tokens_completion)) OVER (PARTITION BY week) AS share
FROM generations
GROUP BY week, author
ORDER BY week, author
""",
    python("weekly_authors", WEEK_PY + '''

def weekly_authors(generations: pd.DataFrame) -> pd.DataFrame:
    log = generations.assign(
        week=monday(generations["created_at"]),
        author=generations["model"].str.split("/").str[0],
        tokens=generations["tokens_prompt"] + generations["tokens_completion"],
    )
    sums = log.pivot_table(index="week", columns="author", values="tokens", aggfunc="sum").fillna(0)
    return sums.div(sums.sum(axis=1), axis=0).stack().rename("share").reset_index()
''', model=False),
    (*SHARE_TRAPS, *traps("another author")), {}, "authors without tokens in a week",
)  # fmt: skip

QUESTIONS = (WEEKLY_OPENNESS, WEEKLY_AUTHORS)
