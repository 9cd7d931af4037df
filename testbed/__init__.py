"""The testbed: simulation and analysis together, and the `slipper` command."""
