"""What a calibrated world says of claims that it was not fitted to: `python -m testbed.studies.cross_validation`."""
