"""Traffic: spells become requests, with their times, lengths, prices and speed."""
