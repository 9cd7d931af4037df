"""Writes what follows from mechanisms and from faults of data: the ODD's tables and the schema of scenarios.

Run: python -m sim.mechanisms
"""

from collections.abc import Iterable
from pathlib import Path

from analysis.contract import files
from sim.gateway.faults import FAULTS
from sim.mechanisms import MECHANISMS
from sim.scenario import Scenario
from sim.scenario.json_schema import write_scenario_schema

ODD = Path(__file__).parents[1] / "ODD.md"
END = "<!-- end -->\n"


def tables() -> dict[str, str]:
    """The tables in Markdown, by the line of the page after which each stands."""
    causes = [(key, kind.rule, kind.source, kind.off) for key, kind in MECHANISMS.items()]
    faults = [(key, kind.rule, kind.source) for key, kind in FAULTS.items()]
    return {
        "<!-- made by python -m sim.mechanisms -->\n": _table(("mechanism", "rule", "source", "off"), causes),
        "<!-- faults, made by python -m sim.mechanisms -->\n": _table(("fault", "rule", "source"), faults),
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cells)} |\n" for cells in (head, *((f"`{key}`", *rest) for key, *rest in rows))]
    return "".join([lines[0], "|---" * len(head) + "|\n", *lines[1:]])


def with_tables(text: str) -> str:
    """A page with its tables made anew."""
    for begin, table in tables().items():
        before, _, rest = text.partition(begin)
        text = before + begin + "\n" + table + "\n" + END + rest.partition(END)[2]
    return text


if __name__ == "__main__":
    files.write_text(ODD, with_tables(ODD.read_text(encoding="utf-8")))
    write_scenario_schema(Scenario)
