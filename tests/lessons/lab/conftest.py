"""What tests of the laboratory share: a desk, and a server on a free port."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

USERS = 900
"""Of most worlds here: a year of them takes a third of a second, and their cohorts are too small to be judged."""


@pytest.fixture(scope="session", autouse=True)
def no_pauses():
    """Nobody's hand rests in these tests."""
    from lessons.lab import desk

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "VERDICT_AFTER_S", 0.05)
        patch.setattr(desk, "RATES_AFTER_S", 0.05)
        yield


@pytest.fixture(scope="session")
def desk():
    from lessons.lab.desk import Desk

    made = Desk()
    yield made
    made.close()


class Served:
    """A laboratory that is being served."""

    def __init__(self, port):
        self.port, self.address = port, f"http://127.0.0.1:{port}/"

    def ask(self, path, body=None, **headers):
        """Status and text of an answer; body: what is sent as JSON, or bytes."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(self.address + path, data, given | headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()


@pytest.fixture(scope="session")
def served():
    import uvicorn

    from lessons.lab.server import HOST, Laboratory

    with socket.socket() as listening:
        listening.bind((HOST, 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(Laboratory().app(port), log_level="critical", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield Served(port)
        server.should_exit = True
        thread.join(30)
