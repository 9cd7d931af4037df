"""What statistics are made of: the rows of a log that they count, and a number with its interval."""
