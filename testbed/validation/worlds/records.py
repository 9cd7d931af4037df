"""Worlds whose records are special: aliases, own keys, missing values, doubled labels, models that nobody lists."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from testbed.validation.questions.rules import utc_day
from testbed.validation.tables import Row, Tables
from testbed.validation.worlds.crowd import FOCAL, crowd, loyal
from testbed.validation.worlds.rows import facts, label, request
from testbed.validation.worlds.world import World

PREVIEW = "acme/nova-preview"


def migration() -> Tables:
    """A preview retires into the listed id, which its users use from that day on; two dated versions stand behind each
    id, and a free variant beside it."""
    made = crowd(11, "2025-01-01", "2025-07-31", users=28)
    moved = dt.date(2025, 4, 10)
    for row in made.requests:
        if row["model"] == FOCAL and utc_day(row) < moved:
            row["model"] = PREVIEW
    for i in range(8):  # users of the preview who go on with the listed id
        for day in (f"2025-03-{10 + i}", f"2025-04-{12 + i}", f"2025-06-{10 + i}")[: 2 + i % 2]:
            model = PREVIEW if day < moved.isoformat() else FOCAL
            made.requests.append(request(f"loyal-{i}", model, day,
                                         session_id=f"loyal {i} {day}"))  # fmt: skip
    for row in made.requests:
        row["model_permaslug"] = f"{row['model']}-{'2025-01' if utc_day(row).month < 5 else '2025-05'}"
    made.models = [row for row in made.models if row["model"] != FOCAL]
    made.models += [
        facts(PREVIEW, "2025-02-06", retired=moved, successor=FOCAL),
        facts(FOCAL, moved.isoformat()),
    ]
    return made.tables()


def own_keys() -> Tables:
    """Two requests in five are paid with the customer's own key, at the gateway's fee; of some it is not known."""
    made, rng = crowd(12, "2025-02-01", "2025-07-31", users=24), random.Random(12)
    for row in made.requests:
        if row["variant"] != "free":
            draw = rng.random()
            row["byok"] = True if draw < 0.4 else None if draw < 0.55 else False
            row["cost_total"] *= 0.05 if row["byok"] else 1
        if row["model"] == "rho/small":
            row["byok"] = True  # a model that nobody pays for here
    return made.tables()


def missing_values() -> Tables:
    """Optional columns are missing here and there: finish reasons, regions, sessions, cached tokens, variants."""
    made, rng = crowd(13, "2025-02-01", "2025-07-31", users=30), random.Random(13)
    shares = {
        "finish_reason": 0.3, "continent": 0.25, "country": 0.25, "session_id": 0.3, "tokens_cached": 0.3,
        "tokens_reasoning": 0.3, "variant": 0.2, "language": 0.3, "account_id": 0.2, "app_name": 0.3,
        "tool_called": 0.3,
        "model_permaslug": 0.2, "cancelled": 0.2, "streamed": 0.2,
    }  # fmt: skip
    for row in made.requests:
        for column, share in shares.items():
            if rng.random() < share and row[column] != "free":
                row[column] = None
    return made.tables()


def no_users() -> Tables:
    """Some requests have no user, or an empty one: an account's export. Of a few the account is missing, too."""
    made, rng = crowd(14, "2025-01-01", "2025-08-31", users=24), random.Random(14)
    for row in made.requests:
        draw = rng.random()
        if draw < 0.25:
            row["user_id"] = None if draw < 0.2 else ""
            if draw < 0.03:
                row["account_id"] = None
    loyal(made, 20, dt.date(2025, 2, 1), 7, named=False)
    return made.tables()


def doubled_labels() -> Tables:
    """Labels come twice, as copies and as two paths of one category; failed requests are sent again."""
    made, rng = crowd(15, "2025-03-01", "2025-07-31", users=24), random.Random(15)
    again: list[Row] = []
    for row in made.requests:
        if rng.random() < 0.15:
            failed: dict[str, Any] = {"finish_reason": "error", "tokens_completion": 0, "tokens_reasoning": 0,
                                      "cost_total": 0.0, "tool_called": False}  # fmt: skip
            earlier = max(
                row["created_at"] - dt.timedelta(seconds=2),
                row["created_at"].replace(hour=0, minute=0, second=0),
            )
            again.append(row | failed | {"created_at": earlier})
    made.requests += again
    tables = made.tables()
    labels = list(tables.label_rows)
    for one in tables.label_rows:
        if rng.random() < 0.5:
            labels.append(dict(one))
        if "Programming" in one["path"] and rng.random() < 0.7:
            labels.append(
                label(one["generation_id"], "/Computers & Electronics/Programming/Scripting Languages", 0.8)
            )
    labels += [  # not under programming, though its text begins like it
        label(row["generation_id"], "/Computers & Electronics/Programming Contests")
        for row in tables.requests[::9]
    ]
    return tables.with_rows(tables.requests, labels)


def unknown_model() -> Tables:
    """Two models with many requests have no entry in the models table, and one entry has no requests."""
    made = crowd(16, "2025-03-01", "2025-08-31", users=30)
    absent = {"han/deep", "ova/deep-think"}
    made.models = [row for row in made.models if row["model"] not in absent]
    made.models.append(facts("nobody/uses-it", "2025-01-01", "cn-closed"))
    return made.tables()


WORLDS = (
    World("aliases and migrations", "a preview retires into the model; dated versions behind each id", migration,
          FOCAL),
    World("own keys", "two requests in five are paid with the customer's own key", own_keys, FOCAL),
    World("missing values", "finish reasons, regions, sessions, cached tokens and more are missing here and there",
          missing_values, FOCAL),
    World("no users", "some requests have no user, a few no account either", no_users, FOCAL,
          breaks="user_id is never missing"),
    World("doubled labels and retries", "labels come twice; failed requests are sent again", doubled_labels, FOCAL),
    World("unknown model", "two models without an entry in the models table", unknown_model, FOCAL),
)  # fmt: skip
