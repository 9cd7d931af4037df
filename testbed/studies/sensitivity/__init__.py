"""How much each behavioural parameter moves retention (Morris, Sobol): `python -m testbed.studies.sensitivity`."""
