"""A run in an object store: workers put blocks there, each under its own name, and the manifest comes last.

A store has no renaming and no locks, and needs none: an object appears when it is whole, a block that is made twice
has the same name and the same bytes, and a run is there when its manifest is. No address holds a secret: each process
takes its own from its environment, or from the files in which the store's client looks for them.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analysis.contract import files
from sim.gateway.log import LogWriter
from sim.gateway.manifest import versions
from sim.gateway.parts import ARRAYS, WRITER, open_writer, other_versions
from sim.gateway.run_folder import WORK, RunError, write_manifest

SCHEME = "s3"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
OURS = ("log/", "labels/", "truth/", f"{WORK}-", "models.parquet", files.LIST, files.MANIFEST)
"""How the names of a run's objects begin."""
PIECE = 8 << 20
"""Bytes that are read at a time."""


@dataclass(frozen=True)
class Store:
    """The objects of one run, under an address such as s3://bucket/runs/report/seed1-0123456789. Raises RunError, which
    names the address, where the store does not do what it is asked."""

    url: str

    def sizes(self) -> dict[str, int]:
        """Bytes of each object, by its name below the address."""
        from pyarrow import fs

        with self._asked("list") as (system, base):
            found = system.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
            return {one.path[len(base) + 1 :]: one.size for one in found if one.type == fs.FileType.File}

    def put(self, name: str, file: Path) -> None:
        """A file as an object."""
        with self._asked("write") as (system, base), file.open("rb") as source:
            target = system.open_output_stream(f"{base}/{name}")
            while piece := source.read(PIECE):
                target.write(piece)
            target.close()  # not before: closing is what makes the object appear

    def get(self, name: str, file: Path) -> None:
        """An object as a file."""
        with (
            self._asked("read") as (system, base),
            file.open("wb") as target,
            system.open_input_stream(f"{base}/{name}") as source,
        ):
            shutil.copyfileobj(source, target, PIECE)

    def read(self, name: str) -> bytes | None:
        """What a small object holds; None if there is none."""
        with self._asked("read") as (system, base):
            try:
                with system.open_input_stream(f"{base}/{name}") as source:
                    return bytes(source.read())
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._asked("remove") as (system, base):
            system.delete_file(f"{base}/{name}")

    def remove_all(self, name: str) -> None:
        """Remove the objects whose names begin so, up to a slash."""
        with self._asked("remove") as (system, base):
            system.delete_dir(f"{base}/{name}")

    @contextmanager
    def _asked(self, verb: str) -> Iterator[tuple[Any, str]]:
        try:
            yield _system(), self.url.partition("://")[2]
        except (OSError, ValueError) as error:
            told = str(error).partition("\n")[0]
            raise RunError(f"{self.url}: cannot {verb} there: {_without_secrets(told)}") from None


@functools.cache
def _system() -> Any:
    """The store's client of this process."""
    from pyarrow import fs

    told: dict[str, Any] = {}
    if endpoint := next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), ""):
        parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        told = {"endpoint_override": parts.netloc, "scheme": parts.scheme}
    if region := next((os.environ[name] for name in REGIONS if os.environ.get(name)), ""):
        told["region"] = region
    return fs.S3FileSystem(**told)


def _without_secrets(text: str) -> str:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"):
        if secret := os.environ.get(name):
            text = text.replace(secret, "...")
    return text


def manifest_in(store: Store) -> dict[str, Any] | None:
    """The manifest of a complete run; None if there is none. Raises RunError if something else lies there."""
    if other := next((name for name in store.sizes() if not name.startswith(OURS)), None):
        raise RunError(f"{store.url}/{other}: slipper did not write this. Choose another place (--out)")
    content = store.read(files.MANIFEST)
    if content is None:
        return None
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not files.is_ours(found) or not found.keys() >= files.MANIFEST_KEYS:
        raise RunError(f"{store.url}/{files.MANIFEST}: {files.NO_MANIFEST}. Move it elsewhere, and run again")
    return dict(found)


def site_of(store: Store) -> StoreSite:
    """A site of this process and its versions."""
    return StoreSite(store, files.token(), tuple(versions().items()))


@dataclass(frozen=True)
class StoreSite:
    """A store in which a run is at work, as workers are told of it; see `parts.Place`."""

    store: Store
    token: str
    versions: tuple[tuple[str, str], ...]

    @property
    def work(self) -> str:
        """How the names of objects begin that go when the run is there."""
        return f"{WORK}-{self.token}/"

    def trouble(self) -> str:
        """Why this process cannot make parts for it, empty if it can."""
        if other := other_versions(self.versions):
            return other
        try:
            with self.aside() as folder:
                (folder / "seen").touch()
                self.store.put(f"{self.work}seen-{files.token()}", folder / "seen")
        except RunError as error:
            return str(error)
        return ""

    def share(self, folder: Path) -> None:
        """Put the writer of the log where workers find it."""
        for name in (WRITER, ARRAYS):
            self.store.put(self.work + Path(name).name, folder / name)

    def writer(self) -> LogWriter:
        """The writer, fetched once by each process."""
        return _fetched(self)

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """A folder of this machine in which a block is written."""
        with tempfile.TemporaryDirectory(prefix="slipper-") as folder:
            yield Path(folder)

    def keep(self, aside: Path, marks: Mapping[str, files.Mark]) -> None:
        """Put the files of a block where the run has them."""
        for name in marks:
            self.store.put(name, aside / name)

    def complete(self, folder: Path, manifest: dict[str, Any], blocks: Mapping[str, files.Mark]) -> None:
        """Put all the rest of a run, which lies in a folder of this machine; the manifest last, once every object is
        seen to be there with its size."""
        shutil.rmtree(folder / WORK, ignore_errors=True)
        others = files.marks_of(folder, sorted(path.name for path in folder.iterdir()))
        marks = others | dict(blocks)
        files.write(folder, marks)
        for name in (*others, files.LIST):
            self.store.put(name, folder / name)
        there = self.store.sizes()
        for name, mark in marks.items():
            if there.get(name) != mark.size:
                raise RunError(f"{self.store.url}/{name}: not there as it was written. Run again")
        for name in there:
            if name.startswith(OURS[:3]) and name not in marks:  # of another version
                self.store.remove(name)
        write_manifest(folder, manifest)
        self.store.put(files.MANIFEST, folder / files.MANIFEST)

    def leave(self) -> None:
        """Remove what was at hand for the workers, as far as the store lets us."""
        with suppress(RunError):
            self.store.remove_all(self.work.rstrip("/"))


@functools.lru_cache(maxsize=1)
def _fetched(site: StoreSite) -> LogWriter:
    with tempfile.TemporaryDirectory(prefix="slipper-") as place:
        folder = Path(place)
        for name in (WRITER, ARRAYS):
            (folder / name).parent.mkdir(exist_ok=True)
            site.store.get(site.work + Path(name).name, folder / name)
        return open_writer(folder)  # which keeps its file mapped, without its name
