"""What is counted otherwise in the parts of shares alone, or in their whole; and rows dropped as they miss a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from testbed.validation.mutants.form import Change, Mutant, changing, columns_of, keeping, made
from testbed.validation.mutants.money import COSTS
from testbed.validation.mutants.records import KEPT, UNPAID
from testbed.validation.mutants.retention.horizon import OF_COHORTS
from testbed.validation.mutants.shares import SHARES_OF_KINDS, WEEKLY, in_parts, in_wholes
from testbed.validation.questions.form import Oracle, Question
from testbed.validation.questions.reading import Reading
from testbed.validation.tables import Row

OF_USERS = ("active_users", "sessions_by_pause", "cohort_sizes", *OF_COHORTS)
OTHERS = (
    "sessions", "top_models", "weekly_openness", "weekly_authors", "spend_region", "tool_share", "reasoning_share",
    "cache_hit_rate", "category_share", "programming_share", "mean_lengths", "programming_length", *COSTS,
)  # fmt: skip
ALL = (*OF_USERS, *OTHERS)


def _known(column: str) -> Callable[[Row], bool]:
    return lambda row: row[column] is not None


def _without(*questions: str) -> tuple[str, ...]:
    return tuple(name for name in ALL if name not in questions)


_MISSING: dict[str, tuple[str, ...]] = {
    "account_id": ALL,
    "session_id": _without("sessions"),
    "finish_reason": _without("tool_share", *OF_COHORTS),
    "continent": _without("spend_region", *OF_COHORTS),
    "tokens_cached": _without("cache_hit_rate", *OF_COHORTS),
    "tokens_reasoning": _without(*OF_COHORTS),
    "model_permaslug": _without(*OF_COHORTS),
    "byok": _without(*COSTS, *OF_COHORTS),
}
"""Columns, and the questions in which who drops the rows that miss them makes this mistake, and no other one."""


def _is_whole(row: Row) -> bool:
    return all(row[column] is not None for column in (*_MISSING, "user_id"))


_FILTERS: dict[str, tuple[str, Callable[[Row], bool]]] = {
    **{way: ("failed requests dropped", KEPT[way]) for way in (
        "without errors", "without cancelled ones", "without errors and cancelled ones")},
    **{way: ("unpaid requests dropped", UNPAID[way]) for way in ("without free variants", "without own keys")},
}  # fmt: skip
_TOKENS: dict[str, tuple[str, Callable[[Row], Row]]] = {
    "completion tokens": ("parts of tokens left out", lambda row: {"tokens_prompt": 0}),
    "prompt tokens": ("parts of tokens left out", lambda row: {"tokens_completion": 0}),
    "reasoning added": ("reasoning twice", lambda row: {
        "tokens_completion": row["tokens_completion"] + (row["tokens_reasoning"] or 0)}),
}  # fmt: skip
_CHANGES: dict[str, tuple[str, Change]] = {
    **{way: (trap, keeping(condition)) for way, (trap, condition) in _FILTERS.items()},
    **{way: (trap, changing(edit)) for way, (trap, edit) in _TOKENS.items()},
}
_WHERE: dict[str, Callable[[Change], Change]] = {
    "in the parts alone": in_parts,
    "in the whole alone": in_wholes,
}


def _the_rest(oracle: Oracle, question: Question) -> Oracle:
    """Each share is that of all others."""

    def answer(log: Reading) -> Iterable[Row]:
        for row in oracle(log):
            rest: dict[str, Any] = {
                name: None if row[name] is None else 1 - row[name] for name in columns_of(question, "share")
            }
            yield dict(row) | rest | {"optional": False}

    return answer


MUTANTS: tuple[Mutant, ...] = (
    *(mutant for column, questions in _MISSING.items()
      for mutant in made("incomplete rows dropped", (f"without {column}", keeping(_known(column))), only=questions)),
    *made("incomplete rows dropped", ("without any value that may be missing", keeping(_is_whole)), only=ALL),
    *made("incomplete rows dropped", ("without user_id", keeping(_known("user_id"))),
          ("without user_id, or with an empty one", keeping(lambda row: bool(row["user_id"]))), only=OTHERS),
    *(mutant for way, (trap, change) in _CHANGES.items() for where, make in _WHERE.items()
      for mutant in made(trap, (f"{way}, {where}", make(change)), only=WEEKLY)),
    *made("the rest for the part", ("1 less the share", _the_rest),
          only=tuple(name for name in WEEKLY if name not in SHARES_OF_KINDS)),
)  # fmt: skip
