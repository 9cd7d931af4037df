"""Reads files into rows of the contract, in an engine on disk: what was read of each file, and what is wrong with rows.

Every record is a row, in the order of the files, so that it is found again in its file. One that is broken, lacks what
every log has, or has parts above their whole is marked (`wrong`); a value that may be missing and cannot be read is
null and noted (`odd`). Nothing is dropped here.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa

from analysis import contract
from analysis.importing.format import COST, DERIVED, FALLBACK, PART_OF, REQUIRED, Form, Unfold
from analysis.importing.records import MOST_BYTES, NO_OBJECT, json_objects, parts, records
from analysis.importing.rules import MOST_WHOLE, Rule, first
from analysis.importing.source import IN_LINES, SourceFile
from analysis.sources.errors import LogError, first_line
from analysis.sources.files import glob_of
from analysis.sources.opening import DEFAULT_MEMORY
from analysis.sources.quoting import identifier, text_literal
from analysis.sources.soundness import PARTS

LONGEST = 16_000_000  # bytes of a line that the engine reads; longer ones are read one by one
FIELDS = tuple(contract.fields("generations"))
STATED = "--user"
"""Said of a user that the caller stated for rows that name none."""
CONSTANT = "a constant of the mapping"
"""Said of a user that a mapping states for all rows."""
_FOUND = 60  # characters of a wrong value that are shown
_TYPES: Mapping[str, str] = {
    "string": "VARCHAR", "int32": "INTEGER", "float64": "DOUBLE", "bool": "BOOLEAN",
    "timestamp[ms, tz=UTC]": "TIMESTAMP",
}  # fmt: skip
_NUMBERS = re.compile(r"(U?(TINYINT|SMALLINT|INTEGER)|BIGINT|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))")
"""Types that keep their value as a double or a whole number of 64 bits."""
_NOTE = "STRUCT(what VARCHAR, found VARCHAR)"
_BATCH = 50_000  # records at a time


@dataclass(frozen=True)
class FileRead:
    """A file as it was read. first_row: the number of its first record among all rows. rows: how many it has."""

    file: SourceFile
    form: Form
    first_row: int
    rows: int


@contextmanager
def engine(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine that keeps its rows in a folder and works within a limit of memory. It holds the table `rows`."""
    connection = duckdb.connect(folder / "rows.duckdb")
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{DEFAULT_MEMORY}'")
        # Rows are read a few times and go: packing them would take a fifth of the import. A row has about 200 bytes.
        connection.execute("SET force_compression = 'uncompressed'")
        connection.execute(f"SET temp_directory = {text_literal(str(folder / 'spill'))}")
        fields = ", ".join(f"{identifier(f.name)} {_TYPES[f.type]}" for f in contract.GENERATIONS)
        connection.execute(
            f"CREATE TABLE rows ({fields}, file INTEGER, user_from VARCHAR, wrong {_NOTE}, odd {_NOTE}[], "
            "listed BOOLEAN, model_else VARCHAR)"
        )
        yield connection
    finally:
        connection.close()


def read(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    file: SourceFile,
    form: Form,
    user: str | None,
    list_prices: bool,
) -> FileRead:
    """Add a file's rows to the table `rows`. number: of the file. user: of rows that name none. list_prices: a row may
    state no cost. Raises LogError.

    The engine reads a file as a whole or not at all; one in which it stumbles is read record by record.
    """
    one_by_one = form.unfold is not None or file.shape == "stream"
    query = _Query(number, replace(file, shape="lines") if form.unfold else file, form, user, list_prices)
    try:
        if not file.utf8 and file.shape not in IN_LINES:
            raise LogError(f"{file.name}: not UTF-8: save it again as UTF-8")
        if one_by_one or not (file.utf8 and _read_at_once(connection, query)):
            query = replace(query, at_once=False)
            for batch in _unfolded(file, form.unfold) if form.unfold else _batches(file):
                connection.register("batch", batch)
                connection.execute(f"INSERT INTO rows {query.rows(query.batch())}")
                connection.unregister("batch")
    except duckdb.Error as error:
        raise LogError(f"{file.name}: cannot be read: {first_line(error)}") from None
    first, rows = connection.execute(
        f"SELECT min(rowid), count(*) FROM rows WHERE file = {number}"
    ).fetchall()[0]
    return FileRead(file, form, first or 0, rows)


