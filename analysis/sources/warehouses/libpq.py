"""The client of PostgreSQL servers: which addresses are theirs, its library, and with which options it connects."""

from __future__ import annotations

from typing import Any

from analysis.sources.errors import LogError
from analysis.sources.warehouses import addresses

SCHEME = "postgresql"
OPTIONS = {"connect_timeout": "10", "application_name": "glass-slipper"}  # seconds; what the server lists


def is_address(where: object) -> bool:
    """Whether this is the address of a PostgreSQL server."""
    return addresses.scheme_of(where) == SCHEME


def driver() -> Any:
    """The client's library. Raises LogError where it is not installed."""
    try:
        import psycopg
    except ImportError:
        raise LogError(
            "a PostgreSQL server needs the client library psycopg: pip install 'glass-slipper[postgres]'"
        ) from None
    return psycopg
