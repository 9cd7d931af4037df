"""Run folders: log/, labels/, models.parquet and a manifest.json that this project wrote."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from analysis import contract
from analysis.contract.files import MANIFEST, is_ours
from analysis.numerals import counted
from analysis.sources.errors import LogError, first_line
from analysis.sources.soundness import YEARS


def is_run(folder: Path) -> bool:
    """Whether a folder has a run's manifest."""
    return is_ours(_content(folder / MANIFEST))


def own_run(path: Path) -> Path | None:
    """The run that `path` is, or that holds it as its log/ folder; by its manifest."""
    folder = path.parent if path.name == "log" and not is_run(path) else path
    return folder if is_run(folder) else None


def run_folder(path: Path) -> Path | None:
    """The run folder that `path` is, or that holds it as its log/ folder; by its layout, with or without manifest."""
    if path.is_dir() and path.joinpath("log").is_dir():
        return path
    if path.is_dir() and path.name == "log" and any(path.glob(f"{contract.PARTITION_KEY}=*")):
        return path.parent
    return None


def runs_in(folder: Path) -> list[Path]:
    """The run folders in a folder that is none itself, one or two levels down, sorted."""
    if not folder.is_dir() or run_folder(folder) is not None:
        return []
    files = [file for depth in ("*", "*/*") for file in folder.glob(f"{depth}/{MANIFEST}")]
    return sorted(file.parent for file in files if (file.parent / "log").is_dir() and is_run(file.parent))


def refuse_several(folder: Path) -> None:
    """Raise LogError for a folder of runs, which would be read as one log."""
    runs = runs_in(folder)
    if runs:
        newest = max(runs, key=lambda run: run.stat().st_mtime)
        raise LogError(
            f"{folder}: holds {counted(len(runs), 'run folder')}, not one log; name one, such as {newest}"
        )


def read_manifest(run: Path) -> tuple[dict[str, Any], dt.date, dt.date] | None:
    """A run's manifest with its first and last day; None without one, or where it is another tool's. Raises LogError
    where it is broken."""
    path = run / MANIFEST
    if not path.exists():
        return None
    content = _content(path)
    if content is not None and not is_ours(content):
        return None
    if content is None and not any((run / "log").glob(f"{contract.PARTITION_KEY}=*")):
        return None  # no JSON, and no run's layout: whatever it is, no run wrote it
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if content is None else content
        first, last = (dt.date.fromisoformat(str(content[name])) for name in ("start", "end"))
        if not YEARS[0] <= first.year <= last.year <= YEARS[1]:
            raise ValueError(f"it says {first} to {last}")
        return content, first, last
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LogError(f"{path}: not a manifest with a start and an end ({first_line(error)})") from None


def _content(path: Path) -> Any:
    """What a JSON file holds; None if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