def _read_at_once(connection: duckdb.DuckDBPyConnection, query: _Query) -> bool:
    """Let the engine read a file. False, and no row added, if it stumbles where records can be read one by one."""
    try:
        connection.execute(f"INSERT INTO rows {query.rows(query.whole_file())}")
    except duckdb.FatalException:
        raise
    except duckdb.Error:
        if query.file.shape in ("table", "lines", "parquet"):
            return False
        raise
    return True


def _batches(file: SourceFile) -> Iterator[pa.Table]:
    """The records of a file as tables of texts: `c0`, `c1` ..., or `line` of JSON; and why one is none (`broken`)."""
    names = [f"c{i}" for i in range(len(file.columns))] if file.is_table else ["line"]
    nothing = [None] * len(names)
    found = records(file)
    while batch := list(itertools.islice(found, _BATCH)):
        columns = zip(*(nothing if record.wrong else record.values for record in batch), strict=True)
        table = {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
        yield pa.table(table | {"broken": pa.array([record.wrong or None for record in batch], pa.string())})


def _unfolded(file: SourceFile, unfold: Unfold) -> Iterator[pa.Table]:
    """The rows that the records of a file hold, as tables of `line` and `broken`."""
    found = parts(file, unfold)
    while batch := list(itertools.islice(found, _BATCH)):
        lines = [None if part.value is None else json.dumps(part.value) for part in batch]
        yield pa.table(
            {
                "line": pa.array(lines, pa.string()),
                "broken": pa.array([part.wrong or None for part in batch], pa.string()),
            }
        )


# --- the query of one file ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Query:
    """The rows of a file as a query. at_once: the engine reads the file, and not batches of texts."""

    number: int
    file: SourceFile
    form: Form
    user: str | None
    list_prices: bool
    at_once: bool = True

    def rows(self, records: str) -> str:
        """Rows of the contract from records: texts, then values, then what is wrong with them."""
        form, file = self.form, self.file
        numbers = self._numbers
        at = {place: sql for place in _places(form) if (sql := _at(place, file, form, place in numbers))}
        names = {place: f"p{number}" for number, place in enumerate(at)}
        read_places = "".join(f", {sql} AS {names[place]}" for place, sql in at.items())
        texts = {name: sql for name, rule in form.rules.items() if (sql := _text(rule, names))}
        sources = _sources(form, names)
        if self.user is not None:
            texts[FALLBACK] = f"coalesce({texts.get(FALLBACK, 'NULL')}, {text_literal(self.user)})"
            sources = f"coalesce({sources}, {text_literal(STATED)})"
        read_texts = ", ".join(f"{sql} AS t_{name}" for name, sql in texts.items())
        values = ", ".join(
            f"{form.rules[name].parse(f't_{name}') if name in form.rules else f't_{name}'} AS v_{name}"
            for name in texts
        )
        return (
            f"SELECT {', '.join(_field(name, form, texts) for name in FIELDS)}, {self.number}, user_from, "
            f"{_wrong(form, texts, names, self.list_prices)}, {_odd(form, texts, names)}, false, "
            f"{_other_model(form, names)} "
            f"FROM (SELECT *, {values} FROM (SELECT *, {read_texts}, {sources} AS user_from "
            f"FROM (SELECT broken{read_places} FROM {records})))"
        )

    def whole_file(self) -> str:
        """The records of the file, read by the engine: `c0`, `c1` ... of a table, `e` (the texts of all places) of
        JSON; and `broken`, which says why one is none."""
        name = text_literal(glob_of(str(self.file.path)))
        packed = f"compression = '{self.file.codec}'"
        exact = f"auto_detect = false, max_line_size = {LONGEST}, buffer_size = {MOST_BYTES}, {packed}"
        if self.file.shape == "table":
            columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.file.columns)))
            return (
                f"(SELECT *, CAST(NULL AS VARCHAR) AS broken FROM read_csv({name}, columns = {{{columns}}}, "
                f"header = true, delim = {text_literal(self.file.delimiter)}, quote = '\"', escape = '\"', {exact}))"
            )
        if self.file.shape == "parquet":
            texts = (
                f"{_as_text(identifier(column), kind, column in self._numbers)} AS c{number}"
                for number, (column, kind) in enumerate(self._kinds.items())
            )
            return f"(SELECT {', '.join(texts)}, CAST(NULL AS VARCHAR) AS broken FROM {name})"
        if self.file.shape == "lines":
            return self._of_lines(
                f"(SELECT line, NULL AS broken FROM read_csv({name}, columns = {{'line': 'VARCHAR'}}, header = false, "
                f"delim = chr(1), quote = '', escape = '', {exact}) WHERE starts_with(line, '{{') OR trim(line) <> '')"
            )
        return f"(SELECT {self._places('json')} AS e, NULL AS broken FROM {json_objects(self.file)})"

    def batch(self) -> str:
        """The same of the table `batch`."""
        return "batch" if self.file.is_table else self._of_lines("batch")

    def _of_lines(self, lines: str) -> str:
        """The texts of the objects that lines are. Each line is parsed once, and seldom trimmed: both take long."""
        is_object = "starts_with(line, '{') OR starts_with(ltrim(line), '{')"
        objects = (
            f"(SELECT CASE WHEN {is_object} THEN TRY({self._places('line')}) END AS e, broken FROM {lines})"
        )
        none = f"CASE WHEN e IS NULL THEN {text_literal(NO_OBJECT)} END"
        return f"(SELECT e, coalesce(broken, {none}) AS broken FROM {objects})"

    @cached_property
    def _kinds(self) -> Mapping[str, str]:
        """The engine's types of the columns of Parquet."""
        with duckdb.connect() as engine:
            query = f"DESCRIBE SELECT * FROM {text_literal(glob_of(str(self.file.path)))}"
            return {name: kind for name, kind, *_ in engine.execute(query).fetchall()}

    @cached_property
    def _numbers(self) -> frozenset[str]:
        """Columns of Parquet that hold numbers and are read by nothing but rules for numbers, so that they need not be
        made texts."""
        if self.file.shape != "parquet" or not self.at_once:
            return frozenset()
        numbers = {name for name, kind in self._kinds.items() if _NUMBERS.fullmatch(kind)}
        for rule in self.form.rules.values():
            found = set(rule.places) & set(self._kinds)
            if not rule.numeric or rule.join is not first or not found <= numbers:
                numbers -= found
        return frozenset(numbers - {_split(place)[0] for place in _places(self.form) if _split(place)[1]})

    def _places(self, json: str) -> str:
        """SQL of the texts at all places in a JSON object."""
        paths = ", ".join(text_literal(f"$.{place}") for place in _outer(self.form))
        return f"json_extract_string({json}, [{paths}])"


