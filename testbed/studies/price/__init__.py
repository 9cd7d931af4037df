"""What a price cut of one model does, beside what is seen across models: `python -m testbed.studies.price`."""
