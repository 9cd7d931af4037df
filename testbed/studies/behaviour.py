"""Makes the tables of docs/behaviour.md from scenarios/behaviour.csv: `python -m testbed.studies.behaviour`.

The file has one row for each behavioural parameter: its key in a scenario, the value that the report world takes, the
range in which its effect is studied, and what it rests on. `parameters()` reads it for a study of sensitivity.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from analysis.contract.files import write_text
from sim.catalogue import load_catalogue
from sim.scenario import load_scenario
from sim.scenario.shipped import WORLDS
from testbed import markdown
from testbed.studies.conversions import Conversion, conversions

FILE = WORLDS / "behaviour.csv"
PAGE = WORLDS.parent / "docs" / "behaviour.md"
WORLD = WORLDS / "report.yaml"
BASES = ("measured", "converted", "assumed")
NO_SOURCE = "None"
BEGIN = "<!-- made by `python -m testbed.studies.behaviour`: {} -->"


@dataclass(frozen=True)
class Parameter:
    """A behavioural parameter: its value, its range, and what both rest on."""

    key: str
    """Where it stands in a scenario, as `--set` names it."""
    value: float
    low: float
    high: float
    basis: str
    """One of `BASES`."""
    evidence: str
    sources: tuple[str, ...]
    """By the names of the page's references; empty where there is none."""


def parameters(file: Path = FILE) -> list[Parameter]:
    """All rows, in their order. Raises ValueError for a row whose value lies outside its range or that has no basis."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [_read(file, number, row) for number, row in enumerate(csv.DictReader(lines), start=2)]


def _read(file: Path, number: int, row: dict[str, str]) -> Parameter:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    where, bounds = f"{file}:{number}", f"{low:g}, {value:g}, {high:g}"
    if not low <= value <= high or low == high:
        raise ValueError(f"{where}: expected low <= value <= high, and low below high, got {bounds}")
    if row["basis"] not in BASES:
        raise ValueError(f"{where}: basis is {row['basis']!r}, expected one of {', '.join(BASES)}")
    sources = tuple(source for source in row["source"].split("; ") if source != NO_SOURCE)
    return Parameter(row["key"], value, low, high, row["basis"], row["evidence"], sources)


def computed() -> list[Conversion]:
    """What the converted values come to, by the shipped scenario and catalogue."""
    stated = {parameter.key: parameter.value for parameter in parameters()}
    return list(conversions(load_scenario(WORLD), load_catalogue(WORLDS / "catalogue"), stated))


def values() -> list[str]:
    """The table of all parameters, in Markdown."""
    head = markdown.heading("parameter", "value", "range", "basis", "evidence", "source")
    return head + [
        markdown.row(
            f"`{p.key}`",
            f"{p.value:g}",
            f"{p.low:g} to {p.high:g}",
            p.basis,
            p.evidence,
            "; ".join(p.sources),
        )
        for p in parameters()
    ]


def arithmetic() -> list[str]:
    """The table of conversions, in Markdown."""
    stated = {parameter.key: parameter.value for parameter in parameters()}
    head = markdown.heading("parameter", "arithmetic", "comes to", "taken")
    return head + [
        markdown.row(f"`{c.key}`", c.how, f"{c.result:.3g}", f"{stated[c.key]:g}") for c in computed()
    ]


def with_tables(page: str) -> str:
    """A page with both tables made anew. Raises ValueError where it has no place for one."""
    for name, lines in (("values", values()), ("arithmetic", arithmetic())):
        page = markdown.filled(page, BEGIN.format(name), lines)
    return page


def main() -> None:
    """Write the tables into the page."""
    write_text(PAGE, with_tables(PAGE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
