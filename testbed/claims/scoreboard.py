"""The scoreboard: every claim of the registry measured on a log and judged.

with analysis.open_log(run) as log:
    board = scoreboard.score(log)
    verdicts.keep(run, board.as_json())  # analysis.report.pages.claim_verdicts
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.json_values import finite
from analysis.numerals import NONE, counted
from analysis.report.status import WORDS, Status
from analysis.report.withholding import RULE
from analysis.sources.log import Log, NotAvailable
from testbed.claims import withholding
from testbed.claims.amounts import amount, say
from testbed.claims.predicates import AllOf, Direction, Predicate, Simple, StatisticCall
from testbed.claims.registry import Entry, Registry, registry
from testbed.claims.statistics import Measured, Result, Series, Untestable, measure
from testbed.claims.verdict import Verdict, together

if TYPE_CHECKING:
    from analysis.disclosure.account import Account

VERSION = 1
ROLES = ("emergent", "input", "definition")
INPUT_CAVEAT = (
    "A world is given its inputs, so a passed input claim proves little; "
    "only emergent ones say that a pattern emerged."
)
DIRECTIONS = {
    True: "This log is a simulated world whole: a trend is its end less its start, means of four weeks, and the "
    "difference decides; of labelled requests its interval does. Weak: taken as one history, the log would give "
    "another verdict. How far a difference is the luck of the draw, replicates tell (--seeds).",
    False: "This log is one history: a trend is judged by the weekly trend test (Mann-Kendall, with autocorrelation), "
    "a sign and a comparison by the interval of the statistic.",
}
"""How directions are judged in a simulated log, and in any other."""
SHOWN_GROUPS = 6  # named numbers shown of a statistic that has many


@dataclass(frozen=True)
class JudgedPart:
    """One condition of a claim that has several. name: its statistic in words, shown: the simulated value for people;
    value, low, high, unit: where the statistic is one number."""

    name: str
    verdict: Verdict
    shown: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Judged:
    """A claim with what was measured and the verdict. shown: the simulated value for people; value, low, high, n, unit:
    of the first statistic, where it is one number. parts: the conditions of a claim that has several, in order."""

    entry: Entry
    verdict: Verdict
    shown: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str | None = None
    detail: str = ""
    parts: tuple[JudgedPart, ...] = ()

    @property
    def withheld(self) -> bool:
        """Whether it is withheld, in whole or in part."""
        return self.verdict.withheld or any(part.verdict.withheld for part in self.parts)


@dataclass(frozen=True)
class Scoreboard:
    """All judged claims of one log, in the order of the report. simulated: whether the log is a simulated world.
    account: what was withheld of it."""

    log: str
    digest: str
    judged: tuple[Judged, ...]
    titles: dict[str, str]
    simulated: bool = False
    account: Account | None = None

    @property
    def withheld(self) -> tuple[str, ...]:
        """What was withheld, in sentences; none where all is shown."""
        if self.account is None:
            return ()
        claims = sum(judged.withheld for judged in self.judged)
        left = f"{counted(claims, 'claim')} cannot be shown so, in whole or in part: they say that they are withheld."
        return (*(line for lines in self.account.sentences().values() for line in lines), left)

    def totals(self) -> dict[str, dict[str, int]]:
        """By role: how many claims hold (of them weakly), fail (of them weakly), and are not testable."""
        return totals_of((j.entry.claim.role, j.verdict.status, bool(j.verdict.weak)) for j in self.judged)

    def as_json(self) -> dict[str, Any]:
        """The scoreboard as data: what verdicts.json holds."""
        lines = [(j.entry, line(j)) for j in self.judged]
        told = as_data(self.log, self.digest, self.titles, lines, self.simulated)
        return told if self.account is None else {"k_anonymity": self.account.as_json()} | told


def as_data(
    log: str, digest: str, titles: Mapping[str, str], lines: Sequence[tuple[Entry, Mapping[str, Any]]], simulated: bool
) -> dict[str, Any]:  # fmt: skip
    """A scoreboard as data, of the lines of its claims in their order."""
    told = [(entry.claim.role, one["status"], one["weak"]) for entry, one in lines]
    return {
        "version": VERSION,
        "log": log,
        "registry_digest": digest,
        "caveat": INPUT_CAVEAT,
        "directions": DIRECTIONS[simulated],
        "totals": totals_of(told),
        "sections": dict(titles),
        "claims": [_about(entry) | dict(one) for entry, one in lines],
    }


def totals_of(verdicts: Iterable[tuple[str, Status, bool]]) -> dict[str, dict[str, int]]:
    """By role: see `Scoreboard.totals`. verdicts: of each claim its role, its status, and whether it is weak."""
    told = list(verdicts)
    totals = {}
    for role in ROLES:
        mine = [(status, weak) for of, status, weak in told if of == role]
        totals[role] = {
            "holds": sum(status == "holds" for status, _ in mine),
            "holds_weakly": sum(status == "holds" and weak for status, weak in mine),
            "fails": sum(status == "fails" for status, _ in mine),
            "fails_weakly": sum(status == "fails" and weak for status, weak in mine),
            "not_testable": sum(status == "not_testable" for status, _ in mine),
        }
    return totals


def score(
    log: Log,
    only: Collection[str] | None = None,
    claims: Registry | None = None,
    progress: Callable[[int, int], None] | None = None,
    account: Account | None = None,
) -> Scoreboard:
    """Measure and judge all claims, or some by id. A claim that the log cannot answer is not testable, never a pass.

    account: what was withheld of the log (`analysis.report.withholding.shown`), where its small cells are: then claims
    whose values could show one are not testable either, and counted as withheld.
    """
    claims = registry() if claims is None else claims
    entries = [entry for entry in claims if only is None or entry.id in only]
    judged = []
    for number, entry in enumerate(entries):
        if progress is not None:
            progress(number, len(entries))
        judged.append(judge(log, entry, account))
    if progress is not None:
        progress(len(entries), len(entries))
    titles: dict[str, str] = {entry.section: claims.titles[entry.section] for entry in entries}
    return Scoreboard(log.name, claims.digest, tuple(judged), titles, log.simulated, account)


def judge(log: Log, entry: Entry, account: Account | None = None) -> Judged:
    """One claim. account: see `score`."""
    claim = entry.claim
    if claim.predicate is None:
        return Judged(entry, Verdict("not_testable", claim.note), NONE)
    if not isinstance(claim.predicate, AllOf):
        assert claim.statistic is not None
        result, verdict = _part(log, claim.statistic, claim.predicate, account)
        shown = NONE if result is None else show(result, claim.predicate.names)
        return _judged(entry, verdict, result, shown)
    results: list[Result | None] = []
    texts: dict[str, None] = {}
    verdicts = {}
    parts = []
    for number, part in enumerate(claim.predicate.of, start=1):
        call = part.statistic or claim.statistic
        assert call is not None
        name = call.name.partition(".")[2].replace("_", " ")
        result, verdict = _part(log, call, part.predicate, account)
        verdicts[f"({number}) {name}"] = verdict
        results.append(result)
        parts.append(_judged_part(name, verdict, result, part.predicate))
        if result is not None and (part.statistic is not None or number == 1):
            texts[f"({number}) {name} {show(result, part.predicate.names)}"] = None
    first = next((result for result in results if result is not None), None)
    return replace(_judged(entry, together(verdicts), first, "; ".join(texts) or NONE), parts=tuple(parts))


def _judged_part(name: str, verdict: Verdict, result: Result | None, predicate: Predicate) -> JudgedPart:
    shown = NONE if result is None else show(result, predicate.names)
    if not isinstance(result, Measured):
        return JudgedPart(name, verdict, shown, unit=getattr(result, "unit", None))
    value, low, high = finite(result.value), finite(result.low), finite(result.high)
    return JudgedPart(name, verdict, shown, value, low, high, result.unit)


def _part(
    log: Log, call: StatisticCall, predicate: Simple, account: Account | None
) -> tuple[Result | None, Verdict]:
    result: Result | None = None
    try:
        if account is not None:
            result = withholding.measured(log, call.name, call.arguments, account)
        else:
            result = measure(log, call.name, call.arguments)
        if log.simulated and isinstance(predicate, Direction):
            return result, predicate.judge_world(result)
        return result, predicate.judge(result)
    except NotAvailable as gap:
        if gap.column == RULE:
            return result, Verdict("not_testable", gap.why, withheld=True)
        return result, Verdict("not_testable", f"this log lacks {gap.column}: {gap.why}")
    except Untestable as gap:
        return result, Verdict("not_testable", str(gap))


def _judged(entry: Entry, verdict: Verdict, first: Result | None, shown: str) -> Judged:
    if not isinstance(first, Measured):
        detail = getattr(first, "detail", "")
        return Judged(
            entry,
            verdict,
            shown,
            n=getattr(first, "n", None),
            unit=getattr(first, "unit", None),
            detail=detail,
        )
    value, low, high = finite(first.value), finite(first.low), finite(first.high)
    return Judged(entry, verdict, shown, value, low, high, int(first.n), first.unit, first.detail)


def show(result: Result, names: Collection[str] = ()) -> str:
    """A result in few words: a number with its interval; of a series its first and last four weeks and its extremes; of
    named numbers those that matter, or the largest."""
    if isinstance(result, Measured):
        return say(result, signed=result.unit == "points")
    if isinstance(result, Series):
        known = [value for value in result.values if math.isfinite(value)]
        if not known:
            return "no value"
        start, end = (sum(part) / len(part) for part in (known[:4], known[-4:]))
        first, last, low, high = (amount(x, result.unit) for x in (start, end, min(known), max(known)))
        return f"{first} → {last} (weeks {low} to {high})"
    ranked = sorted(result.parts, key=lambda name: -result.parts[name].value)
    chosen = [name for name in names if name in result.parts] or ranked[:SHOWN_GROUPS]
    more = len(result.parts) - len(chosen) if not names else 0
    text = ", ".join(f"{name} {amount(result.parts[name].value, result.parts[name].unit)}" for name in chosen)
    return text + (f", {more} more" if more > 0 else "")


def _about(entry: Entry) -> dict[str, Any]:
    claim = entry.claim
    return {
        "id": entry.id,
        "section": entry.section,
        "where": claim.where,
        "statement": claim.text,
        "reported": claim.reported,
        "role": claim.role,
        "basis": claim.basis,
        "calibration": claim.calibration,
        "note": claim.note,
    }


def line(judged: Judged) -> dict[str, Any]:
    """What the scoreboard shows of a claim, as plain data."""
    return {
        "status": judged.verdict.status,
        "weak": bool(judged.verdict.weak),
        "reason": judged.verdict.reason,
        "simulated": judged.shown,
        "value": judged.value,
        "low": judged.low,
        "high": judged.high,
        "n": judged.n,
        "unit": judged.unit,
        "detail": judged.detail,
        "test": _test(judged.verdict),
        "parts": [
            {
                "name": part.name,
                "status": part.verdict.status,
                "weak": bool(part.verdict.weak),
                "reason": part.verdict.reason,
                "simulated": part.shown,
                "value": part.value,
                "low": part.low,
                "high": part.high,
                "unit": part.unit,
                "test": _test(part.verdict),
            }
            for part in judged.parts
        ],
    }


def _test(verdict: Verdict) -> dict[str, Any] | None:
    return None if verdict.test is None else verdict.test.as_data()


def word(verdict: Verdict) -> str:
    """The verdict in a word or two."""
    return WORDS[verdict.status] + (" (weak)" if verdict.weak and verdict.status != "not_testable" else "")
