"""Money: effective cost by model and by author, how use goes with it, and spend by region."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from analysis.contract import CONTINENTS
from testbed.validation.questions.form import Column, Question, python
from testbed.validation.questions.known_traps import DIVIDED, REQUESTS, WEEKS, traps
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.use import WEEK, WEEK_PY, WEEKLY
from testbed.validation.tables import Row

TOPIC = "cost"
MILLION = 1_000_000
UNKNOWN = "unknown"
LEAST_MODELS = 3
CHARGED = (
    "Charged requests are those not paid with the customer's own key (byok false; requests whose byok is missing are "
    "left out) and not of a free variant (variant `free`). charged_tokens = their prompt + completion tokens; cost_usd "
    "= what was charged for them, the sum of cost_total; cost_usd_per_mtok = cost_usd over charged_tokens, times a "
    "million."
)
COSTS = (
    Column("charged_tokens", "count", "prompt and completion tokens of charged requests"),
    Column("cost_usd", "money", "USD charged for them", adds=True),
    Column("cost_usd_per_mtok", "money", "USD for a million of them"),
)
COST_TRAPS = traps(
    "equal amounts once", "reasoning twice", "cached twice", "parts of tokens left out", "failed requests dropped",
    "retries dropped", "incomplete rows dropped", "mean for sum", "another unit", "own keys in",
    "free variants in", "missing variants dropped", "list price", "latest price",
    "rounded before the sum", "integer division", "unknown models dropped", "rows repeated by a join",
)  # fmt: skip


def effective_costs(log: Reading, name: str, key: Callable[[Row], str]) -> Iterator[dict[str, Any]]:
    """Charged tokens and costs by key; what has requests but none that were charged may be left out."""
    for value, rows in sorted(groups(log.requests, key).items()):
        held = [row for row in rows if log.rules.charged(row)]
        tokens, cost = log.tokens(held), log.cost(held)
        each = log.rules.over(cost, tokens)
        yield {
            name: value,
            "charged_tokens": tokens,
            "cost_usd": cost,
            "cost_usd_per_mtok": None if each is None else each * MILLION,
            "optional": not held,
        }


def by_model(log: Reading) -> Iterator[dict[str, Any]]:
    """Effective cost of each model."""
    return effective_costs(log, "model", log.rules.model)


def by_author(log: Reading) -> Iterator[dict[str, Any]]:
    """Effective cost of each author's models together."""
    return effective_costs(log, "author", log.author)


def elasticity(log: Reading) -> Iterator[dict[str, Any]]:
    """The least-squares line of log10 tokens on log10 cost across models."""
    points = [
        (math.log10(row["cost_usd_per_mtok"]), math.log10(row["charged_tokens"]))
        for row in by_model(log)
        if row["charged_tokens"] > 0 and row["cost_usd"] > 0 and row["cost_usd_per_mtok"] is not None
    ]
    slope = intercept = r_squared = None
    if len(points) >= LEAST_MODELS and len({round(x, 12) for x, _ in points}) > 1:
        x_mean = math.fsum(x for x, _ in points) / len(points)
        y_mean = math.fsum(y for _, y in points) / len(points)
        sxx = math.fsum((x - x_mean) ** 2 for x, _ in points)
        sxy = math.fsum((x - x_mean) * (y - y_mean) for x, y in points)
        syy = math.fsum((y - y_mean) ** 2 for _, y in points)
        slope = sxy / sxx
        intercept = y_mean - slope * x_mean
        r_squared = sxy**2 / (sxx * syy) if syy else None
    yield {
        "models": len(points), "slope": slope, "intercept": intercept, "r_squared": r_squared,
        "optional": slope is None,
    }  # fmt: skip


def spend_region(log: Reading) -> Iterator[dict[str, Any]]:
    """Share of spend by week and continent."""
    for week, rows in log.weeks.items():
        parts, whole = groups(rows, lambda row: row["continent"] or UNKNOWN), log.cost(rows)
        for continent in (*CONTINENTS, UNKNOWN):
            spend = log.cost(parts.get(continent, ()))
            yield {
                "week": week,
                "continent": continent,
                "spend_usd": spend,
                "share": log.rules.over(spend, whole),
                "optional": not spend,
            }


COST_SQL = """
SELECT {what}, sum(tokens_prompt + tokens_completion) AS charged_tokens, sum(cost_total) AS cost_usd,
       1000000 * sum(cost_total) / nullif(sum(tokens_prompt + tokens_completion), 0) AS cost_usd_per_mtok
FROM generations
WHERE byok = false AND variant IS DISTINCT FROM 'free'
GROUP BY ALL
"""
AUTHOR_SQL = "split_part(model, '/', 1) AS author"
COST_PY = '''
import pandas as pd


def costs(generations: pd.DataFrame) -> pd.DataFrame:
    """Charged tokens and costs of each model."""
    kept = generations[generations["byok"].eq(False) & generations["variant"].ne("free")]
    kept = kept.assign(charged_tokens=kept["tokens_prompt"] + kept["tokens_completion"])
    sums = kept.groupby("model")[["charged_tokens", "cost_total"]].sum().reset_index()
    return sums.rename(columns={"cost_total": "cost_usd"})
'''

