"""The scenarios that come with the project, found by their names."""

from __future__ import annotations

from pathlib import Path

from testbed.arguments import hint
from testbed.failure import BadInput, no_file

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"


def worlds() -> dict[str, Path]:
    """The shipped scenarios by name: see `sim.scenario.shipped`."""
    from sim.scenario import shipped

    return shipped.worlds(FOLDER)


def is_name(given: str) -> bool:
    """Whether `given` names a shipped scenario, with or without `scenarios/` and `.yaml`."""
    from sim.scenario.shipped import name_of

    return name_of(given) in worlds()


def find(given: str) -> Path:
    """The scenario file that was meant: a path, or the name of a shipped scenario, with or without `scenarios/` and
    `.yaml`. Raises BadInput with the nearest name if there is none."""
    path = Path(given)
    if path.is_file():
        return path
    if path.exists() and given not in worlds():
        raise no_file(given, "a scenario")
    return named(given)


def named(given: str) -> Path:
    """The shipped scenario of this name, whatever lies in the current folder. Raises BadInput with the nearest name if
    there is none."""
    from sim.scenario.shipped import name_of

    name, known = name_of(given), worlds()
    if name in known:
        return known[name]
    if Path(f"{given}.yaml").is_file():
        raise BadInput(f"{given}:1:1: no such scenario, did you mean '{given}.yaml'?")
    raise BadInput(f"{given}:1:1: no such scenario{hint(name, known)} (shipped: {', '.join(known)})")
