"""The HTML report: one self-contained page with figures, tables, definitions, SQL and gaps."""

from analysis.report.page import PanelPart, Part, render

__all__ = ["PanelPart", "Part", "render"]
