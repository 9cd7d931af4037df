"""Does a launch cohort stand out: tests, sizes, robustness checks, the verdict and its words."""
