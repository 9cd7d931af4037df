"""The user's code itself: a query, a function of a Python file, or a script."""

from __future__ import annotations

import builtins
import importlib
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb

from .answer import Refused
from .tables import Tables

OUR_NAMES = ("testbed", "sim", "analysis", "scenarios")
SESSIONS = ("con", "conn", "connection", "db", "duck", "cursor")
FOLDERS = ("run", "run_folder", "folder", "path", "directory")
MODELS = ("model", "model_id", "slug")
WHOLE = ("tables", "frames")
SHOWN = 300  # characters of a message


def query(text: str, tables: Tables) -> Any:
    """The answer of a query: of its last statement that has one."""
    found = tables.session(closed=True).execute(text)
    if found is None or not found.description:  # comments alone give no cursor
        raise Refused("answer", "the query gives no rows: its last statement must be a SELECT")
    kinds = {str(one[0]): str(one[1]) for one in found.description}
    return found.df(), kinds


def function(text: str, file: str, name: str, tables: Tables) -> Any:
    """What the function of this name returns, given the tables as it asks for them."""
    _own_sessions(tables)
    module = _module("submission", text, file)
    exec(compile(text, file, "exec"), module.__dict__)
    asked = module.__dict__.get(name)
    if not callable(asked):
        raise Refused("error", f"{file}: '{name}' is no function")
    if "duckdb" in text:  # duckdb.sql(...) sees the tables, too
        duckdb.set_default_connection(tables.session())
    return asked(**arguments(asked, tables, module.__dict__))


def script(text: str, file: str, tables: Tables) -> None:
    """Run a script: its argument is a run folder; what it prints is the answer."""
    _own_sessions(tables)
    duckdb.set_default_connection(duckdb.connect())
    module = _module("__main__", text, file)
    notebook = SimpleNamespace(run_line_magic=_nothing, run_cell_magic=_nothing, system=_nothing)
    vars(builtins).setdefault("get_ipython", lambda: notebook)  # exports of notebooks call it
    vars(builtins).setdefault("display", print)
    sys.argv = [file, tables.folder()]
    exec(compile(text, file, "exec"), module.__dict__)


def _own_sessions(tables: Tables) -> None:
    """Let sessions of DuckDB that the code opens begin in the zone of the run, as on a machine that lies there."""
    if getattr(duckdb.connect, "__name__", "") == "zoned":  # of an earlier trial
        return
    connect = duckdb.connect

    def zoned(*given: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        session = connect(*given, **named)
        session.execute(f"SET TimeZone = '{tables.zone}'")
        return session

    duckdb.connect = zoned


def _module(name: str, text: str, file: str) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    return module


def _nothing(*_: Any, **__: Any) -> None:
    """Magic of a notebook does nothing here."""


def arguments(asked: Callable[..., Any], tables: Tables, held: Mapping[str, Any]) -> dict[str, Any]:
    """What a function is given, by the names and annotations of its parameters. held: the names of its file."""
    given: dict[str, Any] = {}
    parameters = [one for one in inspect.signature(asked).parameters.values()
                  if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]  # fmt: skip
    for one in parameters:
        form = _form(one.annotation, held)
        table = (
            one.name if one.name in tables.named else next((t for t in tables.named if t in one.name), None)
        )
        if form == "session" or (one.name in SESSIONS and table is None):
            given[one.name] = tables.session()
        elif one.name in MODELS and form in ("", "text"):
            given[one.name] = tables.model
        elif table is not None:
            given[one.name] = _shaped(table, tables, form or _usual(held))
        elif one.name in FOLDERS or form in ("folder", "text"):
            given[one.name] = tables.folder() if form == "text" else Path(tables.folder())
        elif one.name in WHOLE or form == "dict":
            given[one.name] = {name: _shaped(name, tables, _usual(held)) for name in tables.named}
        elif one.default is not one.empty:
            continue
        elif len(parameters) == 1:  # the log, whatever it is called
            given[one.name] = _shaped(next(iter(tables.named)), tables, form or _usual(held))
        else:
            known = ", ".join(tables.named)
            raise Refused("error", f"{asked.__name__} takes '{one.name}', which is nothing here: name a parameter "
                                   f"after a table ({known}), or con, run or model")  # fmt: skip
    return given


def _form(annotation: Any, held: Mapping[str, Any]) -> str:
    """The form in which an annotation asks for a table, empty if it does not say."""
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, str):  # from __future__ import annotations
        root = annotation.split(".")[0].split("[")[0]
        named = held.get(root)
        module = (
            getattr(named, "__name__", "")
            if isinstance(named, ModuleType)
            else getattr(named, "__module__", "")
        )
        text = f"{module} {annotation}"
    else:
        text = f"{getattr(annotation, '__module__', '')} {getattr(annotation, '__qualname__', annotation)}"
    for form, mark in (("session", "Connection"), ("relation", "Relation"), ("lazy", "LazyFrame"),
                       ("dict", "dict"), ("dict", "Mapping"), ("polars", "polars"), ("arrow", "pyarrow"),
                       ("pandas", "pandas"), ("folder", "Path"), ("text", "str")):  # fmt: skip
        if mark in text:
            return form
    return ""


def _usual(held: Mapping[str, Any]) -> str:
    """The form for a parameter that does not say: that of the one library which the file imports, else pandas."""
    roots = {one.__name__.split(".")[0] for one in held.values() if isinstance(one, ModuleType)}
    found = [
        form
        for name, form in (("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "arrow"))
        if name in roots
    ]
    return found[0] if found else "pandas"


def _shaped(name: str, tables: Tables, form: str) -> Any:
    table = tables.named[name]
    match form:
        case "relation":
            return tables.session().table(name)
        case "arrow":
            return table
        case "polars" | "lazy":
            frame: Any = importlib.import_module("polars").from_arrow(table)
            return frame.lazy() if form == "lazy" else frame
        case _:
            return table.to_pandas()


def told(error: BaseException, file: str, kind: str) -> tuple[str, str]:
    """Which kind of failure an error is, and why, for people: the line of the user's file, not of ours."""
    if isinstance(error, Refused):
        return error.failure, f"{error}"
    if isinstance(error, SystemExit):
        return "exit", f"{_place(error, file)}it called sys.exit({error.code!r}) instead of giving an answer"
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return "memory", f"{_place(error, file)}out of memory"
    try:
        text = " ".join(str(error).split("\n\nLINE ")[0].split())
    except Exception:
        text = ""
    if kind == "query":
        return "error", f"{file}: {text[:SHOWN]}"
    if isinstance(error, ModuleNotFoundError):
        root = (error.name or "").split(".")[0]
        alone = "the file runs alone, with the libraries installed here: put into it what it needs"
        text += f"; {'the sandbox keeps the project out of reach' if root in OUR_NAMES else alone}"
    if isinstance(error, PermissionError) and "sandbox" not in text:
        text += "; the sandbox lets it read the tables and the libraries, and write in its own folder, and no more"
    return "error", f"{_place(error, file)}{type(error).__name__}: {text[:SHOWN]}"


def _place(error: BaseException, file: str) -> str:
    if isinstance(error, SyntaxError):
        return f"{file}:{error.lineno}: "
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__, 200) if one.filename == file]
    return f"{file}:{lines[-1]}: " if lines else f"{file}: "
