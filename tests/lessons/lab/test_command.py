"""`slipper lab`: starts, tells its address, ends with Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from testbed.cli import main


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as SIGINT")
def test_it_serves_the_page_and_ends_with_ctrl_c():
    command = [sys.executable, "-m", "testbed.cli", "lab", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert found, process.communicate(timeout=60)
            with urllib.request.urlopen(found[0], timeout=60) as answer:
                assert b"<h1>The laboratory</h1>" in answer.read()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0 and "Traceback" not in said and "interrupted" not in said
        finally:
            process.kill()  # one that went wrong is not waited for


@pytest.mark.parametrize("port", ["70000", "-1", "http", "8.5"])
def test_a_bad_port_is_told(capsys, port):
    assert main(["lab", "--no-browser", f"--port={port}"]) == 2
    assert "expected a port from 0 to 65535" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["lab", "--no-browser", "--port", str(port)]) == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err
