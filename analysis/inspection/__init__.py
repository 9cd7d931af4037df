"""Inspection of a log: what may be wrong with it that its schema does not tell, one small function a check."""
