"""Writes results for people: numbers as text, data frames as rows of a page's table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from analysis.numerals import NONE, money
from analysis.queries.cohorts.launches import MARKS, mark


class Cell(NamedTuple):
    """One cell of a page's table."""

    text: str
    style: str = ""  # CSS classes


class SmallTable(NamedTuple):
    """A table of a page: head, rows of cells, and what its marks mean."""

    head: list[str]
    rows: list[list[Cell]]
    note: str = ""


NAMES = {
    "source_type": "source type", "token_share": "share of all tokens", "mean": "mean of weeks", "low": "lowest week",
    "high": "highest week", "first": "first 4 weeks", "last": "last 4 weeks", "mean_tokens": "tokens per request",
    "charged_tokens": "charged tokens", "cost_usd": "charged, USD", "cost_usd_per_mtok": "USD per million tokens",
}  # fmt: skip

MOST_ROWS = 48
_TEXTS = ("text", "week", "month")


def written(value: Any, form: str) -> str:
    """A value as text: forms count, share, tokens, usd, number, week, month, text. Missing values are a dash."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "−∞"
    match form:
        case "week":
            return f"{value:%Y-%m-%d}"
        case "month":
            return f"{value:%b %Y}"
        case "count":
            return f"{value:,.0f}"
        case "share":
            return f"{100 * value:.1f}%"
        case "tokens":
            for scale, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
                if abs(value) >= scale:
                    return f"{value / scale:,.2f} {unit}"
            return f"{value:,.0f}"
        case "usd":
            return money(value, 3 if abs(value) < 10 else 0)
        case "number":
            return f"{value:,.2f}"
        case _:
            return str(value)


def table(frame: pd.DataFrame, formats: Mapping[str, str]) -> SmallTable:
    """A data frame as a page's table: the columns in `formats`, each written in its form; at most `MOST_ROWS` rows.

    Of weekly tables the latest weeks are kept, of others the first rows.
    """
    columns = [column for column in formats if column in frame.columns]
    note = ""
    if len(frame) > MOST_ROWS:
        note = f"{MOST_ROWS} of {len(frame):,} rows; all of them are in the files."
        frame = frame.tail(MOST_ROWS) if "week" in frame.columns else frame.head(MOST_ROWS)
    rows = [
        [Cell(written(row[c], formats[c]), "" if formats[c] in _TEXTS else "num") for c in columns]
        for row in frame.to_dict("records")
    ]
    return SmallTable([NAMES.get(c, c.replace("_", " ")) for c in columns], rows, note)


def guessed(frame: pd.DataFrame) -> dict[str, str]:
    """Forms of a frame's columns for an exhibit that states none: dates, texts, counts and other numbers."""
    forms = {}
    for name, kind in frame.dtypes.items():
        column = str(name)
        if pd.api.types.is_datetime64_any_dtype(kind):
            forms[column] = "week"
        elif pd.api.types.is_bool_dtype(kind):
            continue
        elif pd.api.types.is_integer_dtype(kind):
            forms[column] = "count"
        elif pd.api.types.is_numeric_dtype(kind):
            forms[column] = "share" if "share" in column else "number"
        else:
            forms[column] = "text"
    return forms


def triangle(cells: pd.DataFrame, launch: Any, widest: int = 16) -> SmallTable:
    """A retention triangle as a page's table: a row a cohort, a column a month; at most `widest` months.

    The launch cohort is bold, cohorts under the minimum are grey, incomplete months carry a star, and cohorts that may
    hold others than newcomers a mark of `launches.MARKS`.
    """
    seen = cells[cells["observed"]]
    months = range(1, min(int(seen["k"].max()) if len(seen) else 0, widest) + 1)
    rows = []
    for cohort, part in seen.groupby("cohort"):
        style = "launch" if launch is not None and cohort == pd.Timestamp(launch) else ""
        style = style or ("small" if part["small"].iloc[0] else "")
        values = {int(r["k"]): (float(r["retention"]), bool(r["complete"])) for r in part.to_dict("records")}
        sign = mark(part.iloc[0].to_dict())
        row = [
            Cell(f"{cohort:%b %Y} {sign}".rstrip(), style),
            Cell(f"{int(part['users'].iloc[0]):,}", f"num {style}"),
        ]
        for k in months:
            if k not in values:
                row.append(Cell("", "num"))
                continue
            value, complete = values[k]
            row.append(Cell(f"{100 * value:.0f}%{'' if complete else '*'}", f"num {style}"))
        rows.append(row)
    notes = ["* month not complete"] if not seen.loc[seen["k"] > 0, "complete"].all() else []
    notes += [f"{sign} {said}" for column, (sign, said) in MARKS.items() if seen[column].any()]
    return SmallTable(["cohort", "n", *(str(k) for k in months)], rows, "; ".join(notes))


def contrast(frame: pd.DataFrame) -> SmallTable:
    """Launch contrasts of several models as a page's table: a row a month of each model that has any value."""
    seen = frame[["launch", "later"]].notna().any(axis=1).groupby(frame["model"]).transform("any")
    rows = []
    for row in frame[seen].to_dict("records"):
        launch = row["launch_cohort"]
        n = f"{row['launch_users']:,}" if row["launch_users"] else NONE
        rows.append(
            [
                Cell(str(row["name"])),
                Cell(NONE if launch is pd.NaT or pd.isna(launch) else f"{launch:%b %Y}"),
                Cell(n, "num"),
                Cell(str(row["k"]), "num"),
                Cell(written(row["launch"], "share"), "num launch"),
                Cell(_interval(row["launch_low"], row["launch_high"]), "num"),
                Cell(written(row["later"], "share"), "num"),
                Cell(f"{row['later_cohorts']}", "num"),
                Cell(written(row["ratio"], "number"), "num"),
                Cell(written(row["spread"], "share"), "num"),
            ]
        )
    head = [
        "model",
        "launch cohort",
        "n",
        "month",
        "launch",
        "95%",
        "later, mean",
        "later cohorts",
        "ratio",
        "spread",
    ]
    return SmallTable(head, rows)


def _interval(low: float, high: float) -> str:
    return NONE if pd.isna(low) else f"{100 * low:.0f} to {100 * high:.0f}%"
