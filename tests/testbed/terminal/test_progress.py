"""The progress display: live on a terminal, sparse plain lines elsewhere, silent when asked."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date

import pytest
from rich.console import Console

from testbed.terminal.progress import LEAST_RUNS, Left, Live, Plain, Report, Silent, duration, open_display


@dataclass(frozen=True)
class Step:
    phase: str
    done: float
    total: float
    simulated: date | None = None
    records: int = 0


MARKET = Step("market", 30, 730, date(2024, 1, 1))
TRAFFIC = Step("traffic", 50, 100, date(2025, 3, 1), 2_512_340)


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets: clock(12.0)."""
    now = [0.0]
    monkeypatch.setattr("testbed.terminal.progress.time.monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def test_display_suits_the_stream(monkeypatch):
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert isinstance(open_display(stream=FakeTerminal()), Live)
    assert isinstance(open_display(stream=io.StringIO()), Plain)
    assert type(open_display(quiet=True, stream=FakeTerminal())) is Silent
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(open_display(stream=FakeTerminal()), Plain)


def test_plain_lines_are_sparse_and_free_of_control_characters(clock):
    stream = io.StringIO()
    with Plain(stream, interval_s=10) as show:
        show(MARKET)
        for second in range(1, 4):
            clock(second)
            show(MARKET)
        clock(4)
        show(Step("traffic", 0, 100))
        clock(15)
        show(TRAFFIC)
        clock(16)
        show(TRAFFIC)
    assert stream.getvalue().splitlines() == [
        "Simulating the market: done in 4.0 s",
        "Writing requests: 50%, 2025-03-01, 2,512,340 records, 11 s left",
        "Writing requests: 2,512,340 records, done in 12 s",
    ]


def test_the_time_left_of_runs_is_told_from_those_that_are_over():
    left = Left()
    assert left(Report("Running", 0.001, 20, over=0), 10.0) is None
    assert left(Report("Running", LEAST_RUNS - 0.5, 20, over=LEAST_RUNS - 1), 200.0) is None
    assert left(Report("Running", 4.5, 20, over=4), 400.0) == pytest.approx(1600.0)
    assert left(Report("Running", 4.9, 20, over=4), 450.0) == pytest.approx(1550.0)  # it only grows less
    assert left(Report("Running", 20, 20, over=20), 2000.0) is None
    assert Left()(Report("Judging", 5, 20), 100.0) == pytest.approx(300.0)


def test_no_display_guesses_before_a_few_runs_are_over(clock):
    stream = io.StringIO()
    with Plain(stream, interval_s=10) as show:
        show(Report("Running", 0, 20, over=0))
        clock(20)
        show(Report("Running", 0.01, 20, over=0))
        clock(400)
        show(Report("Running", 4.2, 20, over=4))
    assert stream.getvalue().splitlines()[:2] == ["Running: 0%", "Running: 21%, 26 min 40 s left"]
    screen = Console(file=FakeTerminal(), force_terminal=True, width=100)
    with Live(screen) as show:
        show(Report("Running", 0, 20, over=0))
        show(Report("Running", 0.01, 20, over=0))
        show._bars.refresh()  # the screen is drawn a few times a second only
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "estimating" in text and "left" not in text


def test_a_failed_phase_is_not_called_done(clock):
    stream = io.StringIO()
    with pytest.raises(RuntimeError), Plain(stream) as show:
        show(MARKET)
        raise RuntimeError
    assert stream.getvalue() == ""


def test_live_display_shows_phase_date_records_and_completes_each_phase():
    stream = FakeTerminal()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    with Live(console) as show:
        show(MARKET)
        show(TRAFFIC)
    last = stream.getvalue().split("\x1b[2K")[-1]
    assert "Simulating the market" in last
    assert "2025-03-01" in last
    assert "2,512,340 records" in last
    assert last.count("✓") == 2
    assert all(task.finished for task in show._bars.tasks)


def test_live_display_fits_80_columns():
    stream = FakeTerminal()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None)
    with Live(console) as show:
        show(Step("traffic", 50, 100, date(2025, 3, 1), 52_512_340))
    assert "52,512,340 records" in stream.getvalue()


def test_a_phase_of_unknown_length_is_shown_too():
    with Live(Console(file=io.StringIO(), force_terminal=True)) as show:
        show(Step("compile", 0, 0))
    with Plain(io.StringIO(), interval_s=0) as plain:
        plain(Step("compile", 0, 0))
        plain(Step("compile", 0, 0))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.949, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"),
     (7800, "2 h 10 min")],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration(seconds) == text
