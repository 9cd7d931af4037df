"""Which importer and which of its forms a file is of: by the places that every file of the form has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.contract.nearest_names import did_you_mean
from analysis.importing.format import COST, FALLBACK, OPTIONS, Form, Importer, Served
from analysis.importing.source import NO_FILES, SourceFile
from analysis.numerals import listed
from analysis.sources.errors import LogError

_SHOWN = 12  # names of columns in a message
_OTHERS = "Any other file is imported by a mapping: slipper import guess FILE"


def named(importers: Mapping[str, Importer], name: str) -> Importer:
    """The importer of this name. Raises LogError that lists them."""
    if name not in importers:
        near = did_you_mean(name, importers)
        raise LogError(f"unknown format '{name}'{f', {near}' if near else ''}; known: {', '.join(importers)}")
    return importers[name]


def recognise(importers: Mapping[str, Importer], files: Sequence[SourceFile]) -> tuple[Importer, list[Form]]:
    """The one importer that knows all files, and the form of each. Raises LogError."""
    gateways = all(form.marks for one in importers.values() for form in one.forms)  # a mapping has no marks
    if gateways and (logs := [file for file in files if file.is_log]):
        raise LogError(
            f"{logs[0].name}: this is a log already; open it: slipper analyze FILE. To mend its values (units, words, "
            "cached tokens apart), read it by a mapping: slipper import guess FILE"
        )
    fits = [[(one, form) for one in importers.values() if (form := _best(one, file))] for file in files]
    for file, found in zip(files, fits, strict=True):
        if not found:
            raise LogError(f"{file.name}: {_unknown(importers, file)}")
    names = [{one.name for one, _ in found} for found in fits]
    both = set.intersection(*names)
    if not both:
        here, there = next((i, j) for i in range(len(files)) for j in range(i) if not names[i] & names[j])
        raise LogError(
            f"{files[there].name} is of {listed(sorted(names[there]))}, {files[here].name} of "
            f"{listed(sorted(names[here]))}: import each by itself"
        )
    if len(both) > 1:
        raise LogError(f"{files[0].name}: could be of {listed(sorted(both))}: name the format before it")
    (name,) = both
    forms = [next(form for one, form in found if one.name == name) for found in fits]
    for file, form in zip(files, forms, strict=True):
        if form.refused:
            raise LogError(f"{file.name}: {importers[name].title}, {form.name}: {form.refused}")
    return importers[name], forms


def served(importers: Mapping[str, Importer]) -> Served | None:
    """The table of a server that one of these importers reads; None where none does."""
    return next((one.served for one in importers.values() if one.served), None)


def importable(importers: Mapping[str, Importer], file: SourceFile) -> tuple[Importer, Form] | None:
    """The importer and the form of a file; None where none knows it."""
    try:
        importer, (form,) = recognise(importers, [file])
    except LogError:
        return None
    return importer, form


def check_users(file: SourceFile, form: Form, stated: str | None) -> None:
    """Raise LogError for a file that names no users at all, unless the caller stated one."""
    places = form.rules[FALLBACK].places if FALLBACK in form.rules else ()
    if FALLBACK in form.rules and not places:  # a constant
        return
    held = any(form.unfold or not file.is_table or file.holds(place.partition(">")[0]) for place in places)
    if stated is None and not held:
        looked = f" (it has no column {' or '.join(places)})" if places else ""
        raise LogError(
            f"{file.name}: nothing in it says who sent a request{looked}, and a log needs users. If one person or one "
            f"service sent them all, say so: {OPTIONS[FALLBACK]}"
        )


def check_costs(file: SourceFile, form: Form, list_prices: bool) -> None:
    """Raise LogError for a file of a form without costs, unless the caller asks for those of the list."""
    if COST not in form.rules and not list_prices:
        raise LogError(
            f"{file.name}: nothing in it says what a request cost, and a log needs costs. To have them computed at the "
            f"listed prices of their day, say so: {OPTIONS[COST]}"
        )


def _best(importer: Importer, file: SourceFile) -> Form | None:
    """The form with most marks of those that a file has all marks of."""
    fits = [form for form in importer.forms if _fits(form, file)]
    return max(fits, key=lambda form: len(form.marks), default=None)


def _fits(form: Form, file: SourceFile) -> bool:
    return _kind(file) == form.kind and file.holds(*form.marks)


def _kind(file: SourceFile) -> str:
    return "table" if file.is_table else "json"


def _unknown(importers: Mapping[str, Importer], file: SourceFile) -> str:
    """What a file lacks to be of the form that it is nearest to."""
    forms = [(one, form) for one in importers.values() for form in one.forms if form.kind == _kind(file)]
    near = max(forms, key=lambda pair: sum(map(file.holds, pair[1].marks)), default=None)
    names = list(file.columns) or [
        name for record in file.samples[:1] if isinstance(record, dict) for name in record
    ]
    has = (
        f"It has {', '.join(names[:_SHOWN])}{' and more' if len(names) > _SHOWN else ''}"
        if names
        else "It has no names"
    )
    known = f"known formats: {', '.join(importers)}. {_OTHERS}"
    if len(importers) == 1:
        known = f"leave out '{next(iter(importers))}', and all formats are tried. {_OTHERS}"
    if file.called:
        known = NO_FILES
    if near is None or 2 * sum(map(file.holds, near[1].marks)) < len(near[1].marks):
        return f"a format that is not known. {has}; {known}"
    lacks = [mark for mark in near[1].marks if not file.holds(mark)]
    return f"nearest to {near[0].title}, {near[1].name}, but without {listed(lacks)}. {has}; {known}"
