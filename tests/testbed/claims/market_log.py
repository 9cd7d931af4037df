"""Logs made by hand for the claims: lines of weekly traffic and cohorts of users, with a value that a claim is about
set directly, so that the verdict is known before it is measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import ibis
import pyarrow as pa

from analysis import contract
from analysis.sources.log import Log
from analysis.sources.opening import open_log
from tests.analysis.in_memory import fill
from tests.analysis.rows import filled, model, models

FIRST = dt.date(2024, 11, 4)  # Monday
LAST = dt.date(2025, 11, 30)
WEEKS = 56
CATEGORY_WEEK = 26  # number of the week that begins on 5 May 2025

PATHS = {
    "programming": "/Computers & Electronics/Programming/Other",
    "roleplay": "/Games/Roleplaying Games",
    "technology": "/Computers & Electronics/Software/Intelligent Personal Assistants",
    "science": "/Science/Computer Science/Machine Learning & Artificial Intelligence",
    "translation": "/Reference/Language Resources/Other",
    "health": "/Health/Mental Health",
    "finance": "/Finance/Banking",
    "academia": "/Jobs & Education/Education/Other",
    "legal": "/Law & Government/Government/Other",
    "trivia": "/Arts & Entertainment/Fun & Trivia/Other",
    "marketing": "/Business & Industrial/Advertising & Marketing/Other",
    "marketing/seo": "/Internet & Telecom/Web Services/Search Engine Optimization & Marketing",
}

FACTS = {
    "closed": {"open_weights": False, "origin": "RoW"},
    "cn-open": {"open_weights": True, "origin": "CN", "size_class": "large"},
    "row-open": {"open_weights": True, "origin": "RoW", "size_class": "large"},
    "cn-closed": {"open_weights": False, "origin": "CN"},
}


@dataclass(frozen=True)
class Line:
    """Requests to a model in every week: `tokens` a week (a number, or by number of the week), in `n` requests."""

    model: str
    tokens: float | Callable[[int], float]
    category: str | None = None
    n: int = 1
    prompt: float | Callable[[int], float] = 0.9  # share of prompt tokens
    usd_per_mtok: float = 1.0
    more: dict[str, Any] | Callable[[int], dict[str, Any]] = field(default_factory=dict)

    def in_week(self, week: int) -> float:
        """Tokens in a week, by its number from 0."""
        return self.tokens(week) if callable(self.tokens) else self.tokens


def fact(slug: str, kind: str = "closed", released: str = "2024-01-01", **more: Any) -> dict[str, Any]:
    """A row of the models table of a source type."""
    return model(slug, released, **(FACTS[kind] | more))


def log_of(
    lines: Iterable[Line] = (),
    facts: Iterable[dict[str, Any]] = (),
    visits: Iterable[tuple[str, str, str]] = (),
    weeks: int = WEEKS,
    labels: bool = True,
    columns: Iterable[str] = (),
    start: dt.date = FIRST,
    end: dt.date = LAST,
    first: dt.date = FIRST,
) -> Log:
    """A log of weekly lines and of single visits (user, model, day), sound as it is made. columns: leave these out.
    first: Monday of week 0."""
    rows: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    for number, line in enumerate(lines):
        for week in range(weeks):
            tokens = round(line.in_week(week))
            for part in range(line.n if tokens > 0 else 0):
                share = tokens // line.n + (part < tokens % line.n)
                prompt = round(share * (line.prompt(week) if callable(line.prompt) else line.prompt))
                name = f"l{number}-{week}-{part}"
                monday = dt.datetime.combine(first, dt.time(12), dt.UTC) + dt.timedelta(
                    weeks=week, days=part % 7
                )
                rows.append(
                    {"generation_id": name, "created_at": monday, "user_id": f"u{number}", "model": line.model,
                       "tokens_prompt": prompt, "tokens_completion": share - prompt,
                       "cost_total": share * line.usd_per_mtok / 1e6}
                    | (line.more(week) if callable(line.more) else line.more)
                )  # fmt: skip
                if line.category and labels:
                    path = PATHS.get(line.category, line.category)
                    tags.append({"generation_id": name, "path": path, "confidence": 0.9})
    for number, (user, slug, day) in enumerate(visits):
        at = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
        rows.append({"generation_id": f"v{number}", "created_at": at, "user_id": user, "model": slug})
    connection = ibis.duckdb.connect()
    tagged = pa.Table.from_pylist(tags, schema=contract.arrow_schema("labels")) if labels else None
    known = list(facts)
    fill(
        connection,
        generations=filled(rows).drop_columns(list(columns)),
        labels=tagged,
        models=models(*known) if known else None,
    )
    return open_log((connection, "generations"), start=start, end=end, check=False)


def cohort(
    model_id: str, month: str, users: int, active: list[int], name: str = ""
) -> list[tuple[str, str, str]]:
    """Visits of a cohort: all its users in the month, then the first `active[k-1]` of them k months later."""
    year, number = (int(part) for part in month.split("-"))
    visits = []
    for k, count in enumerate([users, *active]):
        total = year * 12 + number - 1 + k
        day = f"{total // 12:04d}-{total % 12 + 1:02d}-15"
        visits += [(f"{model_id}{month}{name}{i}", model_id, day) for i in range(count)]
    return visits
