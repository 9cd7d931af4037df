"""What the runs of an experiment say: the matrix, curves, tables and pages."""
