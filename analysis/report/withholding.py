"""Where tables leave the analysis: what of them is withheld so that no small cell is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd

from analysis.queries import openness
from analysis.queries.weekly import window_of
from analysis.report.exhibit import Exhibit
from analysis.sources.log import Log, NotAvailable
from analysis.study import MAIN_WINDOW

if TYPE_CHECKING:
    from analysis.disclosure.account import Account

RULE = "k-anonymity"
_SUMS = ("count", "tokens", "usd", "share")  # forms of sums and of parts of sums
_PLACES = ("rank", "k")  # counts that are no sums


@contextmanager
def shown(log: Log, least: int) -> Iterator[tuple[Log, Account | None]]:
    """The log as it may be shown where each cell stands on `least` users, with the account of what is withheld; the log
    itself for 0."""
    if not least:
        yield log, None
        return
    from analysis.disclosure.suppression import protected

    safe, account = protected(log, least)
    with safe:
        yield safe, account


def refuse_few(cells: tuple[str, ...] | None, account: Account | None) -> None:
    """Raise NotAvailable for what stands on grids that are withheld as a whole, or on nobody knows what."""
    if account is not None and (why := account.gap(cells)):
        raise NotAvailable(RULE, why)


def table_of(exhibit: Exhibit, log: Log, account: Account | None) -> pd.DataFrame:
    """The table of an exhibit. Where small cells are withheld, a sum of 0 is missing: nobody and a few look alike.
    Raises NotAvailable."""
    refuse_few(exhibit.cells, account)
    table = exhibit.table(log)
    if account is None or not exhibit.cells:
        return table
    sums = [
        name
        for name, form in exhibit.formats.items()
        if form in _SUMS and name in table and name not in _PLACES
    ]
    return table.assign(**{name: table[name].where(table[name] != 0) for name in sums})


def shares(log: Log, account: Account | None) -> pd.DataFrame | None:
    """`openness.share_summary` over the weeks that exhibits show; None where it is not available."""
    try:
        refuse_few(("models",), account)
        table = openness.share_summary(log, window_of(log, MAIN_WINDOW))
    except NotAvailable:
        return None
    return table if account is None else table.where(table != 0)


def above(
    findings: Mapping[str, Sequence[str]] | None, account: Account | None
) -> dict[str, tuple[str, ...]]:
    """What a page says above its sections: the findings of an inspection, after what is withheld."""
    parts = [*([account.sentences()] if account is not None else []), *([findings] if findings else [])]
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: tuple(line for part in parts for line in part.get(key, ())) for key in keys}
