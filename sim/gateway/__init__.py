"""What a gateway records: requests and their ids, labels, the log, the truth, and the folder of a run."""
