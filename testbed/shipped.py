"""The scenarios that come with the project, found by their names."""

from __future__ import annotations

from collections.abc import Mapping
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


def named(given: str, here: Path = Path()) -> Path:
    """The shipped scenario of this name, whatever lies in the current folder. Raises BadInput with the nearest name if
    there is none. here: the folder from which paths count."""
    from sim.scenario.shipped import name_of

    name, known = name_of(given), worlds()
    if name in known:
        return known[name]
    raise no_such("scenario", given, name, known, here)


def no_such(kind: str, given: str, name: str, known: Mapping[str, Path], here: Path = Path()) -> BadInput:
    """What is wrong with a name or a path at which there is nothing. kind: what was looked for, such as "scenario".
    name: the shipped one that `given` would be. known: the shipped ones. here: the folder from which paths count."""
    from analysis.contract.nearest_names import nearest  # brings pyarrow, which no help text should wait for

    path, where = Path(given), f"{given}:1:1: no such"
    if (here / f"{given}.yaml").is_file():
        return BadInput(f"{where} {kind}, did you mean '{given}.yaml'?")
    home = path.parent
    if path.suffix not in (".yaml", ".yml") and (home == Path() or nearest(name, known)):
        return BadInput(f"{where} {kind}{hint(name, known)} (shipped: {', '.join(known)})")
    if not (here / home).is_dir():
        return BadInput(f"{where} file: there is no folder '{home}'{hint(name, known)}")
    beside = {file.stem: home / file.name for file in sorted((here / home).glob("*.y*ml"))}
    near = nearest(path.stem, beside)
    meant = f", did you mean '{beside[near[0]]}'?" if near else hint(name, known)
    return BadInput(f"{where} file{meant}")
