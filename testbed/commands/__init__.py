"""The commands of `slipper`, one a module: each adds its parser and executes it."""
