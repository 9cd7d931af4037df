"""The scenarios that come with the project, found by their names."""

from __future__ import annotations

from pathlib import Path

from testbed.arguments import hint
from testbed.failure import BadInput

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"


def names() -> list[str]:
    """Names of the shipped scenarios, without `.yaml`."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(given: str) -> Path:
    """The scenario file that was meant: a path, or the name of a shipped scenario, with or without `scenarios/` and
    `.yaml`. Raises BadInput with the nearest name if there is none."""
    path = Path(given)
    if path.is_file():
        return path
    if path.exists():
        raise BadInput(f"{given}:1:1: expected a scenario file, this is a folder")
    stem = path.name.removesuffix(".yaml")
    if path.parent in (Path(), Path("scenarios")) and stem in names():
        return FOLDER / f"{stem}.yaml"
    raise BadInput(f"{given}:1:1: no such scenario{hint(stem, names())} (shipped: {', '.join(names())})")
