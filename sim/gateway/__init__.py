"""What a gateway records: the log with its ids and labels, and beside it the truth, in the folder of a run."""
