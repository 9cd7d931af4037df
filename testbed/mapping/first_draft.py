"""A guessed mapping as a file that its reader mends: each line with its reason, and what was not found as comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from analysis import contract
from analysis.importing.format import COST, FALLBACK, OPTIONS
from analysis.importing.guessing.guess import Guess, Guesses
from analysis.numerals import counted, listed
from testbed.mapping.schema import NEEDED

WIDTH = 110  # characters of a line
_SHOWN = 40  # columns without a use that are listed
_SHOWN_FILES = 3  # files without a column that are named
_SHOWN_COLUMNS = 12  # of those that they lack
_SHOWN_SETS = 8  # of files that lack the same columns
_EXAMPLE = 40  # characters of an example


def needed_and_missing(found: Guesses) -> list[str]:
    """Fields without which there is no log, and that were not found."""
    return [name for name in NEEDED if name not in found.fields]


def said_of_files(found: Guesses, files: int) -> list[str]:
    """What a guess has to tell beside its mapping: that rows are sums; of several files how many were looked at, and
    which columns are not in each. files: that there are."""
    summed = list(_said_of_sums(found))
    if files == 1:
        return summed
    differing = _differing(found).items()
    return [
        *summed,
        f"looked at {_of_files(found, files)}",
        *(f"not in {_some(lacking)}: {listed(places, _SHOWN_COLUMNS)}" for lacking, places in differing),
        *_strangers(found),
    ]


def draft(found: Guesses, title: str, files: int = 1) -> str:
    """The text of the mapping file. title: what the export is called. files: that there are, if not all were looked
    at."""
    return "".join(f"{line}\n" for line in _lines(found, title, files))


def _of_files(found: Guesses, files: int) -> str:
    of = f" of the {files:,}" if files > found.files else ""
    return f"{counted(found.rows, 'row')} of {found.files}{of} files"


def _differing(found: Guesses) -> dict[tuple[str, ...], list[str]]:
    """Columns that are not in every file, those that are mapped first, by the files without them."""
    unused = {column.place for column in found.unused}
    together: dict[tuple[str, ...], list[str]] = {}
    for place, lacking in sorted(found.without.items(), key=lambda item: item[0] in unused):
        together.setdefault(lacking, []).append(place)
    return dict(list(together.items())[:_SHOWN_SETS])


def _said_of_sums(found: Guesses) -> Iterator[str]:
    if found.sums:
        yield (
            f"by {listed(found.sums)} a row is a sum of several requests, and no log can be made of sums: export one "
            "row a request instead"
        )


def _strangers(found: Guesses) -> Iterator[str]:
    """Files of which no row would become a request, by the needed fields that they lack; of those that others have."""
    together: dict[tuple[str, ...], list[str]] = {}
    for file, empty in found.empty.items():
        if lacking := tuple(name for name in NEEDED if name in empty):
            together.setdefault(lacking, []).append(file)
    for lacking, files in together.items():
        yield (
            f"with this mapping no row of {_some(files)} becomes a request: {listed(lacking)} would be empty. "
            "Does it belong to the others? Guess it by itself, or take it out of the folder"
        )


def _some(files: Sequence[str]) -> str:
    return listed([Path(name).name for name in files], _SHOWN_FILES)


def _lines(found: Guesses, title: str, files: int) -> Iterator[str]:
    of = _of_files(found, files) if files > 1 else counted(found.rows, "row")
    yield from _comment(
        f"A first mapping, guessed from {of}: mend it. What each line says is explained by "
        "`slipper schema mapping --text`."
    )
    if found.without and files > 1:
        yield from _comment("not in every file, and null in the others:")
        for lacking, places in _differing(found).items():
            yield from _comment(f"  not in {_some(lacking)}: {listed(places, _SHOWN_COLUMNS)}")
    for sentence in (*_said_of_sums(found), *_strangers(found)):
        yield from _comment(sentence)
    yield f"title: {_inline(title)}"
    if found.records:
        yield from _comment("likely: the items of this list count tokens: each is a request")
        yield f"records: {_inline(found.records)}"
    for key, guess in (("aside", found.aside), ("cached", found.cached), ("reasoning", found.reasoning)):
        if guess:
            yield from _reason(guess)
            yield f"{key}: {_inline(guess.source)}"
    yield "fields:"
    for field in contract.GENERATIONS:
        if guess := found.fields.get(field.name):
            yield from _reason(guess, "  ")
            yield f"  {field.name}: {_inline(guess.source)}"
    absent = [field for field in contract.GENERATIONS if field.name not in found.fields]
    if absent:
        yield ""
        yield from _comment(
            "not found: put a column in the place of COLUMN where there is one, or leave it out", "  "
        )
        for field in absent:
            yield f"  # {field.name}: {_stand_in(field)}"
    if found.unused:
        yield ""
        yield from _comment("columns that are mapped to nothing:", "  ")
        for column in found.unused[:_SHOWN]:
            example = textwrap.shorten(repr(column.filled[0])[1:-1], _EXAMPLE, placeholder=" ...")
            yield f"  #   {column.place}: such as {example}"
        if len(found.unused) > _SHOWN:
            yield f"  #   and {len(found.unused) - _SHOWN} more"


def _reason(guess: Guess, margin: str = "") -> Iterator[str]:
    return _comment(f"{guess.sure}: {guess.why}", margin)


def _comment(text: str, margin: str = "") -> Iterator[str]:
    for line in textwrap.wrap(text, WIDTH - len(margin) - 2, break_long_words=False, break_on_hyphens=False):
        yield f"{margin}# {line}"


def _stand_in(field: contract.Field) -> str:
    """What a line could be, and what happens without it."""
    if field.name in NEEDED:
        constant = ", or {constant: author/slug} where all rows are of one" if field.name == "model" else ""
        return f"COLUMN   # needed{constant}"
    without = {
        FALLBACK: f"or {{constant: NAME}}; without it: {OPTIONS[FALLBACK]}",
        COST: f"without it: {OPTIONS[COST]}",
        "generation_id": "without it, rows are numbered",
    }
    return f"COLUMN   # {without.get(field.name, field.meaning.split('. ')[0].rstrip('.'))}"


def _inline(value: str | Mapping[str, Any]) -> str:
    """A value of YAML on one line."""
    plain = dict(value) if isinstance(value, Mapping) else value
    text = yaml.safe_dump(plain, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...").strip()
