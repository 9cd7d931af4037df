"""Exports of nobody's format, read by a mapping: which column, constant or expression each field of a log is."""
