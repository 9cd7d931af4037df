"""What depends on an order: windows, cuts and ties; models under other names."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from testbed.validation.mutants.clocks import BY_MONTH
from testbed.validation.mutants.form import (
    Change,
    Mutant,
    by_reading,
    by_requests,
    by_rules,
    instead,
    made,
    of_family,
)
from testbed.validation.questions.form import Oracle, Question
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import Rules
from testbed.validation.questions.use import PAUSE, tokens_by_model
from testbed.validation.tables import Row, Tables

BY_PAUSE, TOP = ("sessions_by_pause",), ("top_models",)
OF_ONE_MODEL = (*BY_MONTH, "retention_triangle_30_days")
OF_AUTHORS = ("weekly_authors", "effective_cost_by_author")
JOINED = ("weekly_openness", "reasoning_share")
"""Questions that join the models table."""


def _user(row: Row, log: Reading) -> str | None:
    return log.rules.user(row)


def _between(before: dt.datetime, moment: dt.datetime) -> dt.timedelta:
    return moment - before


def _marks(before: dt.datetime, moment: dt.datetime) -> dt.timedelta:
    """Full minutes on the clock that were passed, as DATEDIFF counts them."""
    return moment.replace(second=0, microsecond=0) - before.replace(second=0, microsecond=0)


def _full_minutes(before: dt.datetime, moment: dt.datetime) -> dt.timedelta:
    return dt.timedelta(minutes=(moment - before) // dt.timedelta(minutes=1))


def _part(hours: bool, seconds: bool = False) -> Callable[[dt.datetime, dt.datetime], dt.timedelta]:
    """What a field of a pause says: its seconds below a day, or its minutes, with its hours or alone."""

    def part(before: dt.datetime, moment: dt.datetime) -> dt.timedelta:
        held = (moment - before) % (dt.timedelta(days=1) if hours else dt.timedelta(hours=1))
        return held if seconds else held // dt.timedelta(minutes=1) * dt.timedelta(minutes=1)

    return part


def _from_its_end(row: Row) -> dt.datetime:
    ended: dt.datetime = row["created_at"] + dt.timedelta(milliseconds=row["generation_time_ms"] or 0)
    return ended


def _sessions(*, who: Callable[[Row, Reading], Hashable | None] = _user, pause: dt.timedelta = PAUSE,
              edge: bool = False, first: bool = True, anchored: bool = False,
              gap: Callable[[dt.datetime, dt.datetime], dt.timedelta] = _between,
              since: Callable[[Row], dt.datetime] = lambda row: row["created_at"], ends: bool = False, least: int = 1,
              ) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """Sessions by another pause or of other people. edge: a pause of just that length ends one; first: the first
    request of all begins one; anchored: the pause runs from the session's begin; gap: how long a pause is; since:
    the moment of a request from which one runs; ends: a session counts in the week of its last request; least: how many
    requests it must have."""

    def sessions(log: Reading) -> Iterable[Row]:
        last: dict[Hashable, dt.datetime] = {}
        begun: Counter[dt.date] = Counter()
        held: dict[Hashable, list[dt.date]] = {}

        def over(seen: list[dt.date]) -> None:
            if len(seen) >= least:
                begun[seen[-1 if ends else 0]] += 1

        for row in sorted(log.requests, key=lambda row: row["created_at"]):
            key, moment = who(row, log), row["created_at"]
            if key is None:
                continue
            before = last.get(key)
            begins = (
                first
                if before is None
                else gap(before, moment) > pause or (edge and gap(before, moment) == pause)
            )
            if begins or key not in held:
                over(held.get(key, []))
                held[key] = []
            if begins or held[key]:
                held[key].append(log.week(row))
            if begins or not anchored or before is None:
                last[key] = since(row)
        for seen in held.values():
            over(seen)
        for week in log.weeks:
            yield {"week": week, "sessions": begun[week], "optional": not begun[week]}

    return sessions


def _in_the_week(row: Row, log: Reading) -> Hashable | None:
    user = log.rules.user(row)
    return None if user is None else (user, log.week(row))


def _of_the_day(row: Row, log: Reading) -> Hashable | None:
    user = log.rules.user(row)
    return None if user is None else (user, log.rules.day(row))


def _with_model(row: Row, log: Reading) -> Hashable | None:
    user = log.rules.user(row)
    return None if user is None else (user, log.rules.model(row))


def _top(
    order: Callable[[tuple[str, int]], object], *, rows: int | None = None, reverse: bool = False
) -> Change:
    def top(log: Reading) -> Iterable[Row]:
        sums = tokens_by_model(log)
        whole = sum(sums.values())
        held = sorted(sums.items(), key=order, reverse=reverse)[: rows or log.arguments["top"]]  # type: ignore[arg-type]
        for rank, (model, tokens) in enumerate(held, 1):
            yield {"model": model, "tokens": tokens, "share": log.rules.over(tokens, whole), "rank": rank}

    return instead(top)


def _any_of_the_tied(log: Reading) -> Iterable[Row]:
    """Which of the models at the cut are taken is left to the engine: each may be missing."""
    sums = tokens_by_model(log)
    whole, top = sum(sums.values()), log.arguments["top"]
    order = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
    cut = order[min(top, len(order)) - 1][1] if order else 0
    tied = len(order) > top and order[top][1] == cut
    for rank, (model, tokens) in enumerate(order, 1):
        if tokens >= cut and (tied or rank <= top):
            yield {"model": model, "tokens": tokens, "share": log.rules.over(tokens, whole), "rank": rank,
                   "optional": tied and tokens == cut}  # fmt: skip


def _share_of_the_top(oracle: Oracle, question: Question) -> Oracle:
    def top(log: Reading) -> Iterable[Row]:
        rows = [dict(row) for row in oracle(log)]
        whole = sum(row["tokens"] for row in rows)
        return [row | {"share": log.rules.over(row["tokens"], whole)} for row in rows]

    return top


def _models(model: Callable[[Row], str]) -> Change:
    return by_rules(lambda rules: replace(rules, model=model))


def _successors(log: Reading) -> Rules:
    """Who has a successor counts as it."""
    after = {row["model"]: row["successor"] for row in log.tables.model_rows if row.get("successor")}
    return replace(log.rules, model=lambda row: after.get(log.rules.model(row), log.rules.model(row)))


def _like_the_model(mark: str) -> Change:
    """Models whose names begin with that of the one asked about, and this, count as it."""

    def merged(log: Reading) -> Rules:
        asked = log.arguments["model"]
        return replace(log.rules, model=lambda row: (
            asked if log.rules.model(row).startswith(asked + mark) else log.rules.model(row)))  # fmt: skip

    return by_reading(merged)


def _listed_author(log: Reading) -> Rules:
    """The author that the models table names, `unknown` for a model without an entry."""
    authors = {row["model"]: row["author"] for row in log.tables.model_rows}
    return replace(log.rules, model=lambda row: authors.get(row["model"]) or "unknown")


def _by_listed_version(log: Reading) -> Rules:
    """The requests to the dated version that the models table names are those to the model."""
    asked = log.arguments["model"]
    version = {row["model"]: row["model_permaslug"] for row in log.tables.model_rows}.get(asked)

    def called(row: Row) -> str:
        same = version is not None and row["model_permaslug"] == version
        return str(asked) if same else f"not {log.rules.model(row)}"

    return replace(log.rules, model=called)


def _joined_by_version(facts: Row | None, row: Row) -> Row | None:
    return facts if facts is not None and facts["model_permaslug"] == row["model_permaslug"] else None


def _of_listed_versions(rows: list[Row], tables: Tables) -> list[Row]:
    listed = {(row["model"], row["model_permaslug"]) for row in tables.model_rows}
    return [row for row in rows if (row["model"], row["model_permaslug"]) in listed]


def _family(row: Row) -> str:
    name: str = row["model"]
    return name.removesuffix("-preview").removesuffix("-mini").removesuffix("-latest")


MUTANTS: tuple[Mutant, ...] = (
    *made("window frames", ("of all users together", of_family(_sessions, who=lambda row, log: "all")), only=BY_PAUSE),
    *made("pause at its edge", ("from 30 minutes on", of_family(_sessions, edge=True)), only=BY_PAUSE),
    *made("another pause", *((f"{minutes} minutes", of_family(_sessions, pause=dt.timedelta(minutes=minutes)))
                             for minutes in (0.5, 1, 5, 10, 15, 20, 25, 29, 31, 45, 60, 90, 120, 240, 1800)),
          ("from the session's begin", of_family(_sessions, anchored=True)), only=BY_PAUSE),
    *made("marks of a clock", ("minutes on the clock", of_family(_sessions, gap=_marks)),
          ("minutes on the clock, from 30 on", of_family(_sessions, gap=_marks, edge=True)),
          ("whole minutes", of_family(_sessions, gap=_full_minutes)), only=BY_PAUSE),
    *made("part of a pause", ("without its days", of_family(_sessions, gap=_part(True, seconds=True))),
          ("its hours and minutes, without its days", of_family(_sessions, gap=_part(True))),
          ("its minutes alone", of_family(_sessions, gap=_part(False))), only=BY_PAUSE),
    *made("sessions cut by a window", ("each week begins anew", of_family(_sessions, who=_in_the_week)),
          ("each day begins anew", of_family(_sessions, who=_of_the_day)),
          ("by user and model", of_family(_sessions, who=_with_model)),
          ("by session_id, too",
           of_family(_sessions, who=lambda row, log: (log.rules.user(row), row["session_id"]))),
          only=BY_PAUSE),
    *made("sessions of another week", ("the week in which it ends", of_family(_sessions, ends=True)), only=BY_PAUSE),
    *made("short sessions dropped", *((f"of {least} requests or more", of_family(_sessions, least=least))
                                      for least in (2, 3)), only=BY_PAUSE),
    *made("another pause", ("from the end of the request before", of_family(_sessions, since=_from_its_end)),
          only=BY_PAUSE),
    *made("first session forgotten", ("without the first of each user", of_family(_sessions, first=False)),
          only=BY_PAUSE),
    *made("limits and ties", ("equal ones from the end of the alphabet", _top(
        lambda entry: (entry[1], entry[0]), reverse=True)), ("any of the equal ones", instead(_any_of_the_tied)),
        ("more than ten", _top(lambda entry: (-entry[1], entry[0]), rows=10**6)),
        *((f"{n}", _top(lambda entry: (-entry[1], entry[0]), rows=n)) for n in (3, 5, 9, 11, 20)), only=TOP),
    *made("ascending order", ("the smallest", _top(lambda entry: (entry[1], entry[0]))), only=TOP),
    *made("share of another total", ("over the tokens of the ten", _share_of_the_top), only=TOP),
    *made("aliases apart", ("by model_permaslug", _models(lambda row: row["model_permaslug"] or row["model"])),
          ("by model_permaslug, missing ones as one", _models(lambda row: row["model_permaslug"] or ""))),
    *made("aliases apart", ("the dated version that the models table names", by_reading(_by_listed_version)),
          only=OF_ONE_MODEL),
    *made("aliases apart", ("facts of the dated version that the models table names", by_rules(
        lambda rules: replace(rules, facts=lambda facts, row: _joined_by_version(rules.facts(facts, row), row)))),
          ("requests to the dated versions that the models table names", by_requests(_of_listed_versions)),
          only=JOINED),
    *made("aliases apart", ("by model:variant, where that is none of the standard", _models(
        lambda row: row["model"] if row["variant"] in (None, "standard") else f"{row['model']}:{row['variant']}")),
          only=("top_models", "cohort_sizes", "effective_cost")),
    *made("unknown models as others", ("as reasoning ones", by_rules(lambda rules: replace(
        rules, facts=lambda facts, row: rules.facts(facts, row) or {"reasoning_optimised": True}))),
          only=("reasoning_share",)),
    *made("another author", ("the provider", _models(lambda row: row["provider_name"] or "unknown")),
          ("the whole id", _models(lambda row: row["model"].replace("/", "-"))),
          ("that of the models table, unknown without an entry", by_reading(_listed_author)), only=OF_AUTHORS),
    *made("versions merged", ("as their successors", by_reading(_successors)),
          ("by the beginnings of their names", _models(_family))),
    *made("versions merged", ("all whose names begin like it", _like_the_model("")),
          ("all whose names begin like it, and -", _like_the_model("-")), only=OF_ONE_MODEL),
)  # fmt: skip
