"""A crowd: some hundred requests of a few dozen users, made from a seed. The ground on which special worlds stand.

Each user lives somewhere, begins with some models and stays for a time; months can be skipped. Nothing here means to
be likely: every column has every value that a question looks at, often enough to make a wrong query err.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from testbed.validation.tables import Row, Tables
from testbed.validation.worlds.rows import facts, label, log, numbered, price, request

FOCAL = "acme/nova"
MODELS = (
    # model, kind, reasoning-optimised, USD per million of prompt and completion
    (FOCAL, "closed", False, 3.0, 15.0),
    ("acme/nova-mini", "closed", True, 0.2, 0.8),
    ("acme/weights", "row-open", False, 0.1, 0.4),
    ("han/deep", "cn-open", False, 0.3, 1.1),
    ("han/thought", "cn-open", True, 0.5, 2.2),
    ("han/locked", "cn-closed", False, 0.6, 2.4),
    ("rho/small", "row-open", False, 0.05, 0.1),
    ("rho/large", "row-open", True, 0.9, 0.9),
    ("lin/coder", "cn-open", False, 0.2, 1.0),
    ("lin/max", "cn-closed", True, 1.6, 6.4),
    ("ova/chat", "closed", False, 2.5, 10.0),
    ("ova/deep-think", "closed", True, 15.0, 60.0),
)
MODES = {FOCAL: "hybrid", "lin/coder": "hybrid", "rho/large": "hybrid", "han/locked": "always"}
"""How models reason where the flag does not say it: one that can is not always flagged, and one that is may do so on
request."""
PLACES = (
    ("US", "North America"), ("DE", "Europe"), ("JP", "Asia"), ("NZ", "Oceania"), ("BR", "South America"),
    ("KE", "Africa"), ("IN", "Asia"), ("CA", "North America"),
)  # fmt: skip
PATHS = (
    "/Computers & Electronics/Programming", "/Computers & Electronics/Programming/Other",
    "/Computers & Electronics/Programming/Development Tools", "/Computers & Electronics/Programming/Rust",
    "/Science/Computer Science/Machine Learning & Artificial Intelligence", "/Science/Computer Science/Other",
    "/Games/Roleplaying Games", "/Adult", "/Reference/Language Resources/Foreign Language Resources",
    "/Finance/Investing/Stocks & Bonds", "/Law & Government/Legal/Other", "/Sensitive Subjects/Other", "/Pets/Cats",
    "/News/Technology News", "/Science/Mathematics",
    "/Internet & Telecom/Web Services/Search Engine Optimization & Marketing",
)  # fmt: skip
FINISHES = ("stop", "stop", "stop", "tool_calls", "tool_calls", "length", "content_filter", "error")


@dataclass
class Crowd:
    """Requests without ids, and models; `tables` numbers and labels them."""

    requests: list[Row]
    models: list[Row]
    seed: int
    labelled: float = 0.4
    extra_labels: list[Row] = field(default_factory=list)

    def tables(self) -> Tables:
        """The tables: requests in the order of their moments, some of them labelled."""
        rng = random.Random(f"labels {self.seed}")
        rows, labels = numbered(self.requests), []
        for row in rows:
            if rng.random() < self.labelled:
                for path in rng.sample(PATHS, rng.choice((1, 1, 1, 2, 3))):
                    labels.append(
                        label(row["generation_id"], path, rng.choice((0.3, 0.49, 0.5, 0.7, 0.9, 0.95)))
                    )
        return log(rows, labels, self.models)


def crowd(seed: int, first: str, last: str, users: int = 36, models: Sequence[str] | None = None) -> Crowd:
    """A crowd from the first day to the last, both with requests on them. The focal model is released in the second
    month."""
    rng = random.Random(seed)
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    days = (end - begin).days + 1
    released = (begin.replace(day=1) + dt.timedelta(days=32)).replace(day=6)
    known = [entry for entry in MODELS if models is None or entry[0] in models]
    rows = []
    for number in range(users):
        user, place = f"user-{number:02d}", rng.choice(PLACES)
        chosen = [known[0], *rng.sample(known[1:], min(len(known) - 1, rng.choice((1, 2, 3))))]
        for entry in chosen:
            start = (released - begin).days if entry[0] == FOCAL else 0
            day = start + int((days - start) * rng.random() ** 2)
            stays = rng.choice((1, 2, 20, 60, 200))
            until = min(day + stays, days)
            while day < until:
                rows += _visit(rng, user, place, entry, begin + dt.timedelta(days=day))
                day += rng.choice((1, 3, 9, 20, 33, 47))
    for edge in (begin, end):
        rows += _visit(rng, "user-00", PLACES[0], known[-1], edge)
    return Crowd(rows, [_facts(entry, first, released) for entry in known], seed)


def loyal(
    made: Crowd, users: int, first: dt.date, months: int, *, failing: int | None = None, named: bool = True
) -> None:
    """Add users who begin with the focal model in a month and come back in most of the months after it, on one day of
    each; they had used another model the month before. failing: an age at which all that they send fails. named: they
    have a user_id; else their accounts alone tell them apart."""
    for i in range(users):
        who = f"loyal-{i:02d}"
        for k in range(-1, months):
            if k > 0 and (i + k) % 5 == 0:
                continue
            month = first.month - 1 + k
            when = dt.datetime(first.year + month // 12, month % 12 + 1, 7 + i % 20, 9, i % 60, tzinfo=dt.UTC)
            made.requests.append(request(
                who if named else None, FOCAL if k >= 0 else "rho/large", when, account_id=f"account of {who}",
                session_id=f"{who} {k}", finish_reason="error" if k == failing else "stop",
            ))  # fmt: skip


def _visit(
    rng: random.Random,
    user: str,
    place: tuple[str, str],
    entry: tuple[str, str, bool, float, float],
    day: dt.date,
) -> list[Row]:
    """One to three requests of a user to a model on a day, most of them in one session."""
    model, _, reasons, prompt_price, completion_price = entry
    number = int(user[-2:])
    moment = dt.datetime(day.year, day.month, day.day, rng.randrange(24), rng.randrange(60), rng.randrange(60),
                         tzinfo=dt.UTC)  # fmt: skip
    rows = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        prompt, completion = rng.randrange(200, 9000), rng.randrange(20, 1500)
        cached = rng.choice((0, 0, prompt // 2, prompt - 100))
        free = rng.random() < 0.08
        own_key = not free and rng.random() < 0.08
        cost = ((prompt - 0.9 * cached) * prompt_price + completion * completion_price) / 1e6
        finish = rng.choice(FINISHES)
        rows.append(request(
            user, model, moment, account_id=f"account-{number // 3:02d}", country=place[0], continent=place[1],
            variant="free" if free else "standard", byok=own_key, tokens_prompt=prompt, tokens_completion=completion,
            tokens_cached=cached, tokens_reasoning=completion // 3 if reasons else 0, finish_reason=finish,
            cost_total=0.0 if free else round(cost * (0.05 if own_key else 1), 8),
            session_id=f"{user}-{moment:%m%d}-{model}", cancelled=finish == "length",
        ))  # fmt: skip
        moment = min(moment + dt.timedelta(minutes=rng.choice((1, 12, 30, 31, 90))),
                     dt.datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=dt.UTC))  # fmt: skip
    return rows


def _facts(entry: tuple[str, str, bool, float, float], first: str, released: dt.date) -> Row:
    model, kind, reasons, prompt, completion = entry
    since = released.isoformat() if model == FOCAL else f"{int(first[:4]) - 1}-06-01"
    path = [price(since, 2 * prompt, 2 * completion, prompt), price(f"{first[:4]}-12-31", prompt, completion)]
    return facts(
        model,
        since,
        kind,
        reasoning=MODES.get(model, "always" if reasons else "none"),
        reasoning_optimised=reasons,
        prices=path,
    )
