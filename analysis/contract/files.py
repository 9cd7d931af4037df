"""Which files are ours: the one rule of what may be replaced, for every command that writes.

A folder that the program writes to holds a list of the files it wrote, with their sizes and digests. Only files that
are on the list and unchanged are replaced or removed. Everything else is the user's: it is named, and nothing is done.
A page of text that stands alone says the same of itself in its first line.

The manifest of a run is known by what it holds, not by a digest: it tells the times that the run took, and its texts
are refreshed. Writers at work in one place keep out of each other's way by locks on folders.

A simulated run and its analysis lie in one folder, so both rooms keep this list; hence it is a part of the contract.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LIST = ".slipper-files.json"
MANIFEST = "manifest.json"
MANIFEST_KEYS = frozenset(
    ("schema_version", "scenario", "title", "run_id", "seed", "users", "start", "end", "versions", "counts",
     "timings_s", "census", "resolved")
)  # fmt: skip
NO_MANIFEST = "this is not the manifest of a run of slipper's, or it is cut off"
ABOUT = "The files that slipper wrote into this folder. It replaces or removes them while they are unchanged."
TOKEN = "[0-9a-f]{12}"
"""How a `token` is matched."""
STAGED_PREFIX = ".analysis-"
STAGED = re.compile(rf"{re.escape(STAGED_PREFIX)}{TOKEN}")
"""Names of hidden folders in which an analysis is written before it takes its place."""
_DIGESTS_AT_ONCE = 4
_STAMP = re.compile(r"(?:<!-- |# )Written by slipper\. sha256 of what follows: ([0-9a-f]{64})(?: -->)?\n")


class Foreign(FileExistsError):
    """A file that is not ours, or that someone changed, is in the way. Nothing was replaced. Its text is for people."""


@dataclass(frozen=True)
class Mark:
    """How a file is known again."""

    size: int
    sha256: str


Marks = Mapping[str, Mark]
"""By path from the folder, with `/`."""


def mark(path: Path) -> Mark:
    """The mark of a file as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Mark(os.fstat(file.fileno()).st_size, digest)


def marks_of(folder: Path, names: Iterable[str]) -> dict[str, Mark]:
    """The marks of files, and of all files below folders, of these names in `folder`."""
    found = [path for name in names for path in _files(folder / name)]
    with ThreadPoolExecutor(_DIGESTS_AT_ONCE) as pool:
        return {_key(folder, path): m for path, m in zip(found, pool.map(mark, found), strict=True)}


def read(folder: Path) -> dict[str, Mark] | None:
    """The list in a folder; None if there is none. Raises Foreign if what bears its name is no such list."""
    if not os.path.lexists(folder / LIST):
        return None
    try:
        content = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return {str(name): Mark(int(m["size"]), str(m["sha256"])) for name, m in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Foreign(f"{folder / LIST}: this is no list of slipper's files. Move it elsewhere") from None


def write(folder: Path, marks: Marks) -> None:
    """Write the list into a folder that nobody else sees yet."""
    known = {name: asdict(m) for name, m in sorted(marks.items()) if name != MANIFEST}
    text = json.dumps({"about": ABOUT, "files": known}, indent=1) + "\n"
    (folder / LIST).write_text(text, encoding="utf-8")


def check(folder: Path, names: Iterable[str], ours: Marks | None, place: Path | None = None) -> None:
    """Raises Foreign if anything of these names in `folder` is not ours.

    ours: the marks that are known; None: no list is there. place: what the folder is called in the message.
    """
    for name in names:
        for path in _everything(folder / name):
            why = _why_not_ours(path, _key(folder, path), ours or {})
            if why:
                advice = "it would be replaced. Move it elsewhere, or choose another place (--out)"
                if ours is None:
                    advice += (
                        f"; results of an earlier version have no list of their files ({LIST}): remove them"
                    )
                raise Foreign(f"{(place or folder) / _key(folder, path)}: {why}, and {advice}")


def check_all(folder: Path, place: Path | None = None) -> None:
    """Raises Foreign if a folder that is to be replaced as a whole holds anything that is not ours."""
    if folder.is_symlink() or not folder.is_dir():
        raise Foreign(
            f"{place or folder}: slipper did not write this, and it would be replaced. Move it elsewhere"
        )
    inside = sorted(path.name for path in folder.iterdir())
    mine = [name for name in inside if name != LIST and not STAGED.fullmatch(name)]
    check(folder, mine, read(folder), place)


def is_ours(manifest: Any) -> bool:
    """Whether this is what the manifest of a simulated run of ours holds, of whichever version: it states the version
    of glass-slipper. Other tools write files of that name, too."""
    versions = manifest.get("versions") if isinstance(manifest, dict) else None
    return isinstance(versions, dict) and "glass_slipper" in versions


def manifest_of(folder: Path) -> dict[str, Any]:
    """The whole manifest of a run folder. Raises Foreign if it is not of ours, is cut off or lacks a key that each
    has; OSError if it cannot be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not is_ours(found) or not found.keys() >= MANIFEST_KEYS:
        raise Foreign(f"{folder / MANIFEST}: {NO_MANIFEST}. Move it elsewhere, and run again")
    return dict(found)


def _why_not_ours(path: Path, key: str, ours: Marks) -> str:
    if path.is_symlink():
        return "slipper did not write this link"
    if key == MANIFEST:
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            manifest = None
        return "" if is_ours(manifest) else NO_MANIFEST
    if key not in ours:
        return "slipper did not write this file"
    known = ours[key]
    if path.stat().st_size == known.size and mark(path) == known:
        return ""
    return "this file was changed after slipper wrote it"


def _files(path: Path) -> list[Path]:
    return [p for p in _everything(path) if p.is_file() and not p.is_symlink()]


def _everything(path: Path) -> Iterator[Path]:
    """The file or link itself; of a folder all files and links below it, so that one without any holds nothing."""
    if path.is_dir() and not path.is_symlink():
        for part in sorted(path.iterdir()):
            yield from _everything(part)
    elif os.path.lexists(path):
        yield path


def _key(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


# --- locks --------------------------------------------------------------------------------------------------


def lock(folder: Path, wait: bool = False) -> int:
    """A descriptor that holds the lock of a folder, until it is closed or its process ends.

    Raises BlockingIOError if another one holds it, unless `wait`; FileNotFoundError if the folder is gone.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that is there, once others have let go of it."""
    handle = lock(folder, wait=True)
    try:
        yield
    finally:
        os.close(handle)


def abandoned(folders: Iterable[Path]) -> Iterator[Path]:
    """Those hidden folders whose writers were killed: nobody locks them. Each is locked until the next is asked for."""
    for folder in folders:
        try:
            handle = lock(folder)
        except OSError:  # at work, gone, or not ours to remove
            continue
        try:
            yield folder
        finally:
            os.close(handle)


def token() -> str:
    """What makes the name of a hidden file or folder one that nobody else has."""
    return uuid.uuid4().hex[:12]


# --- one file -----------------------------------------------------------------------------------------------


@contextmanager
def replacement(target: Path) -> Iterator[Path]:
    """A path to write to, which becomes `target` when the block ends, and goes when it raises."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}-{token()}")
    held = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # less the umask, as any new file
    try:
        fcntl.flock(held, fcntl.LOCK_EX)  # who writes it is alive: `sweep` leaves it
        yield part
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(held)


