"""The verdict on a claim in a word and with a mark, the same on the page and on a terminal."""

from __future__ import annotations

from typing import Literal

Status = Literal["holds", "fails", "not_testable"]
WORDS: dict[Status, str] = {"holds": "holds", "fails": "fails", "not_testable": "not testable"}
MARKS: dict[Status, str] = {"holds": "✓", "fails": "✗", "not_testable": "–"}


def status_of(text: object) -> Status:
    """The status that a file states; one that nobody knows is not testable."""
    return next((status for status in WORDS if status == text), "not_testable")
