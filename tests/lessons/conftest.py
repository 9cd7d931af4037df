"""What the tests of lessons share: one server for all notebooks and one browser, started when first asked for."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

os.environ.setdefault("MARIMO_SKIP_UPDATE_CHECK", "1")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a server in this process that has every notebook under its number: ADDRESS/1/."""
    import marimo
    import uvicorn

    from lessons.frame.registry import lessons

    served = marimo.create_asgi_app(quiet=True, session_ttl=1)  # a notebook ends a second after its page
    for number, lesson in lessons().items():
        served = served.with_app(path=f"/{number}", root=str(lesson.notebook))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(served.build(), log_level="critical", ws="websockets-sansio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    logging.getLogger("marimo").setLevel(logging.CRITICAL)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    _until_notebooks_are_closed()
    server.should_exit = True
    thread.join(timeout=10)


def _until_notebooks_are_closed(seconds: float = 15.0) -> None:
    """Wait for the threads in which notebooks run: one that still waits for its page would keep Python from ending."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and any("launch_kernel" in one.name for one in threading.enumerate()):
        time.sleep(0.05)
