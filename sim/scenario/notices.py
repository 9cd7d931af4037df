"""What a scenario says that has no effect or leaves something unknown: no fault, but its writer should hear of it."""

import datetime as dt
from collections.abc import Iterator

from sim.catalogue import Catalogue
from sim.config.problems import Path, ProblemAt
from sim.gateway.faults import FaultSettings
from sim.scenario import Scenario
from sim.scenario.calendar import CalendarEvent, LargeAccountEvent, OutageEvent, PromotionEvent, WaveEvent


def notices(scenario: Scenario, catalogue: Catalogue) -> Iterator[ProblemAt]:
    """One for each: events outside the world's time, models that nobody can use in it, open models of unknown size,
    dates of faults of data that lie after the world's end.

    `catalogue` is the world's (`sim.catalogue.overrides.world_catalogue`).
    """
    for i, event in enumerate(scenario.calendar):
        yield from _of_event(event, ("calendar", i), scenario.start, scenario.end)
    yield from _of_faults(scenario.observation.faults, scenario.end)
    for slug, section in scenario.models.items():
        if slug not in catalogue:
            continue
        facts, place = catalogue[slug].facts, ("models", slug)

        def at(key: str, given: object, place: Path = place) -> Path:
            return (*place, key) if given is not None else place

        if facts.released > scenario.end:
            message = f"'{slug}' is released on {facts.released}, after this world ends ({scenario.end})"
            yield ProblemAt(at("released", section.released), message, "nobody can use it", at_key=True)
            continue
        if facts.retired is not None and facts.retired <= scenario.start:
            message = f"'{slug}' is retired on {facts.retired}, before this world starts ({scenario.start})"
            yield ProblemAt(at("retired", section.retired), message, "nobody can use it", at_key=True)
        for n, price in enumerate(section.prices or ()):
            if price.date > scenario.end:
                yield ProblemAt((*place, "prices", n, "date"), _after(scenario.end), "nobody pays this price")
        for n, (first, _) in enumerate(section.free or ()):
            if first > scenario.end:
                yield ProblemAt((*place, "free", n, 0), _after(scenario.end), "this window never opens")
        if facts.open_weights and facts.size_class is None:
            message = f"'{slug}' has open weights and no stated size: its size class is unknown"
            hint = "give params_total_b, in billions of parameters, to have it counted with its class"
            yield ProblemAt(at("open_weights", section.open_weights), message, hint, at_key=True)


def _of_faults(faults: FaultSettings, end: dt.date) -> Iterator[ProblemAt]:
    """Dates after the end, at which nothing happens to the log."""
    for fault in faults.planted:
        for key, value in fault:
            dates = (
                value.items()
                if isinstance(value, dict)
                else enumerate(value)
                if isinstance(value, list)
                else ()
            )
            place: Path = ("observation", "faults", fault.key, key)
            for at, date in [(place, value), *(((*place, part), date) for part, date in dates)]:
                if isinstance(date, dt.date) and date > end:
                    yield ProblemAt(at, _after(end), "the log does not reach it")


def _after(end: dt.date) -> str:
    return f"this is after the world ends ({end})"


def _of_event(event: CalendarEvent, place: Path, start: dt.date, end: dt.date) -> Iterator[ProblemAt]:
    at = (*place, "date")
    if event.date > end:
        yield ProblemAt(at, _after(end), f"this {event.event} never happens")
        return
    last = _last_day(event)
    if last is not None and last < start:
        what = (
            "all its users are there on the first day"
            if isinstance(event, WaveEvent)
            else f"this {event.event} has no effect"
        )
        yield ProblemAt(at, f"it is over on {last}, before the world starts ({start})", what)
    elif isinstance(event, WaveEvent) and last is not None and last > end:
        message = f"the wave goes on until {last}, after the world ends ({end})"
        yield ProblemAt(at, message, f"whoever would come later comes on {end}")


def _last_day(event: CalendarEvent) -> dt.date | None:
    """The last day of an event that ends by itself; None for a change that stays."""
    if isinstance(event, OutageEvent | WaveEvent):
        try:
            return event.date + dt.timedelta(days=event.days - 1)
        except OverflowError:
            return dt.date.max
    if isinstance(event, PromotionEvent | LargeAccountEvent):
        return event.until
    return None
