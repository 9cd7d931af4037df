"""What requests are about: shares and lengths by category, from the labelled sample."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analysis.contract import CATEGORIES
from testbed.validation.questions.form import Column, Question, python
from testbed.validation.questions.known_traps import DIVIDED, LABELLED, LABELS, REQUESTS, TOKENS, WEEKS, traps
from testbed.validation.questions.reading import Labelled, Reading
from testbed.validation.questions.rules import OTHER
from testbed.validation.questions.use import WEEK, WEEK_PY

TOPIC = "categories"
PROGRAMMING = "programming"
CATEGORY = Column("category", "key", "category of the labels' paths", of="text", missing_as=OTHER)
CARRIED = (
    "Labels with a confidence below 0.5 are dropped. The category of a label is that of the longest path in the table "
    "`taxonomy` (path, category) that its own equals or lies under, else `other`. A request carries each distinct "
    "category of its labels once, with all its tokens, and is labelled if it carries any, `other` included."
)
SHARE_TRAPS = traps(
    *WEEKS, *TOKENS, *LABELS, "sample for the whole", "label tokens as total", "requests for tokens",
    "share of another total", "mean of ratios", "mean for sum", "weighted labels", "nothing as null", *DIVIDED,
)  # fmt: skip
LABELLED_WEEKS = "Weeks are UTC weeks from Monday, those with labelled requests."


def labelled_weeks(log: Reading) -> dict[dt.date, list[Labelled]]:
    """The labelled requests by week."""
    found: dict[dt.date, list[Labelled]] = defaultdict(list)
    for one in log.labelled:
        found[log.week(one.row)].append(one)
    return dict(sorted(found.items()))


def category_share(log: Reading) -> Iterator[dict[str, Any]]:
    """Share of each category in the labelled tokens of the week."""
    for week, held in labelled_weeks(log).items():
        whole = log.tokens(one.row for one in held)
        for category in (*CATEGORIES, OTHER):
            tokens = log.tokens(row for one in held for row in one.rows_of(category))
            yield {
                "week": week,
                "category": category,
                "tokens": tokens,
                "share": log.rules.over(tokens, whole),
                "optional": not tokens or category == OTHER,
            }


def programming_share(log: Reading) -> Iterator[dict[str, Any]]:
    """The rows of programming."""
    return (row for row in category_share(log) if row["category"] == PROGRAMMING)


def mean_lengths(log: Reading) -> Iterator[dict[str, Any]]:
    """Mean tokens of a request by week and category."""
    for week, held in labelled_weeks(log).items():
        for category in (*CATEGORIES, OTHER):
            rows = [row for one in held for row in one.rows_of(category)]
            if rows:
                yield {
                    "week": week,
                    "category": category,
                    "mean_prompt": log.mean(row["tokens_prompt"] for row in rows),
                    "mean_completion": log.mean(row["tokens_completion"] for row in rows),
                    "mean_total": log.mean(map(log.rules.tokens, rows)),
                    "optional": category == OTHER,
                }


def programming_length(log: Reading) -> Iterator[dict[str, Any]]:
    """Mean length of labelled programming requests over that of all requests of the week, labelled or not."""
    for week, held in labelled_weeks(log).items():
        rows = [row for one in held for row in one.rows_of(PROGRAMMING)]
        others = [one.row for one in held if PROGRAMMING not in one.categories]
        every = log.weeks[week]
        mean, of_all = (log.mean(map(log.rules.tokens, part)) for part in (rows, every))
        yield {
            "week": week,
            "mean_programming": mean,
            "mean_other": log.mean(map(log.rules.tokens, others)),
            "mean_all": of_all,
            "ratio": None if mean is None or of_all is None else log.rules.over(mean, of_all),
            "optional": not rows,
        }


CARRIED_SQL = """
WITH listed AS (  -- the category of each path: that of the longest listed path above it
  SELECT kept.path, coalesce(max_by(category, length(taxonomy.path)), 'other') AS category
  FROM (SELECT DISTINCT path FROM labels) AS kept
  LEFT JOIN taxonomy ON kept.path = taxonomy.path OR starts_with(kept.path, taxonomy.path || '/')
  GROUP BY kept.path
),
carried AS (
  SELECT DISTINCT generation_id, category FROM labels JOIN listed USING (path) WHERE confidence >= 0.5
),
log AS (
  SELECT generation_id, date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week, tokens_prompt,
         tokens_completion, tokens_prompt + tokens_completion AS tokens
  FROM generations
)"""
WHOLE_SQL = """,
whole AS (
  SELECT week, sum(tokens) AS tokens FROM log WHERE generation_id IN (SELECT generation_id FROM carried) GROUP BY week
)"""
CARRIED_PY = (
    WEEK_PY
    + '''

def carried(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    """One row a labelled request and distinct category."""
    listed = dict(zip(taxonomy["path"], taxonomy["category"]))

    def category(path: str) -> str:
        while path and path not in listed:
            path = path.rpartition("/")[0]
        return listed.get(path, "other")

    kept = labels[labels["confidence"] >= 0.5]
    kept = kept.assign(category=kept["path"].map(category))[["generation_id", "category"]].drop_duplicates()
    log = generations.assign(
        week=monday(generations["created_at"]),
        tokens=generations["tokens_prompt"] + generations["tokens_completion"],
    )
    return kept.merge(log, on="generation_id")
'''
)

CATEGORY_SHARE = Question(
    "category_share", TOPIC,
    "What share of each week's labelled tokens is of each category?",
    f"{CARRIED} {LABELLED_WEEKS} share = tokens (prompt + completion) of the week's requests that carry the category "
    "over the tokens of the week's labelled requests, each counted once; so a week's shares can add up to more than 1.",
    (
        WEEK,
        CATEGORY,
        Column("share", "share", "tokens of the category over all labelled tokens of the week"),
        Column("tokens", "count", "tokens of the requests that carry the category", required=False),
    ),
    category_share,
    f"""
