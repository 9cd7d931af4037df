"""What is said of a function or a form that is not translated: its name and place, and what to write instead."""

from __future__ import annotations

import re

from testbed.validation.dialects.names import DUCKDB
from testbed.validation.dialects.patterns import UNTRANSLATED
from testbed.validation.dialects.rules import rules_of

_UNKNOWN = re.compile(
    r"Function with name \"?(\w+)\"? does not exist"
    r"|No function matches the given name and argument types '(\w+)\("
    r"|(?:extract|date part|timestamp) specifier \"(\w+)\" not recognized",
    re.IGNORECASE,
)
_SYNTAX = re.compile(r"Parser Error: syntax error at or near \"([^\"]+)\"")
STANDARD = (
    "say it in standard SQL (CASE, CAST, date_trunc, count, sum), or all in DuckDB's (--dialect duckdb)"
)
SERVER = "or run it on a server of your own: --against postgresql://..."


def refusal(reason: str, file: str, text: str, dialect: str) -> str | None:
    """One line in place of an engine's error where a query of another dialect asks for what is not translated; None
    where the error is about something else. reason: the engine's; file, text: the user's query."""
    if dialect == DUCKDB:
        return None
    if match := _UNKNOWN.search(reason):
        found = next(group for group in match.groups() if group)
        name = found.lower().removeprefix(UNTRANSLATED)
        place = _place(text, rf"\b{re.escape(name)}\b")
        if place is None:
            return None
        line, written = place
        instead = rules_of(dialect).instead.get(name)
        what = f"{written} of {dialect} is not translated" + (
            "" if match[1] and name == found.lower() else " in this form"
        )
        return f"{file}:{line}: {what}; {_advice(dialect, instead)}"
    if match := _SYNTAX.search(reason):
        for name, instead in rules_of(dialect).instead.items():
            if place := _place(text, rf"\b{re.escape(name)}\b"):
                line, written = place
                return f"{file}:{line}: {written} of {dialect} is not translated; {_advice(dialect, instead)}"
        return f"{file}: a form of {dialect} near '{match[1]}' is not translated; {_advice(dialect, None)}"
    return None


def _place(text: str, pattern: str) -> tuple[int, str] | None:
    """Line and spelling of the first occurrence outside of comments."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.search(pattern, re.sub(r"(--|#).*", "", line), re.IGNORECASE):
            return number, match[0]
    return None


def _advice(dialect: str, instead: str | None) -> str:
    said = f"write {instead}" if instead else STANDARD
    return f"{said}, {SERVER}" if dialect == "postgres" else said
