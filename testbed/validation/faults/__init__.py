"""Faults of data: a clean log with each fault that a scenario can plant, and which of them a query survives."""
