"""How soon the laboratory's curves follow a control, in a headless Chromium; run: python -m benchmarks.laboratory

`slipper lab` is started as a person starts it. A slider is moved by keyboard; each move makes a world that was never
asked for. Measured by the page itself, from the control's event to the painted curve: the first ones of fewer users,
the world's of all users, and its twin's. A move comes as soon as all are painted, or after a rest, when verdicts are
being worked out.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.browser import MISSING, arguments, find_browser

USERS, MOVES = 20_000, 60
MEDIAN_MS, LATE_MS = 300, 700
START_S = 5.0
REST_MS = 1_500
SLIDER = "#lock_in-time_constant_days"
PATIENCE_S = 120.0
TURNS = 8


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a control's event to the painted curve, of so many moves: both first ones, of fewer users; the
    world's of all users; and its twin's."""

    first: list[float]
    world: list[float]
    twin: list[float]

    def rows(self, how: str) -> list[str]:
        """Lines of the table."""
        lines = []
        for name, found in (
            ("both first curves", self.first),
            ("the world's curves", self.world),
            ("the twin's, too", self.twin),
        ):
            for words, value, limit in (
                ("median", float(np.median(found)), MEDIAN_MS),
                ("95th percentile", float(np.percentile(found, 95)), LATE_MS),
            ):
                lines.append(
                    f"| {how} | {name} | {words} | {value:.0f} ms | {limit} ms | **{value / limit:.2f}** |"
                )
        return lines


def measure(users: int = USERS, moves: int = MOVES) -> str:
    """The table of the benchmark, as Markdown."""
    browser = find_browser()
    if browser is None:
        return f"Not measured: {MISSING}."
    with started() as (address, seconds):
        dragged = moved(address, browser, users, moves, 0)
    with started() as (address, again):
        rested = moved(address, browser, users, moves, REST_MS)
    seconds = min(seconds, again)
    return "\n".join([
        f"{users:,} users, {moves} moves of one control, from its event to the painted curve.",
        "",
        "| moves | what is painted | of the moves | measured | limit | measured / limit |",
        "|---|---|---|---|---|---|",
        *dragged.rows("one after the other"),
        *rested.rows(f"after {REST_MS / 1000:g} s of rest"),
        "",
        f"Processor time of both worlds from the state to the panels, least of {TURNS}: {processor_ms(users):.0f} ms, "
        "on two threads; it tells the work from what else the machine does.",
        "",
        f"From the command to the address, loops compiled before: {seconds:.1f} s; limit {START_S:g} s: "
        f"**{seconds / START_S:.2f}**.",
    ])  # fmt: skip


def processor_ms(users: int, turns: int = TURNS) -> float:
    """Milliseconds of processor time from a state to the panels of a world and its twin, the least of so many."""
    from lessons.lab.desk import Desk, Ticket
    from lessons.lab.state import read

    desk, found = Desk(), []
    for turn in range(turns + 1):  # the first one loads what the others find
        state = read({"users": users, "mechanisms": {"lock_in": {"time_constant_days": 20 + turn}}})
        began = time.process_time()
        pieces = desk.answers(state, ticket := Ticket())
        for _ in ("market", *2 * ["first curves", "curves"]):
            next(pieces)
        found.append(1000 * (time.process_time() - began))
        ticket.abandon()
    desk.close()
    return min(found[1:])


@contextmanager
def started() -> Iterator[tuple[str, float]]:
    """A laboratory in a process of its own: its address, and the seconds until it was told."""
    began = time.monotonic()
    command = [sys.executable, "-m", "testbed.cli", "lab", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if found is None:
                raise RuntimeError("slipper lab told no address")
            yield found[0], time.monotonic() - began
        finally:
            process.send_signal(signal.SIGINT)


def moved(address: str, browser: str, users: int, moves: int, rest_ms: int) -> Latency:
    """Move the slider so many times, each time once both curves are there and the hand has rested."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=arguments())
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        state = base64.urlsafe_b64encode(json.dumps({"users": users}).encode()).decode().rstrip("=")
        page.goto(f"{address}#{state}")
        for side in ("world", "twin"):
            page.locator(f"#{side} path.launch").wait_for(timeout=1000 * PATIENCE_S)
        page.evaluate(f"document.querySelector('{SLIDER}').closest('details').open = true")
        page.locator(SLIDER).focus()
        for move in range(moves):
            page.wait_for_timeout(rest_ms)
            page.keyboard.press("ArrowRight")
            _painted(page, move + 1)
        one, other, world, twin = (
            page.evaluate(f"performance.getEntriesByName('{name}').map((one) => one.duration)")[-moves:]
            for name in ("first curve", "first twin curve", "curve", "twin curve")
        )
        chromium.close()
    return Latency([max(both) for both in zip(one, other, strict=True)], world, twin)


def _painted(page: Any, count: int) -> None:
    """Waits until both curves were painted so many times."""
    until = time.monotonic() + PATIENCE_S
    asked = "Math.min(...['curve', 'twin curve'].map((name) => performance.getEntriesByName(name).length))"
    while page.evaluate(asked) < count:
        if time.monotonic() > until:
            raise RuntimeError(f"no curves within {PATIENCE_S:g} s of move {count}")
        page.wait_for_timeout(5)


if __name__ == "__main__":
    print(measure())
