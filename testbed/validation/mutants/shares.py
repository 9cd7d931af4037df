"""Shares and means: of another total, of ratios, of whole numbers, in percent; tables that are joined wrongly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from analysis.contract import CONTINENTS
from testbed.validation.mutants.form import (
    Change,
    Mutant,
    by_requests,
    by_rows,
    by_rules,
    changing,
    columns_of,
    instead,
    key_of,
    made,
    ratios_only,
    rounded,
    under,
)
from testbed.validation.questions import openness
from testbed.validation.questions.cost import MILLION, UNKNOWN
from testbed.validation.questions.form import Oracle, Question
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.rules import quotient
from testbed.validation.tables import Row, Tables

SHARES_OF_KINDS = ("weekly_openness", "weekly_authors", "spend_region", "category_share")
WEEKLY = (*SHARES_OF_KINDS, "tool_share", "reasoning_share", "cache_hit_rate", "programming_share")
COSTS = ("effective_cost", "effective_cost_by_author", "elasticity")
Over = Callable[[float, float], float | None]


def _over(over: Callable[[Over], Over]) -> Change:
    return by_rules(lambda rules: replace(rules, over=over(rules.over)))


def _instead(over: Over) -> Callable[[Over], Over]:
    return lambda own: over


_PARTS = _over(_instead(lambda part, whole: part))
_WHOLES = _over(_instead(lambda part, whole: whole))
"""Each share is its part, or its whole."""


def _from_parts(edit: Callable[[list[Row], str, str], None]) -> Change:
    """Shares made anew from their parts and wholes: `edit` is given rows in which each share is its part, the share's
    column, and the column `whole`; it divides."""

    def change(oracle: Oracle, question: Question) -> Oracle:
        def answer(log: Reading) -> Iterable[Row]:
            parts = [dict(row) for row in _PARTS(oracle, question)(log)]
            wholes = _WHOLES(oracle, question)(log)
            for name in columns_of(question, "share")[:1]:
                for row, whole in zip(parts, wholes, strict=True):
                    row["whole"] = whole[name]
                edit(parts, name, "whole")
            return parts

        return answer

    return change


def _over_sums(key: Callable[[Row], Hashable], of: str) -> Change:
    """Each part over the sum of parts, or of the wholes of weeks, of what has the same key."""

    def edit(rows: list[Row], name: str, whole: str) -> None:
        sums: dict[Hashable, float] = defaultdict(float)
        if of == "parts":
            for row in rows:
                sums[key(row)] += row[name] or 0
        else:
            for week, held in {row.get("week"): row[whole] for row in rows}.items():
                sums[key({"week": week})] += held or 0
        for row in rows:
            row[name] = quotient(row[name], sums[key(row)])

    return _from_parts(edit)


def _kind(row: Row) -> Hashable:
    return tuple(
        value for name, value in row.items() if name in ("source_type", "author", "continent", "category")
    )


def _without_unknown(rows: list[Row], name: str, whole: str) -> None:
    unknown = {row["week"]: row[name] for row in rows if _kind(row)[0] in (UNKNOWN, "other")}  # type: ignore[index]
    for row in rows:
        row[name] = quotient(row[name], row[whole] - unknown.get(row["week"], 0))


def _running(order: Callable[[Row], Any], reverse: bool = False) -> Change:
    """The whole is what the window has seen so far."""

    def edit(rows: list[Row], name: str, whole: str) -> None:
        for held in groups(rows, lambda row: row.get("week")).values():
            seen = 0.0
            for row in sorted(held, key=order, reverse=reverse):
                seen += row[name] or 0
                row[name] = quotient(row[name], seen)

    return _from_parts(edit)


def _running_weeks(rows: list[Row], name: str, whole: str) -> None:
    """Wholes add up from week to week."""
    wholes = {row["week"]: row[whole] or 0 for row in rows}
    seen, running = 0.0, {}
    for week, held in sorted(wholes.items()):
        seen += held
        running[week] = seen
    for row in rows:
        row[name] = quotient(row[name], running[row["week"]])


def _mean_of(split: Callable[[Row, Reading], Hashable], *, missing: bool) -> Change:
    """The mean of the ratios of each part of the log. missing: a part without such a row counts as 0."""

    def change(oracle: Oracle, question: Question) -> Oracle:
        names = [c.name for c in question.values if not c.extensive and c.holds == "number"]
        sums = [c.name for c in question.values if c.extensive]

        def answer(log: Reading) -> Iterable[Row]:
            right = {key_of(row, question): dict(row) for row in oracle(log)}
            held: dict[Any, list[Row]] = defaultdict(list)
            parts: dict[Any, set[Hashable]] = defaultdict(set)
            for part, rows in groups(log.requests, lambda row: split(row, log)).items():
                if part is None:
                    continue
                alone = under(log, lambda rules, rows=rows: replace(rules, requests=lambda tables: rows))  # type: ignore[misc]
                for row in oracle(alone):
                    key = key_of(row, question)
                    parts[key[:1] if len(key) > 1 else ()].add(part)
                    if not row.get("optional") or missing:
                        held[key].append(dict(row))
            for key, row in right.items():
                for name in names:
                    known = [float(one[name]) for one in held[key] if one.get(name) is not None]
                    count = len(parts[key[:1]]) if missing and len(key) > 1 else len(known)
                    row[name] = quotient(sum(known), count)
                yield {name: row[name] for name in row if name not in sums} | {
                    n: row[n] for n in sums if n in row
                }

        return answer

    return change


_SPLITS: dict[str, Callable[[Row, Reading], Hashable]] = {
    "days": lambda row, log: log.rules.day(row),
    "models": lambda row, log: (log.week(row), log.rules.model(row)),
    "users": lambda row, log: (log.week(row), log.rules.user(row)),
    "requests": lambda row, log: row["generation_id"],
}
_SPLITS_OF_ALL: dict[str, Callable[[Row, Reading], Hashable]] = {
    "requests": lambda row, log: row["generation_id"],
    "days": lambda row, log: log.rules.day(row),
    "weeks": lambda row, log: log.week(row),
    "months": lambda row, log: log.month(row),
    "users": lambda row, log: log.rules.user(row),
    "models": lambda row, log: log.rules.model(row),
}


def _over_the_rest(over: Over) -> Over:
    return lambda part, whole: over(part, whole - part)


def _nothing_as_null(over: Over) -> Over:
    return lambda part, whole: over(part, whole) if part else None


def _whole_numbers(part: float, whole: float) -> float | None:
    if not whole:
        return None
    return part // whole if isinstance(part, int) and isinstance(whole, int) else part / whole


def _whole_percent(part: float, whole: float) -> float | None:
    if not whole:
        return None
    return 100 * part // whole / 100 if isinstance(part, int) and isinstance(whole, int) else part / whole


def _whole_millions(part: float, whole: float) -> float | None:
    millions = whole // MILLION
    return part / millions / MILLION if millions else None


def _percent(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
    for row in rows:
        for name in columns_of(question, "share"):
            if row.get(name) is not None:
                row[name] *= 100
        yield row


def _listed(rows: list[Row], tables: Tables) -> list[Row]:
    known = {row["model"] for row in tables.model_rows}
    return [row for row in rows if row["model"] in known]


def _without_rows(*values: str) -> Change:
    """Rows of these kinds are not in the answer."""
    return by_rows(lambda rows, question, log: [row for row in rows if not set(values) & set(row.values())])


def in_parts(change: Change) -> Change:
    """The change is made in the parts of shares, and not in their wholes."""

    def only(oracle: Oracle, question: Question) -> Oracle:
        def answer(log: Reading) -> Iterable[Row]:
            name = columns_of(question, "share")[0]
            wholes = {key_of(row, question): row[name] for row in _WHOLES(oracle, question)(log)}
            for row in _PARTS(change(oracle, question), question)(log):
                yield dict(row) | {name: quotient(row[name], wholes[key_of(row, question)])}

        return answer

    return only


def in_wholes(change: Change) -> Change:
    """The change is made in the wholes of shares, and not in their parts."""

    def only(oracle: Oracle, question: Question) -> Oracle:
        def answer(log: Reading) -> Iterable[Row]:
            name = columns_of(question, "share")[0]
            wholes = {row["week"]: row[name] for row in _WHOLES(change(oracle, question), question)(log)}
            for row in _PARTS(oracle, question)(log):
                whole = wholes.get(row["week"])
                yield dict(row) | {
                    name: None if whole is None or row[name] is None else quotient(row[name], whole)
                }

        return answer

    return only


def over_the_sum_of_parts(change: Change) -> Change:
    """Made in the parts, of which the whole of a week is the sum."""
    return lambda oracle, question: _over_sums(lambda row: row["week"], "parts")(
        change(oracle, question), question
    )


def _unknown_called(kind: str) -> Change:
    """Models without an entry are called something else."""

    def answer(log: Reading) -> Iterable[Row]:
        def called(row: Row) -> str:
            found = openness.source_type(log.facts(row))
            return kind if found == UNKNOWN else found

        return openness.shares(log, "source_type", called, openness.SOURCE_TYPES)

    return instead(answer)


def _origins_merged(merge: dict[str, str]) -> Change:
    def answer(log: Reading) -> Iterable[Row]:
        def called(row: Row) -> str:
            found = openness.source_type(log.facts(row))
            return merge.get(found, found)

        return openness.shares(log, "source_type", called, openness.SOURCE_TYPES)

    return instead(answer)


def _renamed(name: str, rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
    return (row | {"continent": name} if row["continent"] == UNKNOWN else row for row in rows)


def _placed(rows: list[Row], tables: Tables) -> list[Row]:
    return [row for row in rows if row["continent"] is not None]


def _weekly(part: Callable[[Row, Reading], float], whole: Callable[[Row, Reading], float]) -> Change:
    """A weekly share of other sums. Rows whose whole is below 0 do not count."""

    def answer(log: Reading) -> Iterable[Row]:
        for week, rows in log.weeks.items():
            held = [row for row in rows if whole(row, log) >= 0]
            share = log.rules.over(sum(part(row, log) for row in held), sum(whole(row, log) for row in held))
            yield {"week": week, "share": share, "optional": share is None}

    return instead(answer)


def _tokens(row: Row, log: Reading) -> int:
    return log.rules.tokens(row)


def _if(condition: Callable[[Row, Reading], Any], otherwise: float = 0) -> Callable[[Row, Reading], float]:
    return lambda row, log: log.rules.tokens(row) if condition(row, log) else otherwise


def _flagged(row: Row, log: Reading) -> Any:
    return (log.facts(row) or {}).get("reasoning_optimised")


def _called(row: Row, log: Reading) -> bool:
    return row["finish_reason"] == "tool_calls"


_TOOLS, _REASONS, _CACHE = ("tool_share",), ("reasoning_share",), ("cache_hit_rate",)
MUTANTS: tuple[Mutant, ...] = (
    *made("share of another total", ("over all weeks", _over_sums(lambda row: (), "wholes")),
          ("over all weeks of the kind", _over_sums(_kind, "parts")),
          ("over the rest", _over(_over_the_rest)),
          ("over the running sum of weeks", _from_parts(_running_weeks)), only=WEEKLY),
    *made("share of another total", ("over what is known", _from_parts(_without_unknown)), only=SHARES_OF_KINDS),
    *made("share of another total", ("of requests with a finish reason",
          _weekly(_if(_called), _if(lambda row, log: row["finish_reason"] is not None))),
          ("of requests that were offered tools",
           _weekly(_if(_called), _if(lambda row, log: row["tools_offered"]))), only=_TOOLS),
    *made("share of another total", ("over all tokens", _weekly(lambda row, log: row["tokens_cached"] or 0, _tokens)),
          only=_CACHE),
    *made("offered for called", ("requests that were offered tools",
          _weekly(_if(lambda row, log: row["tools_offered"]), _tokens)), only=_TOOLS),
    *made("flag that may be missing", ("by tool_called, over those where it is known",
          _weekly(_if(lambda row, log: row["tool_called"]), _if(lambda row, log: row["tool_called"] is not None))),
          ("by tool_called", _weekly(_if(lambda row, log: row["tool_called"]), _tokens)), only=_TOOLS),
    *made("reasoning tokens alone", ("reasoning tokens over all",
          _weekly(lambda row, log: row["tokens_reasoning"] or 0, _tokens)),
          ("reasoning tokens over completion tokens",
           _weekly(lambda row, log: row["tokens_reasoning"] or 0, lambda row, log: row["tokens_completion"])),
          ("reasoning tokens of flagged models",
           _weekly(lambda row, log: (row["tokens_reasoning"] or 0) if _flagged(row, log) else 0, _tokens)),
          ("requests with reasoning tokens",
           _weekly(_if(lambda row, log: row["tokens_reasoning"]), _tokens)),
          ("models that can reason", _weekly(_if(lambda row, log: (log.facts(row) or {}).get("reasoning")
                                                 in ("always", "hybrid")), _tokens)),
          ("models that always reason", _weekly(_if(lambda row, log: (log.facts(row) or {}).get("reasoning")
                                                    == "always"), _tokens)), only=_REASONS),
    *made("share of another total", ("over cached and prompt tokens", _weekly(
        lambda row, log: row["tokens_cached"] or 0,
        lambda row, log: -1 if row["tokens_cached"] is None else row["tokens_cached"] + row["tokens_prompt"])),
          ("over requests that have cached tokens", _weekly(
              lambda row, log: row["tokens_cached"] or 0,
              lambda row, log: row["tokens_prompt"] if row["tokens_cached"] else -1)), only=_CACHE),
    *made("flag that may be missing", ("by tool_called or the finish reason",
          _weekly(_if(lambda row, log: row["tool_called"] or _called(row, log)), _tokens)), only=_TOOLS),
    *made("null regions as others", *((f"in {continent}", changing(lambda row, continent=continent: {
        "continent": row["continent"] or continent})) for continent in CONTINENTS),  # type: ignore[misc]
          *((f"called {name}", by_rows(partial(_renamed, name))) for name in ("Other", "other", "Unknown")),
          only=("spend_region",)),
    *made("nulls as zero", ("missing cached tokens as 0",
          _weekly(lambda row, log: row["tokens_cached"] or 0, lambda row, log: row["tokens_prompt"])), only=_CACHE),
    *made("requests for tokens", ("requests with cached tokens",
          _weekly(lambda row, log: bool(row["tokens_cached"]), lambda row, log: 1)),
          ("requests with cached tokens, of those that are known",
           _weekly(lambda row, log: bool(row["tokens_cached"]),
                   lambda row, log: -1 if row["tokens_cached"] is None else 1)), only=_CACHE),
    *made("window frames", ("running sums by name", _running(_kind)), ("running sums from the last name",
          _running(_kind, reverse=True)), ("running sums of the largest first", _running(
              lambda row: (-(row.get("tokens", row.get("spend_usd")) or 0), _kind(row)))), only=SHARES_OF_KINDS),
    *made("mean of ratios", *((f"of {what}{', missing ones as 0' if missing else ''}", _mean_of(split, missing=missing))
                              for what, split in _SPLITS.items() for missing in (False, True)),
          only=WEEKLY),
    *made("mean of ratios", *((f"of {what}", _mean_of(split, missing=False)) for what, split in _SPLITS_OF_ALL.items()),
          only=("effective_cost", "effective_cost_by_author")),
    *made("mean of ratios", *((f"of {what}", _mean_of(split, missing=False)) for what, split in _SPLITS.items()),
          only=("programming_length",)),
    *made("integer division", ("whole numbers", _over(_instead(_whole_numbers))),
          ("whole percents", _over(_instead(_whole_percent))),
          ("whole percents, as percents", _over(_instead(lambda part, whole: (
              None if not whole else 100 * part // whole if isinstance(part, int) else 100 * part / whole))))),
    *made("integer division", ("whole millions of tokens", _over(_instead(_whole_millions))), only=COSTS),
    *made("percent", ("100 for 1", by_rows(_percent)), ("percents of one decimal", rounded("share", 1, 100)),
          ("percents of two decimals", rounded("share", 2, 100)), ("whole percents", rounded("share", 0, 100))),
    *made("rounded too far", ("two decimals", rounded("share", 2)), ("one decimal", rounded("share", 1)),
          ("none", rounded("share", 0))),
    *made("nothing as null", ("shares of nothing", _over(_nothing_as_null)),
          only=WEEKLY),
    *made("unknown models dropped", ("without their requests", by_requests(_listed))),
    *made("unknown models dropped", ("shares without their requests", ratios_only(by_requests(_listed))),
          ("in the parts alone", in_parts(by_requests(_listed))), ("without their rows", _without_rows(UNKNOWN)),
          only=("weekly_openness", "weekly_authors", "reasoning_share", "top_models")),
    *made("unknown models as others", *((f"called {kind}", _unknown_called(kind))
                                        for kind in openness.SOURCE_TYPES if kind != UNKNOWN),
          only=("weekly_openness",)),
    *made("source types merged", ("cn-closed as closed", _origins_merged({"cn-closed": "closed"})),
          ("row-open as cn-open", _origins_merged({"row-open": "cn-open"})),
          ("cn-open as row-open", _origins_merged({"cn-open": "row-open"})), only=("weekly_openness",)),
    *made("null regions dropped", ("without their requests", by_requests(_placed)),
          ("without their rows", _without_rows(UNKNOWN)), only=("spend_region",)),
)  # fmt: skip
