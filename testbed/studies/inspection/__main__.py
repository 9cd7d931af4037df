"""Measures recall and false alarms of `slipper inspect` and fills docs/inspection.md: a quarter of an hour on one core.

What is finished is kept in a file, by the code of the analysis, so that the study goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from analysis.inspection.check import CHECKS
from analysis.inspection.inspection import Inspection
from analysis.inspection.remedies import REMEDIES
from analysis.numerals import NONE
from testbed import arguments, shipped
from testbed.markdown import heading, row
from testbed.studies.ending import Fill, fill
from testbed.studies.inspection import planting as p

PAGE = Path(__file__).parents[3] / "docs" / "inspection.md"
CLEAN = ("report-small", "one-frontier-model", "nulls/base", "no-fit")
"""Scenarios of the clean worlds, in turn."""
FEW, MANY = 300, 4_000  # users
WORLDS, FIRST_SEED = 3, 20261130
HEAD = """# What an inspection finds

Made by `{command}`. `slipper inspect LOG` looks at a log before its
numbers are believed; `analyze`, `verdict` and `check` do it first. Here: what to do about each finding; how often it
finds a fault that was planted, by rate; and how often it warns of a clean world.

{remedies}
## Clean worlds

{clean}

## Planted faults

Each fault is planted on the logs of {worlds} worlds of `report-small` with {few:,} users (about {rows:,} requests
each); faults whose traces are in how users differ also among {many:,} users (about {more:,} requests). *Found*: in how
many of the worlds a check that is about it gives an error or a warning. A dash: nobody can tell from the log alone.
Faults of clocks and of ids need users: a small world has a handful of each country and provider, and few who come and
go within two weeks.

"""


def remedies() -> str:
    """What to do about each finding, as a section of the page: first those of a log that is sound in form."""
    lines = ["## What to do about a finding", "", "Errors stop an analysis (`--anyway` goes on), warnings stand on its "
             "pages. `slipper inspect` says the same at each finding.", ""]  # fmt: skip
    severities = {one.name: one.severity for one in CHECKS.values()}
    table = [row(name, severities.get(name, "of the contract"), words) for name, words in REMEDIES.items()]
    return "\n".join([*lines, *heading("finding", "how bad", "what to do"), *table]) + "\n"


class Store:
    """Results that are kept, one line each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, Any] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                self.found |= json.loads(line)

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What is kept under a key, or made now."""
        if key not in self.found:
            self.found[key] = make()
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({key: self.found[key]}) + "\n")
        return self.found[key]


def _code() -> str:
    """A digest of what results depend on."""
    here = Path(__file__)
    sources = [*sorted((here.parents[3] / "analysis").rglob("*.py")), here.with_name("planting.py")]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def _alarms(found: Inspection) -> list[str]:
    return [one.check for one in found.of("error", "warning")]


def clean_worlds(store: Store, out: Path, count: int) -> list[tuple[str, int, list[str]]]:
    """Clean worlds with what was said of each: scenario, seed and checks."""

    def look(name: str, seed: int) -> list[str]:
        tables = p.world_of(shipped.find(name), FEW, seed, out)
        return _alarms(p.inspected(tables.generations, tables))

    worlds = [(CLEAN[number % len(CLEAN)], FIRST_SEED + number) for number in range(count)]
    return [
        (name, seed, store.once(f"clean {name} {seed}", partial(look, name, seed))) for name, seed in worlds
    ]


def recall(store: Store, out: Path, worlds: int) -> tuple[list[list[str]], dict[int, int]]:
    """Rows of the table of planted faults; and rows of a world on average, by its users."""
    seeds = range(FIRST_SEED, FIRST_SEED + worlds)

    @cache
    def world(users: int, seed: int) -> p.Tables:
        return p.world_of(shipped.find("report-small"), users, seed, out)

    def look(planting: p.Planting, rate: float, users: int, seed: int) -> list[str]:
        return _alarms(p.inspected(planting.plant(world(users, seed), rate), world(users, seed)))

    def found(planting: p.Planting, rate: float, users: int) -> str:
        if not planting.checks:
            return NONE
        alarms = [
            store.once(f"{planting.name} {rate} {users} {seed}", partial(look, planting, rate, users, seed))
            for seed in seeds
        ]
        return f"{sum(bool(set(planting.checks) & set(some)) for some in alarms)} of {worlds}"

    def size(users: int) -> int:
        return sum(len(world(users, seed).generations) for seed in seeds) // worlds

    lines = [
        [
            one.name,
            f"{100 * rate:g}% {one.unit}",
            found(one, rate, FEW),
            found(one, rate, MANY) if one.needs_users else "",
            ", ".join(one.checks) or "none",
        ]
        for one in p.PLANTINGS
        for rate in one.rates
    ]
    return lines, {users: int(store.once(f"rows {users}", partial(size, users))) for users in (FEW, MANY)}


def page(store: Store, out: Path, worlds: int, clean: int) -> str:
    """The page as text."""
    lines, rows = recall(store, out, worlds)
    said = clean_worlds(store, out, clean)
    alarmed = [one for one in said if one[2]]
    names = ", ".join(f"`{name}`" for name in CLEAN)
    text = f"{len(alarmed)} of {len(said)} clean worlds were warned of ({len(alarmed) / max(len(said), 1):.1%}): "
    text += f"{names}, with {FEW} users and a seed each."
    if alarmed:
        text += "\n\n" + "\n".join(
            f"- `{name}`, seed {seed}: {', '.join(checks)}" for name, seed, checks in alarmed
        )
    command = f"python -m testbed.studies.inspection --worlds {worlds} --clean {clean}"
    head = HEAD.format(
        command=command,
        remedies=remedies(),
        clean=text,
        worlds=worlds,
        few=FEW,
        many=MANY,
        rows=rows[FEW],
        more=rows[MANY],
    )
    columns = heading("fault", "rate", f"found of {FEW:,} users", f"found of {MANY:,} users", "by")
    table = [*columns, *(row(*line) for line in lines)]
    return head + "\n".join(table) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Carries the study out and writes the page; returns the status."""
    parser = argparse.ArgumentParser(
        prog="python -m testbed.studies.inspection", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--worlds", type=arguments.positive_integer, default=WORLDS, metavar="N",
                        help=f"worlds with faults (default: {WORLDS})")  # fmt: skip
    parser.add_argument("--clean", type=arguments.whole_number, default=100, metavar="N",
                        help="clean worlds (default: 100)")  # fmt: skip
    parser.add_argument(
        "--runs", type=Path, default=Path("outputs/inspection"), help="where runs and results are kept"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page to write (default: docs/inspection.md)"
    )
    arguments.add_overwrite(parser)
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))

    def work() -> Fill:
        args.runs.mkdir(parents=True, exist_ok=True)
        text = page(Store(args.runs / f"results-{_code()}.jsonl"), args.runs, args.worlds, args.clean)
        return lambda _: text

    return fill(parser.prog, PAGE, args.out, args.overwrite, work)


if __name__ == "__main__":
    sys.exit(main())
