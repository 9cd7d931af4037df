"""The account of an import on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from analysis.importing.account import LOST, Account, Noted, ways
from analysis.importing.model_ids import AS_LISTED, ModelId
from analysis.numerals import counted
from analysis.report.availability import Availability
from analysis.sources.warehouses import libpq
from testbed.terminal.console import head, open_console, print_warnings

_SHOWN_IDS = 12
_SHOWN_EXHIBITS = 3


def print_account(account: Account, exhibits: Availability, out: Path) -> None:
    """The account: rows, what was left out and why, ids, users, what is null, what can be shown of it, where it is."""
    console = open_console()
    served = libpq.is_address(account.files[0].file)
    source = "its server" if served else counted(len(account.files), "file")
    console.print(
        f"{escape(account.title)}: {counted(account.read, 'row')} read from {source}, "
        f"[bold]{account.written:,} written[/], {account.read - account.written:,} left out"
    )
    console.print(f"{account.first} to {account.last}; {escape(totals(account.totals))}")
    print_warnings(console, account.warnings)
    _print_notes("left out", "rows that are not in the log", account.left_out)
    for sentence in ways(account.left_out):
        console.print(f"  {sentence}", soft_wrap=True)
    _print_notes("not understood", "rows in the log, with null in the place of the value", account.odd)
    head(console, "models", "ids, and the listed models that they mean")
    for line in _ids(account.ids):
        console.print(f"  {escape(line)}", soft_wrap=True)
    head(console, "users", "where the rows name them")
    console.print(
        "  "
        + escape(", ".join(f"{place}: {counted(rows, 'row')}" for place, rows in account.users_from.items()))
    )
    if account.at_list_prices:
        head(console, "costs", "--list-prices")
        console.print(
            f"  {counted(account.at_list_prices, 'row')} without a cost: computed at the listed price of the day"
        )
    if account.stated:
        head(console, "stated by the mapping", "the same in every row, since the source does not have it")
        for name, value in account.stated.items():
            lost = f"; the log says nothing of {LOST[name]}" if name in LOST else ""
            console.print(f"  {escape(f'{name} = {value}{lost}')}", soft_wrap=True)
    if account.numbered:
        head(console, "ids", "the source has none: rows are numbered, and copies of a row cannot be told")
    empty = [name for name in account.empty if name not in account.not_carried]
    if empty:
        head(console, "null in every row", "this source leaves it empty; exhibits that need it say so")
        console.print(f"  {', '.join(empty)}")
    print_carried(account.not_carried, account.partly)
    if account.not_read:
        head(console, "not read", "files beside, of other kinds; of a server, columns")
        console.print(f"  {escape(', '.join(account.not_read))}")
    _print_exhibits(exhibits)
    head(console, "log")
    console.print(f"  {escape(str(out))}    next: slipper inspect {escape(str(out))}, then slipper analyze")


def _print_exhibits(exhibits: Availability) -> None:
    console = open_console()
    count = len(exhibits.carried) + sum(len(titles) for titles in exhibits.lacking.values())
    head(console, "exhibits", "what slipper analyze can show of such a log")
    console.print(f"  {len(exhibits.carried)} of {counted(count, 'figure')} and tables")
    for column, titles in exhibits.lacking.items():
        more = f" and {len(titles) - _SHOWN_EXHIBITS} more" if len(titles) > _SHOWN_EXHIBITS else ""
        console.print(f"  without {column}, not: {'; '.join(titles[:_SHOWN_EXHIBITS])}{more}", soft_wrap=True)


def print_carried(not_carried: Sequence[str], partly: Mapping[str, str]) -> None:
    """What of a log the form of an export does not carry, and what it carries in part."""
    console = open_console()
    if not_carried:
        head(console, "not carried", "the form has no place for it; exhibits that need it say so")
        console.print(f"  {', '.join(not_carried)}")
    if partly:
        head(console, "carried in part")
        for name, what in partly.items():
            console.print(f"  {name}: {escape(what)}")


def print_losses_aside(account: Account) -> None:
    """On standard error, a line a reason: what is not in the log, and what about it is odd."""
    for note in account.left_out:
        print(
            f"slipper import: {counted(note.rows, 'row')} left out: {note.why} ({note.examples[0]})",
            file=sys.stderr,
        )
    for note in account.odd:
        print(
            f"slipper import: null in {counted(note.rows, 'row')}: {note.why} ({note.examples[0]})",
            file=sys.stderr,
        )
    for one in account.unresolved:
        print(
            f"slipper import: no listed model: {one.id} ({counted(one.rows, 'row')}), kept as "
            f"{'it is' if one.model == one.id else one.model}",
            file=sys.stderr,
        )
    for sentence in account.warnings:
        print(f"slipper import: {sentence}", file=sys.stderr)


def totals(sums: Mapping[str, float]) -> str:
    """Sums of tokens and USD in a line."""
    said = [
        f"{total:,.6f} USD" if name == "cost_total" else f"{total:,.0f} {name.removeprefix('tokens_')}"
        for name, total in sums.items()
    ]
    return ", ".join(said)


def _print_notes(title: str, explanation: str, notes: Sequence[Noted]) -> None:
    if not notes:
        return
    console = open_console()
    head(console, title, explanation)
    for note in notes:
        console.print(f"  {note.rows:>9,}  {escape(note.why)}", soft_wrap=True)
        for example in note.examples:
            console.print(f"             {escape(example)}", style="dim", soft_wrap=True)


def _ids(ids: Sequence[ModelId]) -> Iterator[str]:
    """Those that mean no listed model first: they stand in the log as they are."""
    ordered = sorted(ids, key=lambda one: (bool(one.how), -one.rows))
    for one in ordered[:_SHOWN_IDS]:
        if one.how == AS_LISTED:
            yield f"{one.rows:>9,}  {one.id}"
        elif one.how:
            yield f"{one.rows:>9,}  {one.id} -> {one.model} ({one.how})"
        else:
            kept = "kept as it is" if one.model == one.id else f"kept as {one.model}, by its family's author"
            yield f"{one.rows:>9,}  {one.id}: no listed model, {kept}"
    if len(ordered) > _SHOWN_IDS:
        yield f"           and {len(ordered) - _SHOWN_IDS:,} more (import.json has all)"
