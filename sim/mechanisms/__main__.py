"""Writes what follows from this folder, the ODD's table and the schema of scenarios; run: python -m sim.mechanisms"""

from pathlib import Path

from analysis.contract import files
from sim.mechanisms import MECHANISMS
from sim.scenario import Scenario
from sim.scenario.json_schema import write_scenario_schema

ODD = Path(__file__).parents[1] / "ODD.md"
BEGIN, END = "<!-- made by python -m sim.mechanisms -->\n", "<!-- end -->\n"


def table() -> str:
    """The mechanisms as a table in Markdown."""
    rows = [f"| `{key}` | {kind.rule} | {kind.source} | {kind.off} |\n" for key, kind in MECHANISMS.items()]
    return "".join(["| mechanism | rule | source | off |\n", "|---|---|---|---|\n", *rows])


def with_table(text: str) -> str:
    """A page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    files.write_text(ODD, with_table(ODD.read_text(encoding="utf-8")))
    write_scenario_schema(Scenario)
