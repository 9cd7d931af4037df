"""Serves a lesson's notebook on this machine: loopback only, a free port, no request to another host."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

from analysis.workers import THREADS
from lessons.frame.lesson import HOME, Lesson
from testbed.failure import DONE, BadInput, Failure

HOST = "127.0.0.1"
PATIENCE = 3.0
"""Seconds that the server has to end."""
QUIET = {"MARIMO_SKIP_UPDATE_CHECK": "1"}
ONE_THREAD = dict.fromkeys(THREADS, "1")
"""Small fits of curves lose twenty times their work to the threads of linear algebra that wait beside them."""


def serve(lesson: Lesson, port: int | None, *, browser: bool) -> int:
    """Serve one lesson until Ctrl-C. Raises BadInput where marimo is missing or the port is taken."""
    if find_spec("marimo") is None:
        raise BadInput(
            "the lessons need marimo, which is not installed: pip install 'glass-slipper[lessons]'"
        )
    port = free_port(port)
    print(f"Lesson {lesson.number}: {lesson.title}", flush=True)
    command = [sys.executable, "-m", "marimo", "--quiet", "run", str(lesson.notebook)]
    command += ["--host", HOST, "--port", str(port)]
    if not browser:
        command.append("--headless")
    # A session of its own: Ctrl-C comes to us alone, and the server is then asked to end, without its own complaints.
    process = subprocess.Popen(command, env=environment(), start_new_session=True)
    try:
        _until_answered(port, process)
        if process.poll() is None:
            print(f"http://{HOST}:{port}  (Ctrl-C ends it)", flush=True)
        status = process.wait()
    except KeyboardInterrupt:
        _end(process)
        return DONE
    if status:
        raise Failure(f"the notebook's server ended with status {status}")
    return DONE


def _until_answered(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server takes connections, or has ended: whoever opens the address at once finds the page."""
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:  # a notebook whose page is still open
        process.kill()
        process.wait()


def environment() -> dict[str, str]:
    """The process's environment, in which the notebook finds the project and marimo asks for no newer version."""
    path = os.pathsep.join([str(HOME.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **QUIET, **ONE_THREAD, "PYTHONPATH": path}


def free_port(wanted: int | None) -> int:
    """A port of this machine that nobody listens on: the wanted one, or any. Raises BadInput if it is taken."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            raise taken(wanted, error) from None
        return int(probe.getsockname()[1])


def taken(port: int | None, error: OSError) -> BadInput:
    """Why a port of this machine cannot be listened on."""
    why = (error.strerror or str(error)).lower()
    return BadInput(f"port {port} cannot be used ({why}); give another --port, or none")
