"""SQL of other dialects in DuckDB's: as sqlglot translates it, with rules for what it leaves out or gets wrong."""

from testbed.validation.dialects.names import DUCKDB, KNOWN_DIALECTS, check_dialect, likely_dialects
from testbed.validation.dialects.refusals import refusal
from testbed.validation.dialects.translation import Translation, likely_types, translate

__all__ = [
    "DUCKDB",
    "KNOWN_DIALECTS",
    "Translation",
    "check_dialect",
    "likely_dialects",
    "likely_types",
    "refusal",
    "translate",
]