def sweep(target: Path) -> None:
    """Remove what writers of a file that were killed left beside it."""
    hidden = re.compile(rf"\.{re.escape(target.name)}-[0-9a-f]{{12}}")
    for part in target.parent.iterdir() if target.parent.is_dir() else ():
        if hidden.fullmatch(part.name) and part.is_file() and not part.is_symlink():
            with suppress(OSError), part.open("rb") as held:  # at work, gone, or not ours to remove
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()


def write_text(target: Path, text: str) -> None:
    """Write a file of text (UTF-8) as a whole: whoever reads it meanwhile sees the old one or the new one."""
    with replacement(target) as part:
        part.write_text(text, encoding="utf-8")


def check_record(target: Path, keys: Sequence[str]) -> None:
    """Raises Foreign if a finished run is to be remembered in a file that is not such a record, whole or cut off.

    keys: what a record holds, the one that it begins with first.
    """
    if not os.path.lexists(target):
        return
    try:
        text = target.read_text(encoding="utf-8")
        record = json.loads(text)
        ours = isinstance(record, dict) and record.keys() >= set(keys)
    except OSError:
        ours = False
    except ValueError:
        begins = f'{{\n "{keys[0]}":'
        ours = begins.startswith(text[: len(begins)])
    if not ours:
        raise Foreign(
            f"{target}: slipper did not write this file, and it would be replaced. Move it elsewhere"
        )


def check_page(target: Path, overwrite: bool | None = False) -> None:
    """Raises Foreign if a page of text would replace a file that is not an unchanged page of ours, unless `overwrite`,
    or a link in any case. overwrite: None where a user cannot ask for it."""
    if target.is_symlink():
        raise Foreign(f"{target}: this is a link, and it would be replaced. Name the file that it leads to")
    if overwrite or not target.exists():
        return
    try:
        text = target.read_text(encoding="utf-8")
    except (OSError, ValueError):
        text = ""
    stamp = _STAMP.match(text)
    if stamp and _digest(text[stamp.end() :]) == stamp[1]:
        return
    why = "this page was changed after slipper wrote it" if stamp else "slipper did not write this file"
    advice = "Choose another name" + ("" if overwrite is None else ", or give --overwrite")
    raise Foreign(f"{target}: {why}, and it would be replaced. {advice}")


def write_page(target: Path, text: str, overwrite: bool | None = False) -> None:
    """Write a page of Markdown or HTML, or a scenario, with a first line that says whose it is. Raises Foreign, see
    `check_page`."""
    check_page(target, overwrite)
    write_text(target, stamped(text, comment="#" if target.suffix in (".yaml", ".yml") else "<!-- -->"))


def stamped(text: str, comment: str = "<!-- -->") -> str:
    """A page with its first line. comment: the marks around a comment in its language."""
    opening, _, closing = comment.partition(" ")
    words = f"{opening} Written by slipper. sha256 of what follows: {_digest(text)} {closing}"
    return f"{words.rstrip()}\n{text}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
