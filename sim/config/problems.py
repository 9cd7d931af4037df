"""What is wrong with a scenario, and where: problems for people, each with file, line, column and key path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 20  # problems printed in full; the first few are what a person repairs before trying again
WIDTH = 110  # characters of a source line shown around the caret

Path = tuple[str | int, ...]  # keys and list indices from the top of a document


@dataclass(frozen=True, slots=True)
class Mark:
    """A position in a file (or, with the file `--set`, in the n-th override). Line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to repair. `path` is dotted as `--set` takes it; `source` is the line of the file, if known."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        return self.told()

    def told(self, kind: str = "") -> str:
        """In a line. kind: what stands before the message, such as `warning: `."""
        where = f"{self.file}:{self.line}:{self.column}: {kind}"
        text = f"{self.path}: {self.message}" if self.path else self.message
        return where + text + (f"; {self.hint}" if self.hint else "")

    def picture(self) -> str:
        """The source line with a caret under the column, cut to a window that fits a terminal."""
        if not self.source.strip():
            return ""
        line = "".join(char if char.isprintable() else " " for char in self.source)
        start = max(0, self.column - 1 - WIDTH // 2) if len(line) > WIDTH else 0
        gutter = f"{self.line:>7} | "
        caret = " " * (len(gutter) - 2) + "| " + " " * (self.column - 1 - start) + "^"
        return f"{gutter}{line[start : start + WIDTH].rstrip()}\n{caret}"


class ScenarioError(Exception):
    """A scenario that cannot be used. `.problems` holds all that was found, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines: list[str] = []
        for problem in self.problems[:SHOWN]:
            lines.append(str(problem))
            if picture := problem.picture():
                lines.append(picture)
        if (more := len(self.problems) - SHOWN) > 0:
            lines.append(f"... and {more} more problem{'s' if more > 1 else ''}")
        return "\n".join(lines)


class ProblemAt(ValueError):
    """Raised by a validator to name the exact place of a problem.

    `path` counts from the value that the validator sees: one key as a string, or a sequence of keys and indices.
    `at_key` points at the key instead of the value.
    """

    def __init__(
        self, path: str | Sequence[str | int], message: str, hint: str = "", at_key: bool = False
    ) -> None:
        self.path: Path = (path,) if isinstance(path, str) else tuple(path)
        self.message, self.hint, self.at_key = message, hint, at_key
        super().__init__(f"{dotted(self.path)}: {message}" if self.path else message)


class ProblemsAt(ValueError):
    """Several problems found by one validator."""

    def __init__(self, problems: Sequence[ProblemAt]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it after `--set`: joined by dots, keys that hold a dot or a blank in quotes."""
    return ".".join(_quoted(str(part)) for part in path)


def _quoted(key: str) -> str:
    if key and not re.search(r"[.=\s\"']", key):
        return key
    return f"'{key}'" if '"' in key else f'"{key}"'


def listed(words: Sequence[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def problem_in(mark: Mark, sources: dict[str, list[str]], path: str, message: str, hint: str = "") -> Problem:
    """A problem at a mark in one of the files whose lines are `sources`."""
    source = sources[mark.file][mark.line - 1]
    return Problem(mark.file, mark.line, mark.column, path, message, hint, source)
