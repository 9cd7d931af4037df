"""What the tests of lessons share: one server for all notebooks of a file, started when first asked for."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

os.environ.setdefault("MARIMO_SKIP_UPDATE_CHECK", "1")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server in this process that has every notebook under its number: ADDRESS/1/.

    Each notebook puts a main module of its own in the place of the process's, with which no process can be started:
    afterwards it is put back for the tests of other files.
    """
    import marimo
    import uvicorn

    from lessons.frame.registry import lessons

    main = sys.modules["__main__"]
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    here = f"http://127.0.0.1:{listening.getsockname()[1]}"
    # A notebook ends a second after its page. All take their scripts from one place, which a browser loads once.
    served = marimo.create_asgi_app(quiet=True, session_ttl=1, asset_url=f"{here}/1")
    for number, lesson in lessons().items():
        served = served.with_app(path=f"/{number}", root=str(lesson.notebook))
    server = uvicorn.Server(uvicorn.Config(served.build(), log_level="critical", ws="websockets-sansio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    logging.getLogger("marimo").setLevel(logging.CRITICAL)
    yield here
    _until_notebooks_are_closed()
    server.should_exit = True
    thread.join(timeout=10)
    sys.modules["__main__"] = main


def _until_notebooks_are_closed(seconds: float = 15.0) -> None:
    """Wait for the threads in which notebooks run: one that still waits for its page would keep Python from ending."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and any("launch_kernel" in one.name for one in threading.enumerate()):
        time.sleep(0.05)
