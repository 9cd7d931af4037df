"""The commands of `slipper` for teaching: they join the command line by the entry points of pyproject.toml."""
