"""The colour of a verdict on a claim, of the report or of the truth."""

from analysis.report.status import Status

STYLES: dict[Status, str] = {"holds": "green", "fails": "red", "not_testable": "dim"}
