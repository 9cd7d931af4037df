"""Names of dialects, and which of them a query is likely written in."""

from __future__ import annotations

import re

from sqlglot.dialects.dialect import Dialect

from analysis.contract.nearest_names import did_you_mean
from testbed.failure import BadInput

DUCKDB = "duckdb"
KNOWN_DIALECTS = tuple(sorted(name for name in Dialect.classes if name))
"""What `--dialect` may say."""
LIKELY = (
    DUCKDB,
    "postgres",
    "bigquery",
    "snowflake",
    "spark",
    "clickhouse",
    "trino",
    "mysql",
    "tsql",
    "redshift",
)
MARKS: dict[str, str] = {  # spellings that are of one dialect
    "bigquery": r"`|\bSAFE_(DIVIDE|CAST)|\bCOUNTIF\(|\bTIMESTAMP_TRUNC|\bDATE_TRUNC\([^,']+,\s*(ISO)?(WEEK|MONTH|DAY)",
    "snowflake": r"\bDATEADD\(|\bCONVERT_TIMEZONE|\bIFF\(|\bDIV0|\bZEROIFNULL|\bRATIO_TO_REPORT|\bFLATTEN\(",
    "clickhouse": r"\btoStartOf|\bto(TimeZone|Monday|Relative\w+Num|ISOWeek|DayOfWeek|YYYYMM|Date)\(|\barrayJoin"
    r"|\buniq(Exact)?\(|\b(count|sum|uniq|avg)If\(|\bmultiIf\(|\b(lag|lead)InFrame\(",
    "spark": r"\bLATERAL VIEW|\bdate_format\([^,]+,\s*'[yM]|\bexplode\(|\bmonths_between|\b(from|to)_utc_timestamp",
    "trino": r"\bapprox_distinct|\bat_timezone\(|\bdate_parse\(|\bsequence\(|\bformat_datetime\(",
    "tsql": r"\bSELECT\s+TOP\b|\b(CROSS|OUTER)\s+APPLY\b|\bGETDATE\(|\bEOMONTH\(|\bDATETRUNC\(|\bSWITCHOFFSET\("
    r"|\[\w+\]\.\[\w+\]",
    "mysql": r"\bDATE_FORMAT\([^,]+,\s*'%|\bPERIOD_DIFF|\bCONVERT_TZ\(|\bSUBSTRING_INDEX\(|\bTIMESTAMPDIFF\(",
    "postgres": r"\bDISTINCT ON\b|\bto_char\(|::timestamptz",
}


def check_dialect(name: str, where: str) -> str:
    """The name of a dialect. Raises BadInput if nobody knows it; where: who says so."""
    if name.lower() not in KNOWN_DIALECTS:
        hint = did_you_mean(name, KNOWN_DIALECTS)
        raise BadInput(f"{where}: no dialect '{name}'; {hint or 'known: ' + ', '.join(KNOWN_DIALECTS)}")
    return name.lower()


def likely_dialects(text: str) -> tuple[str, ...]:
    """Dialects that a query may be written in, the likeliest first: those whose spellings it has, then DuckDB's."""
    marks = {name: len(re.findall(mark, text, re.IGNORECASE)) for name, mark in MARKS.items()}
    seen = sorted((name for name in marks if marks[name]), key=lambda name: -marks[name])
    return tuple(dict.fromkeys([*seen, *LIKELY]))
