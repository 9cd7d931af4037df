"""The scenarios that come with the project, found by their names."""

from __future__ import annotations

from pathlib import Path

from testbed.arguments import hint
from testbed.failure import BadInput

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
FOLDERS = (".", "nulls")
"""Where worlds lie within it."""


def names() -> list[str]:
    """Names of the shipped scenarios, without `.yaml`; those of a folder begin with it: `nulls/whale`."""
    files = (path for folder in FOLDERS for path in sorted((FOLDER / folder).glob("*.yaml")))
    return [path.relative_to(FOLDER).with_suffix("").as_posix() for path in files]


def name_of(given: str) -> str:
    """The name of the shipped scenario that `given` would be: without `scenarios/` and `.yaml`."""
    path = Path(given)
    inside = path.relative_to("scenarios") if path.parts[:1] == ("scenarios",) else path
    return inside.as_posix().removesuffix(".yaml")


def find(given: str) -> Path:
    """The scenario file that was meant: a path, or the name of a shipped scenario, with or without `scenarios/` and
    `.yaml`. Raises BadInput with the nearest name if there is none."""
    path = Path(given)
    if path.is_file():
        return path
    if path.exists():
        raise BadInput(f"{given}:1:1: expected a scenario file, this is a folder")
    return named(given)


def named(given: str) -> Path:
    """The shipped scenario of this name, whatever lies in the current folder. Raises BadInput with the nearest name if
    there is none."""
    name = name_of(given)
    if name in names():
        return FOLDER / f"{name}.yaml"
    raise BadInput(f"{given}:1:1: no such scenario{hint(name, names())} (shipped: {', '.join(names())})")