EFFECTIVE_COST = Question(
    "effective_cost", TOPIC,
    "What does a million tokens of each model cost in effect?",
    f"{CHARGED} One row a listed model with charged requests.",
    (Column("model", "key", "listed id", of="text"), *COSTS), by_model,
    f"-- question: effective_cost{COST_SQL.format(what='model')}ORDER BY charged_tokens DESC, model",
    python("effective_cost", COST_PY + '''

def effective_cost(generations: pd.DataFrame) -> pd.DataFrame:
    sums = costs(generations)
    sums["cost_usd_per_mtok"] = 1e6 * sums["cost_usd"] / sums["charged_tokens"]
    return sums
''', model=False),
    (*COST_TRAPS, *traps("float money", "money rounded", "mean of ratios", "aliases apart", "versions merged")),
    {}, "models without charged requests",
)  # fmt: skip

EFFECTIVE_COST_BY_AUTHOR = Question(
    "effective_cost_by_author", TOPIC,
    "What does a million tokens of each author's models cost in effect?",
    f"{CHARGED} author = what stands before the slash of the listed id; sums are over all models of the author. One "
    "row an author with charged requests.",
    (Column("author", "key", "the part of `model` before the slash", of="text"), *COSTS), by_author,
    f"-- question: effective_cost_by_author{COST_SQL.format(what=AUTHOR_SQL)}"
    "ORDER BY charged_tokens DESC, author",
    python("effective_cost_by_author", COST_PY + '''

def effective_cost_by_author(generations: pd.DataFrame) -> pd.DataFrame:
    sums = costs(generations.assign(model=generations["model"].str.split("/").str[0]))
    sums["cost_usd_per_mtok"] = 1e6 * sums["cost_usd"] / sums["charged_tokens"]
    return sums.rename(columns={"model": "author"})
''', model=False),
    (*COST_TRAPS, *traps("float money", "money rounded", "mean of ratios", "another author")), {},
    "authors without charged requests",
)  # fmt: skip

ELASTICITY = Question(
    "elasticity", TOPIC,
    "How does the use of models go with their effective cost?",
    f"{CHARGED} Each model with charged tokens and a cost above 0 is a point: x = log10 of cost_usd_per_mtok, y = "
    "log10 of charged_tokens. slope = the slope of the least-squares line of y on x; missing with fewer than three "
    "models, or models of one cost alone. One row. It is an association across models, not an effect of prices.",
    (
        Column("slope", "mean", "slope of the line"),
        Column("models", "count", "points", required=False, adds=False),
        Column("intercept", "mean", "the line at x = 0", required=False),
        Column("r_squared", "share", "part of the variance of y that the line explains", required=False),
    ),
    elasticity,
    f"""-- question: elasticity
WITH costs AS ({COST_SQL.format(what='model')})
SELECT regr_slope(log10(charged_tokens), log10(cost_usd_per_mtok)) AS slope, count(*) AS models
FROM costs
WHERE cost_usd > 0 AND charged_tokens > 0
HAVING count(*) >= 3
""",
    python("elasticity", COST_PY + '''

def elasticity(generations: pd.DataFrame) -> pd.DataFrame:
    import numpy as np

    sums = costs(generations)
    sums = sums[(sums["cost_usd"] > 0) & (sums["charged_tokens"] > 0)]
    x = np.log10(1e6 * sums["cost_usd"] / sums["charged_tokens"])
    y = np.log10(sums["charged_tokens"])
    slope = None
    if len(x) >= 3 and np.ptp(x) > 0:
        slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return pd.DataFrame({"slope": [slope]})
''', model=False),
    (*COST_TRAPS, *traps("aliases apart", "other points", "axes turned", "logarithms left out", "natural logarithms",
                         "one added first", "another line", "sample and population")),
    {}, "the row without a slope", ("shuffled rows", "split files", "renamed ids", "whole-week shift"),
)  # fmt: skip

SPEND_REGION = Question(
    "spend_region", TOPIC,
    "What share of each week's spend comes from each continent?",
    f"{WEEKLY} continent = the account's continent of billing; requests without one are `unknown`. share = the sum of "
    "cost_total of the week's requests billed there over the sum of cost_total of all requests of the week, unknown "
    "ones included; requests with the customer's own key count with the gateway's fee. One row a week and continent; "
    "missing in a week without spend.",
    (
        WEEK,
        Column("continent", "key", ", ".join((*CONTINENTS, UNKNOWN)), of="text", missing_as=UNKNOWN),
        Column("share", "share", "spend of the continent over all spend of the week"),
        Column("spend_usd", "money", "USD charged", required=False, adds=True),
    ),
    spend_region,
    """
-- question: spend_region
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week, coalesce(continent, 'unknown') AS continent,
       sum(cost_total) / nullif(sum(sum(cost_total)) OVER (PARTITION BY week), 0) AS share
FROM generations
GROUP BY 1, 2
ORDER BY 1, 2
""",
    python("spend_region", WEEK_PY + '''

def spend_region(generations: pd.DataFrame) -> pd.DataFrame:
    log = generations.assign(
        week=monday(generations["created_at"]), continent=generations["continent"].fillna("unknown")
    )
    spend = log.groupby(["week", "continent"])["cost_total"].sum()
    return (spend / spend.groupby("week").transform("sum")).rename("share").reset_index()
''', model=False),
    traps(*WEEKS, "null regions dropped", "share of another total", "requests for tokens", "mean of ratios",
          "null regions as others", "mean for sum",
          "equal amounts once", "window frames", "list price", "latest price", "rounded before the sum",
          "money rounded", "float money",
          *REQUESTS, *DIVIDED),
    {}, "continents without spend in a week",
)  # fmt: skip

QUESTIONS = (EFFECTIVE_COST, EFFECTIVE_COST_BY_AUTHOR, ELASTICITY, SPEND_REGION)
