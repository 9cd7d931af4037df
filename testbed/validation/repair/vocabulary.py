"""What edits are made of: the conditions, expressions, constants and names that the questions' definitions speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from testbed.validation.questions.form import Question

PERSON = "coalesce(nullif(user_id, ''), account_id)"
MONTH_AFTER_THE_LAST = "(SELECT CAST(date_trunc('month', max(created_at AT TIME ZONE 'UTC') + INTERVAL 1 DAY) AS DATE) FROM generations)"  # noqa: E501
CONDITIONS: tuple[str, ...] = (
    "confidence >= 0.5",
    "byok = FALSE",
    "variant IS DISTINCT FROM 'free'",
    "finish_reason = 'tool_calls'",
    "reasoning_optimised",
    "session_id IS NOT NULL",
    "tokens_cached IS NOT NULL",
    "tokens_prompt + tokens_completion > 0",
    "cost_total > 0",
    f"{PERSON} IS NOT NULL",
    f"CAST(created_at AT TIME ZONE 'UTC' AS DATE) < {MONTH_AFTER_THE_LAST}",
)
"""Conditions that a query may lack, over columns of the contract. That of the model is put beside them."""
DAY_CONDITION = f"_1 < {MONTH_AFTER_THE_LAST}"
"""That a day lies in a complete month of the log."""
PEOPLE = ("user_id", "account_id")
TOKENS = ("tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached")
MODEL_IDS = ("model", "model_permaslug")
EXPRESSIONS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "wrong user": (PEOPLE, (PERSON, "user_id")),
    "wrong time": (("created_at",), (
        "CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE)",
        "CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE)",
        "CAST(created_at AT TIME ZONE 'UTC' AS DATE)",
        "created_at AT TIME ZONE 'UTC'",
    )),
    "wrong tokens": (TOKENS, (
        "(tokens_prompt + tokens_completion)", "tokens_prompt", "tokens_completion",
    )),
    "wrong model id": ((*MODEL_IDS, "variant"), ("model", "split_part(model, '/', 1)")),
}  # fmt: skip
"""By what is wrong: columns of the contract, and what the definitions make of them. An expression of these columns
alone may have to be one of these."""
AGGREGATES = ("SUM", "AVG", "MIN", "MAX", "COUNT", "MEDIAN")
SIBLINGS: tuple[tuple[str, ...], ...] = (
    ("ROW_NUMBER", "RANK", "DENSE_RANK"),
    ("LAG", "LEAD"),
    ("FIRST_VALUE", "LAST_VALUE"),
    ("MIN_BY", "MAX_BY"),
    ("ARG_MIN", "ARG_MAX"),
    ("ARGMIN", "ARGMAX"),
    ("ANY_VALUE", "MIN", "MAX"),
    ("FLOOR", "CEIL", "ROUND", "TRUNC"),
    ("VAR_SAMP", "VAR_POP", "VARIANCE"),
    ("STDDEV_SAMP", "STDDEV_POP", "STDDEV"),
    ("COVAR_SAMP", "COVAR_POP"),
    ("REGR_SLOPE", "CORR", "REGR_INTERCEPT"),
    ("LOG10", "LN", "LOG2"),
    ("BOOL_OR", "BOOL_AND"),
    ("LEAST", "GREATEST"),
    ("DATE_DIFF", "DATE_SUB"),
    ("DATEDIFF", "DATESUB"),
    ("APPROX_COUNT_DISTINCT", "COUNT"),
    ("ANY", "ALL"),
)
"""Functions that are taken for each other."""
DROPPED = frozenset(
    ("round", "floor", "ceil", "ceiling", "abs", "lower", "upper", "trim", "coalesce", "ifnull", "nullif", "cast",
     "trunc", "try_cast", "zeroifnull", "greatest", "least", "ln", "log", "log10", "sqrt", "exp", "date",
     "to_date", "last_day")
)  # fmt: skip
"""Functions whose first argument may stand alone."""
UNITS = ("day", "week", "month", "year", "hour", "minute", "second", "quarter")
NUMBERS = (0, 1, 2, 7, 28, 30, 31, 10, 12, 100, 1000, 1_000_000)
STRINGS = ("UTC", "unknown", "other", "free", "tool_calls", "programming", "CN", "RoW")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_WORDS = {
    "ten": 10,
    "three": 3,
    "two": 2,
    "million": 1_000_000,
    "four": 4,
    "five": 5,
    "half": 0.5,
}


@dataclass(frozen=True)
class Subject:
    """What a question speaks of. model: which one it is asked of, if any."""

    question: Question
    model: str | None = None

    @cached_property
    def text(self) -> str:
        """The definition, and the right example."""
        return f"{self.question.definition}\n{self.question.sql}"

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The numbers in the definition."""
        said = [float(one) for one in _NUMBER.findall(self.question.definition)]
        words = re.findall(r"[a-z]+", self.question.definition.lower())
        return tuple(dict.fromkeys([*said, *(float(_WORDS[word]) for word in words if word in _WORDS)]))

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """The texts in it."""
        return tuple(dict.fromkeys(re.findall(r"`([\w./ -]+)`", self.question.definition)))

    def speaks_of(self, name: str) -> bool:
        """Whether a column is in it."""
        return re.search(rf"\b{re.escape(name)}\b", self.text) is not None

    def conditions(self) -> Iterator[tuple[str, float]]:
        """Conditions in DuckDB's SQL, with what each costs: those of which the definition speaks cost less."""
        if self.model is not None:
            yield f"model = '{self.model}'", 1.5
        for one in CONDITIONS:
            columns = set(re.findall(r"\b[a-z_]+\b", one)) & _COLUMNS
            yield one, 1.5 if all(self.speaks_of(column) for column in columns) else 3.0


_COLUMNS = {
    "confidence", "byok", "variant", "finish_reason", "reasoning_optimised", "session_id", "tokens_cached",
    "tokens_prompt", "tokens_completion", "cost_total", "user_id", "account_id", "created_at", "model",
}  # fmt: skip


def siblings(name: str, groups: Iterable[tuple[str, ...]] = SIBLINGS) -> Iterator[str]:
    """Names that are taken for a name."""
    for group in groups:
        if name.upper() in group:
            yield from (one for one in group if one != name.upper())


def near(value: float, subject: Subject) -> Iterator[tuple[float, float]]:
    """Other constants that may stand for one, with what each costs: those of the definition first."""
    for one in subject.numbers:
        yield one, 1.4
    for step in (-1, 1):
        yield value + step, 1.6
    for one in NUMBERS:
        yield float(one), 2.6
    for factor in (10, 0.1, 100, 0.01, 1000, 0.001, 1e6, 1e-6):
        yield value * factor, 3.0


def written(value: float) -> str:
    """A number as code has it."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.12g}"
