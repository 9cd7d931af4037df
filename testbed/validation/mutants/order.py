"""What depends on an order: windows, cuts and ties; models under other names."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from testbed.validation.mutants.form import Change, Mutant, by_rules, instead, made
from testbed.validation.questions.form import Answers, Oracle, Question
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.use import PAUSE
from testbed.validation.tables import Row

BY_PAUSE, TOP = ("sessions_by_pause",), ("top_models",)


def _sessions(who: Callable[[Row, Reading], Hashable | None], pause: dt.timedelta = PAUSE, *, edge: bool = False,
              first: bool = True, anchored: bool = False) -> Change:  # fmt: skip
    """Sessions by another pause or of other people. edge: a pause of just that length ends one; first: the first
    request of all begins one; anchored: the pause runs from the session's begin."""

    def sessions(log: Reading) -> Iterable[Row]:
        last: dict[Hashable, dt.datetime] = {}
        begun: Counter[dt.date] = Counter()
        for row in sorted(log.requests, key=lambda row: row["created_at"]):
            key, moment = who(row, log), row["created_at"]
            if key is None:
                continue
            before = last.get(key)
            begins = (
                first if before is None else moment - before > pause or (edge and moment - before == pause)
            )
            begun[log.week(row)] += begins
            if begins or not anchored or before is None:
                last[key] = moment
        for week in log.weeks:
            yield {"week": week, "sessions": begun[week], "optional": not begun[week]}

    return instead(sessions)


def _user(row: Row, log: Reading) -> str | None:
    return log.rules.user(row)


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
        sums: dict[str, int] = defaultdict(int)
        for row in log.requests:
            sums[log.rules.model(row)] += log.rules.tokens(row)
        whole = sum(sums.values())
        held = sorted(sums.items(), key=order, reverse=reverse)[: rows or log.arguments["top"]]  # type: ignore[arg-type]
        for rank, (model, tokens) in enumerate(held, 1):
            yield {"model": model, "tokens": tokens, "share": log.rules.over(tokens, whole), "rank": rank}

    return instead(top)


def _any_of_the_tied(log: Reading) -> Iterable[Row]:
    """Which of the models at the cut are taken is left to the engine: each may be missing."""
    sums: dict[str, int] = defaultdict(int)
    for row in log.requests:
        sums[log.rules.model(row)] += log.rules.tokens(row)
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


def _successors(oracle: Oracle, question: Question) -> Oracle:
    """Who has a successor counts as it."""

    def merged(log: Reading) -> Answers:
        after = {row["model"]: row["successor"] for row in log.tables.model_rows if row.get("successor")}
        rules = replace(log.rules, model=lambda row: after.get(log.rules.model(row), log.rules.model(row)))
        return oracle(replace(log, rules=rules))

    return merged


def _like_the_model(mark: str) -> Change:
    """Models whose names begin with that of the one asked about, and this, count as it."""

    def change(oracle: Oracle, question: Question) -> Oracle:
        def merged(log: Reading) -> Answers:
            asked = log.arguments["model"]
            rules = replace(log.rules, model=lambda row: (
                asked if log.rules.model(row).startswith(asked + mark) else log.rules.model(row)))  # fmt: skip
            return oracle(replace(log, rules=rules))

        return merged

    return change


def _family(row: Row) -> str:
    name: str = row["model"]
    return name.removesuffix("-preview").removesuffix("-mini").removesuffix("-latest")


MUTANTS: tuple[Mutant, ...] = (
    *made("window frames", ("of all users together", _sessions(lambda row, log: "all")), only=BY_PAUSE),
    *made("pause at its edge", ("from 30 minutes on", _sessions(_user, edge=True)), only=BY_PAUSE),
    *made("another pause", *((f"{minutes} minutes", _sessions(_user, dt.timedelta(minutes=minutes)))
                             for minutes in (5, 10, 15, 20, 29, 31, 45, 60, 90, 120)),
          ("from the session's begin", _sessions(_user, anchored=True)), only=BY_PAUSE),
    *made("sessions cut by a window", ("each week begins anew", _sessions(_in_the_week)),
          ("each day begins anew", _sessions(_of_the_day)), ("by user and model", _sessions(_with_model)),
          ("by session_id, too", _sessions(lambda row, log: (log.rules.user(row), row["session_id"]))),
          only=BY_PAUSE),
    *made("first session forgotten", ("without the first of each user", _sessions(_user, first=False)), only=BY_PAUSE),
    *made("limits and ties", ("equal ones from the end of the alphabet", _top(
        lambda entry: (entry[1], entry[0]), reverse=True)), ("any of the equal ones", instead(_any_of_the_tied)),
        ("more than ten", _top(lambda entry: (-entry[1], entry[0]), rows=10**6)),
        *((f"{n}", _top(lambda entry: (-entry[1], entry[0]), rows=n)) for n in (3, 5, 9, 11, 20)), only=TOP),
    *made("ascending order", ("the smallest", _top(lambda entry: (entry[1], entry[0]))), only=TOP),
    *made("share of another total", ("over the tokens of the ten", _share_of_the_top), only=TOP),
    *made("aliases apart", ("by model_permaslug", _models(lambda row: row["model_permaslug"] or row["model"])),
          ("by model_permaslug, missing ones as one", _models(lambda row: row["model_permaslug"] or ""))),
    *made("versions merged", ("as their successors", _successors),
          ("by the beginnings of their names", _models(_family))),
    *made("versions merged", ("all whose names begin like it", _like_the_model("")),
          ("all whose names begin like it, and -", _like_the_model("-")), only=(
              "retention_triangle", "mean_retention_by_k", "mean_retention_by_cohort", "retention_triangle_30_days",
              "retention_triangle_on_or_after", "retention_triangle_every_month", "launch_contrast",
              "foundational_verdict")),
)  # fmt: skip
