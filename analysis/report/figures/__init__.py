"""Charts as files, drawn with matplotlib: `figure` draws a description of `analysis.report.charts.chart`, `save` writes
it as SVG and PNG."""

from analysis.report.figures.draw import figure, picture
from analysis.report.figures.style import drawn, save, svg, write

__all__ = ["drawn", "figure", "picture", "save", "svg", "write"]
