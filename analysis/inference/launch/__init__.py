"""Does a launch cohort stand out: tests, sizes, robustness checks, the decision."""
