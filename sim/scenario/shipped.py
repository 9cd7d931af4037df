"""The scenarios that come with the project, by name: `report`, `nulls/base`."""

from __future__ import annotations

from pathlib import Path

WORLDS = Path(__file__).resolve().parents[2] / "scenarios"
"""Their folder; relative catalogue folders that are not beside a scenario are looked up here."""

FOLDERS = (".", "nulls", "lessons")
"""Where worlds lie within it."""


def worlds(home: Path = WORLDS) -> dict[str, Path]:
    """Files by name, without `.yaml`; the names of a folder's begin with it."""
    files = (path for folder in FOLDERS for path in sorted((home / folder).glob("*.yaml")))
    return {path.relative_to(home).with_suffix("").as_posix(): path for path in files}


def name_of(given: str) -> str:
    """The name of the shipped scenario that `given` would be: without `scenarios/` and `.yaml`."""
    path = Path(given)
    inside = path.relative_to("scenarios") if path.parts[:1] == ("scenarios",) else path
    return inside.as_posix().removesuffix(".yaml")