def _as_text(column: str, kind: str, stays: bool) -> str:
    """SQL of a column of Parquet as a text; what is nested is JSON. stays: it is used as it is."""
    if stays or kind == "VARCHAR":
        return column
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return f"CAST({f'to_json({column})' if nested else column} AS VARCHAR)"


def _places(form: Form) -> list[str]:
    """All places that a form's rules name, and the outer ones of those that lie in a text of JSON."""
    named = [*form.aside, *(place for rule in form.rules.values() for place in rule.places)]
    return list(dict.fromkeys([*named, *(outer for place in named if (outer := _split(place)[0]) != place)]))


def _outer(form: Form) -> list[str]:
    return [place for place in _places(form) if not _split(place)[1]]


def _split(place: str) -> tuple[str, str]:
    """A place, and the path into the JSON that it holds (empty: it is a value itself)."""
    outer, _, inner = place.partition(">")
    return outer, inner


def _at(place: str, file: SourceFile, form: Form, number: bool) -> str:
    """The text at a place, null where it is empty; nothing where a table has no such column. number: it is no text."""
    outer, inner = _split(place)
    if file.is_table:
        if outer not in file.columns:
            return ""
        at = f"c{file.columns.index(outer)}"
    else:
        at = f"e[{_outer(form).index(outer) + 1}]"
    if inner:
        at = f"CASE WHEN json_valid({at}) THEN json_extract_string({at}, {text_literal(f'$.{inner}')}) END"
    if number:
        return at
    return f"nullif(CASE WHEN starts_with({at}, ' ') OR suffix({at}, ' ') THEN trim({at}) ELSE {at} END, '')"


def _text(rule: Rule, names: Mapping[str, str]) -> str:
    """The text of a rule from the texts at its places. names: of the columns that hold these."""
    found = [names.get(place, "CAST(NULL AS VARCHAR)") for place in rule.places]
    stands = not rule.places or any(place in names for place in rule.places)  # without places: a constant
    return rule.join(found) if stands else ""


def _other_model(form: Form, names: Mapping[str, str]) -> str:
    """What else a row calls its model, beside the first name: a deployment's name means nothing to others."""
    rule = form.rules["model"]
    others = [f"nullif({names[p]}, t_model)" for p in rule.places if p in names] if rule.join is first else []
    return first(others) if len(others) > 1 else "NULL"


