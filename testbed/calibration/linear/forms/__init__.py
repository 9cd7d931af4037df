"""What the statistics of claims are on a tensor, in files by the names of those in `testbed/claims/statistics`."""
