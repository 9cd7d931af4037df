"""Calibration: which claims can hold together, and the nearest market in which they do."""
