"""Inspects a log: its conformance to the contract, the days that it covers, and every check, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis import contract
from analysis.inspection import amounts, clocks, users, values
from analysis.inspection.check import CHECKS, PARTS, SEVERITIES, Finding, Part
from analysis.inspection.facts import Facts
from analysis.numerals import money, percent
from analysis.sources import columns, doubles
from analysis.sources.conformance import check_conformance
from analysis.sources.log import Log

if TYPE_CHECKING:
    import pandas as pd

ROOMS = (users, amounts, clocks, values)
"""Where checks are: that they are imported puts them on the list."""

_TOLD = (
    "unique",
    "one request an id",
    "days without a hole",
    "apart from the rest",
    "all files are read",
    "conforms",
)
"""Checks of the contract of which `Log.warnings` speaks, too."""
_COUNTED = ("Rows", "Users", "Tokens", "Cost", "Missing values")
"""Facts that count all rows of a log, those too that no published sum holds."""
_TOUCHED: dict[str, tuple[Part, ...]] = {
    "user_id": ("retention",),
    "cost_total": ("cost", "categories", "geography"),
    "tokens_cached": ("cost",), "tokens_reasoning": ("agentic",),
    "finish_reason": ("agentic",), "tool_called": ("agentic",), "tools_offered": ("agentic",),
    "country": ("geography",), "continent": ("geography",), "language": ("geography",),
    "path": ("categories",), "confidence": ("categories",), "released": ("retention",),
    "time_to_first_token_ms": (), "generation_time_ms": (),
}  # fmt: skip


@dataclass(frozen=True)
class Inspection:
    """What an inspection found. checks: how many looked. facts: of the log, by name, for people."""

    log: str
    checks: int
    findings: tuple[Finding, ...]
    facts: Mapping[str, str]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings by which some analysis would be wrong."""
        return self.of("error")

    def of(self, *severities: str) -> tuple[Finding, ...]:
        """The findings of some severities."""
        return tuple(one for one in self.findings if one.severity in severities)

    def touching(self, part: str) -> tuple[Finding, ...]:
        """Errors and warnings that touch a part of the report and not all of it."""
        some = self.of("error", "warning")
        return tuple(one for one in some if part in one.touches and set(one.touches) != set(PARTS))

    @property
    def mark(self) -> str:
        """What stands on all that is made of a log with errors, all the same; empty without errors."""
        names = ", ".join(dict.fromkeys(one.check for one in self.errors))
        said = "The log has errors, and was analysed all the same (--anyway)"
        return f"{said}: {names}. Do not trust the numbers." if names else ""

    def named(self) -> Inspection:
        """The same with the names of its findings alone, for what must not tell of single rows."""
        return replace(
            self,
            findings=tuple(one.named() for one in self.findings),
            facts={name: value for name, value in self.facts.items() if name not in _COUNTED},
        )

    def sentences(self) -> dict[str, tuple[str, ...]]:
        """Errors and warnings in sentences for people, by the section of the report that they touch; under an empty key
        those that touch all of it, after the mark."""
        marked = (self.mark,) if self.mark else ()
        shown = self.of("error", "warning")
        whole = tuple(one.sentence for one in shown if set(one.touches) == set(PARTS) and not one.told)
        by_part = {part: tuple(one.sentence for one in self.touching(part)) for part in PARTS}
        return {"": (*marked, *whole)} | by_part

    def as_json(self) -> dict[str, Any]:
        """The inspection for programs."""
        counts = {severity: len(self.of(severity)) for severity in SEVERITIES}
        return {
            "checks": self.checks, "counts": counts, "facts": dict(self.facts),
            "findings": [one.as_json() for one in self.findings],
        }  # fmt: skip


def inspect(log: Log) -> Inspection:
    """Inspect an opened log; it may be opened unchecked. Where its columns do not conform, these are all that is looked
    at. Raises LogError where it cannot be read."""
    table = check_conformance(log)
    broken = table[table["violations"] > 0]
    optional = broken["check"].eq("column present") & broken["severity"].eq("warning")
    findings = [_of_conformance(row, log) for row in broken[~optional].to_dict("records")]
    findings += _without(broken[optional], _optional_columns(table["table"]))
    readable = next(columns.problems("generations", log.stored.schema()), None) is None
    undated = (table["check"] == "plausible date") & (table["violations"] > 0)
    dated = bool(log.rows) and log.start is not None and not undated.any()
    count, told = len(table), {"Rows": f"{log.rows:,}"}
    if dated:
        told |= _facts(log)
    if readable and dated:
        facts = Facts(log)
        findings += [found for one in CHECKS.values() if (found := one.of(facts)) is not None]
        count += len(CHECKS)
        told |= _more(facts)
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    return Inspection(log.name, count, tuple(findings), told)


def _of_conformance(row: Mapping[Any, Any], log: Log) -> Finding:
    """A violated check of the contract as a finding."""
    severity = row["severity"]
    if (
        row["check"] == "unique"
        and row["table"] == "generations"
        and row["violations"] <= doubles.MOST_COPIES * log.rows
    ):
        severity = "warning"
    place = f"{row['table']}.{row['column']}" if row["column"] else str(row["table"])
    return Finding(
        check=str(row["check"]),
        severity=severity,
        touches=_TOUCHED.get(str(row["column"]), PARTS),
        words=f"{place}: {row['explanation']}",
        count=int(row["violations"]),
        of=int(row["rows"]),
        examples=str(row["examples"]),
        told=severity == "warning" and row["check"] in _TOLD,
    )


def _without(missing: pd.DataFrame, optional: int) -> list[Finding]:
    """The columns that a log lacks, of so many optional ones, as one note: what needs them is not available, and says
    so."""
    if missing.empty:
        return []
    by_table = missing.groupby("table", sort=False)["column"].agg(", ".join)
    names = "; ".join(f"{table}: {columns}" for table, columns in by_table.items())
    touched = {part for name in missing["column"] for part in _TOUCHED.get(name, PARTS)}
    return [
        Finding(
            check="optional columns",
            severity="note",
            touches=tuple(part for part in PARTS if part in touched),
            words=f"missing, and analyses that need them are not available: {names}",
            count=len(missing),
            of=optional,
        )
    ]


def _optional_columns(names: Iterable[str]) -> int:
    """How many optional columns the contract has in some of its tables."""
    return sum(
        not field.required
        for table, fields in contract.FIELDS.items()
        if table in set(names)
        for field in fields
    )


def _more(facts: Facts) -> dict[str, str]:
    """What a log holds that all checks can read."""
    known = [name for name in sorted(facts.log.columns) if f"null {name}" in facts.whole]
    shares = {name: facts.null(name) / facts.rows for name in known}
    some = ", ".join(f"{name} {percent(share)}" for name, share in shares.items() if 0 < share < 1)
    every = ", ".join(name for name, share in shares.items() if share == 1)
    return {
        "Users": f"{facts.users['users']:,}, of whom {facts.users['returning']:,} have a second day",
        "Tokens": f"{int(facts.whole['tokens'] or 0):,}",
        "Cost": f"{money(float(facts.whole['cost'] or 0), 2)} USD",
        "Missing values": "; ".join(filter(None, (some, every and f"in every row: {every}"))) or "none",
    }


def _facts(log: Log) -> dict[str, str]:
    """What a log is whose days are known, in a few lines."""
    return {
        "Days (UTC)": f"{log.first_day} to {log.last_day}",
        "Columns": f"{len(log.columns)}",
        "Labels": "yes" if log.labels is not None else "no",
        "Models table": "yes" if log.models is not None else "no",
    }
