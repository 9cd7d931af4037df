"""Numbers in another unit, and means in the place of sums."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import replace

from testbed.validation.mutants.form import Change, Mutant, by_rows, by_rules, made
from testbed.validation.mutants.money import COSTS
from testbed.validation.mutants.records import OF_TOKENS
from testbed.validation.questions.form import Question
from testbed.validation.questions.reading import Reading
from testbed.validation.tables import Row

THOUSAND, MILLION = 1e3, 1e6
SUMS = ("top_models", "weekly_openness", "weekly_authors", "category_share")
LENGTHS = ("mean_lengths", "programming_length")
TOKENS = ("tokens", "charged_tokens", "mean_prompt", "mean_completion", "mean_total", "mean_programming", "mean_all",
          "mean_other")  # fmt: skip


def _times(factor: float, *columns: str) -> Change:
    """These columns are so many times what they are, where there are such."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        names = [column.name for column in question.values if column.name in columns]
        for row in rows:
            yield row | {name: row[name] * factor for name in names if row[name] is not None}

    return by_rows(edit)


def _mean(numbers: Iterable[float]) -> list[float]:
    held = list(numbers)
    return [statistics.fmean(held)] if held else []


def _largest(numbers: Iterable[float]) -> list[float]:
    held = list(numbers)
    return [max(held)] if held else []


def _sums(put: Callable[[Iterable[float]], list[float]]) -> Change:
    """What is made of numbers of tokens, and of costs, in the place of their sums."""
    return by_rules(lambda rules: replace(rules, counted=put, counted_costs=put))


MUTANTS: tuple[Mutant, ...] = (
    *made("another unit", ("tokens in thousands", _times(1 / THOUSAND, *TOKENS)),
          ("tokens in millions", _times(1 / MILLION, *TOKENS)), only=(*SUMS, *COSTS[:2], *LENGTHS)),
    *made("another unit", ("cents", _times(100, "cost_usd", "cost_usd_per_mtok")),
          ("cents in sums alone", _times(100, "cost_usd")),
          ("USD for a thousand tokens", _times(1 / THOUSAND, "cost_usd_per_mtok")),
          ("USD for a token", _times(1 / MILLION, "cost_usd_per_mtok")), only=COSTS[:2]),
    *made("mean for sum", ("means", _sums(_mean)), ("the largest", _sums(_largest)), only=(
        *(name for name in OF_TOKENS if name not in LENGTHS), *COSTS, "spend_region")),
)  # fmt: skip
