"""First guesses of a mapping for an unknown file: by names, values and magnitudes, each with its reason."""
