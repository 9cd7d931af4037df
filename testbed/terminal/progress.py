"""Progress of a run on standard error: a live bar for each phase on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

PLAIN_INTERVAL_S = 10.0  # between two plain lines of one phase
LEAST_RUNS = 3  # that have ended before the time left is told from them (assumed)

PHASES = {
    "compile": "Compiling (once)",
    "population": "Making users",
    "market": "Simulating the market",
    "traffic": "Writing requests",
    "finish": "Finishing the run",
    "analysis": "Analysing the log",
    "export": "Writing the export",
}


class Step(Protocol):
    """What a display needs of a progress report; `sim.Progress` is one."""

    @property
    def phase(self) -> str: ...
    @property
    def done(self) -> float: ...
    @property
    def total(self) -> float: ...
    @property
    def simulated(self) -> date | None: ...
    @property
    def records(self) -> int: ...


@dataclass(frozen=True)
class Report:
    """A progress report of work that is not a simulation: no simulated day, no records.

    over: of runs, how many have ended; the time left is then told from these, not from how far the others are.
    """

    phase: str
    done: float
    total: float
    simulated: None = None
    records: int = 0
    over: int | None = None


class Left:
    """The time left in a phase, told from its report."""

    def __init__(self) -> None:
        self._over, self._ended_s = 0, 0.0

    def __call__(self, step: Step, elapsed_s: float) -> float | None:
        """Seconds; None where nobody can know yet. elapsed_s: since the phase began."""
        over = step.over if isinstance(step, Report) else None
        if over is None:
            share = step.done / step.total if step.total else 0.0
            return elapsed_s / share - elapsed_s if 0 < share < 1 else None
        if over > self._over:
            self._over, self._ended_s = over, elapsed_s
        if not LEAST_RUNS <= over < step.total:
            return None
        whole = self._ended_s / over * step.total
        return max(whole - elapsed_s, 0.0)


class Display(Protocol):
    """A context in which each call shows one progress report."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def __call__(self, step: Step) -> None: ...

    def let(self, write: Callable[[], None]) -> None:
        """Lets something be written to standard output in the middle of the work."""


def open_display(quiet: bool = False, stream: TextIO | None = None) -> Display:
    """The display that suits `stream` (default: standard error): live on a terminal, plain lines elsewhere."""
    stream = sys.stderr if stream is None else stream
    if quiet:
        return Silent()
    console = Console(file=stream)
    return Live(console) if console.is_terminal and not console.is_dumb_terminal else Plain(stream)


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, step: Step) -> None:
        return None

    def let(self, write: Callable[[], None]) -> None:
        """Writes."""
        write()


class Live(Silent):
    """One bar a phase, with the simulated date, the records written and the time left in the phase."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}", table_column=Column(min_width=22, no_wrap=True)),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[simulated]}", table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[records]}", justify="right", table_column=Column(no_wrap=True)),
            TimeColumn(table_column=Column(no_wrap=True)),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._left = Left()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._end_phases()
        self._bars.stop()

    def __call__(self, step: Step) -> None:
        if step.phase not in self._tasks:
            self._end_phases()
            self._left = Left()
            self._tasks[step.phase] = self._bars.add_task(
                title(step.phase), total=None, simulated="", records="", left=None
            )
        of_runs = isinstance(step, Report) and step.over is not None
        elapsed = self._bars.tasks[-1].elapsed or 0.0
        self._bars.update(
            self._tasks[step.phase],
            completed=step.done,
            total=step.total or None,
            simulated=step.simulated.isoformat() if step.simulated else "",
            records=f"{step.records:,} records" if step.records else "",
            left=(self._left(step, elapsed), of_runs),
        )

    def let(self, write: Callable[[], None]) -> None:
        """Writes while no bar is drawn; bars of phases that are over stay above what is written."""
        self._bars.stop()
        write()
        for task in self._bars.tasks:
            self._bars.update(task.id, visible=not task.finished)
        self._bars.start()

    def _end_phases(self) -> None:
        for task in self._bars.tasks:
            if not task.finished:
                total = task.total or 1.0
                self._bars.update(task.id, total=total, completed=total)


class TimeColumn(TextColumn):
    """The time left in a running phase, the time taken by an ended one."""

    def __init__(self, table_column: Column | None = None) -> None:
        super().__init__("", table_column=table_column)

    def render(self, task: Task) -> Text:
        """The column's text for one phase."""
        if task.finished:
            return Text(f"{duration(task.finished_time or 0.0)}", style="dim")
        left, of_runs = task.fields.get("left") or (None, False)
        if of_runs:
            return Text(f"{duration(left)} left" if left is not None else "estimating", style="cyan")
        left = task.time_remaining
        return Text(f"{duration(left)} left" if left is not None else "", style="cyan")


class Plain(Silent):
    """A line when a phase begins to take long, and one when it ends; no control characters."""

    def __init__(self, stream: TextIO, interval_s: float = PLAIN_INTERVAL_S) -> None:
        self._stream = stream
        self._interval_s = interval_s
        self._last: Step | None = None
        self._began = self._told = 0.0
        self._left = Left()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._end_phase()

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if self._last is None or self._last.phase != step.phase:
            self._end_phase()
            self._began = self._told = now
            self._left = Left()
        left = self._left(step, now - self._began)
        if self._last is not None and now - self._told >= self._interval_s:
            self._told = now
            self._say(f"{title(step.phase)}: " + ", ".join(self._state(step, left)))
        self._last = step

    def _end_phase(self) -> None:
        if self._last is not None:
            records = [f"{self._last.records:,} records"] if self._last.records else []
            taken = duration(time.monotonic() - self._began)
            self._say(f"{title(self._last.phase)}: " + ", ".join([*records, f"done in {taken}"]))
            self._last = None

    def _state(self, step: Step, left: float | None) -> list[str]:
        share = step.done / step.total if step.total else 0.0
        parts = [f"{share:.0%}"] if step.total else []
        if step.simulated:
            parts.append(step.simulated.isoformat())
        if step.records:
            parts.append(f"{step.records:,} records")
        if left is not None:
            parts.append(f"{duration(left)} left")
        return parts

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def title(phase: str) -> str:
    """What a phase is called on the screen."""
    return PHASES.get(phase, phase)


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s` or `2 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
