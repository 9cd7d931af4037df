"""A PostgreSQL server on loopback with a folder of its own, for as long as the tests run; skipped aloud without one."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

PASSWORD = "s3cret/pass"


def _program(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(places[-1]) if places else None)


def _other_user() -> dict[str, Any] | None:
    """Whom the server runs as: never root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return None


def missing() -> str | None:
    """Why no server can be started here; None where one can."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed: pip install 'glass-slipper[postgres]'"
    if _program("initdb") is None or _program("postgres") is None or _other_user() is None:
        return "no PostgreSQL server on this machine (initdb, postgres)"
    return None


@contextmanager
def server() -> Iterator[str]:
    """The address of a server without a database, with user and password. Skips where none can be started."""
    if why := missing():
        pytest.skip(why)
    initdb, program, who = _program("initdb"), _program("postgres"), _other_user()
    assert initdb and program and who is not None
    folder = Path(tempfile.mkdtemp(prefix="slipper-postgres-"))
    try:
        (folder / "password").write_text(PASSWORD)
        for path in (folder, folder / "password"):
            if who:
                os.chown(path, who["user"], who["group"])
        data = folder / "data"
        subprocess.run([initdb, "-D", data, "-U", "me", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}",
                        "-E", "UTF8", "--no-sync"], check=True, capture_output=True, cwd=folder, **who)  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "-D", data, *flags], stdout=log, stderr=log, cwd=folder, **who
            )
            try:
                address = f"postgresql://me:{PASSWORD.replace('/', '%2F')}@127.0.0.1:{port}"
                _wait(address, process, folder / "log")
                yield address
            finally:
                process.send_signal(signal.SIGINT)  # fast: it does not wait for connections
                process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            psycopg.connect(f"{address}/postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def fill(connection: Any, **tables: pa.Table | None) -> None:
    """Put Arrow tables into a database, by the names of the arguments; in the place of earlier ones. The connection is
    one of psycopg."""
    from testbed.validation.integrations import postgres

    for name, table in tables.items():
        if table is not None:
            connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            postgres.fill(connection, f'"{name}"', table)
