"""Writes docs/faults.md, what each fault of data does to the right answers: python -m testbed.validation.faults"""

from __future__ import annotations

from pathlib import Path

from analysis.contract import files
from testbed.markdown import heading, row
from testbed.validation.faults.logs import FAULTY_LOGS, clean_log
from testbed.validation.faults.survival import effect
from testbed.validation.matching import known_answer
from testbed.validation.questions import questions

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"
HEAD = """# Faults of data, and what they do to right answers

Made by `python -m testbed.validation.faults`; a test holds it to the code. A log can be wrong in ways that no query
notices. Each fault here is a key of a scenario (`observation.faults`, see `sim/ODD.md`), planted on a clean log of
{rows} requests. The answer that is meant is always the one on the clean log.

A query that reads the log as its question defines it answers all questions as before, except those that are named. Of
these it gets another answer; the last column says what would mend it, or that nobody can tell from the log what is
right: look for such a fault before you ask (`slipper analyze LOG --check-log`).

`survival(ask, question)` of `testbed/validation/faults/survival.py` asks a query of all these logs, and says of each
fault that the query *survives* it, *refuses* to answer, or is *wrong without a word*.

"""


def page() -> str:
    """The page as text."""
    clean, asked = clean_log(), questions()
    right = {name: known_answer(q, clean.tables, **clean.arguments(q)) for name, q in asked.items()}
    lines = heading("fault", "in the log", "changes the answer to", "what mends it")
    for log in FAULTY_LOGS:
        faulty = log.of(clean)
        hit = [name for name, q in asked.items() if effect(q, right[name], faulty, bool(log.mend)) != "none"]
        mend = log.mend or ("nothing: nobody can tell" if hit else "")
        lines.append(row(log.name, f"{log.about} (`{log.fault}`)", _named(hit, list(asked)), mend))
    return HEAD.format(rows=clean.tables.generations.num_rows) + "\n".join(lines) + "\n"


def _named(some: list[str], whole: list[str]) -> str:
    """Names, those that are not among them if these are fewer."""
    others = [f"`{name}`" for name in whole if name not in some]
    if len(others) >= len(some):
        return ", ".join(f"`{name}`" for name in some) or "none"
    return f"all but {', '.join(others)}" if others else "all"


if __name__ == "__main__":
    files.write_text(PAGE, page())
