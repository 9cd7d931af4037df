"""A PostgreSQL server on loopback with a folder of its own, for as long as the tests run; skipped aloud without one."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

PASSWORD = "s3cret/pass"


def _program(name):
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(places[-1]) if places else None)


def _other_user():
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


@pytest.fixture(scope="session")
def postgres():
    """The address of a server, without a database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'glass-slipper[postgres]'")
    initdb, server, who = _program("initdb"), _program("postgres"), _other_user()
    if initdb is None or server is None or who is None:
        pytest.skip("no PostgreSQL server on this machine (initdb, postgres)")
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
        log = (folder / "log").open("wb")
        process = subprocess.Popen([server, "-D", data, *flags], stdout=log, stderr=log, cwd=folder, **who)
        try:
            address = f"postgresql://me:{PASSWORD.replace('/', '%2F')}@127.0.0.1:{port}"
            _wait(address, process, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)
            log.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address, process, log):
    import time

    import psycopg

    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            psycopg.connect(f"{address}/postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())
