"""The house as its imports draw it: rooms, arrows, circles of files. `python -m tests.house` draws docs/architecture.md anew.

Rooms are folders. Imports for type checkers count, too: a file that names another one's types knows it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sim", "analysis", "testbed")
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn by `python -m tests.house` -->", "<!-- end of the drawing -->"


@cache
def files() -> dict[str, Path]:
    """The modules of the house by their dotted names."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the house that a module imports."""
    known, found = files(), set()
    for node in ast.walk(ast.parse(known[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found |= {inner} if inner in known else {node.module} & known.keys()
    return frozenset(found - {module})


def circles() -> list[list[str]]:
    """Groups of files that import each other in a circle, within functions left aside: those run later. Tarjan (1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        open_.append(module)
        for other in sorted(imports_at_once(module)):
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in open_:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            at = open_.index(module)
            group = open_[at:]
            del open_[at:]
            if len(group) > 1:
                found.append(sorted(group))

    for module in files():
        if module not in order:
            visit(module)
    return sorted(found)


@cache
def imports_at_once(module: str) -> frozenset[str]:
    """The imports of a module outside its functions."""
    tree = ast.parse(files()[module].read_text(encoding="utf-8"))
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    known, found = files(), set()
    for node in ast.walk(tree):
        if id(node) in late:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found |= {inner} if inner in known else {node.module} & known.keys()
    return frozenset(found - {module})


def room(module: str) -> str:
    """The folder of a module, such as `analysis/queries`."""
    path = files()[module].relative_to(ROOT)
    return path.parent.as_posix()


def rooms() -> list[str]:
    """All folders, in order."""
    return sorted({room(module) for module in files()})


def arrows() -> set[tuple[str, str]]:
    """(from, to) for each two rooms of which one imports the other."""
    return {
        (room(module), room(other))
        for module in files()
        for other in imports(module)
        if room(module) != room(other)
    }


def job(folder: str) -> str:
    """The first sentence of a room's docstring."""
    text = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=[.:])\s", text.replace("\n", " "), maxsplit=1)[0].rstrip(":.")


def drawing() -> str:
    """The rooms with their jobs, and the arrows between them, as Markdown."""
    lines = [BEGIN, "", "```mermaid", "flowchart LR"]
    for package in PACKAGES:
        lines.append(f"  subgraph {package}")
        lines += [f'    {_id(name)}["{_label(name, package)}"]' for name in rooms() if _of(name) == package]
        lines.append("  end")
    lines += [f"  {_id(start)} --> {_id(end)}" for start, end in sorted(arrows()) if _of(start) == _of(end)]
    across = sorted(
        {
            (_of(start), _of(end) if end != "analysis/contract" else end)
            for start, end in arrows()
            if _of(start) != _of(end)
        }
    )
    lines += [f"  {_id(start)} ==> {_id(end)}" for start, end in across]
    lines += ["```", "", "| room | its job | files | imports |", "|---|---|--:|---|"]
    for name in rooms():
        to = ", ".join(f"{end}" for start, end in sorted(arrows()) if start == name)
        count = len(list((ROOT / name).glob("*.py")))
        lines.append(f"| {name} | {job(name)} | {count} | {to} |")
    return "\n".join([*lines, "", END])


def _of(folder: str) -> str:
    return folder.split("/")[0]


def _id(folder: str) -> str:
    return folder.replace("/", "_") + ("_top" if folder in PACKAGES else "")


def _label(folder: str, package: str) -> str:
    return folder.removeprefix(f"{package}/")


def page(text: str) -> str:
    """The page with its drawing made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + drawing() + rest.partition(END)[2]


def long_files(most: int = 400) -> Iterator[tuple[Path, int]]:
    """Files of the house with more lines than so many, and how many."""
    for path in files().values():
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > most:
            yield path, count


def crowded(most: int = 14) -> Iterable[tuple[str, int]]:
    """Rooms with more Python files than so many."""
    counts = {name: len(list((ROOT / name).glob("*.py"))) for name in rooms()}
    return [(name, count) for name, count in counts.items() if count > most]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
