"""Which parameters a report's numbers give back, and how sure one can be: `python -m testbed.studies.recovery`."""
