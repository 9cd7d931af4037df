"""Checks of values that are missing, spelled otherwise, or there twice."""

from __future__ import annotations

import pandas as pd

from analysis.inspection.check import Found, check
from analysis.inspection.facts import Facts
from analysis.numerals import counted, percent

FILLED = ("account_id", "variant", "provider_name", "tokens_reasoning", "tokens_cached", "byok", "country", "continent",
          "language")  # fmt: skip
"""Columns that a gateway fills for each request, or for none."""
DRIFTING = (*FILLED, "finish_reason", "tool_called", "streamed", "cancelled", "session_id")
"""Columns of which a log has values throughout, or never: `tools_offered` is recorded from a date on."""
FEW_MISSING = 0.002  # of the values (assumed)
FEW_REPEATS = 0.003  # of the rows that follow one of the same length (assumed)
LEAST_REPEATS = 5
LEAST_WEEKS = 2


@check("missing values", "warning")
def missing_values(facts: Facts) -> Found | None:
    """Some values of a column that is filled otherwise."""
    found = {name: facts.null(name) for name in FILLED if facts.has(name) and not _drifts(facts, name)}
    if facts.has("finish_reason", "cancelled") and not _drifts(facts, "finish_reason"):
        found["finish_reason"] = int(facts.whole["null reason of no error"] or 0)
    some = {name: rows for name, rows in found.items() if FEW_MISSING * facts.rows < rows < facts.rows}
    if not some:
        return None
    parts = ", ".join(f"{name} ({percent(rows / facts.rows)})" for name, rows in some.items())
    return Found(f"values are missing in some rows: {parts}", max(some.values()), facts.rows, ", ".join(some))


@check("columns that come and go", "warning")
def schema_drift(facts: Facts) -> Found | None:
    """A column that has no value before a week, or from one on."""
    found = {name: week for name in DRIFTING if facts.has(name) and (week := _drifts(facts, name))}
    if not found:
        return None
    parts = ", ".join(f"{name} ({week})" for name, week in found.items())
    rows = max(facts.null(name) for name in found)
    return Found(
        f"columns have values in a part of the log's weeks alone: {parts}", rows, facts.rows, ", ".join(found)
    )


def _drifts(facts: Facts, column: str) -> str:
    """The week at which a column begins or ends, in words; empty where it does not."""
    weeks = facts.weekly_nulls
    none = (weeks[column] == weeks["rows"]).to_numpy()
    some = (weeks[column] < weeks["rows"] / 2).to_numpy()
    for first, second, said in ((none, some, "from"), (some, none, "until")):
        lead = int((~first).argmax()) if not first.all() else len(first)
        rest = second[lead + 1 :]  # the week of the change has both
        if lead >= LEAST_WEEKS and len(rest) >= LEAST_WEEKS and rest.all():
            return f"{said} about {pd.Timestamp(weeks['week'].iloc[lead]):%Y-%m-%d}"
    return ""


@check("country codes", "error", "geography")
def country_codes(facts: Facts) -> Found | None:
    """Names of countries in the place of codes."""
    rows = int(facts.whole.get("no code") or 0)
    if not rows:
        return None
    names = ", ".join(facts.no_codes(3))
    return Found(
        "country is no code of two letters (ISO 3166-1 alpha-2): places are not found",
        rows,
        facts.rows,
        names,
    )


@check("several names of a version", "warning", "openness", "agentic", "retention", "cost")
def aliases(facts: Facts) -> Found | None:
    """One dated version under several names of a model: each name is a model of its own."""
    if not facts.has("model_permaslug"):
        return None
    frame = facts.names_of_versions
    alias = frame[(frame["model"] == frame["model_permaslug"]) | ~frame["model"].str.contains("/")]
    listed = frame[~frame.index.isin(alias.index)]
    alias = alias[alias["model_permaslug"].isin(listed["model_permaslug"])]
    if alias.empty:
        return None
    words = f"{counted(len(alias), 'name')} of models are aliases of others: their users and tokens are torn apart"
    return Found(words, int(alias["rows"].sum()), facts.rows, ", ".join(sorted(alias["model"])[:3]))


@check("repeated requests", "warning", "openness", "agentic", "categories", "cost")
def repeats(facts: Facts) -> Found | None:
    """A request of the same user, model and length within a minute, under another id: sent again, or logged twice."""
    again, rows = facts.repeats
    if again < LEAST_REPEATS or again <= FEW_REPEATS * rows:
        return None
    words = "requests follow one of the same user, model and length of prompt within a minute: sent again, it seems"
    return Found(words, again, rows)


@check("no sum of cached tokens", "note", "cost")
def no_cached(facts: Facts) -> Found | None:
    """Cached tokens that are 0 throughout may not have been recorded. Where none has a value, that is said already."""
    if not facts.has("tokens_cached") or int(facts.whole.get("some tokens_cached") or 0):
        return None
    said = facts.rows - facts.null("tokens_cached")
    if not said:
        return None
    return Found("tokens_cached is 0 wherever it is stated: it may not be recorded", said, facts.rows)
