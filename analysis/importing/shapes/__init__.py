"""Shapes in which requests lie in files and are put together from: spans of traces, events of streams."""
