"""Every figure and table of the report, in its order."""
