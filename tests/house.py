"""The house as its imports draw it: rooms, floors, circles. `python -m tests.house` renews docs/architecture.md.

A room is a folder; a file that lies directly in a package is a room of its own. Imports that only a type checker
follows are left out: they move no code.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("lessons", "testbed", "sim", "analysis")
CONTRACT = "analysis/contract"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn by `python -m tests.house` -->", "<!-- end of the drawing -->"


@cache
def files() -> dict[str, Path]:
    """The modules of the house by their dotted names."""
    found = {}
    for path in _written():
        if path.stem.isidentifier():
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def notebooks() -> list[Path]:
    """The files that are no modules: nothing can import them, and they count as code all the same."""
    return [path for path in _written() if not path.stem.isidentifier()]


def _written() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def imports() -> frozenset[tuple[str, str]]:
    """(importer, imported) for all modules of the house, imports within functions too."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    known = graph.modules & files().keys()
    return frozenset((a, b) for a in known for b in graph.find_modules_directly_imported_by(a) & known)


def loads() -> frozenset[tuple[str, str]]:
    """(importer, loaded): what is imported, and the packages around it, whose `__init__` runs first."""
    around = {
        (a, package)
        for a, b in imports()
        for package in _packages(b)
        if package != a and package not in _packages(a)
    }
    return imports() | {(a, b) for a, b in around if b in files()}


def _packages(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def room(module: str) -> str:
    """The folder of a module, such as `analysis/queries`; the file, if it lies directly in a package."""
    path = files()[module].relative_to(ROOT)
    return (path if len(path.parts) == 2 else path.parent).as_posix()


def rooms() -> list[str]:
    """All rooms, in order."""
    return sorted({room(module) for module in files()})


def arrows() -> frozenset[tuple[str, str]]:
    """(from, to) for each two rooms of which a file of the one imports a file of the other."""
    return frozenset((room(a), room(b)) for a, b in imports() if room(a) != room(b))


def circles(arrows: frozenset[tuple[str, str]]) -> list[list[str]]:
    """Groups of names that lead to each other in a circle."""
    return sorted(group for group in _groups(arrows) if len(group) > 1)


def _groups(arrows: frozenset[tuple[str, str]]) -> list[list[str]]:
    """The names in groups that know each other, most of them alone (strongly connected components)."""
    names = sorted({name for arrow in arrows for name in arrow})
    at = {name: number for number, name in enumerate(names)}
    ends = np.array([(at[a], at[b]) for a, b in arrows], int).reshape(-1, 2).T
    graph = coo_array((np.ones(ends.shape[1], np.int8), ends), shape=(len(names), len(names)))
    count, labels = connected_components(graph, connection="strong")
    return [[name for name, label in zip(names, labels, strict=True) if label == n] for n in range(count)]


def floors(package: str) -> list[list[str]]:
    """The rooms of a package from the top floor to the ground: what lies on a floor imports from its own and those
    below. Rooms that know each other share a floor."""
    within = frozenset((a, b) for a, b in arrows() if _of(a) == _of(b) == package)
    groups = [tuple(group) for group in _groups(within)]
    home = {name: group for group in groups for name in group}
    below = {group: {home[b] for a, b in within if home[a] == group != home[b]} for group in groups}
    heights: dict[tuple[str, ...], int] = {}
    for group in TopologicalSorter(below).static_order():
        heights[group] = 1 + max((heights[other] for other in below[group]), default=-1)
    alone = [name for name in rooms() if _of(name) == package and name not in home]
    top = max(heights.values(), default=0)
    found = [sorted(n for g, h in heights.items() if h == height for n in g) for height in range(top, -1, -1)]
    found[-1] += alone
    return found


def drawing() -> str:
    """The packages with their rooms and arrows, then each package floor by floor, as Markdown."""
    boxes = {package: [name for name in rooms() if _of(name) == package] for package in PACKAGES}
    lines = [BEGIN, "", "```mermaid", "flowchart TD"]
    for package, inside in boxes.items():
        named = sorted({n.split("/")[1] for n in inside if not n.endswith(".py") and n != CONTRACT})
        lines.append(f'  {package}["<b>{package}</b><br/>{", ".join(named)}"]')
    lines.append(f'  contract["<b>{CONTRACT}</b>"]')
    lines += [f"  {a} --> {b}" for a, b in sorted({(_box(a), _box(b)) for a, b in arrows()}) if a != b]
    lines += ["```", ""]
    for package in PACKAGES:
        lines += [f"**{package}**", "", "| floor | room | its job | files |", "|--:|---|---|--:|"]
        storeys = floors(package)
        for number, floor in enumerate(storeys):
            for name in floor:
                count = len(list((ROOT / name).glob("*.py"))) or 1
                lines.append(f"| {len(storeys) - 1 - number} | `{name}` | {job(name)} | {count} |")
        lines.append("")
    return "\n".join([*lines, END])


def job(name: str) -> str:
    """The first sentence of a room's docstring."""
    path = ROOT / name
    path = path / "__init__.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=\.)\s", " ".join(text.split("\n\n")[0].split()), maxsplit=1)[0].rstrip(":.")


def _of(folder: str) -> str:
    return folder.split("/")[0]


def _box(folder: str) -> str:
    return "contract" if folder == CONTRACT else _of(folder)


def page(text: str) -> str:
    """The page with its drawing made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + drawing() + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