def _sources(form: Form, names: Mapping[str, str]) -> str:
    """Where a row's user was found."""
    places = form.rules[FALLBACK].places if FALLBACK in form.rules else ()
    if FALLBACK in form.rules and not places:
        return text_literal(CONSTANT)
    cases = [f"WHEN {names[p]} IS NOT NULL THEN {text_literal(p)}" for p in places if p in names]
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _field(name: str, form: Form, texts: Mapping[str, str]) -> str:
    """A field of the contract: its value, or null where the file has none."""
    if name in DERIVED and name not in texts and "finish_reason" in texts:
        return f"v_finish_reason = 'tool_calls' AS {name}"  # the contract's definition
    if name not in texts:
        return f"NULL AS {name}"
    return f"{_whole(name, form, texts)} AS {name}"


def _whole(name: str, form: Form, texts: Mapping[str, str]) -> str:
    """A value; of a count the part that the source has beside it is added."""
    if (part := form.beside(name)) in texts:
        return f"nullif(least(v_{name} + coalesce(v_{part}, 0), {MOST_WHOLE + 1}), {MOST_WHOLE + 1})"
    return f"v_{name}"


def _note(what: str, found: str) -> str:
    return f"{{'what': {text_literal(what)}, 'found': left(CAST({found} AS VARCHAR), {_FOUND})}}"


def _expected(name: str, form: Form) -> str:
    return f"{name} is not {form.rules[name].expected}" if name in form.rules else f"{name} is not there"


def _wrong(form: Form, texts: Mapping[str, str], names: Mapping[str, str], list_prices: bool) -> str:
    """Why a row is no row of a log, or null."""
    cases = ["WHEN broken IS NOT NULL THEN {'what': broken, 'found': NULL}"]
    for place, words in form.aside.items():
        if (at := names.get(place)) is not None:
            listed = ", ".join(map(text_literal, words))
            cases.append(
                f"WHEN lower({at}) IN ({listed}) THEN {_note(f'no request to a language model, by its {place}', at)}"
            )
    for name in REQUIRED:
        if name == "generation_id" and form.numbered:
            continue
        if name == COST and list_prices:
            if name in texts:
                unread = f"t_{name} IS NOT NULL AND v_{name} IS NULL"
                cases.append(f"WHEN {unread} THEN {_note(_expected(name, form), f't_{name}')}")
            continue
        if name not in texts:
            cases.append(f"WHEN true THEN {_note(f'{name} is not there', 'NULL')}")
            continue
        if name in PART_OF and "finish_reason" in texts:
            failed = f"t_{name} IS NULL AND v_finish_reason = 'error'"
            cases.append(f"WHEN {failed} THEN {_note('it failed, and counts no tokens', 'NULL')}")
        cases.append(f"WHEN t_{name} IS NULL THEN {_note(f'{name} is empty', 'NULL')}")
        cases.append(f"WHEN v_{name} IS NULL THEN {_note(_expected(name, form), f't_{name}')}")
        if name in PART_OF:
            over = f"WHEN ({_whole(name, form, texts)}) IS NULL THEN "
            cases.append(
                over + _note(f"{name} is more than {MOST_WHOLE:,} with its part beside it", f"t_{name}")
            )
    for part, whole in PARTS:
        if part in texts:
            both = f"concat(v_{part}, ' of ', {_whole(whole, form, texts)})"
            cases.append(
                f"WHEN v_{part} > {_whole(whole, form, texts)} THEN {_note(f'{part} above {whole}', both)}"
            )
    return f"CASE {' '.join(cases)} END"


def _odd(form: Form, texts: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Values that may be missing and cannot be read; null where there are none."""
    unread = [
        (f"t_{name} IS NOT NULL AND v_{name} IS NULL", _note(_expected(name, form), f"t_{name}"))
        for name in texts
        if name not in REQUIRED
    ]
    for outer in dict.fromkeys(_split(place)[0] for place in names if _split(place)[1]):
        unread.append((f"NOT json_valid({names[outer]})", _note(f"{outer} is not JSON", names[outer])))
    if not unread:
        return "NULL"
    notes = ", ".join(f"CASE WHEN {sql} THEN {note} END" for sql, note in unread)
    return f"CASE WHEN {' OR '.join(f'({sql})' for sql, _ in unread)} THEN " \
           f"list_filter([{notes}], lambda note: note IS NOT NULL) END"  # fmt: skip