-- question: category_share
{CARRIED_SQL.strip()}{WHOLE_SQL}
SELECT week, category, sum(log.tokens) AS tokens, sum(log.tokens) / any_value(whole.tokens) AS share
FROM carried JOIN log USING (generation_id) JOIN whole USING (week)
GROUP BY week, category
ORDER BY week, category
""",
    python("category_share", CARRIED_PY + '''

def category_share(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    rows = carried(generations, labels, taxonomy)
    whole = rows.drop_duplicates("generation_id").groupby("week")["tokens"].sum()
    sums = rows.groupby(["week", "category"])["tokens"].sum().reset_index()
    sums["share"] = sums["tokens"] / sums["week"].map(whole)
    return sums
''', model=False),
    (*SHARE_TRAPS, *traps("window frames", "another unit")), {}, "categories without tokens in a week, and `other`",
)  # fmt: skip

PROGRAMMING_SHARE = Question(
    "programming_share", TOPIC,
    "What share of each week's labelled tokens is programming?",
    f"The share of the category `programming` in `category_share`. {CARRIED} {LABELLED_WEEKS} share = tokens (prompt + "
    "completion) of the week's requests that carry programming over the tokens of the week's labelled requests, each "
    "counted once.",
    (WEEK, Column("share", "share", "tokens of programming over all labelled tokens of the week")),
    programming_share,
    f"""
-- question: programming_share
{CARRIED_SQL.strip()}
SELECT week,
       sum(tokens) FILTER (generation_id IN (SELECT generation_id FROM carried WHERE category = 'programming'))
         / sum(tokens) AS share
