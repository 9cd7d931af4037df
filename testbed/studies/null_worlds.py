"""Makes the table of the null worlds: `python -m testbed.studies.null_worlds` simulates each and measures its month 3.

A null world is one file in scenarios/nulls/. Its header says, besides what any header says, its row of the table (`In
short:` what looks like loyalty | which key makes it | what separates it) and whether the `Naive test:` of two
proportions is `fooled` or `right`. Tests and table follow from the header.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import yaml

import analysis
import sim
from analysis.contract.files import write_text
from analysis.inference.launch.naive import pooled_z
from sim.scenario.shipped import WORLDS

FOLDER = WORLDS / "nulls"
PAGE = FOLDER / "README.md"
FOCAL, LAUNCH, AGE = "new/focal", dt.date(2025, 1, 1), 3
HEAD = (
    "| world | what looks like loyalty | key | what separates it | launch | R(3) | later R(3) | z |",
    "|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class NullWorld:
    """What the header of a world says of it. fools_naive: None for the base and the planted worlds."""

    name: str
    looks_like: str
    key: str
    separates: str
    fools_naive: bool | None

    @property
    def file(self) -> Path:
        """Its scenario."""
        return FOLDER / f"{self.name}.yaml"


def null_worlds() -> list[NullWorld]:
    """The base, the worlds that fool the naive test, those that do not, and the planted ones. Raises ValueError for a
    header that does not say what the table needs."""
    found = [_read(file) for file in sorted(FOLDER.glob("*.yaml"))]
    rank = {True: 1, False: 2}
    return sorted(
        found,
        key=lambda w: (
            0 if w.name == "base" else 3 if w.fools_naive is None else rank[w.fools_naive],
            w.name,
        ),
    )


def _read(file: Path) -> NullWorld:
    text = file.read_text(encoding="utf-8")
    keys = yaml.safe_load(text).keys()
    if "extends" not in keys:
        return NullWorld(file.stem, "nothing", "–", "–", None)
    if "planted_loyalty" in keys:
        return NullWorld(file.stem, "–", "`planted_loyalty.loyal_share`", "the truth: `planted`", None)
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    said = {key.strip(): text.strip() for key, _, text in (line[1:].partition(":") for line in lines)}
    row = [part.strip() for part in said.get("In short", "").split("|")]
    if len(row) != 3 or not all(row):
        raise ValueError(
            f"{file}: its header needs a line '# In short: what looks like loyalty | key | what separates'"
        )
    if said.get("Naive test") not in ("fooled", "right"):
        raise ValueError(f"{file}: its header needs a line '# Naive test: fooled', or right")
    return NullWorld(file.stem, row[0], row[1], row[2], said["Naive test"] == "fooled")


def measured(world: NullWorld) -> tuple[int, float, float, float]:
    """Users of the launch cohort, R(3) of theirs and of all later cohorts together, and the z of the two proportions,
    at the world's own seed."""
    with tempfile.TemporaryDirectory(prefix="nulls-") as out:
        run = sim.run(world.file, out=out)
        with analysis.open_log(run.path) as log:
            cells = analysis.retention.triangle(log, model=FOCAL)
    at = cells[(cells["k"] == AGE) & cells["observed"]]
    own = at["cohort"].dt.date == LAUNCH
    later = at["cohort"].dt.date > LAUNCH
    n1, s1 = int(at.loc[own, "users"].sum()), int(at.loc[own, "active"].sum())
    n2, s2 = int(at.loc[later, "users"].sum()), int(at.loc[later, "active"].sum())
    return n1, s1 / n1, s2 / n2, pooled_z(s1, n1, s2, n2)


def rows(known: Mapping[str, str], anew: Collection[str]) -> Iterator[str]:
    """The table's rows. known: the rows that are there, by world; anew: worlds to measure though they are there."""
    for world in null_worlds():
        if world.name in known and world.name not in anew:
            yield known[world.name]
            continue
        n, own, later, z = measured(world)
        yield (
            f"| [{world.name}]({world.name}.yaml) | {world.looks_like} | {world.key} | {world.separates} | {n:,} | "
            f"{own:.3f} | {later:.3f} | {z:.1f} |"
        )


def main(names: Sequence[str] = ()) -> int:
    """Renew the table of scenarios/nulls/README.md: the rows of these worlds, without any all."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = lines.index(HEAD[0])
    end = next(i for i in range(first, len(lines) + 1) if i == len(lines) or not lines[i].startswith("|"))
    known = {line.partition("]")[0][3:]: line for line in lines[first + 2 : end]} if names else {}
    text = "\n".join([*lines[:first], *HEAD, *rows(known, names), *lines[end:]]) + "\n"
    write_text(PAGE, text)
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
