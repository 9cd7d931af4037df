"""The worlds as DuckDB files, one a world, for tools that bring their own engine, such as dbt.

`worlds.json` lists them. A world's file holds the tables that a query finds, under the names of the contract or the
user's own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from analysis.contract import files
from testbed.failure import BadInput, check_writable
from testbed.validation.columns import InputColumns
from testbed.validation.worlds import World, battery

LIST = "worlds.json"
MADE_BY = "slipper validate --worlds"


@dataclass(frozen=True)
class WorldFile:
    """A world and the file that holds it."""

    world: World
    path: Path


def file_name(world: str) -> str:
    """A world's name as that of a file, without an ending: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", world.lower().replace("'", "")).strip("-")


def chosen(model: str | None = None, names: Sequence[str] | None = None) -> list[World]:
    """The worlds of the battery, or those of these names. model: what the model is called of which questions are asked,
    in all of them. Raises BadInput for a name that none has."""
    known = battery()
    for name in names or ():
        if name not in known:
            raise BadInput(f"no world '{name}'; known: {', '.join(known)}")
    worlds = list(known.values()) if names is None else [known[name] for name in names]
    return worlds if model is None else [world.asked_about(model) for world in worlds]


def write_worlds(
    folder: str | Path,
    worlds: Sequence[World] | None = None,
    *,
    model: str | None = None,
    columns: InputColumns | None = None,
) -> Iterator[WorldFile]:
    """Write each world into a file of its own, and the list of all at the end. What lies there of an earlier time is
    replaced, with everything that was put into those files. worlds: the battery if not said. Raises BadInput for a
    folder with other things in it."""
    folder, named = Path(folder), columns or InputColumns()
    check_writable(folder)
    if folder.is_dir() and any(folder.iterdir()):
        _check_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files.write_text(folder / LIST, _listed([], model))  # it is ours from now on, and not complete
    held = []
    for world in chosen(model) if worlds is None else worlds:
        path = folder / f"{file_name(world.name)}.duckdb"
        for old in (path, Path(f"{path}.wal")):
            old.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            for name, table in named.renamed(world.tables.named).items():
                connection.register("given", table)
                connection.execute(f'CREATE TABLE "{name.replace(chr(34), 2 * chr(34))}" AS FROM given')
                connection.unregister("given")
        held.append(WorldFile(world, path))
        yield held[-1]
    files.write_text(folder / LIST, _listed(held, model))


def listed(folder: Path) -> dict[str, Any] | None:
    """What the list of a folder says: `made_by`, `model` (None if each world has its own) and `worlds`. None if the
    folder has no list of ours."""
    try:
        held = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) and held.get("made_by") == MADE_BY else None


def digest(world: World) -> str:
    """What tells a world from that of another version: of the rows of its tables."""
    found = hashlib.sha256()
    for table in world.tables.named.values():
        found.update(repr(table.to_pylist()).encode())
    return found.hexdigest()[:16]


def _listed(held: Sequence[WorldFile], model: str | None) -> str:
    worlds = [
        {"name": one.world.name, "file": one.path.name, "about": one.world.about, "model": one.world.model,
         "digest": digest(one.world)}
        for one in held
    ]  # fmt: skip
    return json.dumps({"made_by": MADE_BY, "model": model, "worlds": worlds}, indent=2) + "\n"


def _check_ours(folder: Path) -> None:
    if listed(folder) is None:
        raise BadInput(
            f"{folder}: holds other things than worlds; name a new or empty folder, or one that {MADE_BY} made"
        )
