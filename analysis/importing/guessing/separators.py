"""Numbers as spreadsheets write them: with separators of thousands, a decimal comma, the sign of a currency.

A comma or a point before three digits can be either. It separates thousands where every number of the column can be
read so. A point does only in counts, such as tokens, which have no decimals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.importing.guessing.sample import ENOUGH, Column, number_in
from analysis.sources.quoting import identifier, text_literal

_NOTHING = ("nan", "null", "none", "\\n")  # of pandas, JSON, Python, databases
_SIGNS = "$€£¥"
_SPACES = " \u00a0\u202f"  # the last two do not break a line
_FORMS = ((",", "."), (".", ","), *((mark, point) for mark in (*_SPACES, "'", "\u2019") for point in ".,"))
"""What separates thousands, and what stands before the decimals."""


_LIKE_ONE = re.compile(rf"[-+.,'\u2019\d{_SIGNS}{_SPACES}eE]*")


@dataclass(frozen=True)
class Separators:
    """What is taken out of the texts of a column, what stands before the decimals, and one of the texts."""

    out: str
    point: str
    example: str

    def plain(self, column: Column) -> Column:
        """The column as plain numbers."""
        taken_out = str.maketrans(self.point, ".", self.out)
        return replace(column, texts=tuple(text.translate(taken_out).strip() for text in column.texts))

    def sql(self, place: str) -> str:
        """SQL of the number in a column."""
        text = identifier(place)
        for mark in self.out:
            text = f"replace({text}, {text_literal(mark)}, '')"
        if self.point != ".":
            text = f"replace({text}, {text_literal(self.point)}, '.')"
        return f"CAST({text} AS DOUBLE)"


def plainly(column: Column, *, whole: bool) -> tuple[Column, Separators | None]:
    """A column as plain numbers, and how they are written where they are not; words for nothing are none. whole: they
    are counts."""
    column = replace(column, texts=tuple("" if text.lower() in _NOTHING else text for text in column.texts))
    written = separators_of(column.filled, whole=whole)
    return (written.plain(column) if written else column), written


def separators_of(texts: Sequence[str], *, whole: bool) -> Separators | None:
    """How numbers are written; None if they are plain, or too few are numbers. whole: they are counts."""
    given, texts = len(texts), [text for text in texts if _LIKE_ONE.fullmatch(text)]
    if len(texts) < ENOUGH * given:
        return None
    signs = "".join(sign for sign in _SIGNS + _SPACES[1:] if any(sign in text for text in texts))
    bare = [text.strip(signs + _SPACES) for text in texts]
    if not bare or (
        not signs and None not in map(number_in, bare) and not (whole and _is_grouped(bare, ".", ""))
    ):
        return None
    example = max(texts, key=len)
    forms = [(mark, point, "") for mark, point in _FORMS] if whole else []
    for mark, point, decimals in (*forms, *((mark, point, point) for mark, point in _FORMS)):
        if _is_grouped(bare, mark, decimals):
            out = "".join(dict.fromkeys(signs + mark))
            return Separators(out, point if decimals else ".", example)
    for point in ".,":
        if all(re.fullmatch(rf"\d*\{point}?\d+", text) for text in bare):
            return Separators(signs, point, example)
    return None


def _is_grouped(texts: Sequence[str], mark: str, point: str) -> bool:
    """Whether a mark separates thousands in one text, and could in all. point: before decimals; empty: there are
    none."""
    decimals = rf"(\{point}\d+)?" if point else ""
    whole = rf"(0|[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})*)"
    return any(mark in text for text in texts) and all(re.fullmatch(whole + decimals, text) for text in texts)
