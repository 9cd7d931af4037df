"""Spans as files have them: batches of OTLP, one a record, pages of Phoenix's API and rows of its data frame.

A span is a mapping of id, trace, parent, start, end, status, service, and its attributes by their whole names; {} is
one that cannot be read.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

Placed = tuple[str, dict[str, Any]]
"""A span, and where it stands, for people."""

_NOTHING = ("", "NaN", "nan", "None", "NaT", "null")
"""What pandas writes where there is nothing."""
_ATTRIBUTE = "attributes."


def of_batch(place: str, resources: list[Any]) -> Iterator[Placed]:
    """The spans of a batch of OTLP. resources: its resourceSpans."""
    for at, resource in enumerate(filter(_is_object, resources)):
        of = _pairs((resource.get("resource") or {}).get("attributes"))
        scopes = resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans") or []
        for nth, scope in enumerate(filter(_is_object, scopes)):
            for number, span in enumerate(scope.get("spans") or []):
                where = f"{place}, resourceSpans[{at}].scopeSpans[{nth}].spans[{number}]"
                if not _is_object(span):
                    yield where, {}
                    continue
                yield where, {
                    "id": span.get("spanId"), "trace": span.get("traceId"), "parent": span.get("parentSpanId"),
                    "start": _moment(span.get("startTimeUnixNano")), "end": _moment(span.get("endTimeUnixNano")),
                    "status": (span.get("status") or {}).get("code"), "service": of.get("service.name"),
                    "attributes": _pairs(span.get("attributes")),
                }  # fmt: skip


def of_record(place: str, record: Mapping[str, Any]) -> Iterator[Placed]:
    """The span that a record is, as the SDKs' console exporters write it, or those of a page of Phoenix's API."""
    if isinstance(page := record.get("data"), list):
        for number, one in enumerate(page):
            yield f"{place}, data[{number}]", _span(one) if _is_object(one) else {}
    else:
        yield place, _span(record)


def of_row(place: str, row: Mapping[str, str]) -> Placed:
    """The span that a row of Phoenix's data frame is: `attributes.` and an attribute's name is a column."""
    said = {name: text for name, text in row.items() if text not in _NOTHING}
    return place, {
        "id": said.get("context.span_id"), "trace": said.get("context.trace_id"), "parent": said.get("parent_id"),
        "start": said.get("start_time"), "end": said.get("end_time"), "status": said.get("status_code"),
        "service": None,
        "attributes": {
            name.removeprefix(_ATTRIBUTE): text for name, text in said.items() if name.startswith(_ATTRIBUTE)
        },
    }  # fmt: skip


def count(value: Any) -> int:
    """A count, which a data frame writes as 400.0. Raises ValueError, TypeError or OverflowError."""
    number = int(float(value)) if isinstance(value, str) and "." in value else int(value)
    if number != float(value):
        raise ValueError(value)
    return number


def _span(record: Mapping[str, Any]) -> dict[str, Any]:
    context, resource, status = (
        record[name] if _is_object(record.get(name)) else {} for name in ("context", "resource", "status")
    )
    of = resource.get("attributes")
    return {
        "id": context.get("span_id"), "trace": context.get("trace_id"), "parent": record.get("parent_id"),
        "start": record.get("start_time"), "end": record.get("end_time"),
        "status": status.get("status_code") or record.get("status_code"),
        "service": of.get("service.name") if _is_object(of) else None,
        "attributes": _flat(record.get("attributes")),
    }  # fmt: skip


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _flat(attributes: Any, at: str = "") -> dict[str, Any]:
    """Attributes by their whole names, also where these are nested."""
    found: dict[str, Any] = {}
    for name, value in attributes.items() if _is_object(attributes) else ():
        found |= _flat(value, f"{at}{name}.") if _is_object(value) else {f"{at}{name}": value}
    return found


def _pairs(pairs: Any) -> dict[str, Any]:
    """OTLP's list of keys and typed values as a mapping."""
    found = filter(_is_object, pairs if isinstance(pairs, list) else [])
    return {str(pair.get("key")): _typed(pair.get("value")) for pair in found}


def _typed(value: Any) -> Any:
    if not _is_object(value):
        return value
    ((kind, inner),) = list(value.items())[:1] or [("", None)]
    if kind == "arrayValue":
        return [_typed(one) for one in (inner or {}).get("values") or []]
    return json.dumps(inner) if kind == "kvlistValue" else inner


def _moment(nanoseconds: Any) -> Any:
    """Nanoseconds since 1970 as ISO 8601; what is none is left for the rules."""
    try:
        return (dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(nanoseconds) // 1000)).isoformat(
            " ", "microseconds"
        )
    except (TypeError, ValueError, OverflowError):
        return nanoseconds
