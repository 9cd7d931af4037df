"""Spans of traces, in the forms in which they are written to files."""
