"""Measurements of the simulator beside plain ways of doing the same; `make bench` runs them all."""
