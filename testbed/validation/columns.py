"""The tables as the user's code calls them: a mapping from names of the contract to names of their own warehouse.

    generations:
      table: llm_requests        # what the table is called there; left out, it keeps its name
      user_id: end_user          # a column of the contract: what it is called there
    created_at: ts               # without a table: in every table that has the column

Columns of the *answer* are matched elsewhere, in `testbed.validation.matching`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from analysis import contract
from analysis.contract.nearest_names import did_you_mean
from sim.config.documents import Document, Problem, ScenarioError, load_document
from testbed.failure import BadInput

KNOWN: dict[str, tuple[str, ...]] = {
    **{table: tuple(one.name for one in fields) for table, fields in contract.FIELDS.items()},
    "taxonomy": ("path", "category"),
}
"""The tables that user code finds, and their columns."""
TABLE = "table"


@dataclass(frozen=True)
class InputColumns:
    """Names of the user's own. tables: by table of the contract; columns: by table and column of it. What is not named
    keeps its name."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> str:
        """What a table of the contract is called."""
        return self.tables.get(name, name)

    def column(self, table: str, name: str) -> str:
        """What a column of a table of the contract is called."""
        return self.columns.get(table, {}).get(name, name)

    def renamed(self, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Tables of the contract under the user's names. Nothing is copied."""
        return {
            self.table(name): table.rename_columns([self.column(name, own) for own in table.column_names])
            for name, table in tables.items()
        }


def read_columns(path: str | Path) -> InputColumns:
    """The names that a file gives. Raises BadInput with file, line and column of everything that is wrong."""
    try:
        document = load_document(path)
        problems = list(_problems(document))
        if problems:
            raise ScenarioError(problems)
    except ScenarioError as error:
        raise BadInput(str(error)) from None
    return _named(document)


def _problems(document: Document) -> Iterator[Problem]:
    everywhere = {column for columns in KNOWN.values() for column in columns}
    for key, value in document.tree.items():
        if key in KNOWN and isinstance(value, Mapping):
            for name, given in value.items():
                if name != TABLE and name not in KNOWN[key]:
                    yield _unknown(document, (key, name), f"no column of {key}", (TABLE, *KNOWN[key]))
                elif not _is_name(given):
                    yield document.problem(
                        (key, name), f"expected a name, got {given!r}", f"write {name}: my_name"
                    )
        elif key in KNOWN:
            yield document.problem((key,), f"expected a mapping of {key}'s columns, got {value!r}",
                                   f"{TABLE}: {value} below it names the table")  # fmt: skip
        elif key not in everywhere:
            yield _unknown(
                document, (key,), "neither a table nor a column of the contract", (*KNOWN, *everywhere)
            )
        elif not _is_name(value):
            yield document.problem((key,), f"expected a name, got {value!r}", f"write {key}: my_name")
    yield from _collisions(document)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _unknown(document: Document, path: tuple[str, ...], what: str, known: tuple[str, ...]) -> Problem:
    hint = did_you_mean(path[-1], known) or f"known: {', '.join(known[:40])}"
    return document.problem(path, what, hint, at_key=True)


def _collisions(document: Document) -> Iterator[Problem]:
    named = _named(document)
    called: dict[str, list[str]] = {f"the columns of {table}": [named.column(table, own) for own in columns]
                                    for table, columns in KNOWN.items()}  # fmt: skip
    called["the tables"] = [named.table(table) for table in KNOWN]
    for what, names in called.items():
        for name, count in Counter(name.lower() for name in names).items():
            if count > 1:
                yield document.problem(
                    (), f"two of {what} would be called '{name}'", "name the other one, too"
                )


def _named(document: Document) -> InputColumns:
    tree = document.tree
    tables = {
        name: own[TABLE]
        for name, own in tree.items()
        if name in KNOWN and isinstance(own, dict) and TABLE in own
    }
    columns = {}
    for table, known in KNOWN.items():
        own = tree.get(table)
        given = {name: tree[name] for name in known if _is_name(tree.get(name))}
        given |= {name: to for name, to in own.items() if name in known} if isinstance(own, dict) else {}
        columns[table] = {name: str(to) for name, to in given.items()}
    return InputColumns({name: str(to) for name, to in tables.items()}, columns)
