"""Studies that make a page of docs/: run each as `python -m testbed.studies.NAME`."""
