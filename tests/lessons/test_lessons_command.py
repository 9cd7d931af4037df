"""`slipper lessons`: the list, one lesson served on this machine, and what is told when that cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

from lessons.frame import server
from lessons.frame.registry import lessons
from testbed import cli


def test_the_list(capsys):
    assert cli.main(["lessons"]) == 0
    said = capsys.readouterr().out
    assert all(one.title in said for one in lessons().values())
    assert "slipper grade" in said and "--handout" in said  # what a teacher does next
    assert cli.main(["lessons", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["number"] for one in told] == list(lessons())


def test_a_lesson_that_is_not_there(capsys):
    for number in ("99", "one", "-1", "1.5"):
        assert cli.main(["lessons", number]) == 2, number
    assert "Traceback" not in capsys.readouterr().err


def test_without_marimo_the_words_are_clear(capsys, monkeypatch):
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    assert cli.main(["lessons", "1"]) == 2
    assert "pip install 'glass-slipper[lessons]'" in capsys.readouterr().err


def test_a_port_that_is_taken_or_is_none(capsys):
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        for port in (str(taken.getsockname()[1]), "70000", "-1"):
            assert cli.main(["lessons", "1", "--port", port, "--no-browser"]) == 2, port
    assert "--port" in capsys.readouterr().err


def test_a_lesson_is_served_until_it_is_stopped():
    process = subprocess.Popen(
        [sys.executable, "-m", "testbed.cli", "lessons", "1", "--no-browser"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, **server.environment()},
        # a shell's background job ignores it, and so would this process
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        assert process.stdout.readline().startswith("Lesson 1")
        address = process.stdout.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=60) as page:  # at once: nobody is refused
            assert b"Lesson 1" in page.read()
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to all processes of the terminal
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate()
