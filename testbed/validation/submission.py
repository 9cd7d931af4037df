"""A user's file, read and not yet run: a query, a Python file with a function, or a Python script.

Lines at the head may say what it answers: `-- question: retention_triangle`, `-- model: author/slug`,
`-- dialect: bigquery`; in Python in the docstring or in a comment, `# function: retention` too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from sqlglot.errors import ParseError, SqlglotError

from analysis.contract.nearest_names import did_you_mean
from testbed.failure import BadInput, no_file
from testbed.validation.columns import KNOWN, InputColumns
from testbed.validation.dialects import DUCKDB, Translation, check_dialect, likely_dialects, translate

Kind = Literal["query", "function", "script"]
MOST_BYTES = 1_000_000
TABLES_AS = ("log", "con", "connection", "tables")
"""Names of parameters, beside those of the tables, by which a function asks for the log."""
_HEADER = re.compile(
    r"""[\s\-#/*"']*\b(question|model|dialect|function)\s*:\s*([\w./:@-]+)[\s*/"']*""", re.IGNORECASE
)
_ARGUMENTS = re.compile(r"\bsys\.argv\b|\bargparse\b")
_NOTEBOOK = re.compile(r"\bget_ipython\b|^# In\[[ \d]*\]:", re.MULTILINE)


class Header(NamedTuple):
    """What a header line says, and where."""

    value: str
    line: int


@dataclass(frozen=True)
class Submission:
    """A user's code as text. function: which one of a Python file is asked. dialects: in which a query may be
    written, the likeliest first; one only where the user says so. headers: what the file says of itself."""

    path: Path
    kind: Kind
    text: str
    function: str = ""
    dialects: tuple[str, ...] = ()
    columns: InputColumns = field(default_factory=InputColumns)
    headers: dict[str, Header] = field(default_factory=dict)

    @property
    def question(self) -> str | None:
        """The question that the file names."""
        return self.headers["question"].value if "question" in self.headers else None

    @property
    def model(self) -> str | None:
        """The model that the file names, which its code is about."""
        return self.headers["model"].value if "model" in self.headers else None

    def about(self, model: str | None) -> Submission:
        """The same code about a model that somebody else names; with None, about the one that it names itself."""
        if model is None:
            return self
        return replace(self, headers=self.headers | {"model": Header(model, 1)})

    def place(self, header: str) -> str:
        """`file:line` of a header, or the file where there is none."""
        return f"{self.path}:{self.headers[header].line}" if header in self.headers else f"{self.path}"

    def translations(self) -> Iterator[Translation]:
        """A query as DuckDB takes it, in each dialect in which it can be read. Raises BadInput
        where the user names one in which it cannot."""
        failed: SqlglotError | None = None
        for dialect in self.dialects:
            try:
                yield translate(self.text, dialect, self.columns)
            except SqlglotError as error:
                failed = failed or error
            except RecursionError:
                raise BadInput(f"{self.path}: too deeply nested to be read") from None
        if failed and len(self.dialects) == 1:
            raise BadInput(_unreadable(self.path, self.dialects[0], failed))


def read_submission(
    path: str | Path,
    *,
    dialect: str | None = None,
    function: str | None = None,
    question: str | None = None,
    columns: InputColumns | None = None,
) -> Submission:
    """A user's file. Raises BadInput with file, line and what to do.

    dialect, function, question: what the command line says, before what the file says; the function of that question's
    name is the one that is asked. columns: names of the user's own.
    """
    path = Path(path)
    text = _text(path)
    if path.suffix.lower() not in (".sql", ".py"):
        notebook = "; a notebook is exported by: jupyter nbconvert --to script"
        export = notebook if path.suffix == ".ipynb" else ""
        raise BadInput(f"{path}: expected a query (.sql) or Python (.py); rename the file{export}")
    named = columns or InputColumns()
    if path.suffix.lower() == ".sql":
        headers = _headers(path, _sql_head(text))
        if function:
            raise BadInput(f"{path}: --function names a function of a Python file; this is a query")
        said = dialect or (headers["dialect"].value if "dialect" in headers else None)
        where = "--dialect" if dialect else f"{path}:{headers['dialect'].line}" if said else ""
        dialects = (check_dialect(said, where),) if said else likely_dialects(text)
        submission = Submission(path, "query", text, "", dialects, named, headers)
        if said and said.lower() != DUCKDB:
            list(submission.translations())  # so that what cannot be read is told here
        return submission
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        place = f"{path}:{error.lineno or 1}:{error.offset or 1}"
        raise BadInput(f"{place}: not Python: {error.msg}: {(error.text or '').strip()}") from None
    except ValueError as error:  # Python before 3.11.4 says so of NUL characters
        raise BadInput(f"{path}: not Python: {error}") from None
    except (MemoryError, RecursionError):
        raise BadInput(f"{path}: this cannot be read as Python: it is nested too deeply") from None
    headers = _headers(path, _python_head(text, tree))
    if dialect:
        raise BadInput(f"{path}: --dialect is for queries; this is Python")
    wanted = function or (headers["function"].value if "function" in headers else None)
    asked = question or (headers["question"].value if "question" in headers else "")
    name = _function(path, text, tree, wanted, asked, [named.table(table) for table in KNOWN])
    return Submission(path, "function" if name else "script", text, name, (), named, headers)


