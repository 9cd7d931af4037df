"""Whether an opened log conforms to the contract: every violation with its count, its share of rows and examples.

All counting happens in the engine: one scan for the checks of single rows, one query each for duplicates and
joins. Severity `error`: the log breaks the contract and some analysis would be wrong. `warning`: it conforms,
but look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import contract
from analysis import vocabulary as v
from analysis.sources import doubles
from analysis.sources.columns import conforms
from analysis.sources.log import Log
from analysis.sources.opening import open_log
from analysis.sources.soundness import YEARS

Severity = Literal["error", "warning"]
RESULT_COLUMNS = ("table", "check", "column", "violations", "rows", "examples", "severity", "explanation")
EXAMPLES = 5


@dataclass(frozen=True)
class _RowCheck:
    check: str
    column: str
    violated: ir.BooleanValue
    shown: str  # column whose values are the examples
    explanation: str
    severity: Severity = "error"


def check_conformance(log: Log | str | Path, only_violations: bool = False) -> pd.DataFrame:
    """Check a log against the contract.

    log: an opened log, or where to find one (then opened unchecked, so that even a log without its required
    columns can be reported on). Returns one row a check: table, check, column, violations (rows that violate
    it, count), rows (checked, count), examples (up to 5 values as text), severity (error or warning),
    explanation. Sound logs give only zeros in `violations`; `only_violations` leaves the zeros out. Raises
    LogError where nothing can be opened.
    """
    if not isinstance(log, Log):
        with open_log(log, check=False) as opened:
            return check_conformance(opened, only_violations)
    rows = list(_checks(log))
    frame = pd.DataFrame(rows, columns=list(RESULT_COLUMNS)).astype({"violations": "int64", "rows": "int64"})
    if only_violations:
        frame = frame[frame["violations"] > 0]
    order = frame["violations"].eq(0).astype(int) * 2 + frame["severity"].eq("warning").astype(int)
    return frame.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def is_conforming(findings: pd.DataFrame) -> bool:
    """Whether the findings hold no error (warnings do not count)."""
    return not ((findings["violations"] > 0) & (findings["severity"] == "error")).any()


def _checks(log: Log) -> Iterator[tuple[Any, ...]]:
    yield from _files(log)
    for name in contract.TABLES:
        table: ir.Table | None = log.stored if name == "generations" else getattr(log, name)
        if table is None:
            continue
        count = int(table.count().to_pyarrow().as_py())
        if name == "generations":
            yield (name, "not empty", "", int(count == 0), count, "", "error", "the table has rows")
        yield from _schema_checks(name, table, count)
        yield from _run_row_checks(name, table, count, list(_row_checks(name, table)))
    yield from _unique(log)
    yield from _joins(log)
    yield from _partitions(log)
    yield from _coverage(log)
    yield from _releases(log)


def _files(log: Log) -> Iterator[tuple[Any, ...]]:
    """What is wrong in some files though not in all, and what was not read."""
    for name, found in log.file_problems.items():
        for problem in (one for one in found if not one.everywhere):
            files = ", ".join(problem.files[:EXAMPLES])
            yield (
                name,
                "each file conforms",
                problem.column,
                problem.rows,
                problem.rows,
                files,
                "error",
                problem.what,
            )
    for sentence in log.left_out:
        yield "generations", "all files are read", "", 1, 0, "", "warning", sentence
    for side, why in log.absent.items():
        yield side, "conforms", "", 1, 0, "", "warning", why


def _schema_checks(name: contract.Table, table: ir.Table, count: int) -> Iterator[tuple[Any, ...]]:
    kinds = table.schema()
    for field in contract.FIELDS[name]:
        if field.name not in kinds:
            severity = "error" if field.required else "warning"
            need = "required" if field.required else "optional; analyses that need it are not available"
            yield (
                name,
                "column present",
                field.name,
                count,
                count,
                "",
                severity,
                f"the column is missing ({need})",
            )
            continue
        wrong = not conforms(kinds[field.name], field.family)
        why = f"expected {field.type}, found {kinds[field.name]}"
        if field.family == "timestamp" and kinds[field.name].is_timestamp():
            why = "the timestamp has no time zone; store UTC with its zone"
        yield (
            name,
            "column type",
            field.name,
            count if wrong else 0,
            count,
            "",
            "error",
            why if wrong else field.type,
        )


def _row_checks(name: contract.Table, table: ir.Table) -> Iterator[_RowCheck]:
    kinds = table.schema()
    key = contract.FIELDS[name][0].name if contract.FIELDS[name][0].name in kinds else kinds.names[0]

    def sound(*columns: str) -> bool:
        fields = contract.fields(name)
        return all(c in kinds and conforms(kinds[c], fields[c].family) for c in columns)

    for field in contract.FIELDS[name]:
        if not sound(field.name):
            continue
        column = table[field.name]
        if not field.nullable:
            yield _RowCheck("not null", field.name, column.isnull(), key, "the value is missing")
        if field.allowed:
            text = f"allowed: {', '.join(field.allowed)}"
            yield _RowCheck("allowed values", field.name, column.notin(field.allowed), field.name, text)
        if field.known:
            text = f"usual: {', '.join(field.known)}"
            yield _RowCheck(
                "usual values", field.name, column.notin(field.known), field.name, text, "warning"
            )
        if field.family in ("integer", "float"):
            yield _RowCheck("not negative", field.name, column < 0, key, "the value is below 0")
        if kinds[field.name].is_floating():
            endless = column.isnan() | column.isinf()
            yield _RowCheck(
                "finite", field.name, endless, key, "not a number, or infinite: one such row spoils a sum"
            )
    if name == "generations":
        yield from _generation_checks(table, key, sound)
    if name == "labels" and sound("confidence"):
        yield _RowCheck("at most 1", "confidence", table.confidence > 1, key, "confidence lies in 0 to 1")
    if name == "labels" and sound("path"):
        yield _RowCheck("path form", "path", ~table.path.startswith("/"), "path", "paths start with a slash")


def _generation_checks(t: ir.Table, key: str, sound: Any) -> Iterator[_RowCheck]:
    if sound("created_at"):
        year = v.utc(t.created_at).year()  # null where the moment is infinite
        wrong = t.created_at.notnull() & ~year.between(*YEARS).fill_null(False)
        yield _RowCheck(
            "plausible date", "created_at", wrong, key,
            f"requests are of the years {YEARS[0]} to {YEARS[1]}",
        )  # fmt: skip
    if sound("user_id"):
        yield _RowCheck(
            "not blank", "user_id", t.user_id == "", key, "all rows with an empty id would be one user: leave them out",
        )  # fmt: skip
    if sound("tokens_reasoning", "tokens_completion"):
        yield _RowCheck(
            "part of completion", "tokens_reasoning", t.tokens_reasoning > t.tokens_completion, key,
            "reasoning tokens are a part of completion tokens; some systems report them apart: add them",
        )  # fmt: skip
    if sound("tokens_cached", "tokens_prompt"):
        yield _RowCheck(
            "part of prompt", "tokens_cached", t.tokens_cached > t.tokens_prompt, key,
            "cached tokens are a part of prompt tokens; some systems report them apart: add them",
        )  # fmt: skip
    if sound("tool_called", "finish_reason"):
        yield _RowCheck(
            "agrees with finish_reason", "tool_called", t.tool_called != (t.finish_reason == "tool_calls"), key,
            "tool_called is true exactly where finish_reason is tool_calls",
        )  # fmt: skip
    if sound("tool_called", "tools_offered"):
        yield _RowCheck(
            "called tools were offered", "tools_offered", t.tool_called & ~t.tools_offered, key,
            "a request that ended in a tool call was not offered tools",
        )  # fmt: skip
    if sound("time_to_first_token_ms", "generation_time_ms"):
        yield _RowCheck(
            "first token before the end", "time_to_first_token_ms", t.time_to_first_token_ms > t.generation_time_ms,
            key, "the first token came after the end of the response", "warning",
        )  # fmt: skip
    if sound("variant", "cost_total"):
        yield _RowCheck(
            "free costs nothing", "cost_total", (t.variant == "free") & (t.cost_total > 0), key,
            "a free variant was charged", "warning",
        )  # fmt: skip
    if sound("model"):
        yield _RowCheck(
            "author/slug", "model", ~t.model.contains("/"), "model", "models are named author/slug"
        )
        yield _RowCheck(
            "no variant suffix", "model", t.model.contains(":"), "model", "the variant has its own column"
        )
    if sound("country", "continent"):
        yield from _continent_check(t)


def _continent_check(t: ir.Table) -> Iterator[_RowCheck]:
    continent = ibis.cases(
        *((t.country.isin([c for c, of in contract.CONTINENT_OF.items() if of == name]), name)
          for name in contract.CONTINENTS),
        else_=None,
    )  # fmt: skip
    yield _RowCheck(
        "continent of country", "continent", t.continent != continent, "country",
        "the continent is not that of the country (countries on two continents are not checked)", "warning",
    )  # fmt: skip


def _run_row_checks(
    name: contract.Table, table: ir.Table, count: int, checks: list[_RowCheck]
) -> Iterator[tuple[Any, ...]]:
    """All row checks of a table in one scan; examples only of what was violated."""
    if not checks:
        return
    sums = {f"c{i}": v.count_where(check.violated) for i, check in enumerate(checks)}
    found = table.aggregate(**sums).to_pyarrow().to_pylist()[0]
    for i, check in enumerate(checks):
        violations = int(found[f"c{i}"] or 0)
        examples = _examples(table.filter(check.violated), check.shown) if violations else ""
        yield name, check.check, check.column, violations, count, examples, check.severity, check.explanation


def _examples(rows: ir.Table, column: str) -> str:
    shown = rows.select(column).distinct()
    order = v.in_byte_order(shown[column]) if shown[column].type().is_string() else column
    values = shown.order_by(order).limit(EXAMPLES).to_pyarrow()[column].to_pylist()
    return ", ".join(sorted(str(value) for value in values))


def _unique(log: Log) -> Iterator[tuple[Any, ...]]:
    if "generation_id" in log.columns and log.rows:
        found = doubles.look(log)
        ids = doubles.per_id(log.generations)
        for check, count, shown, severity, explanation in (
            ("unique", found.copies, ids.rows > ids.requests, "error",
             "copies: rows beyond the first with the same generation_id, user, moment and model; keep one of each"),
            ("one request an id", found.reused, ids.requests > 1, "warning",
             "different requests share an id; all are counted, but their labels are left out"),
        ):  # fmt: skip
            examples = _examples(ids.filter(shown), "generation_id") if count else ""
            yield "generations", check, "generation_id", count, log.rows, examples, severity, explanation
    if log.models is not None and "model" in log.models.columns:
        names = log.models.group_by("model").aggregate(copies=log.models.count())
        names = names.filter(names.copies > 1)
        extra = int(
            names.aggregate(n=v.total(names.copies) - names.count()).to_pyarrow().to_pylist()[0]["n"] or 0
        )
        yield (
            "models", "unique", "model", extra, int(log.models.count().to_pyarrow().as_py()),
            _examples(names, "model") if extra else "", "error", "rows beyond the first of the same model",
        )  # fmt: skip


def _joins(log: Log) -> Iterator[tuple[Any, ...]]:
    if log.labels is not None and "generation_id" in log.labels.columns and "generation_id" in log.columns:
        orphans = log.labels.anti_join(log.generations, "generation_id")
        violations = int(orphans.count().to_pyarrow().as_py())
        yield (
            "labels", "has its generation", "generation_id", violations,
            int(log.labels.count().to_pyarrow().as_py()), _examples(orphans, "generation_id") if violations else "",
            "error", "labels of requests that the log does not hold",
        )  # fmt: skip
    if log.models is not None and "model" in log.columns and "model" in log.models.columns:
        used = log.generations.group_by("model").aggregate(requests=log.generations.count())
        strangers = used.anti_join(log.models, "model")
        violations = int(
            strangers.aggregate(n=v.total(strangers.requests)).to_pyarrow().to_pylist()[0]["n"] or 0
        )
        yield (
            "generations", "model is known", "model", violations, log.rows,
            _examples(strangers, "model") if violations else "", "warning",
            "requests to models without an entry in the models table: they show as `unknown`",
        )  # fmt: skip


def _partitions(log: Log) -> Iterator[tuple[Any, ...]]:
    t = log.stored
    kind = t.schema().get("created_at")
    if contract.PARTITION_KEY not in t.columns or kind is None or not kind.is_timestamp():
        return
    outside = v.week(t.created_at).cast("string") != t[contract.PARTITION_KEY].cast("string")
    check = _RowCheck(
        "in its week's folder", "created_at", outside, "generation_id",
        "created_at lies outside the UTC Monday week of its partition",
    )  # fmt: skip
    yield from _run_row_checks("generations", t, log.rows, [check])


def _coverage(log: Log) -> Iterator[tuple[Any, ...]]:
    """Days that the log lacks, and rows apart from the rest of it; nothing where dates are no dates."""
    kind = log.generations.schema().get("created_at")
    if kind is None or not kind.is_timestamp() or log.start is None or log.end is None:
        return
    if log.start.year < YEARS[0] or log.end.year > YEARS[1]:
        return
    coverage = log.coverage
    yield (
        "days", "days without a hole", "created_at", sum(hole.days for hole in coverage.holes),
        len(coverage.days), ", ".join(str(hole) for hole in coverage.holes[:EXAMPLES]), "warning",
        "days with next to no rows between days with many: what happened then is not known, and not zero",
    )  # fmt: skip
    yield (
        "generations", "apart from the rest", "created_at", sum(span.rows for span in coverage.stray), log.rows,
        ", ".join(str(span) for span in coverage.stray[:EXAMPLES]), "warning",
        "rows long before or after the others, or on a first or last day that is there in part: a wrong clock, or an "
        "export in local time; they count in sums, and not in cohorts",
    )  # fmt: skip


def _releases(log: Log) -> Iterator[tuple[Any, ...]]:
    """Users of models before their release dates."""
    needed = {"model", "released"}
    kind = log.generations.schema().get("created_at")
    if log.models is None or not needed <= set(log.models.columns) or kind is None or not kind.is_timestamp():
        return
    if not {"model", "user_id"} <= log.columns or log.start is None or log.end is None:
        return
    if log.start.year < YEARS[0] or log.end.year > YEARS[1]:
        return
    if not conforms(log.models.schema()["released"], "date"):
        return
    from analysis.queries.model_facts import release_days
    from analysis.queries.retention import early_users, first_months

    early, histories = early_users(log), first_months(log)
    users = int(histories["users"][histories["model"].isin(list(release_days(log)))].sum())
    yield (
        "models", "released before its first requests", "released", sum(early.values()),
        users, ", ".join(sorted(early)[:EXAMPLES]), "warning",
        "users with requests to a model before its release date: the date of an announcement, or of a new listing; "
        "more than a handful, and the date is not used to find the launch",
    )  # fmt: skip
