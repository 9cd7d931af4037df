"""What became of launch cohorts, by the truth of a run: `python -m testbed.studies.launch_cohorts RUN`."""
