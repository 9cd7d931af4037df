"""The HTML report: one self-contained page with charts, static pictures, tables, definitions, SQL and gaps."""

from analysis.report.pages.answer import Answer, Line
from analysis.report.pages.page import render
from analysis.report.pages.parts import Card, PanelPart, Part, Shown

__all__ = ["Answer", "Card", "Line", "PanelPart", "Part", "Shown", "render"]
