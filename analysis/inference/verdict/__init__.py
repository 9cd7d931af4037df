"""The verdict on a launch cohort: which models are judged, what is found, its kind, its words, what would do."""
