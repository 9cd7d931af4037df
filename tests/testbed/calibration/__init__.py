"""Tests of calibration: claims as linear conditions, what can hold together, and the target."""
