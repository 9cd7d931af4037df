"""How far a run is, told while it works, and how long its phases took."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PHASES = ("compile", "population", "market", "traffic", "finish")
SECONDS_BETWEEN_REPORTS = 0.05


@dataclass(frozen=True)
class Progress:
    """How far a run is: `done` of `total` steps of a phase (see `PHASES`)."""

    phase: str
    done: float
    total: float
    simulated: dt.date | None = None
    records: int = 0


Reporter = Callable[[Progress], None]


@contextmanager
def timed(timings: dict[str, float], phase: str) -> Iterator[None]:
    """Write down the seconds of a phase."""
    began = time.monotonic()
    yield
    timings[phase] = round(time.monotonic() - began, 3)


def throttled(report: Reporter | None) -> Reporter:
    """A reporter that is called at most twenty times a second, and at the end of each phase."""
    if report is None:
        return lambda _: None
    last = [0.0]

    def pass_on(progress: Progress) -> None:
        now = time.monotonic()
        if progress.done in (0, progress.total) or now - last[0] >= SECONDS_BETWEEN_REPORTS:
            last[0] = now
            report(progress)

    return pass_on