def _text(path: Path) -> str:
    if not path.exists():
        beside = path.absolute().parent
        names = [one.name for one in beside.iterdir()] if beside.is_dir() else []
        hint = did_you_mean(path.name, names)
        raise BadInput(f"{path}: no such file" + (f"; {hint}" if hint else ""))
    if not path.is_file():
        raise no_file(str(path), "a query's or a Python")
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise BadInput(f"{path}: {len(data):,} bytes; expected code, of at most {MOST_BYTES:,}")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}:{line}: this file is not text in UTF-8; save it as UTF-8") from None
    if not text.strip():
        raise BadInput(f"{path}:1: the file is empty; expected a query or Python")
    return text


def _sql_head(text: str) -> Iterator[tuple[int, str]]:
    """The comments before the first statement."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        inside = (inside or plain.startswith("/*")) and "*/" not in plain
        if plain and not inside and not plain.startswith(("--", "#", "/*")) and not plain.endswith("*/"):
            return
        yield number, line


def _python_head(text: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Comments on lines of their own, and docstrings of the file and of its functions."""
    lines = text.splitlines()
    documented: list[ast.Module | ast.FunctionDef] = [
        tree,
        *(one for one in tree.body if isinstance(one, ast.FunctionDef)),
    ]
    held = [one.body[0] for one in documented if ast.get_docstring(one, clean=False) is not None]
    numbers = {number for one in held for number in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
    numbers |= {number for number, line in enumerate(lines, 1) if line.lstrip().startswith("#")}
    for number in sorted(numbers):
        yield number, lines[number - 1]


def _headers(path: Path, lines: Iterator[tuple[int, str]]) -> dict[str, Header]:
    found: dict[str, Header] = {}
    for number, line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            continue
        name, value = match[1].lower(), match[2]
        if name == "model" and "/" not in value:
            raise BadInput(
                f"{path}:{number}: model '{value}' is none; expected author/slug, such as openai/gpt-4o"
            )
        if name in found and found[name].value != value:
            raise BadInput(
                f"{path}:{number}: says {name} '{value}', line {found[name].line} says '{found[name].value}'"
            )
        found.setdefault(name, Header(value, number))
    return found


def _function(
    path: Path, text: str, tree: ast.Module, wanted: str | None, question: str, tables: Sequence[str]
) -> str:
    """The name of the function that is asked, empty for a script."""
    defined = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    if wanted:
        if wanted not in defined:
            hint = did_you_mean(wanted, defined) or f"it defines {', '.join(defined) or 'none'}"
            raise BadInput(f"{path}: no function '{wanted}' at the top of the file; {hint}")
        return wanted
    if question in defined:
        return question
    if _ARGUMENTS.search(text):
        return ""
    public = [name for name, one in defined.items() if not name.startswith("_") and _parameters(one)]
    used = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    with_tables = [name for name in public if set(_parameters(defined[name])) & {*tables, *TABLES_AS}]
    asking = [name for name in with_tables if name not in used] or with_tables
    if not asking and (not defined or _NOTEBOOK.search(text) or any(_runs_itself(one) for one in tree.body)):
        return ""
    asking = asking or [name for name in public if name not in used] or public
    if len(asking) != 1:
        raise BadInput(f"{path}: which function is to be asked? --function {' or '.join(asking or defined)}"
                       + ("" if asking else f"; it takes the tables as parameters: {', '.join(tables)}"))  # fmt: skip
    return asking[0]


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Sequence[str]:
    return [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _runs_itself(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)


def _unreadable(path: Path, dialect: str, error: SqlglotError) -> str:
    first = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    place = f"{path}:{first['line']}:{first['col']}" if first.get("line") else f"{path}"
    said = str(first.get("description") or error).strip().rstrip(".")
    near = f", near '{first['highlight']}'" if first.get("highlight") else ""
    return f"{place}: not a query of {dialect}: {said}{near}; another dialect is named by --dialect"
