"""Addresses of logs: which of them hold a secret. Such an address is refused in words that do not repeat it.

What is written on a command line can be read by everybody who lists the processes of the machine, and stays in the
shell's history, on pages and in manifests. So no address holds a secret; each warehouse's own client has places for
them: environment variables and files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from analysis.sources.errors import LogError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SECRET = re.compile(
    r"passw|pwd|secret|token|credential|signature|^sig$|apikey|api_key|access_?key", re.IGNORECASE
)
"""Names of settings whose values are secrets."""
PLACES = {
    "postgresql": "PGPASSWORD, ~/.pgpass or a service file (PGSERVICE)",
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GCS_ACCESS_KEY_ID and GCS_SECRET_ACCESS_KEY",
}
"""Where a secret is looked for, by scheme."""
ALIASES = {"postgres": "postgresql"}


@dataclass(frozen=True)
class Address:
    """An address in parts, none of which is a secret. place: between the two slashes and the path. settings: after the
    question mark, by name."""

    scheme: str
    place: str
    path: str
    settings: dict[str, str]


def scheme_of(where: object) -> str:
    """The scheme of an address in small letters; empty for what is none, such as a path."""
    found = _SCHEME.match(where) if isinstance(where, str) else None
    scheme = found.group(1).lower() if found else ""
    return ALIASES.get(scheme, scheme)


def read(where: str, example: str) -> Address:
    """An address in parts. example: of what was expected. Raises LogError for one that holds a secret, or cannot be
    read."""
    refuse_secrets(where)
    scheme = scheme_of(where)
    unreadable = LogError(f"{scheme}://...: the address cannot be read; expected such as {example}")
    try:
        parts = urlsplit(where)
        settings = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        _ = parts.port  # which raises what may be a part of a password
    except ValueError:
        raise unreadable from None
    names = [name for name, _ in settings]
    if parts.fragment or "@" in parts.path + parts.query or len(set(names)) < len(names):
        raise unreadable
    return Address(scheme, parts.netloc, parts.path, dict(settings))


def refuse_secrets(where: object) -> None:
    """Raise LogError for an address that holds a secret."""
    scheme = scheme_of(where)
    if not scheme:
        return
    for what in _secrets(str(where)):
        places = PLACES.get(scheme)
        raise LogError(
            f"{scheme}://...: {what} in the address can be read by everybody on this machine, and stays in the shell's "
            f"history. Take it out{f'; it is looked for in {places}' if places else ''}"
        )


def _secrets(where: str) -> Iterator[str]:
    """What secrets an address holds, in words; of one that cannot be read, what may be one."""
    try:
        parts = urlsplit(where)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return
    if parts.password is not None:
        yield "a password"
    if any(_SECRET.search(name) for name in names):
        yield "a secret"
