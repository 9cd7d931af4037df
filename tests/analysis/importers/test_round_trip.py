"""What `slipper export` writes, `slipper import` reads again: the same log for all that a form carries; what it does
not carry, both of them say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from analysis import Log, contract, open_log
from analysis.exporting.run import Exported, chosen, export_log
from analysis.exporting.target import Target
from analysis.importers import importers
from analysis.importing.account import Account
from analysis.importing.rules import MOST_WHOLE
from analysis.importing.run import import_log
from tests.analysis.importers.exports import models, written

Row = dict[str, Any]
NEVER = {"country", "continent", "language"}
"""Fields that no gateway exports."""
TIMES = {"time_to_first_token_ms", "generation_time_ms"}
NAMED = (
    (
        "anthropic/claude-haiku-4.5",
        "anthropic/claude-4.5-haiku-20251001",
        "anthropic/claude-4.5-haiku-20251001",
    ),
    ("anthropic/claude-haiku-4.5", None, "anthropic/claude-haiku-4.5"),
    ("openai/gpt-4o", "openai/gpt-4o-2024-08-06", "openai/gpt-4o"),  # which is a listed model by itself
    ('own/"model", a', None, 'own/"model", a'),
    ("own/model", "own/model-20250101", "own/model"),  # nobody lists it
)
"""A model, its version, and the name that stands for both where a form has one place for them."""


def of_openrouter(row: Row) -> Row:
    return row


def of_litellm(row: Row) -> Row:
    streamed, wait, end = row["streamed"], row["time_to_first_token_ms"], row["generation_time_ms"]
    told = streamed and wait is not None and end is not None and wait < end
    row["time_to_first_token_ms"] = wait if told else None
    row["streamed"] = True if told else False if streamed is False and end is not None else None
    return row


def to_the_second(row: Row) -> Row:
    return row | {"created_at": row["created_at"].replace(microsecond=0)}


Key = tuple[str, str, str]
Change = Callable[[Row], Row]
ENDS: Mapping[Key, tuple[set[str], Change]] = {
    ("openrouter", "activity", "csv"): ({"tools_offered", "session_id"}, of_openrouter),
    ("openrouter", "activity-21", "csv.gz"): (
        {"account_id", "tokens_cached", "tools_offered", "session_id"},
        lambda row: row | {"account_id": row["user_id"]},
    ),
    ("openrouter", "activity-7", "csv"): (
        {"account_id", "app_name", "variant", "provider_name", "tokens_reasoning", "tokens_cached", "byok",
         "finish_reason", "tool_called", "tools_offered", "streamed", "cancelled", "session_id"} | TIMES,
        of_openrouter,
    ),
    ("openrouter", "generation", "jsonl"): ({"tools_offered"}, of_openrouter),
    ("openrouter", "response", "json.zst"): (
        {"user_id", "account_id", "app_name", "tools_offered", "streamed", "cancelled", "session_id"} | TIMES,
        to_the_second,
    ),
    ("litellm", "spend", "csv"): ({"byok", "cancelled"}, of_litellm),
    ("litellm", "spend", "jsonl"): ({"byok", "cancelled"}, of_litellm),
}  # fmt: skip
"""Of each form: the fields that do not come back, and how those that do are changed."""
COLUMN_OF_TWO: Mapping[Key, set[str]] = {("openrouter", "activity-21", "csv.gz"): {"account_id"}}
"""Fields that are not written and yet come back: from the column that another one was written to."""
TWO_NAMES = {("openrouter", "generation")}
"""Forms that have a place for the model and one for its version."""


@contextmanager
def opened(folder: Path, rows: Sequence[Row]) -> Iterator[Log]:
    """A log of rows."""
    pq.write_table(
        pa.Table.from_pylist(rows, schema=contract.arrow_schema("generations")), folder / "rows.parquet"
    )
    with open_log(folder / "rows.parquet", check=False) as log:
        yield log


def there_and_back(log: Log, folder: Path, key: Key, **options: Any) -> tuple[Exported, Account, list[Row]]:
    """A log exported and imported again: both accounts, and the rows that came back."""
    name, form, end = key
    target = Target.named(folder / f"{form}.{end}")
    importer, export = chosen(importers(), name, form, target)
    exported = export_log(log, importer, export, target, models(), overwrite=True)
    account = import_log(target.path, folder / f"{form}-{end}", importers(), models(), **options)
    assert (account.format, account.read, account.written) == (name, log.rows, log.rows)
    assert (account.left_out, account.odd) == ((), ())
    return exported, account, written(folder / f"{form}-{end}").to_pylist()


def expected(row: Row, key: Key, name: str) -> Row:
    """What of a row comes back. name: of its model, where the form has one place for it."""
    lost, change = ENDS[key]
    row = change(dict(row))
    if key[:2] not in TWO_NAMES:
        row["model_permaslug"] = name
    if "variant" not in lost and key[1] not in ("activity", "activity-21") and row["variant"] == "standard":
        row["variant"] = None
    reason = row["finish_reason"]
    row["tool_called"] = None if reason is None else reason == "tool_calls"
    gone = (lost | NEVER) - COLUMN_OF_TWO.get(key, set())
    return {field: None if field in gone else value for field, value in row.items()}


# --- random logs ----------------------------------------------------------------------------------------------

TEXTS = (
    "ann",
    "Anna  B",
    'said "so"',
    "two\nlines",
    "\r",
    "tab\t,",
    "né",
    "用户",
    "👩\u200d🚀",
    "'",
    "null ",
    "\\n",
    "{}",
    "[1",
    "0",
)
WORDS = "ab,;\"'\\\n\t é日{}[]:"


def a_text(random: Random) -> str:
    made = "".join(random.choice(WORDS) for _ in range(random.randint(1, 9))).strip(" ")
    return random.choice([*TEXTS, made or "x"]).strip(" ")


def a_count(random: Random, most: int = MOST_WHOLE) -> int:
    return random.choice([0, most, random.randint(0, most), random.randint(0, min(most, 5000))])


def a_row(random: Random, number: int) -> tuple[Row, str]:
    """A row of a log, and the one name of its model."""

    def maybe(value: Any) -> Any:
        return random.choice([None, value, value])

    prompt, completion = a_count(random), a_count(random)
    model, version, name = random.choice(NAMED)
    at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=random.randint(0, 63_000_000_000))
    return {
        "generation_id": f"gen-{number:03d}", "created_at": at, "user_id": a_text(random),
        "account_id": maybe(a_text(random)), "app_name": maybe(a_text(random)), "model": model,
        "model_permaslug": version, "variant": maybe(random.choice(["standard", "free", "nitro"])),
        "provider_name": maybe(a_text(random)), "tokens_prompt": prompt, "tokens_completion": completion,
        "tokens_reasoning": maybe(a_count(random, completion)), "tokens_cached": maybe(a_count(random, prompt)),
        "cost_total": random.choice([0.0, 0.1 + 0.2, 1e-12, random.random(), 1e6 * random.random()]),
        "byok": maybe(random.random() < 0.5), "finish_reason": maybe(random.choice(contract.FINISH_REASONS)),
        "tools_offered": maybe(random.random() < 0.5), "tool_called": None, "streamed": maybe(random.random() < 0.7),
        "cancelled": maybe(random.random() < 0.5), "time_to_first_token_ms": maybe(a_count(random)),
        "generation_time_ms": maybe(a_count(random)), "country": "DE", "continent": "Europe", "language": "de",
        "session_id": maybe(a_text(random)),
    }, name  # fmt: skip


def check(log: Log, folder: Path, key: Key, made: Sequence[tuple[Row, str]]) -> None:
    """What of the rows comes back is what the form carries, and both ways say the same of what it does not."""
    lost, _ = ENDS[key]
    options = {"user": "somebody"} if "user_id" in lost else {}
    exported, account, found = there_and_back(log, folder, key, **options)
    assert set(exported.not_carried) == lost | NEVER
    assert set(account.not_carried) == (lost | NEVER) - COLUMN_OF_TWO.get(key, set())
    assert account.partly == exported.partly
    assert account.totals["tokens_prompt"] == sum(row["tokens_prompt"] for row, _ in made)
    back = {row["generation_id"]: row for row in found}
    for row, name in made:
        want, got = expected(row, key, name), back[row["generation_id"]]
        if options:
            assert got.pop("user_id") == "somebody"
            del want["user_id"]
        assert got == want


@pytest.fixture(scope="module")
def made() -> list[tuple[Row, str]]:
    random = Random(1)
    return [a_row(random, number) for number in range(120)]


@pytest.fixture(scope="module")
def log(tmp_path_factory, made):
    with opened(tmp_path_factory.mktemp("log"), [row for row, _ in made]) as log:
        yield log


@pytest.mark.parametrize("key", ENDS, ids="-".join)
def test_a_log_comes_back_as_far_as_the_form_carries_it(tmp_path, log, made, key):
    check(log, tmp_path, key, made)


@pytest.mark.slow
@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(random=st.randoms(use_true_random=False), size=st.integers(1, 40), key=st.sampled_from(list(ENDS)))
def test_any_log_comes_back(tmp_path_factory, random, size, key):
    folder = tmp_path_factory.mktemp("any")
    made = [a_row(random, number) for number in range(size)]
    with opened(folder, [row for row, _ in made]) as log:
        check(log, folder, key, made)