FROM log
WHERE generation_id IN (SELECT generation_id FROM carried)
GROUP BY week
HAVING share IS NOT NULL
ORDER BY week
""",
    python("programming_share", CARRIED_PY + '''

def programming_share(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    rows = carried(generations, labels, taxonomy)
    whole = rows.drop_duplicates("generation_id").groupby("week")["tokens"].sum()
    own = rows[rows["category"] == "programming"].groupby("week")["tokens"].sum()
    return (own.reindex(whole.index, fill_value=0) / whole).rename("share").reset_index()
''', model=False),
    (*SHARE_TRAPS, *traps("the rest for the part")), {}, "weeks without programming",
)  # fmt: skip

MEAN_LENGTHS = Question(
    "mean_lengths", TOPIC,
    "How long are requests of each category, on average?",
    f"{CARRIED} {LABELLED_WEEKS} mean_prompt = prompt tokens of the week's requests that carry the category over their "
    "number; mean_completion likewise (reasoning is inside). One row a week and category with such requests.",
    (
        WEEK,
        CATEGORY,
        Column("mean_prompt", "mean", "prompt tokens a request"),
        Column("mean_completion", "mean", "completion tokens a request"),
        Column("mean_total", "mean", "prompt and completion tokens a request", required=False),
    ),
    mean_lengths,
    f"""
-- question: mean_lengths
{CARRIED_SQL.strip()}
SELECT week, category, avg(tokens_prompt) AS mean_prompt, avg(tokens_completion) AS mean_completion,
       avg(tokens) AS mean_total
FROM carried JOIN log USING (generation_id)
GROUP BY week, category
ORDER BY week, category
""",
    python("mean_lengths", CARRIED_PY + '''

def mean_lengths(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    rows = carried(generations, labels, taxonomy)
    means = rows.groupby(["week", "category"])[["tokens_prompt", "tokens_completion"]].mean()
    means.columns = ["mean_prompt", "mean_completion"]
    return means.reset_index()
''', model=False),
    traps(*WEEKS, "equal amounts once", "reasoning twice", "cached twice", *REQUESTS, *LABELLED, "mean of ratios",
          "median for mean", "sums for means",
          "another unit", "empty kinds as rows", "share of another total", "integer division"),
    {}, "`other`",
)  # fmt: skip

PROGRAMMING_LENGTH = Question(
    "programming_length", TOPIC,
    "How much longer than all requests are programming ones?",
    f"{CARRIED} {LABELLED_WEEKS} mean_programming = tokens (prompt + completion) of the week's requests that carry "
    "programming over their number; mean_all = tokens of all requests of the week, labelled or not, over their number; "
    "ratio = mean_programming over mean_all. One row a week with labelled programming requests.",
    (
        WEEK,
        Column("ratio", "mean", "mean_programming over mean_all"),
        Column("mean_programming", "mean", "tokens of a labelled programming request", required=False),
        Column("mean_all", "mean", "tokens of a request, labelled or not", required=False),
        Column("mean_other", "mean", "tokens of a labelled request without programming", required=False),
    ),
    programming_length,
    f"""
-- question: programming_length
{CARRIED_SQL.strip()}
SELECT week,
       avg(tokens) FILTER (generation_id IN (SELECT generation_id FROM carried WHERE category = 'programming'))
         AS mean_programming,
       avg(tokens) AS mean_all,
       mean_programming / mean_all AS ratio
FROM log
GROUP BY week
HAVING mean_programming IS NOT NULL
ORDER BY week
""",
    python("programming_length", CARRIED_PY + '''

def programming_length(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    rows = carried(generations, labels, taxonomy)
    own = rows[rows["category"] == "programming"].groupby("week")["tokens"].mean()
    tokens = generations["tokens_prompt"] + generations["tokens_completion"]
    every = tokens.groupby(monday(generations["created_at"])).mean()
    return pd.DataFrame({
        "week": own.index, "mean_programming": own.values, "mean_all": every.reindex(own.index).values,
        "ratio": (own / every.reindex(own.index)).values,
    })
''', model=False),
    traps(*WEEKS, *TOKENS, *LABELS, "sample for the whole", "median for mean", "sums for means",
          "mean of ratios", "another unit",
          "turned around",
          "integer division"),
    {}, "weeks without labelled programming requests",
)  # fmt: skip

QUESTIONS = (CATEGORY_SHARE, PROGRAMMING_SHARE, MEAN_LENGTHS, PROGRAMMING_LENGTH)
