"""What `slipper inspect` finds of planted faults, and says of clean worlds: `python -m testbed.studies.inspection`."""
