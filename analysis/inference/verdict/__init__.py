"""The verdict on a launch cohort: what is found, its kind, its words, and what would settle it."""
